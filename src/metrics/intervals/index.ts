/**
 * How far the random choice of test rows may move a score, and the difference of two scores on the same rows:
 * intervals for the score of a model on all rows of this kind. Rows count as independent.
 */
import { must } from "../../errors.js";
import { counted } from "../lines.js";
import type { Metric } from "../metric.js";
import { quantile } from "../scores.js";
import {
  type Effect,
  type Estimate,
  FEW,
  type ScoreInterval,
  shareEffect,
  shareInterval,
  skewedInterval,
  type Unseen,
  wilson,
} from "./interval.js";
import { type Predicted, rowsOf, weighed } from "./predicted.js";
import { type Method, methodOf } from "./table.js";

export type { Estimate, ScoreInterval } from "./interval.js";
export type { Predicted } from "./predicted.js";

/** Why scores by a metric have no interval; undefined if they have one. */
export function whyNoInterval(metric: Metric, outputs: number): string | undefined {
  const method = methodOf(metric, outputs);
  return method.by === "none" ? method.because : undefined;
}

/** Whether differences of scores by a metric have intervals. */
export function hasLead(metric: Metric, outputs: number): boolean {
  const { by } = methodOf(metric, outputs);
  return by === "effect" || by === "share";
}

/** The interval of a score; undefined for a metric without intervals. */
export function intervalOf(metric: Metric, predicted: Predicted): Estimate | undefined {
  const method = methodOf(metric, predicted.outputs);
  if (method.by === "none") return undefined;
  const seen = counted(predicted);
  const { yTrue, yPred, outputs, weights } = seen;
  const score = metric.compute(yTrue, yPred, outputs, weights);
  if (Number.isNaN(score)) return { interval: [score, score] };
  if (method.by === "share") return shareInterval(method.share(metric, seen), weights);
  if (method.by === "quantile") return medianInterval(seen);
  const { range, isRoot } = method;
  const fewest = rarest(method, metric, seen);
  // rows of one class say nothing about the other
  if (fewest === 0 && outputs === 1) return { interval: range, decidedBy: 0 };
  const effect = effectOf(metric, seen);
  if (isRoot) {
    // the square of a root is a mean, or nearly one
    const influence = effect.influence.map((each) => 2 * score * each);
    const { interval, ...more } = skewedInterval(score * score, { influence }, weights, flat, range);
    return { interval: [Math.sqrt(interval[0]), Math.sqrt(interval[1])], ...more };
  }
  const bend = method.isMean ? flat : bendOf(scoreBy(method, metric, seen), score, effect, weights);
  return {
    ...skewedInterval(score, effect, weights, bend, range),
    ...(fewest !== undefined && { decidedBy: fewest }),
  };
}

/** The score by the weights of rows. */
function scoreBy(
  method: Method,
  metric: Metric,
  predicted: Predicted,
): (weights: Predicted["weights"]) => number {
  const { yTrue, yPred, outputs } = predicted;
  if (method.by === "effect" && method.scoreBy) return method.scoreBy(predicted);
  return (weights) => metric.compute(yTrue, yPred, outputs, weights);
}

/** A mean has no curvature. */
const flat = (): number => 0;

/**
 * The interval of the difference of two scores on the same rows, `own` less `other`.
 *
 * @param metric - one that {@link hasLead}
 */
