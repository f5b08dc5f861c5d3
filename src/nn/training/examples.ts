/** The examples of a call of `fit`, on an engine: for training, for metrics and for validation. */
import type { LentTensor } from "../../data/tensor.js";
import { checkSampleWeight } from "../../data/weights.js";
import { type Matrix, rowsFrom } from "../../engine/executor.js";
import type { Held } from "./matrices.js";
import { columnOf, withSampleWeight } from "./rowWeights.js";
import type { Examples } from "./trainer.js";

/** The arguments of `fit`. */
export interface FitData {
  readonly x: LentTensor;
  readonly y: LentTensor;
  /** How many of the first rows train; the others validate, unless there is `validation`. */
  readonly trainRows: number;
  /** How much each row counts in training, on average 1; undefined if all count equally. */
  readonly weights: Float32Array | undefined;
  readonly sampleWeight: ArrayLike<number> | undefined;
  readonly validation:
    | { readonly x: LentTensor; readonly y: LentTensor; readonly sampleWeight: ArrayLike<number> | undefined }
    | undefined;
}

/** @param hold - puts a matrix on the engine */
export function examplesOfFit(
  hold: (matrix: Held) => Matrix,
  { x, y, trainRows, weights, sampleWeight, validation }: FitData,
): { readonly training: Examples; readonly measured: Examples; readonly heldOut: Examples | undefined } {
  const all = { x: hold(x), y: hold(y) };
  const first = { ...all, rows: rowsFrom(0, trainRows) };
  const own = sampleWeight && Float64Array.from(sampleWeight);
  const rest = (): Examples | undefined =>
    trainRows < x.rows
      ? withSampleWeight(hold, { ...all, rows: rowsFrom(trainRows, x.rows) }, own)
      : undefined;
  return {
    training: { ...first, ...(weights && { weights: hold(columnOf(weights)) }) },
    // metrics ignore class weights
    measured: withSampleWeight(hold, first, own),
    heldOut: validation ? validationExamples(hold, validation) : rest(),
  };
}

/** @param hold - puts a matrix on the engine */
export function validationExamples(
  hold: (matrix: Held) => Matrix,
  { x, y, sampleWeight }: NonNullable<FitData["validation"]>,
): Examples {
  const weights =
    sampleWeight === undefined
      ? undefined
      : checkSampleWeight("sampleWeight of validationData", sampleWeight, x.rows);
  return withSampleWeight(hold, { x: hold(x), y: hold(y) }, weights);
}
