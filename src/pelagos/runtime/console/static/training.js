// One training, live: curves and log grow with the stream that the page is connected to.

import { Charts } from "./charts.js";
import { Log } from "./log.js";

const charts = new Charts(document.getElementById("charts"));
const log = new Log(document.getElementById("log"), document.querySelector("[data-log-tools]"));
const known = new WeakSet();

function listen(source) {
  if (known.has(source)) return;
  known.add(source);
  source.addEventListener("metrics", (event) => charts.add(JSON.parse(event.data)));
  source.addEventListener("log", (event) => log.add(JSON.parse(event.data)));
}

// htmx opens the connection; the curves and the log listen to the same one.
document.addEventListener("htmx:sseOpen", (event) => listen(event.detail.source));
document.addEventListener("pelagos:theme", () => charts.redraw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.redraw());
addEventListener("resize", () => charts.resize());
