/**
 * Divides a data set once for a whole study: into the folds by which trials are scored, and the final fold, on which the
 * best parameters are fitted again. Imputation and scaling are learned from the training rows of each fold alone.
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
import { check, checkOptions, must, type OptionNames } from "../../errors.js";
import type { FoldPart } from "../jobs/job.js";

/** One division of rows into training and validation, with what turns predictions back into the units of the target. */
export interface Fold {
  readonly train: FoldPart;
  /** Undefined in the final fold if there is no test part. */
  readonly validation: FoldPart | undefined;
  readonly features: number;
  readonly outputs: number;
  /** The targets of `validation` in their own units, [rows, outputs]. */
  readonly yTrue: Float64Array;
  readonly inputs: Preprocessor | undefined;
  readonly target: Preprocessor | undefined;
}

/** How trials are scored: by cross-validation, or on one share of the rows that is held out. */
export type Validation = { readonly folds: number } | { readonly split: number };

/** How folds are made. */
export interface FoldSettings {
  readonly validation: Validation;
  /** The share of rows that no trial sees, in [0, 1); 0 for none. */
  readonly testSize: number;
  readonly standardize: boolean;
  readonly seed: number;
}

export interface Folds {
  /** By which trials are scored. */
  readonly folds: readonly Fold[];
  /** All development rows to train on, and the test part to predict. */
  readonly finalFold: Fold;
}

/** All folds, in the order in which jobs number them. */
export function allFolds({ folds, finalFold }: Folds): readonly Fold[] {
  return [...folds, finalFold];
}

/** How many rows each part has: test rows, which no trial sees; development rows, all others; and the fewest that a fold trains on. */
export interface PartSizes {
  readonly test: number;
  readonly development: number;
  readonly training: number;
}

/** The sizes that `prepareFolds` will give, without dividing anything; meaningless for settings that it refuses. */
export function partSizes(
  rows: number,
  { validation, testSize }: Pick<FoldSettings, "validation" | "testSize">,
): PartSizes {
  const test = Math.ceil(testSize * rows);
  const development = rows - test;
  const held = Math.ceil(
    "split" in validation ? validation.split * development : development / validation.folds,
  );
  return { test, development, training: development - held };
}

const VALIDATION_OPTIONS: OptionNames<{ folds: number; split: number }> = { folds: true, split: true };

/**
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid settings, or too few rows; `invalid_data` where a
 * missing number would reach a model
 */
export function prepareFolds(
  data: Dataset,
  { validation, testSize, standardize, seed }: FoldSettings,
): Folds {
  checkOptions(validation, "validation", VALIDATION_OPTIONS);
  must(Object.keys(validation).length === 1, "validation", "either { folds } or { split }", validation);
  const stratify = data.task === "classification" ? data.labels : undefined;
  must(
    typeof testSize === "number" && testSize >= 0 && testSize < 1,
    "testSize",
    "a number of at least 0 and below 1, the share of rows to test on",
    testSize,
  );
  const all = Int32Array.from({ length: data.rows }, (_, i) => i);
  const { train: development, test } =
    testSize === 0
      ? { train: all, test: new Int32Array(0) }
      : trainTestSplit(data.rows, { testSize, seed, ...(stratify && { stratify, classes: data.classes }) });
  const make = (train: Int32Array, held: Int32Array): Fold => makeFold(data, train, held, standardize);
  const folds = divide(development, data, validation, seed).map(({ train, validation: held }) =>
    make(train, held),
  );
  return { folds, finalFold: make(development, test) };
}

/** Folds of the development rows, as row ids of the whole table. */
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
    "the data has missing cells, or numbers beyond float32; standardize: true imputes and scales them",
    "invalid_data",
  );
  return taken;
}

/**
 * @param train - ids of the rows to train on
 * @param held - ids of the rows to predict
 */
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
    yTrue: takeRows(data.y, data.outputs, held),
    inputs,
    target,
  };
}

/** The same numbers in memory that all threads share, where the host has it. */
function shared(values: Float32Array): Float32Array {
  if (typeof SharedArrayBuffer === "undefined") return values;
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
