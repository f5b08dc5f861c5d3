/**
 * The decision threshold of a model of two classes: the probability above which class 1 is predicted, chosen by a metric on
 * predictions for rows that the network did not train on.
 */
import type { Dataset } from "../../data/dataset.js";
import { check, must } from "../../errors.js";
import { decided } from "../../metrics/decided.js";
import type { Metric } from "../../metrics/metric.js";
import type { Floats } from "../../ndarray.js";

/** Where class 1 begins without a choice. */
export const HALF = 0.5;

/** Predictions, and what they are scored against. */
export interface Predictions {
  readonly yTrue: Floats;
  /** The probability of class 1. */
  readonly yPred: Floats;
  readonly weights?: Floats;
}

/**
 * Refuses a metric that knows no threshold, and a target that is not of two classes.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkThreshold(
  { name, decides }: Metric,
  { classes, outputs }: Pick<Dataset, "classes" | "outputs">,
): void {
  check(
    decides,
    () =>
      `threshold must be a metric of decided classes, such as f1; received ${name}, which scores probabilities`,
  );
  check(
    classes.length === 2,
    () => `threshold needs a target of two classes; received ${classes.length || "a regression target"}`,
  );
  must(outputs === 1, "units of the last layer with threshold", "1, with a sigmoid", outputs);
}

/** The most thresholds that are tried. */
const MOST = 512;

/**
 * The threshold with the best score: of the middles between neighbouring probabilities of rows that weigh something, at most 512 of them
 * at equal steps of rank; of equals, the one nearest ½.
 */
export function chooseThreshold(metric: Metric, all: readonly Predictions[]): number {
  const joined = (name: "yTrue" | "yPred" | "weights"): Float64Array | undefined =>
    all[0][name] && Float64Array.from(all.flatMap((each) => [...(each[name] as Floats)]));
  const [yTrue, yPred, weights] = [joined("yTrue"), joined("yPred"), joined("weights")] as [
    Float64Array,
    Float64Array,
    Float64Array?,
  ];
  const levels = [...new Set(yPred.filter((_, row) => weights?.[row] !== 0))].sort((a, b) => a - b);
  const middles = levels.slice(1).map((level, i) => (levels[i] + level) / 2);
  const step = Math.max(1, middles.length / MOST);
  const tried = [HALF];
  for (let k = 0; k < middles.length; k += step) tried.push(middles[Math.floor(k)]);
  let best = { threshold: HALF, score: Number.NaN };
  for (const threshold of tried.sort((a, b) => Math.abs(a - HALF) - Math.abs(b - HALF))) {
    const score = metric.compute(yTrue, decided(yPred, threshold), 1, weights);
    const isBetter = metric.direction === "maximize" ? score > best.score : score < best.score;
    if (Number.isNaN(best.score) || isBetter) best = { threshold, score };
  }
  return best.threshold;
}