export function differenceInterval(metric: Metric, own: Predicted, other: Predicted): Estimate {
  const method = methodOf(metric, own.outputs);
  const models = [own, other].map(counted);
  const [{ weights }] = models;
  const [ownBy, otherBy] = models.map((model) => scoreBy(method, metric, model));
  const differenceBy = (w: Predicted["weights"]): number => ownBy(w) - otherBy(w);
  const difference = differenceBy(weights);
  if (Number.isNaN(difference)) return { interval: [difference, difference] };
  const [first, second] = models.map((model) => effectOf(metric, model));
  const unseen = first.unseen && second.unseen && between(first.unseen, second.unseen);
  const effect = {
    influence: first.influence.map((each, i) => each - second.influence[i]),
    ...(unseen && { unseen }),
    parts: [...(first.parts ?? []), ...(second.parts ?? [])],
    ...(first.bias !== undefined && second.bias !== undefined && { bias: first.bias - second.bias }),
  };
  const isMean = method.by === "effect" && method.isMean;
  const fewest = rarest(method, metric, models[0]);
  const bend = isMean ? flat : bendOf(differenceBy, difference, effect, weights);
  return {
    ...skewedInterval(difference, effect, weights, bend, ANY),
    ...(fewest !== undefined && { decidedBy: fewest }),
  };
}

const ANY: ScoreInterval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Rows that neither model has seen: the same row for both, or a row that only one of them gets right. */
function between(own: Unseen, other: Unseen): Unseen {
  const { group = 1 } = own;
  const opposite = (at: number): number => at - (at % group) + (group - 1 - (at % group));
  return {
    ...own,
    influence: own.influence.map((each, at) => each - other.influence[opposite(at)]),
    mass: own.mass.map((each, at) => (each + other.mass[opposite(at)]) / 2),
  };
}

/**
 * How rows move a score.
 *
 * @param metric - one that {@link hasLead}
 */
export function effectOf(metric: Metric, predicted: Predicted): Effect {
  const method = methodOf(metric, predicted.outputs);
  if (method.by === "share") return shareEffect(method.share(metric, predicted), predicted.weights);
  must(method.by === "effect", "metric", "one whose differences have intervals", metric.name);
  return method.effect(metric, predicted);
}

/**
 * The number of rows of the rarest class, if so few decide a score over all classes: fewer than 5; otherwise
 * undefined. The weights of rows do not matter.
 */
function rarest(method: Method, metric: Metric, { yTrue, outputs }: Predicted): number | undefined {
  const isOfEach = method.by === "effect" && !method.isMean && metric.tasks.includes("classification");
  if (!isOfEach) return undefined;
  const counts = new Float64Array(Math.max(2, outputs));
  for (let k = 0; k < yTrue.length; k++)
    if (outputs === 1) counts[yTrue[k]]++;
    else counts[k % outputs] += yTrue[k];
  const least = counts.reduce((fewest, count) => Math.min(fewest, count));
  return least < FEW ? least : undefined;
}

/** The curvature of a score, by its second difference when weights change slightly along the influence. */
function bendOf(
  scoreBy: (weights: Float64Array) => number,
  score: number,
  { influence }: Effect,
  weights: Predicted["weights"],
): (sigma: number) => number {
  return (sigma) => {
    let all = 0;
    for (let i = 0; i < influence.length; i++) all += weights?.[i] ?? 1;
    const moved = (by: number): number =>
      scoreBy(
        influence.map((each, i) => {
          const weight = weights?.[i] ?? 1;
          return weight * (1 + (by * weight * each) / (all * sigma));
        }),
      );
    const step = 1e-3;
    return (moved(step) - 2 * score + moved(-step)) / (2 * sigma * step * step);
  };
}

/**
 * The interval of a median error, by the share of rows below it.
 *
 * @see R. Woodruff, "Confidence intervals for medians and other position measures", JASA 47, 1952
 */
function medianInterval(predicted: Predicted): Estimate {
  const { yTrue, yPred, weights } = predicted;
  const errors = Float64Array.from(yTrue, (y, i) => Math.abs(y - yPred[i]));
  const { sum, typical } = weighed(rowsOf(predicted), weights);
  const rows = sum / typical;
  const [low, high] = wilson(0.5, rows).map((share, i) =>
    quantile(share + (i - 0.5) / rows)(errors, (row) => weights?.[row] ?? 1),
  );
  return { interval: [low, high], ...(rows < 10 && { decidedBy: Math.round(rows) }) };
}
