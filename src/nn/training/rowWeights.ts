/**
 * How much rows count in `fit` and `evaluate`: weights of users as matrices on an engine, with a mean of 1
 * over the rows in use.
 */
import type { HostMatrix } from "../../data/matrix.js";
import { type HostTensor, type LentTensor, ownTensor } from "../../data/tensor.js";
import { checkClassWeight, checkSampleWeight, lossWeights, type RowWeights } from "../../data/weights.js";
import { type Matrix, rowsFrom } from "../../engine/executor.js";
import { check, FettleError } from "../../errors.js";
import { showShape } from "../../graph/shape.js";
import type { WeightOptions } from "../arguments/options.js";
import type { Examples } from "./trainer.js";

/** The kind of evaluation that examples need. */
export const evaluationOf = ({ weights }: Examples) => (weights ? "evaluateWeighted" : "evaluate");

/** Weights as a matrix. */
export const columnOf = (data: Float32Array): HostMatrix => ({ data, rows: data.length, columns: 1 });

/** Examples with weighted rows, on average 1. */
export function withSampleWeight(
  hold: (matrix: HostMatrix) => Matrix,
  examples: Examples,
  sampleWeight: Float64Array | undefined,
): Examples {
  if (sampleWeight === undefined) return examples;
  const rows = examples.rows ?? rowsFrom(0, sampleWeight.length);
  return { ...examples, weights: hold(columnOf(spread({ sampleWeight }, rows, sampleWeight.length))) };
}

/** Weights of some rows, with a mean of 1 over them, among all rows. */
function spread(of: RowWeights, rows: Int32Array, all: number, targets?: HostTensor): Float32Array {
  const y = targets
    ? { y: Float64Array.from(targets.data), outputs: targets.columns }
    : { y: NONE, outputs: 1 };
  const weights = new Float32Array(all);
  lossWeights(of, y, rows, rows)?.forEach((weight, i) => {
    weights[rows[i]] = weight;
  });
  return weights;
}

const NONE = new Float64Array(0);

/**
 * How much each row counts in training; undefined if all count equally.
 *
 * @param outputs - how many the model has
 */
export function trainingWeights(
  { sampleWeight, classWeight }: WeightOptions,
  targets: LentTensor,
  trainRows: number,
  outputs: number,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const known = classWeight === undefined ? undefined : ownTensor(targets);
  const weights =
    sampleWeight === undefined ? undefined : checkSampleWeight("sampleWeight", sampleWeight, targets.rows);
  check(
    known === undefined || outputs === 1,
    () => `classWeight needs a model with one output; received one with ${outputs}; use sampleWeight instead`,
  );
  const of = {
    ...(weights && { sampleWeight: weights }),
    ...(known && { classWeight: checkClassWeight(classWeight, classesIn(known, weights)) }),
  };
  return spread(of, rowsFrom(0, trainRows), targets.rows, known);
}

/**
 * The names of the classes that targets have: 0 and 1, or one for each column of one-hot rows; empty for
 * other targets. Rows of weight 0 may hold anything.
 *
 * @throws FettleError `invalid_argument` for rows of several labels or steps, which have no single class
 */
function classesIn({ data, rows, columns, shape }: HostTensor, weights?: Float64Array): string[] {
  const refuse = (received: string): never => {
    throw new FettleError(
      "invalid_argument",
      `classWeight needs one class for each row; received ${received}; use sampleWeight instead`,
    );
  };
  for (let row = 0; row < rows; row++) {
    if (weights?.[row] === 0) continue;
    const line = data.subarray(row * columns, (row + 1) * columns);
    if (!line.every((value) => value === 0 || value === 1)) return [];
    if (shape.length > 1) refuse(`rows of shape ${showShape(shape)}`);
    const labels = line.reduce((sum, value) => sum + value, 0);
    if (columns > 1 && labels !== 1) refuse(`${labels} labels in row ${row} of y`);
  }
  return Array.from({ length: columns === 1 ? 2 : columns }, (_, i) => String(i));
}
