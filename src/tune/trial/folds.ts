/**
 * Divides a data set once for a whole study: the folds that trials are judged on, and the
 * last one, on which the best is fitted again. Filling and scaling are learnt from each
 * fold's own training rows and from nothing else.
 */
import type { Dataset } from "../../data/dataset.js";
import { takeRows } from "../../data/matrix.js";
import {
  applyPreprocessor,
  fitPreprocessor,
  fitTargetScaler,
  type Preprocessor,
} from "../../data/preprocess.js";
import { kFold, stratifiedKFold, trainTestSplit } from "../../data/split.js";
import { check, checkOptions, show } from "../../errors.js";
import type { FoldPart } from "../jobs/job.js";

/** One round: what is trained on, what is predicted, and how to read the predictions. */
export interface Fold {
  readonly train: FoldPart;
  /** Undefined in the last fold if no test part was asked for. */
  readonly validation: FoldPart | undefined;
  readonly features: number;
  readonly outputs: number;
  /** The truth of `validation` in its own units, [rows, outputs]. */
  readonly truth: Float64Array;
  readonly inputs: Preprocessor | undefined;
  readonly target: Preprocessor | undefined;
}

/** How trials are judged: by cross-validation, or on one part held out. */
export type Validation = { readonly folds: number } | { readonly split: number };

export interface FoldPlan {
  readonly validation: Validation;
  /** The share of rows that no trial sees, in [0, 1); 0 for none. */
  readonly testSize: number;
  readonly standardize: boolean;
  readonly seed: number;
}

export interface Folds {
  /** What trials are judged on. */
  readonly rounds: readonly Fold[];
  /** Everything but the test part, and the test part. */
  readonly last: Fold;
}

/** How many rows each part has: those that no trial sees, all others, and the fewest that a round trains on. */
export interface PartSizes {
  readonly test: number;
  readonly development: number;
  readonly training: number;
}

/** The sizes that `prepareFolds` will come to, without dividing anything; for a plan that it refuses they mean nothing. */
export function partSizes(
  rows: number,
  { validation, testSize }: Pick<FoldPlan, "validation" | "testSize">,
): PartSizes {
  const test = Math.ceil(testSize * rows);
  const development = rows - test;
  const held = Math.ceil(
    "split" in validation ? validation.split * development : development / validation.folds,
  );
  return { test, development, training: development - held };
}

/**
 * @throws FettleError `invalid_argument`, `unknown_name` for a plan that is none or has too few rows; `invalid_data` where a
 * missing number would reach a model
 */
export function prepareFolds(data: Dataset, { validation, testSize, standardize, seed }: FoldPlan): Folds {
  checkOptions(validation, "validation", ["folds", "split"]);
  check(
    Object.keys(validation).length === 1,
    () => `validation is { folds } or { split }, one of them, got ${show(validation)}`,
  );
  const stratify = data.task === "classification" ? data.labels : undefined;
  check(
    testSize >= 0 && testSize < 1,
    () => `testSize is a share of at least 0 and below 1, got ${show(testSize)}`,
  );
  const all = Int32Array.from({ length: data.rows }, (_, i) => i);
  const { train: development, test } =
    testSize === 0
      ? { train: all, test: new Int32Array(0) }
      : trainTestSplit(data.rows, { testSize, seed, ...(stratify && { stratify, classes: data.classes }) });
  const make = (train: Int32Array, held: Int32Array): Fold => makeFold(data, train, held, standardize);
  const rounds = divide(development, data, validation, seed).map(({ train, validation: held }) =>
    make(train, held),
  );
  return { rounds, last: make(development, test) };
}

/** Rounds over the development rows, in ids of the whole table. */
function divide(
  development: Int32Array,
  { task, labels: allLabels, classes }: Dataset,
  validation: Validation,
  seed: number,
): { train: Int32Array; validation: Int32Array }[] {
  const labels = task === "classification" ? development.map((row) => allLabels[row]) : undefined;
  const ids = (positions: Int32Array): Int32Array => positions.map((position) => development[position]);
  if ("split" in validation) {
    const options = { testSize: validation.split, seed, ...(labels && { stratify: labels, classes }) };
    const { train, test } = trainTestSplit(development.length, options);
    return [{ train: ids(train), validation: ids(test) }];
  }
  const options = { folds: validation.folds, seed };
  const folds = labels
    ? stratifiedKFold(labels, { ...options, classes })
    : kFold(development.length, options);
  return folds.map(({ train, validation: held }) => ({ train: ids(train), validation: ids(held) }));
}

function asGiven(values: Float64Array, columns: number, rows: Int32Array): Float32Array {
  const taken = Float32Array.from(takeRows(values, columns, rows));
  check(
    taken.every(Number.isFinite),
    "the data has missing cells, or numbers beyond float32; standardize: true fills in and scales",
    "invalid_data",
  );
  return taken;
}

/** One round: `train` are the rows to train on, `held` those to predict; both ids of the data set. */
export function makeFold(data: Dataset, train: Int32Array, held: Int32Array, standardize: boolean): Fold {
  const features = data.features.length;
  const inputs = standardize ? fitPreprocessor(data.x, data.features, train) : undefined;
  const target =
    standardize && data.task === "regression" ? fitTargetScaler(data.y, data.outputs, train) : undefined;
  const scaled = (
    values: Float64Array,
    columns: number,
    rows: Int32Array,
    by: Preprocessor | undefined,
  ): Float32Array => (by ? applyPreprocessor(values, rows, by) : asGiven(values, columns, rows));
  const part = (rows: Int32Array): FoldPart => ({
    rows: rows.length,
    x: shared(scaled(data.x, features, rows, inputs)),
    y: shared(scaled(data.y, data.outputs, rows, target)),
  });
  return {
    train: part(train),
    validation: held.length > 0 ? part(held) : undefined,
    features,
    outputs: data.outputs,
    truth: takeRows(data.y, data.outputs, held),
    inputs,
    target,
  };
}

/** The same numbers in memory that all threads see without a copy; elsewhere as they are. */
function shared(values: Float32Array): Float32Array {
  if (typeof SharedArrayBuffer === "undefined") return values;
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
