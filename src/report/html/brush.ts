/**
 * Parallel coordinates from which a reader selects trials, by a drag along an axis or by sliders. A small
 * script in the page does it.
 */
import { formatScore, formatValue } from "../format.js";
import { metricAxis } from "../plots/frame.js";
import { objectiveOf } from "../plots/objective.js";
import { PANEL, parallelTrials, plotParallel } from "../plots/parallel.js";
import { parameterAxis } from "../plots/parameters.js";
import type { Axis } from "../plots/plot.js";
import type { Draw } from "../plots/render.js";
import { shareOf } from "../plots/scale.js";
import type { StudyData } from "../plots/studyData.js";
import { figure } from "./drawn.js";
import { html, type Markup } from "./markup.js";

/** The data that the script reads. */
interface Brush {
  /** The place of each axis in the picture, and its ends. */
  readonly axes: readonly { readonly x: number; readonly name: string; readonly ticks: readonly string[] }[];
  readonly top: number;
  readonly bottom: number;
  /** For each line its name, and its place on each axis, in thousandths from below; null if it has none. */
  readonly lines: readonly (readonly [name: string, ...places: (number | null)[]])[];
}

/** Steps of a slider. */
const STEPS = 100;

/** The picture, its sliders, and the data for the script. */
export function brushed(draw: Draw, study: StudyData, parameters: readonly string[]): Markup {
  const plot = plotParallel(study, { parameters });
  const trials = parallelTrials(study);
  const { metric } = objectiveOf(study, 0);
  const reached = trials.map(({ value }) => value);
  const values = metricAxis(reached, metric, study.directions[0]);
  const own = parameters.map((name) => parameterAxis(study, name));
  const xOf = (i: number): number =>
    PANEL.left + (i * (plot.width - PANEL.left - PANEL.right)) / parameters.length;
  const axes = [
    ...own.map(({ name, isChoice, parameter, axis }, i) => ({
      x: xOf(i),
      name,
      ticks:
        parameter.type === "choice" && isChoice
          ? parameter.values.map(formatValue)
          : ticksOf(axis, parameter.type === "int" ? (value) => String(Math.round(value)) : formatValue),
    })),
    { x: xOf(parameters.length), name: metric, ticks: ticksOf(values, formatScore) },
  ];
  const thousandths = (share: number): number => Math.round(1000 * share);
  const lines = trials.map(({ trial, value }): Brush["lines"][number] => [
    `trial ${trial.number}, ${metric} ${formatScore(value)}`,
    ...own.map(({ placeOf, isChoice, axis, parameter }) => {
      const place = placeOf(trial);
      if (place === undefined) return null;
      const words = parameter.type === "choice" ? parameter.values.length : 0;
      return thousandths(isChoice ? (place + 0.5) / words : shareOf(axis, place));
    }),
    thousandths(shareOf(values, value)),
  ]);
  const brush: Brush = { axes, top: PANEL.top, bottom: plot.height - PANEL.bottom, lines };
  const slider = (label: string, i: number, end: number) =>
    html`<label><span>${label}</span><input type="range" min="0" max="${STEPS}" value="${end * STEPS}" data-axis="${i}" data-end="${end}"><output></output></label>`;
  const after = html`<details class="brush"><summary>Select trials</summary>
<p class="note">Drag along an axis, or move its two sliders. Trials outside fade.</p>
<p aria-live="polite" class="selected"></p>
<div class="sliders">${axes.map(({ name }, i) => html`<fieldset><legend>${name}</legend>${slider("from", i, 0)}${slider("to", i, 1)}</fieldset>`)}</div>
<button type="button">Select all</button></details>
`;
  return figure(draw, plot, {
    marked: true,
    after,
    attributes: html` data-brush="${JSON.stringify(brush)}"`,
  });
}

/** Labels for each step of a slider. */
function ticksOf({ low, high, log }: Axis, format: (value: number) => string): string[] {
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const share = i / STEPS;
    return format(log ? low * (high / low) ** share : low + share * (high - low));
  });
}

/**
 * The script of a report. It reads `data-brush` and writes text, classes and the values of sliders, never
 * markup.
 */
export const SCRIPT = `
for (const plot of document.querySelectorAll("[data-brush]")) {
  const { axes, lines, top, bottom } = JSON.parse(plot.dataset.brush);
  const figure = plot.closest("figure");
  const svg = plot.querySelector("svg");
  const paths = lines.map((_, i) => svg.querySelectorAll('[data-i="' + i + '"]'));
  const sliders = axes.map((_, i) => [0, 1].map((end) => figure.querySelector('[data-axis="' + i + '"][data-end="' + end + '"]')));
  const said = figure.querySelector(".selected");
  const bands = axes.map(({ x }) => {
    const band = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: x - 7, width: 14, fill: "var(--accent)", "fill-opacity": 0.25, stroke: "var(--accent)" })) band.setAttribute(name, value);
    svg.append(band);
    return band;
  });
  const show = () => {
    const ranges = sliders.map(([from, to]) => [Math.min(from.value, to.value) * 10, Math.max(from.value, to.value) * 10]);
    const isAll = ([from, to]) => from === 0 && to === 1000;
    let selected = 0;
    let best = "";
    lines.forEach(([name, ...places], i) => {
      const within = ranges.every((range, k) => isAll(range) || (places[k] !== null && places[k] >= range[0] && places[k] <= range[1]));
      for (const path of paths[i]) path.classList.toggle("out", !within);
      if (within) {
        selected++;
        best = name;
      }
    });
    ranges.forEach((range, k) => {
      const [from, to] = range.map((at) => bottom - (at / 1000) * (bottom - top));
      bands[k].setAttribute("y", to);
      bands[k].setAttribute("height", Math.max(1, from - to));
      bands[k].style.display = isAll(range) ? "none" : "";
      for (const slider of sliders[k]) {
        const { ticks } = axes[k];
        const at = Math.min(ticks.length - 1, Math.floor((slider.value / 100) * (ticks.length === 101 ? 100 : ticks.length)));
        slider.nextElementSibling.textContent = ticks[at];
        slider.setAttribute("aria-valuetext", ticks[at]);
      }
    });
    said.textContent = selected + " of " + lines.length + " trials" + (selected > 0 ? "; the best: " + best : "");
  };
  for (const slider of sliders.flat()) slider.addEventListener("input", show);
  figure.querySelector("button").addEventListener("click", () => {
    for (const [from, to] of sliders) [from.value, to.value] = [0, 100];
    show();
  });
  let drag;
  const placeOf = (event) => {
    const box = svg.getBoundingClientRect();
    const { x, width } = svg.viewBox.baseVal;
    const scale = width / box.width;
    return [x + (event.clientX - box.left) * scale, Math.round(Math.min(100, Math.max(0, (100 * (bottom - (event.clientY - box.top) * scale)) / (bottom - top))))];
  };
  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = placeOf(event);
    const axis = axes.findIndex((each) => Math.abs(each.x - x) < 20);
    if (axis < 0) return;
    drag = { axis, from: y };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [, y] = placeOf(event);
    const [from, to] = sliders[drag.axis];
    from.value = Math.min(drag.from, y);
    to.value = Math.max(drag.from, y);
    show();
  });
  svg.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const [from, to] = sliders[drag.axis];
    // a click selects the entire axis again
    if (placeOf(event)[1] === drag.from) [from.value, to.value] = [0, 100];
    drag = undefined;
    figure.querySelector("details").open = true;
    show();
  });
  plot.classList.add("brushable");
  show();
}
`;
