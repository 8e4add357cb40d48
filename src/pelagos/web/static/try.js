// Puts the files of the chosen example into the form: a page cannot name a file for a field, but it can fetch one.

async function put(place) {
  const input = document.getElementById(place.dataset.exampleFile);
  const response = await fetch(place.dataset.address);
  if (!input || !response.ok) return;
  const list = new DataTransfer();
  list.items.add(new File([await response.blob()], place.dataset.name, { type: kind(place.dataset.name) }));
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function kind(name) {
  const kinds = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", wav: "audio/wav", csv: "text/csv", json: "application/json", txt: "text/plain" };
  return kinds[name.split(".").at(-1).toLowerCase()] ?? "application/octet-stream";
}

for (const place of document.querySelectorAll("[data-example-file]")) put(place);
