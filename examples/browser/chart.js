/** The chart of a study: a dot for each trial, a line for the best so far. It draws into an SVG and keeps no state. */

const MARGIN = { left: 56, right: 8, top: 8, bottom: 36 };
const RADIUS = 3;
/** The share of trials, the worst ones, that may be beyond the axis; they are drawn at its end. */
const BEYOND = 0.1;

/**
 * @param {SVGSVGElement} svg
 * @param {readonly (number | null)[]} values - of the trials, in order; null for a trial without a value
 * @param {number} trials - the planned number
 * @param {"minimize" | "maximize"} direction
 * @param {string} metric - the name of the values
 */
export function drawChart(svg, values, trials, direction, metric) {
  const { width, height } = svg.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const best = bestSoFar(values, direction);
  svg.setAttribute("aria-label", describe(values, best, metric));
  if (best.length === 0) return;

  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const ticks = ticksOf(...rangeOf(values, direction), Math.max(2, Math.floor(height / 60)));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const xOf = (trial) => MARGIN.left + ((trial + 0.5) * (right - MARGIN.left)) / trials;
  const yOf = (value) =>
    bottom - ((Math.min(high, Math.max(low, value)) - low) * (bottom - MARGIN.top)) / (high - low);

  const decimals = Math.max(0, -Math.floor(Math.log10(ticks[1] - low) + 1e-9));
  for (const tick of ticks) {
    svg.append(element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: yOf(tick), y2: yOf(tick) }));
    svg.append(text(tick.toFixed(decimals), { x: MARGIN.left - 8, y: yOf(tick) + 4, "text-anchor": "end" }));
  }
  const every = Math.max(1, ticksOf(0, trials, Math.max(2, Math.floor(width / 90)))[1]);
  for (let trial = every; trial <= trials; trial += every) {
    svg.append(text(trial, { x: xOf(trial - 1), y: bottom + 16, "text-anchor": "middle" }));
  }
  svg.append(text(`trial → ${metric}`, { x: right, y: height - 4, "text-anchor": "end" }));

  const dots = values.map((value, trial) => (value === null ? "" : circle(xOf(trial), yOf(value)))).join("");
  svg.append(element("path", { class: "dots", d: dots }));
  const line = best.map(([trial, value], i) =>
    i === 0 ? `M${xOf(trial)} ${yOf(value)}` : `H${xOf(trial)}V${yOf(value)}`,
  );
  svg.append(element("path", { class: "best", d: `${line.join("")}H${xOf(values.length - 1)}` }));
}

/** The trials that were better than all earlier ones, with their values. */
function bestSoFar(values, direction) {
  const sign = direction === "maximize" ? 1 : -1;
  const best = [];
  for (const [trial, value] of values.entries()) {
    if (value !== null && (best.length === 0 || sign * (value - best.at(-1)[1]) > 0))
      best.push([trial, value]);
  }
  return best;
}

/** The least and greatest values that the axis must show. */
function rangeOf(values, direction) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const beyond = Math.floor(BEYOND * known.length);
  const last = known.length - 1;
  return direction === "maximize" ? [known[beyond], known[last]] : [known[0], known[last - beyond]];
}

/** Round numbers, 1, 2 or 5 times a power of ten apart, that cover `low` to `high`. */
function ticksOf(low, high, most) {
  const span = high > low ? high - low : Math.abs(low) / 10 || 1;
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= span / most);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil((low + span) / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function describe(values, best, metric) {
  if (best.length === 0) return "No trials yet.";
  const [trial, value] = best.at(-1);
  return `Chart of ${values.length} trials: the best ${metric} so far is ${value.toFixed(4)}, of trial ${trial + 1}.`;
}

const circle = (x, y) =>
  `M${x - RADIUS} ${y}a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS} 0a${RADIUS} ${RADIUS} 0 1 0 ${-2 * RADIUS} 0`;

function text(content, attributes) {
  const made = element("text", attributes);
  made.textContent = content;
  return made;
}

function element(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
