/**
 * Divides a data set once for a whole study: into the folds by which trials are scored, and the final fold, on which the
 * best parameters are fitted again. What pipelines learn of a fold, and when, is not known here.
 */
import type { Dataset } from "../../data/dataset.js";
import { groupKFold, groupSplit } from "../../data/groups.js";
import { takeRows } from "../../data/matrix.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { featureNames } from "../../data/pipeline/pipeline.js";
import { fitTarget, type TargetTransform } from "../../data/pipeline/target.js";
import { type FoldRows, kFold, stratifiedKFold, trainTestSplit } from "../../data/split.js";
import { checkOptions, must, type OptionNames } from "../../errors.js";
import type { JobData } from "../jobs/job.js";

/** What the predictions of one fold are scored against. */
export interface Fold {
  readonly outputs: number;
  /** The targets of the validation rows in their own units, [rows, outputs]. */
  readonly yTrue: Float64Array;
  /** What the network learnt instead of the target. */
  readonly target: TargetTransform;
  /** [rows]: how much each counts in metrics; undefined if all count the same. */
  readonly weights?: Float64Array;
}

/** How trials are scored: by cross-validation, or on one share of the rows that is held out. */
export type Validation = { readonly folds: number } | { readonly split: number };

/** How folds are made. */
export interface FoldSettings {
  readonly validation: Validation;
  /** The share of rows that no trial sees, in [0, 1); 0 for none. */
  readonly testSize: number;
  readonly seed: number;
}

/** The folds of a study. */
export interface Folds extends JobData {
  readonly data: Dataset;
  /** Those by which trials are scored; then the final fold: all development rows to train on, and the test rows to predict. */
  readonly folds: readonly FoldRows[];
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

/** The sizes of a division. */
export function sizesOf({ folds }: Pick<Folds, "folds">): PartSizes {
  const { train, validation: test } = folds[folds.length - 1];
  const training = Math.min(...folds.slice(0, -1).map((fold) => fold.train.length));
  return { test: test.length, development: train.length, training };
}

const VALIDATION_OPTIONS: OptionNames<{ folds: number; split: number }> = { folds: true, split: true };

/**
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid settings, or too few rows
 */
export function divideRows(data: Dataset, { validation, testSize, seed }: FoldSettings): Folds {
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
  const split = () => {
    if (!data.groups)
      return trainTestSplit(data.rows, {
        testSize,
        seed,
        ...(stratify && { stratify, classes: data.classes }),
      });
    const { train, validation: test } = groupSplit(data.groups, testSize, seed);
    return { train, test };
  };
  const { train: development, test } = testSize === 0 ? { train: all, test: new Int32Array(0) } : split();
  const folds = divide(development, data, validation, seed);
  return { data, folds: [...folds, { train: development, validation: test }] };
}

/** The folds of a study as one pipeline leaves them. */
export interface PipelineFolds {
  /** Columns of the inputs of a network. */
  readonly features: number;
  /** Those by which trials are scored. */
  readonly folds: readonly Fold[];
  readonly finalFold: Fold;
}

/** The folds under any pipeline, by its options. Those of the latest options are kept. */
export function createFoldsFor({ data, folds }: Folds): (options: PipelineOptions) => PipelineFolds {
  const { task, outputs, y, sampleWeight } = data;
  const yTrue = folds.map(({ validation }) => takeRows(y, outputs, validation));
  const weights = sampleWeight && folds.map(({ validation }) => takeRows(sampleWeight, 1, validation));
  let known: { readonly key: string; readonly made: PipelineFolds } | undefined;
  return (options) => {
    const key = JSON.stringify(options);
    if (known?.key === key) return known.made;
    const name = task === "regression" ? (options.target ?? "standard") : "none";
    const all = folds.map(({ train }, i) => ({
      ...{ outputs, yTrue: yTrue[i], target: fitTarget(name, y, outputs, train) },
      ...(weights && { weights: weights[i] }),
    }));
    const finalFold = all.pop() as Fold;
    const made = { features: featureNames(data, options).length, folds: all, finalFold };
    known = { key, made };
    return made;
  };
}

/** Folds of the development rows, as row ids of the whole table. */
function divide(
  development: Int32Array,
  { task, labels: allLabels, classes, groups: allGroups }: Dataset,
  validation: Validation,
  seed: number,
): FoldRows[] {
  const labels = task === "classification" ? development.map((row) => allLabels[row]) : undefined;
  const ids = (positions: Int32Array): Int32Array => positions.map((position) => development[position]);
  const groups = allGroups && development.map((row) => allGroups[row]);
  if (groups) {
    const folds =
      "split" in validation
        ? [groupSplit(groups, validation.split, seed)]
        : groupKFold(groups, { folds: validation.folds, seed });
    return folds.map(({ train, validation: held }) => ({ train: ids(train), validation: ids(held) }));
  }
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
