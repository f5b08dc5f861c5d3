/**
 * The metrics as plain functions of two arrays, for use outside of tuning. Each
 * checks its arrays, then computes what the registry's metric of that name does.
 */

import { MAX_CATEGORIES, oneHot } from "../data/dataset.js";
import { type Matrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { check, show } from "../errors.js";
import { countConfusion } from "./classification.js";
import type { Metric } from "./metric.js";
import { metrics } from "./registry.js";

/**
 * Share of rows whose predicted class is the true one.
 *
 * The metrics of classes take their arrays in one of three forms, `rocAuc` and `logLoss` in the first two:
 * - two classes: 0 or 1 in `yTrue`, the probability of class 1 in `yPred` (class 1 is predicted above 0.5);
 * - several classes: one-hot rows or class ids in `yTrue`, a row with the probability of each class in `yPred`
 *   (the first of the highest is predicted);
 * - class ids (0, 1, 2, …, below 1,000) in both.
 *
 * @param yTrue - `[rows]` or `[rows, classes]`
 * @param yPred - `[rows]` or `[rows, classes]`; a NaN makes the score NaN
 * @returns from 0 to 1
 * @throws FettleError `invalid_shape` if the shapes do not match; `invalid_data` for elements that fit none of the forms
 * @example
 * ```ts
 * accuracy([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * accuracy([0, 2], [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3]]); // 1 / 2
 * ```
 * @see scikit-learn, `accuracy_score`
 */
export const accuracy = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreClasses(metrics.accuracy, yTrue, yPred);

/**
 * Share of the rows predicted as a class that are of it: of class 1, or with several classes the mean over those
 * that occur. 0 where nothing is predicted as the class.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * precision([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 2
 * ```
 * @see scikit-learn, `precision_score`, with `average="macro"` for several classes
 */
export const precision = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreClasses(metrics.precision, yTrue, yPred);

/**
 * Share of the rows of a class that are predicted as it: of class 1, or with several classes the mean over those
 * that occur. 0 where the class has no row.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * recall([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 2
 * ```
 * @see scikit-learn, `recall_score`, with `average="macro"` for several classes
 */
export const recall = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreClasses(metrics.recall, yTrue, yPred);

/**
 * Harmonic mean of precision and recall, 2·hits / (predicted + actual): of class 1, or with several classes the mean
 * over those that occur. 0 where there are no hits.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * f1([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * ```
 * @see scikit-learn, `f1_score`, with `average="macro"` for several classes
 */
export const f1 = (yTrue: MatrixLike, yPred: MatrixLike): number => scoreClasses(metrics.f1, yTrue, yPred);

/**
 * Area under the ROC curve: the chance that a row of class 1 gets a higher probability than one of class 0, a tie
 * counting half. With several classes, the mean over each against the rest, without classes that have no row or all;
 * NaN where no area is defined.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; for two classes any score that rises with the chance of class 1
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 * ```
 * @see scikit-learn, `roc_auc_score`, with `multi_class="ovr"`
 */
export const rocAuc = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreProbabilities(metrics.rocAuc, yTrue, yPred);

/**
 * Mean of −log of the probability given to the true class. Probabilities are first kept within 2⁻²³ of 0 and 1,
 * as scikit-learn keeps those in float32, so that one certain error does not make the score infinite.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; rows of several classes must sum to 1 and are not normalised
 * @returns from 0 up, in nats
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * logLoss([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65]); // 0.21616...
 * ```
 * @see scikit-learn, `log_loss`
 */
export const logLoss = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreProbabilities(metrics.logLoss, yTrue, yPred);

/**
 * How many rows of each true class are predicted as each class.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, but free of NaN, which is no class
 * @returns `[true class][predicted class]`
 * @throws FettleError as {@link accuracy}, and `invalid_data` for a prediction that is NaN
 * @example
 * ```ts
 * confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2]); // [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
 * ```
 * @see scikit-learn, `confusion_matrix`
 */
export function confusionMatrix(yTrue: MatrixLike, yPred: MatrixLike): number[][] {
  const { truth, prediction, outputs } = classPair(readPair(yTrue, yPred));
  check(
    !prediction.some(Number.isNaN),
    "a confusion matrix needs a class in every row, but yPred has a NaN",
    "invalid_data",
  );
  return countConfusion(truth, prediction, outputs);
}

/**
 * Mean of (y − ŷ)² over rows and outputs.
 *
 * @param yTrue - `[rows]` or `[rows, outputs]`
 * @param yPred - of the same shape; a NaN makes the score NaN
 * @returns from 0 up, in the target's unit squared
 * @throws FettleError `invalid_shape` if the shapes differ; `invalid_data` if `yTrue` is not finite
 * @example
 * ```ts
 * meanSquaredError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.375
 * ```
 * @see scikit-learn, `mean_squared_error`
 */
export const meanSquaredError = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreQuantities(metrics.meanSquaredError, yTrue, yPred);

/**
 * Root of the mean squared error of each output, averaged over outputs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * rootMeanSquaredError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.61237...
 * ```
 * @see scikit-learn, `root_mean_squared_error`
 */
export const rootMeanSquaredError = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreQuantities(metrics.rootMeanSquaredError, yTrue, yPred);

/**
 * Mean of |y − ŷ| over rows and outputs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * meanAbsoluteError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.5
 * ```
 * @see scikit-learn, `mean_absolute_error`
 */
export const meanAbsoluteError = (yTrue: MatrixLike, yPred: MatrixLike): number =>
  scoreQuantities(metrics.meanAbsoluteError, yTrue, yPred);

/**
 * Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over outputs. 1 is perfect, 0 as good as the
 * mean, negative worse. Where the truth is constant: 1 if every prediction is right, otherwise 0.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * r2([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.9486...
 * ```
 * @see scikit-learn, `r2_score`
 */
export const r2 = (yTrue: MatrixLike, yPred: MatrixLike): number => scoreQuantities(metrics.r2, yTrue, yPred);

/** Truth and prediction as {@link Metric} takes them. */
interface Pair {
  readonly truth: Float64Array; // [rows, outputs]
  readonly prediction: Float64Array; // [rows, outputs]
  readonly outputs: number;
}

function scoreQuantities(metric: Metric, yTrue: MatrixLike, yPred: MatrixLike): number {
  const [truth, prediction] = readPair(yTrue, yPred);
  checkEqual("columns", truth.columns, prediction.columns);
  return metric.compute(truth.data, prediction.data, truth.columns);
}

function scoreProbabilities(metric: Metric, yTrue: MatrixLike, yPred: MatrixLike): number {
  const { truth, prediction, outputs } = probabilityPair(readPair(yTrue, yPred));
  return metric.compute(truth, prediction, outputs);
}

function scoreClasses(metric: Metric, yTrue: MatrixLike, yPred: MatrixLike): number {
  const { truth, prediction, outputs } = classPair(readPair(yTrue, yPred));
  return metric.compute(truth, prediction, outputs);
}

function readPair(
  yTrue: MatrixLike,
  yPred: MatrixLike,
): [truth: Matrix<Float64Array>, prediction: Matrix<Float64Array>] {
  const truth = toMatrix64(yTrue, { what: "yTrue" });
  const prediction = toMatrix64(yPred, { what: "yPred", allowNonFinite: true });
  checkEqual("rows", truth.rows, prediction.rows);
  return [truth, prediction];
}

/** Brings class ids in both arrays to one-hot rows, and leaves the other forms to {@link probabilityPair}. */
function classPair([truth, prediction]: [Matrix<Float64Array>, Matrix<Float64Array>]): Pair {
  const ids = [truth, prediction].every(({ data, columns }) => columns === 1 && data.every(isClassId));
  const classes = 1 + Math.max(highest(truth.data), highest(prediction.data));
  // Ids of two classes are as good as probabilities.
  if (!ids || classes <= 2) return probabilityPair([truth, prediction]);
  return {
    truth: oneHot(truth.data, classes),
    prediction: oneHot(prediction.data, classes),
    outputs: classes,
  };
}

function probabilityPair([truth, prediction]: [Matrix<Float64Array>, Matrix<Float64Array>]): Pair {
  const outputs = prediction.columns;
  if (truth.columns === 1 && outputs > 1)
    return { truth: oneHot(truth.data, outputs), prediction: prediction.data, outputs };
  checkEqual("columns", truth.columns, outputs);
  checkOneHot(truth.data, outputs);
  return { truth: truth.data, prediction: prediction.data, outputs };
}

const isClassId = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MAX_CATEGORIES;

const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function checkOneHot(truth: Float64Array, columns: number): void {
  for (let start = 0; start < truth.length; start += columns) {
    const row = truth.subarray(start, start + columns);
    const ones = row.reduce((count, value) => count + (value === 1 ? 1 : 0), 0);
    const zeros = row.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
    check(
      ones + zeros === columns && (columns === 1 || ones === 1),
      () =>
        `yTrue must hold 0 or 1, or one-hot rows, or class ids, but row ${start / columns} is ${show([...row])}`,
      "invalid_data",
    );
  }
}

function checkEqual(what: string, truth: number, prediction: number): void {
  check(
    truth === prediction,
    () => `yTrue and yPred must have as many ${what}, but have ${truth} and ${prediction}`,
    "invalid_shape",
  );
}
