// What every page of the hub has: the search that Ctrl+K opens, worked by keyboard alone.

const palette = document.getElementById("palette");
const field = palette.querySelector("input");

function open() {
  if (palette.open) return;
  palette.showModal();
  field.select();
}

function results() {
  return [...palette.querySelectorAll(".found a")];
}

// Arrow keys go through what was found, and from its first line back to the field.
function walk(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = [field, ...results()];
  const step = event.key === "ArrowDown" ? 1 : -1;
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    open();
  }
});
document.querySelector("[data-find]").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
palette.addEventListener("keydown", walk);
palette.addEventListener("click", (event) => {
  if (event.target === palette) palette.close();
});
// Enter in the field opens the first thing that was found; with nothing found it goes to the page of the search.
palette.querySelector("form").addEventListener("submit", (event) => {
  const first = results()[0];
  if (!first) return;
  event.preventDefault();
  first.click();
});

// On a narrow screen the navigation scrolls: the current page shall be in sight.
const pages = document.querySelector(".top nav");
const current = pages.querySelector("[aria-current]");
if (current) pages.scrollLeft = current.offsetLeft - pages.offsetLeft - (pages.clientWidth - current.clientWidth) / 2;
