/**
 * Reads the two arrays of a metric: checks them, and converts them to the form that {@link Metric.compute}
 * expects.
 */
import { encodeIds, MAX_CLASSES } from "../data/classes.js";
import { type HostMatrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { checkTruths, sumBound, type TruthKind } from "../data/truths.js";
import { checkSampleWeight } from "../data/weights.js";
import { check, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import type { PredictionKind } from "./metric.js";

/** Truth and prediction, as {@link Metric.compute} expects them. */
export interface Pair {
  readonly yTrue: Float64Array; // [rows, outputs]
  /**
   * [rows, outputs], in float32 if the user's were, because the precision decides how near to 0 and 1
   * probabilities can be.
   */
  readonly yPred: Floats;
  readonly outputs: number;
  /** [rows]; undefined if all count equally. */
  readonly weights?: Float64Array;
}

/** How the arrays of a call are read. */
export interface Reading {
  /** The reader, for messages. */
  readonly of: string;
  readonly truths: TruthKind;
  readonly predictions: PredictionKind;
}

/**
 * Reads truths and predictions in the forms listed at {@link accuracy}, and weights.
 *
 * @throws FettleError `invalid_shape` for shapes that do not match; `invalid_data` for truths and predictions
 * of another kind
 */
export function readPair(
  yTrue: MatrixLike,
  yPred: MatrixLike,
  sampleWeight: ArrayLike<number> | undefined,
  reading: Reading,
): Pair {
  const truth = toMatrix64(yTrue, { what: "yTrue" });
  const prediction = toMatrix64(yPred, { what: "yPred", allowNonFinite: true });
  checkEqual("rows", truth.rows, prediction.rows);
  const weights = sampleWeight && checkSampleWeight("sampleWeight", sampleWeight, truth.rows);
  const { of, truths, predictions } = reading;
  const pair = inOneForm(truth, prediction, weights, reading);
  const { outputs } = pair;
  checkTruths(truths, pair.yTrue, { what: "yTrue", of, columns: outputs, weights });
  checkPredictions(pair, reading);
  const keepsPrecision = predictions !== "quantities" && predictions !== "decisions" && isFloat32(yPred);
  return keepsPrecision ? { ...pair, yPred: Float32Array.from(pair.yPred) } : pair;
}

/** Class ids in both, or only in the truth, become one-hot rows. */
function inOneForm(
  truth: Matrix64,
  prediction: Matrix64,
  weights: Float64Array | undefined,
  { truths, predictions }: Reading,
): Pair {
  const more = weights && { weights };
  if (predictions === "decisions" && truths !== "labels") {
    const both = [truth, prediction];
    // rows of weight 0 may hold anything
    const own = both.map(({ data }) => (weights ? data.filter((_, row) => weights[row] !== 0) : data));
    const ids = both.every(({ columns }, i) => columns === 1 && own[i].every(isClassId));
    const classes = 1 + Math.max(...own.map(highest));
    // Ids of two classes are valid probabilities of class 1.
    if (ids && classes > 2) {
      const [yTrue, yPred] = both.map(({ data }) => encodeIds(data, classes, "classes", weights));
      return { yTrue, yPred, outputs: classes, ...more };
    }
  }
  const outputs = prediction.columns;
  const isOfIds = predictions !== "quantities" && truths !== "labels" && truth.columns === 1 && outputs > 1;
  if (isOfIds)
    return {
      yTrue: encodeIds(truth.data, outputs, "yTrue", weights),
      yPred: prediction.data,
      outputs,
      ...more,
    };
  checkEqual("columns", truth.columns, outputs);
  return { yTrue: truth.data, yPred: prediction.data, outputs, ...more };
}

/** How far rounding may move a probability beyond 0 and 1. */
const ROUNDING = 1e-6;

/** Refuses predictions that are not probabilities. Rows of weight 0, and NaN, are not checked. */
function checkPredictions({ yPred, outputs, weights }: Pair, { of, predictions, truths }: Reading): void {
  const decides = predictions === "decisions" && (outputs === 1 || truths === "labels");
  if (predictions !== "probabilities" && !decides) return;
  const sums = !decides && outputs > 1;
  for (let row = 0, start = 0; start < yPred.length; row++, start += outputs) {
    if (weights?.[row] === 0) continue;
    let sum = 0;
    let fits = true;
    for (let k = start; k < start + outputs; k++) {
      if (yPred[k] < -ROUNDING || yPred[k] > 1 + ROUNDING) fits = false;
      sum += yPred[k];
    }
    if (sums && Math.abs(sum - 1) > sumBound(outputs)) fits = false;
    check(
      fits,
      () => {
        const rule = sums ? "rows of probabilities that sum to 1" : "probabilities, from 0 to 1";
        const given = outputs === 1 ? yPred[start] : [...yPred.subarray(start, start + outputs)];
        const way = `take the ${outputs === 1 || decides ? "sigmoid" : "softmax"} of logits first`;
        return `yPred must be ${rule}, for ${of}; received ${show(given)} in row ${row}; ${way}`;
      },
      "invalid_data",
    );
  }
}

/** Whether a user's array is of float32, or its rows are. */
function isFloat32(x: MatrixLike): boolean {
  const data = "data" in x ? x.data : x;
  return [data, (data as ArrayLike<unknown>)[0]].some((each) => each instanceof Float32Array);
}

type Matrix64 = HostMatrix<Float64Array>;

const isClassId = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MAX_CLASSES;

const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function checkEqual(what: string, truth: number, prediction: number): void {
  check(
    truth === prediction,
    () => `yTrue and yPred must have the same number of ${what}; received ${truth} and ${prediction}`,
    "invalid_shape",
  );
}
