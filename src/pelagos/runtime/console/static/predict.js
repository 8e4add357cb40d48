// The predict form: faults at their fields, answers that come in pieces.

import "./drop.js";

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
