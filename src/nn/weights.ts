/**
 * How much rows count in `fit` and `evaluate`: weights of users as matrices on an engine, with a mean of 1
 * over the rows in use.
 */
import type { HostMatrix } from "../data/matrix.js";
import { type HostTensor, type LentTensor, ownTensor } from "../data/tensor.js";
import { checkClassWeight, checkSampleWeight, lossWeights, type RowWeights } from "../data/weights.js";
import { type Matrix, rowsFrom } from "../engine/executor.js";
import type { WeightOptions } from "./options.js";
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

/** How much each row counts in training; undefined if all count equally. */
export function trainingWeights(
  { sampleWeight, classWeight }: WeightOptions,
  targets: LentTensor,
  trainRows: number,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const known = classWeight && ownTensor(targets);
  const of = {
    ...(sampleWeight && { sampleWeight: checkSampleWeight("sampleWeight", sampleWeight, targets.rows) }),
    ...(known && { classWeight: checkClassWeight(classWeight, classesIn(known)) }),
  };
  return spread(of, rowsFrom(0, trainRows), targets.rows, known);
}

/**
 * The names of the classes that targets have: 0 and 1, or one for each column of one-hot rows; empty for
 * other targets.
 */
function classesIn({ data, columns }: HostMatrix): string[] {
  if (!data.every((value) => value === 0 || value === 1)) return [];
  return Array.from({ length: columns === 1 ? 2 : columns }, (_, i) => String(i));
}
