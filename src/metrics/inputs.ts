/** Reads the two arrays of a metric: checks them, and converts them to the form that {@link Metric.compute} expects. */
import { MAX_CLASSES, oneHot } from "../data/classes.js";
import { type HostMatrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { check, show } from "../errors.js";
import type { Floats } from "../ndarray.js";

/** Truth and prediction, as {@link Metric.compute} expects them. */
export interface Pair {
  readonly yTrue: Float64Array; // [rows, outputs]
  /** [rows, outputs], in float32 if the user's were, since the precision decides how near to 0 and 1 probabilities are. */
  readonly yPred: Floats;
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
  const pair = probabilityPair(...readMatrices(yTrue, yPred));
  return isFloat32(yPred) ? { ...pair, yPred: Float32Array.from(pair.yPred) } : pair;
}

/** Any number of labels in each row: 0 or 1 in `yTrue`, and a probability of each in `yPred`. */
export function readLabels(yTrue: MatrixLike, yPred: MatrixLike): Pair {
  const [truth, prediction] = readMatrices(yTrue, yPred);
  checkEqual("columns", truth.columns, prediction.columns);
  checkTruth(truth.data, truth.columns, true);
  return { yTrue: truth.data, yPred: prediction.data, outputs: truth.columns };
}

/** Whether a user's array is of float32, or its rows are. */
function isFloat32(x: MatrixLike): boolean {
  const data = "data" in x ? x.data : x;
  return [data, (data as ArrayLike<unknown>)[0]].some((each) => each instanceof Float32Array);
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
  checkTruth(truth.data, outputs, outputs === 1);
  return { yTrue: truth.data, yPred: prediction.data, outputs };
}

const isClassId = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MAX_CLASSES;

const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

/** @param any - whether a row may have any number of ones, rather than one */
function checkTruth(yTrue: Float64Array, columns: number, any: boolean): void {
  for (let start = 0; start < yTrue.length; start += columns) {
    let [ones, zeros] = [0, 0];
    for (let k = start; k < start + columns; k++) {
      if (yTrue[k] === 1) ones++;
      else if (yTrue[k] === 0) zeros++;
    }
    check(
      ones + zeros === columns && (any || ones === 1),
      () => {
        const row = `${show([...yTrue.subarray(start, start + columns)])} in row ${start / columns}`;
        if (any && columns > 1) return `yTrue must hold 0 or 1 for each label; received ${row}`;
        const labels =
          ones + zeros === columns ? "; for rows of several labels, use a metric with multiLabel: true" : "";
        return `yTrue must hold 0 or 1, one-hot rows, or class ids; received ${row}${labels}`;
      },
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
