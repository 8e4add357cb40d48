// What every page has: the theme switch, copy buttons, running times, forms that act on a choice.

const root = document.documentElement;

function dark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function toggleTheme() {
  root.dataset.theme = dark() ? "light" : "dark";
  try {
    localStorage.setItem("pelagos-theme", root.dataset.theme);
  } catch {
    // The choice then lasts as long as the page.
  }
  document.dispatchEvent(new Event("pelagos:theme"));
}

async function copy(button) {
  const text = button.parentElement.nextElementSibling.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https the clipboard is closed: select the text, so that the next key press copies it.
    getSelection().selectAllChildren(button.parentElement.nextElementSibling);
    return;
  }
  button.firstChild.data = "Copied";
  setTimeout(() => (button.firstChild.data = "Copy"), 1500);
}

function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

// Counted from when the element was first seen: the clocks of server and reader need not agree.
const begun = new WeakMap();

function tick() {
  for (const element of document.querySelectorAll("[data-counting]")) {
    if (!begun.has(element)) begun.set(element, performance.now() / 1000 - Number(element.dataset.counting));
    element.textContent = elapsed(performance.now() / 1000 - begun.get(element));
  }
}

function reveal(scope) {
  for (const element of scope.querySelectorAll("[data-copy], [data-theme-toggle], [data-needs-script]")) {
    element.hidden = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-theme-toggle]")) toggleTheme();
  if (button?.matches("[data-copy]")) copy(button);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));
reveal(document);
document.querySelector("[data-focus]")?.focus();
setInterval(tick, 1000);
