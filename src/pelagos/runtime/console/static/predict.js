// The predict form: files by drop, a preview, faults at their fields, answers that come in pieces.

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

// After each answer a field is marked as wrong exactly when its place for faults says something.
function mark(form) {
  let first = null;
  for (const input of form.querySelectorAll("[aria-describedby]")) {
    const fault = document.getElementById(input.getAttribute("aria-describedby").split(" ").at(-1));
    if (!fault?.textContent.trim()) {
      input.removeAttribute("aria-invalid");
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    const folded = input.closest("details:not([open])");
    if (folded) folded.open = true;
    first ??= input;
  }
  first?.focus();
}

// An answer that arrives in pieces: each event is a finished piece of the page, made and escaped by the server.
async function stream(form) {
  const answer = document.getElementById("answer");
  const busy = form.querySelector(".busy");
  busy.classList.add("on");
  answer.replaceChildren();
  try {
    const response = await fetch(form.dataset.stream, { method: "POST", body: new FormData(form) });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = (rest + piece.value).split("\n\n");
      rest = events.pop();
      for (const event of events) htmx.swap(answer, JSON.parse(event.slice(6)), { swapStyle: "beforeend" });
    }
  } catch {
    const note = document.createElement("p");
    note.className = "note bad";
    note.textContent = "The connection to the server was lost.";
    answer.append(note);
  } finally {
    busy.classList.remove("on");
    mark(form);
  }
}

const form = document.querySelector("[data-predict]");
document.addEventListener("htmx:afterSettle", (event) => {
  if (form) mark(form);
  // On a narrow screen the answer is below the form.
  if (event.target.id === "answer" && !form?.querySelector("[aria-invalid]")) {
    event.target.parentElement.scrollIntoView({ block: "nearest" });
  }
});
form?.addEventListener("submit", (event) => {
  if (!form.dataset.stream) return;
  event.preventDefault();
  stream(form);
});

document.addEventListener("htmx:sendError", () => {
  const note = document.createElement("p");
  note.className = "note bad";
  note.textContent = "The server does not answer. Is it still running?";
  document.getElementById("answer").replaceChildren(note);
});
