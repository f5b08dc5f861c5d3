/** Curves over all thresholds of a score, as data, and their areas. */
import type { MatrixLike } from "../data/matrix.js";
import { check } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { withoutNaN } from "./confusion.js";
import { weighing } from "./define.js";
import { type Reading, readPair } from "./inputs.js";

/**
 * The counts at each distinct score as the threshold, from the highest down; rows of weight 0 are left out.
 */
export interface Counted {
  readonly thresholds: Float64Array;
  /** Rows of class 1 with at least that score, or their weights. */
  readonly hits: Float64Array;
  /** Rows of class 0 with at least that score, or their weights. */
  readonly misses: Float64Array;
}

/**
 * The distinct values, ascending, and the place of each value among them.
 *
 * @param values - without NaN
 */
export function ranked(values: Floats): { readonly levels: Float64Array; readonly places: Int32Array } {
  const sorted = Float64Array.from(values).sort();
  let count = 0;
  for (const value of sorted) if (count === 0 || value !== sorted[count - 1]) sorted[count++] = value;
  const levels = sorted.subarray(0, count);
  const places = Int32Array.from(values, (value) => {
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (levels[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
  return { levels, places };
}

/**
 * @param yTrue - `[rows]`, 1 for rows of class 1
 * @param scores - `[rows]`, without NaN
 */
export function countAtThresholds(yTrue: Floats, scores: Floats, weights?: Floats): Counted {
  const { levels, places } = ranked(scores);
  const weightOf = weighing(weights);
  const [ones, zeros] = [new Float64Array(levels.length), new Float64Array(levels.length)];
  for (let i = 0; i < scores.length; i++) (yTrue[i] === 1 ? ones : zeros)[places[i]] += weightOf(i);
  const order: number[] = [];
  for (let k = levels.length - 1; k >= 0; k--) if (ones[k] + zeros[k] > 0) order.push(k);
  return {
    thresholds: Float64Array.from(order, (k) => levels[k]),
    hits: summed(order, ones),
    misses: summed(order, zeros),
  };
}

function summed(order: readonly number[], values: Float64Array): Float64Array {
  let sum = 0;
  return Float64Array.from(order, (k) => {
    sum += values[k];
    return sum;
  });
}

/**
 * The area under the ROC curve: the share of pairs, a row of each class, that the scores order correctly,
 * where ties count half (Mann and Whitney 1947). NaN unless both classes occur.
 */
export function areaUnderRoc({ hits, misses }: Counted): number {
  let area = 0;
  for (let k = 0; k < hits.length; k++) {
    const [left, below] = k === 0 ? [0, 0] : [misses[k - 1], hits[k - 1]];
    area += (misses[k] - left) * (below + (hits[k] - below) / 2);
  }
  return area / (last(hits) * last(misses));
}

/** Σ (Rₖ − Rₖ₋₁) Pₖ of precision and recall; 0 without rows of class 1. */
export function stepArea({ hits, misses }: Counted): number {
  const all = last(hits);
  if (all === 0) return 0;
  let area = 0;
  for (let k = 0; k < hits.length; k++) {
    const gained = hits[k] - (k === 0 ? 0 : hits[k - 1]);
    if (gained > 0) area += (gained / all) * (hits[k] / (hits[k] + misses[k]));
  }
  return area;
}

export const last = (values: Float64Array): number => values[values.length - 1];

/** A receiver operating characteristic, one point per threshold. */
export interface RocCurve {
  /** The share of class 0 that is predicted as class 1, ascending from 0; NaN without rows of class 0. */
  readonly falsePositiveRate: Float64Array;
  /** The share of class 1 that is predicted as class 1, ascending from 0; NaN without rows of class 1. */
  readonly truePositiveRate: Float64Array;
  /** Class 1 is predicted at this score and above; descending, at first infinity. */
  readonly thresholds: Float64Array;
}

/**
 * The ROC curve of two classes. Points between two others on a straight line are left out, as scikit-learn
 * does.
 *
 * @param yTrue - `[rows]`, 0 or 1
 * @param yPred - `[rows]`, the probability of class 1, or any score that rises with it
 * @param sampleWeight - `[rows]`, how much each row counts. Default 1
 * @throws FettleError `invalid_shape` if the shapes do not match, or have more than one column;
 * `invalid_data` for a truth other
 *   than 0 and 1, and for NaN
 * @example
 * ```ts
 * const { falsePositiveRate, truePositiveRate } = metrics.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * falsePositiveRate; // [0, 0, 0.5, 0.5, 1]
 * truePositiveRate; // [0, 0.5, 0.5, 1, 1]
 * ```
 * @see scikit-learn, `roc_curve`
 */
export function rocCurve(yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): RocCurve {
  const { hits, misses, thresholds } = curveOf(yTrue, yPred, sampleWeight);
  const most = hits.length - 1;
  const isStraight = (values: Float64Array, k: number): boolean =>
    values[k + 1] - values[k] === values[k] - values[k - 1];
  const kept = [...hits.keys()].filter(
    (k) => k === 0 || k === most || !(isStraight(hits, k) && isStraight(misses, k)),
  );
  const from = (first: number, value: (k: number) => number) =>
    Float64Array.from([first, ...kept.map(value)]);
  const share = (values: Float64Array) => {
    const all = last(values);
    return from(0 / all, (k) => values[k] / all);
  };
  return {
    falsePositiveRate: share(misses),
    truePositiveRate: share(hits),
    thresholds: from(Number.POSITIVE_INFINITY, (k) => thresholds[k]),
  };
}

/** Precision and recall, one point per threshold, and a last one at which no row is predicted as class 1. */
export interface PrecisionRecallCurve {
  /** The share of rows predicted as class 1 that belong to it; the last is 1. */
  readonly precision: Float64Array;
  /**
   * The share of class 1 that is predicted as it, descending to 0; 1 at all thresholds without rows of class
   * 1.
   */
  readonly recall: Float64Array;
  /** Class 1 is predicted at this score and above; ascending, one fewer than the points. */
  readonly thresholds: Float64Array;
}

/**
 * Precision against recall of two classes.
 *
 * @param yTrue - as {@link rocCurve}
 * @param yPred - as {@link rocCurve}
 * @param sampleWeight - as {@link rocCurve}
 * @throws FettleError as {@link rocCurve}
 * @example
 * ```ts
 * const { precision, recall, thresholds } = metrics.precisionRecallCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * precision; // [0.5, 2 / 3, 0.5, 1, 1]
 * recall; // [1, 1, 0.5, 0.5, 0]
 * thresholds; // [0.1, 0.35, 0.4, 0.8]
 * ```
 * @see scikit-learn, `precision_recall_curve`
 */
export function precisionRecallCurve(
  yTrue: MatrixLike,
  yPred: MatrixLike,
  sampleWeight?: ArrayLike<number>,
): PrecisionRecallCurve {
  const { hits, misses, thresholds } = curveOf(yTrue, yPred, sampleWeight);
  const all = last(hits);
  const upwards = [...hits.keys()].reverse();
  return {
    precision: Float64Array.from([...upwards.map((k) => hits[k] / (hits[k] + misses[k])), 1]),
    recall: Float64Array.from([...upwards.map((k) => (all === 0 ? 1 : hits[k] / all)), 0]),
    thresholds: thresholds.reverse(),
  };
}

function curveOf(yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): Counted {
  const reading: Reading = { of: "a curve", truths: "classes", predictions: "scores" };
  const pair = withoutNaN(reading.of, readPair(yTrue, yPred, sampleWeight, reading));
  check(
    pair.outputs === 1,
    () => `yPred of a curve must have one column, the score of class 1; received ${pair.outputs}`,
    "invalid_shape",
  );
  return countAtThresholds(pair.yTrue, pair.yPred, pair.weights);
}
