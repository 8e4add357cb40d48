// Files by drop or by choice, with a preview of a picture.

const PREVIEW_HEIGHT = 220;

function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power > 1 ? 1 : 0)} ${units[power]}`;
}

async function preview(zone, file) {
  const place = zone.querySelector(".preview");
  place.replaceChildren();
  if (!file || !file.type.startsWith("image/")) return;
  let picture;
  try {
    // Drawn small on a canvas: no copy of the file has to become an address.
    picture = await createImageBitmap(file, { resizeHeight: PREVIEW_HEIGHT, resizeQuality: "medium" });
  } catch {
    return; // No picture after all, or a kind that only the server can read.
  }
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Preview of ${file.name}`);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  place.replaceChildren(canvas);
}

function chosen(zone) {
  const files = [...zone.querySelector("input").files];
  const text = zone.querySelector(".chosen");
  if (!files.length) return;
  const strong = document.createElement("strong");
  strong.textContent = files.length === 1 ? files[0].name : `${files.length} files`;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  text.replaceChildren(strong, `${size(total)} · choose another to replace it`);
  preview(zone, files[0]);
}

function drop(event, zone) {
  const input = zone.querySelector("input");
  const files = [...event.dataTransfer.files];
  if (!files.length) return;
  event.preventDefault();
  const list = new DataTransfer();
  for (const file of input.multiple ? files : files.slice(0, 1)) list.items.add(file);
  input.files = list.files;
  chosen(zone);
}

for (const zone of document.querySelectorAll("[data-drop]")) {
  zone.addEventListener("change", () => chosen(zone));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("dragenter", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    drop(event, zone);
  });
  chosen(zone);
}
