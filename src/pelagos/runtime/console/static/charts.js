// One chart for each group of metrics, drawn by uPlot and redrawn as rows come in.

const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];
const SVG = "http://www.w3.org/2000/svg";

// Four colours and four dashes make sixteen lines that differ.
function dash(place) {
  return DASHES[(place + Math.floor(place / 4)) % 4];
}

function figure(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const short = size !== 0 && (size < 0.001 || size >= 100000);
  return short ? value.toExponential(2).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(4)));
}

// Exponential moving average without the pull towards its beginning, as TensorBoard smooths.
function smoothed(column, weight) {
  let [sum, total] = [0, 0];
  return column.map((value) => {
    if (value === null || value === undefined) return null;
    sum = sum * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return sum / total;
  });
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

// `light-dark()` is only resolved on a real property, so a probe wears the colour.
function resolved(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value || colour(name);
}

class Chart {
  constructor(name) {
    this.name = name;
    this.series = [];
    this.log = false;
    this.weight = 0;
    this.card = document.createElement("section");
    this.card.className = "card";
    this.title = document.createElement("h3");
    this.words = name.replaceAll("_", " ");
    const by = document.createElement("span");
    by.className = "muted small";
    by.textContent = " by step";
    this.title.append(this.words, by);
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button tiny";
    this.button.textContent = "log axis";
    this.button.setAttribute("aria-pressed", "false");
    this.button.setAttribute("aria-label", `log axis for ${this.words}`);
    this.button.addEventListener("click", () => this.toggle());
    this.place = document.createElement("div");
    this.place.className = "chart";
    this.place.setAttribute("role", "img");
    this.legend = document.createElement("ul");
    this.legend.className = "legend";
    const top = document.createElement("div");
    top.className = "line spread";
    top.append(this.title, this.button);
    this.card.append(top, this.place, this.legend);
  }

  toggle() {
    this.log = !this.log;
    this.button.setAttribute("aria-pressed", String(this.log));
    this.draw(this.data);
  }

  join(series) {
    const fresh = series.filter((one) => !this.series.some((old) => old.key === one.key));
    this.series.push(...fresh);
    // The server knows the label best: a bare name becomes "train" once a validation figure is there.
    for (const one of series) this.series.find((old) => old.key === one.key).label = one.label;
    if (fresh.length) this.drop();
  }

  drop() {
    this.plot?.destroy();
    this.plot = null;
  }

  draw(data) {
    this.data = data;
    const columns = this.series.map((one) => data.columns.get(one.key));
    const lines = this.weight ? [...columns.map((column) => smoothed(column, this.weight)), ...columns] : columns;
    const shown = this.log ? lines.map((column) => column.map((value) => (value > 0 ? value : null))) : lines;
    const table = [data.steps, ...shown];
    const kind = `${this.log} ${this.weight > 0}`;
    if (this.plot && this.drawn === kind) this.plot.setData(table);
    else {
      this.drop();
      this.plot = new uPlot(this.options(), table, this.place);
      this.drawn = kind;
    }
    this.describe(columns);
  }

  options() {
    const [ink, line] = [resolved("--muted"), resolved("--line")];
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui" };
    return {
      width: this.place.clientWidth,
      height: this.place.clientHeight,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { x: { time: false }, y: { distr: this.log ? 3 : 1 } },
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5, 1e6] }, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : figure(tick))) }],
      series: [{}, ...this.series.map((one, place) => this.style(place)), ...(this.weight ? this.series.map((one, place) => this.faint(place)) : [])],
    };
  }

  style(place) {
    const stroke = resolved(`--series-${(place % 4) + 1}`);
    return { stroke, width: 2, dash: dash(place), points: { size: 5, fill: stroke, show: this.weight ? false : undefined }, spanGaps: true };
  }

  // Behind a smoothed line: what was measured.
  faint(place) {
    return { stroke: resolved(`--series-${(place % 4) + 1}`), width: 1, alpha: 0.35, points: { show: false }, spanGaps: true };
  }

  describe(columns) {
    const said = this.series.map((one, place) => {
      const last = columns[place].findLast((value) => value !== null && value !== undefined);
      return [one.label || this.words, figure(last)];
    });
    this.legend.replaceChildren(...said.map(([label, last], place) => this.entry(label, last, place)));
    this.place.setAttribute("aria-label", `${this.words} by step; last values: ${said.map((pair) => pair.join(" ")).join(", ")}`);
  }

  entry(label, last, place) {
    const item = document.createElement("li");
    const swatch = document.createElementNS(SVG, "svg");
    const stroke = document.createElementNS(SVG, "line");
    const shape = { x1: 0, x2: 16, y1: 4, y2: 4, stroke: "currentColor", "stroke-width": 3, "stroke-dasharray": dash(place).join(" ") };
    for (const [name, value] of Object.entries(shape)) stroke.setAttribute(name, value);
    swatch.setAttribute("class", `series-${(place % 4) + 1}`);
    swatch.setAttribute("aria-hidden", "true");
    swatch.append(stroke);
    const value = document.createElement("b");
    value.textContent = last;
    item.append(swatch, `${label} `, value);
    return item;
  }
}

export class Charts {
  constructor(element) {
    this.element = element;
    this.end = -1;
    this.rows = new Map();
    this.charts = new Map();
    this.tools = document.getElementById("curve-tools");
    this.smoothing = this.tools?.querySelector("input");
    this.smoothing?.addEventListener("input", () => this.smooth(Number(this.smoothing.value)));
  }

  smooth(weight) {
    for (const chart of this.charts.values()) chart.weight = weight;
    this.draw();
  }

  // `end` is a byte offset: after a new connection rows may come twice.
  add({ end, rows, groups }) {
    if (!this.element || end <= this.end) return;
    this.end = end;
    for (const row of rows) this.rows.set(row.step, { ...this.rows.get(row.step), ...row });
    for (const group of groups) this.chart(group.name).join(group.series);
    this.draw();
  }

  chart(name) {
    if (!this.charts.has(name)) {
      const chart = new Chart(name);
      chart.weight = Number(this.smoothing?.value ?? 0);
      if (this.tools) this.tools.hidden = false;
      this.charts.set(name, chart);
      this.element.append(chart.card);
    }
    return this.charts.get(name);
  }

  draw() {
    const rows = [...this.rows.values()].sort((one, other) => one.step - other.step);
    const columns = new Map();
    for (const chart of this.charts.values()) {
      for (const { key } of chart.series) columns.set(key, rows.map((row) => row[key] ?? null));
    }
    this.data = { steps: rows.map((row) => row.step), columns };
    for (const chart of this.charts.values()) chart.draw(this.data);
  }

  redraw() {
    for (const chart of this.charts.values()) {
      chart.drop();
      if (this.data) chart.draw(this.data);
    }
  }

  resize() {
    for (const chart of this.charts.values()) {
      chart.plot?.setSize({ width: chart.place.clientWidth, height: chart.place.clientHeight });
    }
  }
}
