/** A learning-rate range test as a picture of characters, for `--plot`. */
import type { RateFinderResult } from "../../tune/rateFinder.js";
import { wrap } from "../layout.js";
import { heightAt } from "../plots/rates.js";
import type { Paint } from "../study.js";
import { drawChart, type Mark, type TerminalOptions } from "./chart.js";

const [BATCH, FASTEST, TENTH] = [".", "#", "*"];

/** The loss by rate, in lines of at most `width` columns. */
export function drawRates(result: RateFinderResult, options: TerminalOptions, paint: Paint): string[] {
  const { rates, losses, smoothed, suggested, belowMinimum } = result;
  const markOf = (rate: number | undefined, mark: string): Mark[] =>
    rate === undefined ? [] : [{ x: rate, y: heightAt(rate, rates, smoothed), mark }];
  const fastest = markOf(suggested, FASTEST);
  const tenth = markOf(belowMinimum, TENTH);
  const marks = [...fastest, ...tenth, ...rates.map((x, i): Mark => ({ x, y: losses[i], mark: BATCH }))];
  const stairs = rates.map((x, i) => ({ x, y: smoothed[i] }));
  const words = [
    "line: smoothed loss",
    `${BATCH}: each batch`,
    ...(fastest.length > 0 ? [`${FASTEST}: falls fastest`] : []),
    ...(tenth.length > 0 ? [`${TENTH}: a tenth of the rate of the lowest loss`] : []),
  ];
  return [
    "",
    ...wrap("Loss by learning rate", options.width).map(paint.heading),
    ...drawChart({ marks, stairs, axis: "learning rate" }, options),
    ...wrap(words.join("; "), options.width).map(paint.faint),
  ];
}
