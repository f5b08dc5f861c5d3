/** The counts behind scores of predicted classes, in one pass over the rows, and averages of such scores. */
import type { Floats } from "../ndarray.js";
import { classAt } from "./decided.js";
import { LABELS, type LabelOptions, weighing } from "./define.js";
import type { Metric } from "./metric.js";

/** The arguments of a metric's `compute`. */
export type Compared = readonly [yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats | undefined];

/** By class or label, or by row; sums of weights instead of counts. */
export interface ClassCounts {
  /** True positives: rows of the class that are predicted as it. */
  readonly hits: Float64Array;
  /** Rows predicted as the class. */
  readonly predicted: Float64Array;
  /** Rows of the class. */
  readonly actual: Float64Array;
}

/** How the scores of classes or labels are averaged. */
export interface AverageOptions extends LabelOptions {
  /**
   * `macro`: the mean over the classes that occur in truth or prediction, or over all labels; `micro`: one
   * score from the counts of all; `weighted`: the mean weighted by rows; `samples`: the mean over rows of the
   * score of their labels.
   * @defaultValue the score of class 1 of two classes; `macro` for several
   */
  readonly average?: "macro" | "micro" | "weighted" | "samples";
}

export const AVERAGES = {
  average: { initial: undefined, words: ["macro", "micro", "weighted", "samples"] },
  ...LABELS,
};

/** @param outputs - for one output the classes are 0 and 1 */
export function countClasses(...[yTrue, yPred, outputs, weights]: Compared): ClassCounts {
  const counts = zeros(outputs === 1 ? 2 : outputs);
  const weightOf = weighing(weights);
  for (let start = 0, row = 0; start < yTrue.length; start += outputs, row++) {
    const weight = weightOf(row);
    const truth = classAt(yTrue, start, outputs);
    const guess = classAt(yPred, start, outputs);
    counts.actual[truth] += weight;
    counts.predicted[guess] += weight;
    if (truth === guess) counts.hits[truth] += weight;
  }
  return counts;
}

/** @param byRow - whether the labels of each row are counted, rather than the rows of each label */
export function countLabels(byRow: boolean, ...[yTrue, yPred, outputs, weights]: Compared): ClassCounts {
  const counts = zeros(byRow ? yTrue.length / outputs : outputs);
  const weightOf = weighing(weights);
  for (let k = 0; k < yTrue.length; k++) {
    const row = Math.floor(k / outputs);
    const [at, weight] = byRow ? [row, 1] : [k % outputs, weightOf(row)];
    const [truth, guess] = [classAt(yTrue, k, 1), classAt(yPred, k, 1)];
    counts.actual[at] += weight * truth;
    counts.predicted[at] += weight * guess;
    counts.hits[at] += weight * truth * guess;
  }
  return counts;
}

function zeros(classes: number): ClassCounts {
  return {
    hits: new Float64Array(classes),
    predicted: new Float64Array(classes),
    actual: new Float64Array(classes),
  };
}

/** The score of each class, label or row from its counts, averaged. */
export const averaged =
  (score: (hits: number, predicted: number, actual: number) => number) =>
  ({ average, multiLabel = false }: AverageOptions): Metric["compute"] =>
  (yTrue, yPred, outputs, weights) => {
    const byRow = average === "samples";
    const { hits, predicted, actual } =
      multiLabel || byRow
        ? countLabels(byRow, yTrue, yPred, outputs, weights)
        : countClasses(yTrue, yPred, outputs, weights);
    const scoreOf = (j: number): number => score(hits[j], predicted[j], actual[j]);
    if (average === "micro") return score(total(hits), total(predicted), total(actual));
    if (average === undefined && outputs === 1) return scoreOf(hits.length - 1);
    const weightOf = (j: number): number => {
      if (byRow) return weights ? weights[j] : 1;
      if (average === "weighted") return actual[j];
      return multiLabel || predicted[j] + actual[j] > 0 ? 1 : 0;
    };
    let [sum, all] = [0, 0];
    for (let j = 0; j < hits.length; j++) {
      sum += weightOf(j) * scoreOf(j);
      all += weightOf(j);
    }
    return ratio(sum, all);
  };

export function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** What a disagreement of two classes that far apart costs. */
export const disagreement =
  (weights: "linear" | "quadratic" | undefined) =>
  (distance: number): number =>
    weights === "quadratic" ? distance * distance : weights ? Math.abs(distance) : Number(distance !== 0);

/** A division in which 0 / 0 is 0. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** F with recall counting `beta` times as much as precision, from counts. */
export const fScore =
  (beta: number) =>
  (hits: number, predicted: number, actual: number): number =>
    ratio((1 + beta * beta) * hits, predicted + beta * beta * actual);
