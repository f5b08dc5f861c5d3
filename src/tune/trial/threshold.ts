/**
 * The decision threshold of a model of two classes: the probability above which class 1 is predicted, chosen
 * by a metric or by the cost of errors, on predictions for rows that the network did not train on.
 */
import type { Dataset } from "../../data/dataset.js";
import { check, must } from "../../errors.js";
import { decided, HALF } from "../../metrics/decided.js";
import type { Metric } from "../../metrics/metric.js";
import type { MetricLike } from "../../metrics/names.js";
import { getMetric } from "../../metrics/registry.js";
import type { Floats } from "../../ndarray.js";
import { cheapestThreshold, checkCosts, costMetric, type ErrorCosts } from "./cost.js";
import type { Predictions } from "./predictions.js";

/** How a threshold is chosen. */
export interface ThresholdRule {
  /** For people: the metric, or the costs. */
  readonly name: string;
  /** The additional metrics of the final model. */
  readonly scored?: Metric;
  readonly choose: (all: readonly Predictions[]) => number;
}

/**
 * How the options choose the threshold; undefined if they leave it at ½.
 *
 * @throws FettleError `unknown_name`, and `invalid_argument` for both options, a metric without a threshold,
 * costs of 0 or less, and a target without exactly two classes
 */
export function thresholdRule(
  { threshold, cost }: { readonly threshold?: MetricLike; readonly cost?: ErrorCosts },
  { classes, outputs }: Pick<Dataset, "classes" | "outputs">,
): ThresholdRule | undefined {
  if (threshold === undefined && cost === undefined) return undefined;
  check(
    threshold === undefined || cost === undefined,
    "threshold must be left out with cost; received both, and each chooses the decision threshold",
  );
  const option = cost === undefined ? "threshold" : "cost";
  const rule = cost === undefined ? ruleOfMetric(threshold as MetricLike) : ruleOfCost(cost);
  check(
    classes.length === 2,
    () => `${option} needs a target of two classes; received ${classes.length || "a regression target"}`,
  );
  must(outputs === 1, `units of the last layer with ${option}`, "1, with a sigmoid", outputs);
  return rule;
}

function ruleOfMetric(given: MetricLike): ThresholdRule {
  const metric = getMetric(given);
  const { name, decides } = metric;
  check(
    decides,
    () =>
      `threshold must be a metric of predicted classes, such as f1; received ${name}, which scores probabilities`,
  );
  return { name, choose: (all) => chooseThreshold(metric, all) };
}

function ruleOfCost(cost: ErrorCosts): ThresholdRule {
  checkCosts(cost);
  const name = `cost missed=${cost.missed},false=${cost.false}`;
  return { name, scored: costMetric(cost), choose: (all) => cheapestThreshold(cost, all) };
}

/** The most thresholds that are tried. */
const MOST = 512;

/**
 * The threshold with the best score among the midpoints between neighbouring probabilities of rows with a
 * weight above 0, at most 512 of them at equal steps of rank; of equals, the one nearest ½.
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
