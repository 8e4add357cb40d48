// The curves of several runs over one another.

import { Charts } from "./charts.js";

const place = document.querySelector("[data-curves]");
if (place) {
  const charts = new Charts(document.getElementById("charts"));
  document.addEventListener("pelagos:theme", () => charts.redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.redraw());
  addEventListener("resize", () => charts.resize());
  const answer = await fetch(place.dataset.curves);
  if (answer.ok) charts.add(await answer.json());
}
