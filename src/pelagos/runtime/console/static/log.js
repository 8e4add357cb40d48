// The log's tail: follows, filters, and forgets its oldest lines.

const LINES = 2000;

export class Log {
  constructor(element, tools) {
    this.element = element;
    this.end = -1;
    this.open = null;
    if (!element) return;
    this.filter = tools.querySelector("input[type=search]");
    this.follow = tools.querySelector("#follow");
    this.filter.addEventListener("input", () => this.refilter());
    this.follow.addEventListener("change", () => this.toEnd());
    tools.addEventListener("submit", (event) => event.preventDefault());
    element.addEventListener("scroll", () => this.scrolled());
    this.toEnd();
  }

  // `start` and `end` are byte offsets: after a new connection a piece may come twice.
  add({ start, end, text }) {
    if (!this.element || end <= this.end) return;
    if (this.end >= 0 && start > this.end) this.line("… some lines were left out here; Download has all of them", "gap");
    this.end = end;
    const parts = text.split("\n");
    parts.forEach((part, place) => {
      if (this.open) this.set(this.open, this.open.textContent + part);
      else if (part || place < parts.length - 1) this.open = this.line(part);
      if (place < parts.length - 1) this.open = null;
    });
    while (this.element.childElementCount > LINES) this.element.firstElementChild.remove();
    this.toEnd();
  }

  line(text, name = "") {
    const line = document.createElement("div");
    line.className = name;
    this.set(line, text);
    this.element.append(line);
    return line;
  }

  // A carriage return draws a line over, as progress bars do.
  set(line, text) {
    line.textContent = text.replace(/\r+$/, "\r").split("\r").filter((part, place, all) => part || place === all.length - 1).slice(-2).find(Boolean) ?? "";
    line.hidden = !this.wanted(line.textContent);
  }

  wanted(text) {
    return text.toLowerCase().includes(this.filter.value.toLowerCase());
  }

  refilter() {
    for (const line of this.element.children) line.hidden = !this.wanted(line.textContent);
    this.toEnd();
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const atEnd = scrollTop + clientHeight > scrollHeight - 24;
    if (this.follow.checked && !atEnd && scrollTop < this.last) this.follow.checked = false;
    if (!this.follow.checked && atEnd) this.follow.checked = true;
    this.last = scrollTop;
  }

  toEnd() {
    if (this.follow.checked) this.element.scrollTop = this.element.scrollHeight;
    this.last = this.element.scrollTop;
  }
}
