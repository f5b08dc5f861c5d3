/** Reads the two arrays of a metric: checks them, and converts them to the form that {@link Metric.compute} expects. */
import { MAX_CLASSES, oneHot } from "../data/classes.js";
import { type HostMatrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { check, show } from "../errors.js";

/** Truth and prediction, as {@link Metric.compute} expects them. */
export interface Pair {
  readonly yTrue: Float64Array; // [rows, outputs]
  readonly yPred: Float64Array; // [rows, outputs]
  readonly outputs: number;
}

/** Quantities: arrays of one shape. */
export function readQuantities(yTrue: MatrixLike, yPred: MatrixLike): Pair {
  const [truth, prediction] = readMatrices(yTrue, yPred);
  checkEqual("columns", truth.columns, prediction.columns);
  return { yTrue: truth.data, yPred: prediction.data, outputs: truth.columns };
}

/** Classes in `yTrue`, one-hot or as ids, and probabilities in `yPred`. */
export function readProbabilities(yTrue: MatrixLike, yPred: MatrixLike): Pair {
  return probabilityPair(...readMatrices(yTrue, yPred));
}

/** Classes in `yTrue` and probabilities in `yPred`, or class ids in both. */
export function readClasses(yTrue: MatrixLike, yPred: MatrixLike): Pair {
  const [truth, prediction] = readMatrices(yTrue, yPred);
  const ids = [truth, prediction].every(({ data, columns }) => columns === 1 && data.every(isClassId));
  const classes = 1 + Math.max(highest(truth.data), highest(prediction.data));
  // Ids of two classes are valid probabilities of class 1.
  if (!ids || classes <= 2) return probabilityPair(truth, prediction);
  return {
    yTrue: oneHot(truth.data, classes),
    yPred: oneHot(prediction.data, classes),
    outputs: classes,
  };
}

type Matrix64 = HostMatrix<Float64Array>;

function readMatrices(yTrue: MatrixLike, yPred: MatrixLike): [truth: Matrix64, prediction: Matrix64] {
  const truth = toMatrix64(yTrue, { what: "yTrue" });
  const prediction = toMatrix64(yPred, { what: "yPred", allowNonFinite: true });
  checkEqual("rows", truth.rows, prediction.rows);
  return [truth, prediction];
}

function probabilityPair(truth: Matrix64, prediction: Matrix64): Pair {
  const outputs = prediction.columns;
  if (truth.columns === 1 && outputs > 1)
    return { yTrue: oneHot(truth.data, outputs), yPred: prediction.data, outputs };
  checkEqual("columns", truth.columns, outputs);
  checkOneHot(truth.data, outputs);
  return { yTrue: truth.data, yPred: prediction.data, outputs };
}

const isClassId = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MAX_CLASSES;

const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function checkOneHot(yTrue: Float64Array, columns: number): void {
  for (let start = 0; start < yTrue.length; start += columns) {
    const row = yTrue.subarray(start, start + columns);
    const ones = row.reduce((count, value) => count + (value === 1 ? 1 : 0), 0);
    const zeros = row.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
    check(
      ones + zeros === columns && (columns === 1 || ones === 1),
      () =>
        `yTrue must hold 0 or 1, one-hot rows, or class ids; received ${show([...row])} in row ${start / columns}`,
      "invalid_data",
    );
  }
}

function checkEqual(what: string, truth: number, prediction: number): void {
  check(
    truth === prediction,
    () => `yTrue and yPred must have the same number of ${what}; received ${truth} and ${prediction}`,
    "invalid_shape",
  );
}
