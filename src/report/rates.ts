/** A learning-rate range test as text for people: a chart of losses by rate, and the suggested rates. */
import { compact } from "../compact.js";
import type { RateFinderResult } from "../tune/rateFinder.js";
import { formatScore, formatValue } from "./format.js";
import { layOut, wrap } from "./layout.js";
import { rangeOf } from "./plots/scale.js";
import type { Paint } from "./study.js";

/** The number of steps shown, in addition to the suggestions. */
const LINES = 20;
const WIDEST_BAR = 40;
const NARROWEST_BAR = 6;

const ENDS = {
  finished: "Training did not diverge, even at the last rate.",
  diverged: "Training diverged: the last smoothed loss was more than 4 times the lowest.",
  notFinite: "Training diverged: the next loss was not finite.",
};

/**
 * The result of a range test, in lines of at most `width` characters. Without room for bars the chart is a
 * table.
 *
 * @example
 * ```ts
 * const result = { rates: [0.1, 1], losses: [2, 1], smoothed: [2, 1], suggested: 0.1, belowMinimum: 0.1 };
 * describeRates({ ...result, reason: "finished" }, 80, { heading: (text) => text, faint: (text) => text })[1];
 * // "Loss by learning rate"
 * ```
 */
export function describeRates(result: RateFinderResult, width: number, paint: Paint): string[] {
  const { suggested, belowMinimum, reason } = result;
  const heading = (text: string): string[] => ["", ...wrap(text, width).map(paint.heading)];
  const advice = [
    ["where the loss falls fastest", formatValue(suggested)],
    ["a tenth of the rate of the lowest loss", formatValue(belowMinimum)],
  ];
  return compact<string>(
    result.rates.length > 0 && [...heading("Loss by learning rate"), ...chart(result, width)],
    "",
    wrap(ENDS[reason], width).map(paint.faint),
    suggested !== undefined && [...heading("Suggested learning rates"), ...layOut(advice, { width })],
  );
}

/** A line for each of some steps: rate, loss, smoothed loss, and a bar whose length is the smoothed loss. */
function chart({ rates, losses, smoothed, suggested }: RateFinderResult, width: number): string[] {
  const last = rates.length - 1;
  const [least, most] = rangeOf(smoothed);
  const lowest = smoothed.indexOf(least);
  const even = Array.from({ length: LINES }, (_, i) => Math.round((i * last) / (LINES - 1)));
  const at = suggested === undefined ? [] : [rates.indexOf(suggested)];
  const steps = [...new Set([...even, ...at, lowest])].sort((a, b) => a - b);
  const cells = [
    ["rate", "loss", "smoothed"],
    ...steps.map((i) => [formatValue(rates[i]), formatScore(losses[i]), formatScore(smoothed[i])]),
  ];
  const lines = layOut(cells, { width });
  const room = Math.min(WIDEST_BAR, width - Math.max(...lines.map((line) => line.length)) - 2);
  if (room < NARROWEST_BAR) return lines;
  return lines.map((line, i) => {
    if (i === 0) return line;
    const height = most > least ? (smoothed[steps[i - 1]] - least) / (most - least) : 0;
    return `${line}  ${"█".repeat(1 + Math.round(height * (room - 1)))}`;
  });
}
