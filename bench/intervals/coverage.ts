/** Counts how often intervals hold the truth. */
import { intervalOf } from "../../src/metrics/intervals/index.js";
import { metricNamed } from "../../src/metrics/registry.js";
import { RandomStream } from "../../src/numerics/random.js";
import { type Population, sample } from "./cases.js";

/** Of the intervals of one metric. Counts of draws. */
export interface Coverage {
  draws: number;
  /** Intervals that are all above the truth. */
  above: number;
  /** Intervals that are all below it. */
  below: number;
  /** Intervals that say that a few rows decide them. */
  flagged: number;
  /** Of those that do not say so, the ones that do not hold the truth. */
  missed: number;
  /** The sum of the widths. */
  width: number;
}

/** Rows that stand for a whole population. */
const WHOLE = 1_000_000;

/** The scores of a population, by metric. */
export function truths({ draw, whole = draw, metrics }: Population, seed: number, rows = WHOLE): number[] {
  const { yTrue, yPred, outputs, weights } = sample(whole, rows, new RandomStream(seed, 0));
  return metrics.map((name) => metricNamed(name).compute(yTrue, yPred, outputs, weights));
}

/** How often intervals of so many rows hold them. */
export function coverage(
  { draw, metrics }: Population,
  truth: readonly number[],
  { rows, draws, seed }: { readonly rows: number; readonly draws: number; readonly seed: number },
): Coverage[] {
  const counts = metrics.map(
    (): Coverage => ({ draws: 0, above: 0, below: 0, flagged: 0, missed: 0, width: 0 }),
  );
  for (let at = 0; at < draws; at++) {
    const predicted = sample(draw, rows, new RandomStream(seed, 1 + rows, at));
    for (const [i, name] of metrics.entries()) {
      const found = intervalOf(metricNamed(name), predicted);
      // no score, as of an area without rows of one class: no interval
      if (!found || Number.isNaN(found.interval[0])) continue;
      const [[low, high], count] = [found.interval, counts[i]];
      count.draws++;
      count.width += high - low;
      if (low > truth[i]) count.above++;
      if (high < truth[i]) count.below++;
      if (found.decidedBy !== undefined) count.flagged++;
      else if (low > truth[i] || high < truth[i]) count.missed++;
    }
  }
  return counts;
}
