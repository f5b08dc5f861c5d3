/**
 * Divides a data set once for an entire study: into the folds by which trials are scored, and the final fold,
 * on which the best parameters are refitted. It does not know what pipelines learn from a fold, or when.
 */
import type { Dataset } from "../../data/dataset.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { featureNames } from "../../data/pipeline/pipeline.js";
import { fitTarget } from "../../data/pipeline/target.js";
import { byGroup, groupSplit } from "../../data/split/groups.js";
import { byClass, evenly } from "../../data/split/kFold.js";
import { checkedFolds } from "../../data/split/own.js";
import { countOf, deal, type NamedSize } from "../../data/split/parts.js";
import type { FoldIds, FoldRows, RowsToSplit, Splitter } from "../../data/split/splitter.js";
import { inSeries, timeSplit } from "../../data/split/time.js";
import { rowsFrom } from "../../engine/executor.js";
import { check, checkOptions, isPlainObject, must, mustBeInteger, type OptionNames } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import type { JobData } from "../jobs/fold.js";
import { type Fold, foldOf } from "../jobs/score.js";

/**
 * How trials are scored: by cross-validation or on a held-out share of the rows, both by the time, groups and
 * classes of the data; by a splitter, such as `timeSeriesSplit()`, or a function of rows; or by folds of row
 * ids.
 */
export type Validation =
  | { readonly folds: number }
  | { readonly split: number }
  | Splitter
  | readonly FoldIds[];

/** How rows are divided: in folds, or by the number of rows of `validationData` at the end. */
export type Division = Validation | FixedValidation;
/** So many of the last rows of the data. */
export interface FixedValidation {
  readonly validationData: number;
}

/** How folds are made. */
export interface FoldSettings {
  readonly validation: Division;
  /** The share of rows that no trial sees, in [0, 1); 0 for none. */
  readonly testSize: number;
  readonly seed: number;
  /** On how many of the other rows trials are trained and scored; undefined for all. */
  readonly searchRows?: number;
  /**
   * How many more times these rows are divided into as many folds, if they can be: see {@link repeatable}.
   * Default 0.
   */
  readonly divisions?: number;
}

/** The folds of a study. */
export interface Folds extends JobData {
  readonly data: Dataset;
  /**
   * First the folds by which trials are scored; then the final fold: all development rows to train on, and
   * the test rows to predict; then the folds of further divisions of the rows of trials, and smaller final
   * folds.
   */
  readonly folds: readonly FoldRows[];
  /**
   * The numbers of the final fold and of smaller ones, each with about half the rows of the one before, down
   * to those of trials: for a final fit without time to see all rows.
   */
  readonly finals: readonly number[];
  /** By how many folds trials are scored. */
  readonly scored: number;
}

/** The numbers of the folds by which trials are scored, or of a further division, from 1. */
export function foldsOfDivision({ scored }: Pick<Folds, "scored">, division = 0): number[] {
  const first = division === 0 ? 0 : division * scored + 1;
  return Array.from({ length: scored }, (_, i) => first + i);
}

/**
 * How many rows each part has: test rows, which no trial sees; development rows, all others; those of them
 * that trials are trained and scored on; and the fewest that a fold trains on.
 */
export interface PartSizes {
  readonly test: number;
  readonly development: number;
  readonly searched: number;
  readonly training: number;
}

/** The sizes of a division. */
export function sizesOf({ folds, scored }: Pick<Folds, "folds" | "scored">): PartSizes {
  const { train, validation: test } = folds[scored];
  const ofTrials = folds.slice(0, scored);
  const training = Math.min(...ofTrials.map((fold) => fold.train.length));
  const searched = Math.max(...ofTrials.map((fold) => fold.train.length + fold.validation.length));
  return { test: test.length, development: train.length, searched, training };
}

/**
 * Divides by the data and the settings only; a function is called once.
 *
 * @param saved - the folds that a function returned before the tuner was saved
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid settings, or too few rows
 */
export function divideRows(
  given: Dataset,
  { validation, testSize, seed, searchRows, divisions = 0 }: FoldSettings,
  saved?: unknown,
): Folds {
  must(
    typeof testSize === "number" && testSize >= 0 && testSize < 1,
    "testSize",
    "a number of at least 0 and below 1, the share of rows to test on",
    testSize,
  );
  const data = inOrder(given, validation);
  const trainRows = data.rows - (isFixed(validation) ? validation.validationData : 0);
  const all = rowsFrom(0, trainRows);
  const { train, validation: test } =
    testSize === 0
      ? { train: all, validation: new Int32Array(0) }
      : holdOut("testSize", rowsToSplit(data, all, seed), testSize);
  // A function receives rows in their order; otherwise the order of earlier releases stays, because bits
  // depend on it.
  const development = typeof validation === "function" ? train.sort() : train;
  const searched = searchRows === undefined ? development : sampleOf(data, development, searchRows, seed);
  check(
    searched === development || !isList(validation),
    "searchRows must be left out with folds of row ids, which choose the rows of trials",
  );
  const folds =
    saved !== undefined
      ? checkedFolds("saved folds", saved, data.rows)
      : isFixed(validation)
        ? [{ train: searched, validation: rowsFrom(trainRows, data.rows) }]
        : foldsBy("validation", validation, data, searched, seed);
  if (test.length > 0) refuseTestRows(folds, test);
  const final = { train: development, validation: test };
  if (testSize > 0) checkApart("the test part", data, final);
  const seeds = new RandomStream(seed, REPEAT_STREAM);
  const more = Array.from({ length: repeatable(data, validation) ? divisions : 0 }, () =>
    foldsBy("validation", validation as Validation, data, searched, seeds.integer(2 ** 31)),
  );
  const smaller = halvings(data, development, searched, seed).map((rows) => ({
    train: rows,
    validation: test,
  }));
  const larger = [...folds, final, ...more.flat()];
  const finals = [folds.length, ...smaller.map((_, i) => larger.length + i)];
  return { data: given, folds: [...larger, ...smaller], finals, scored: folds.length };
}

/**
 * Half of the rows, half of these and so on, and last the fewest: each takes half the time of the one before.
 */
function halvings(data: Dataset, rows: Int32Array, fewest: Int32Array, seed: number): Int32Array[] {
  const count = Math.ceil(rows.length / 2);
  const half = count > fewest.length ? sampleOf(data, rows, count, seed) : rows;
  if (half.length < rows.length) return [half, ...halvings(data, half, fewest, seed)];
  return fewest.length < rows.length ? [fewest] : [];
}

/** Separate from other random streams of the same seed. */
const REPEAT_STREAM = 0x7265;

/** Whether rows can be divided again: only random folds can, not those by time or by the caller. */
export function repeatable({ time }: Pick<Dataset, "time">, validation: Division): boolean {
  return !time && isPlainObject(validation) && "folds" in validation;
}

/**
 * So many of some rows: the last in time, complete groups, or random ones by class; ascending if the rows
 * were.
 */
function sampleOf(data: Dataset, rows: Int32Array, count: number, seed: number): Int32Array {
  mustBeInteger("searchRows", count, 2);
  if (count >= rows.length) return rows;
  const { validation } = holdOut("searchRows", rowsToSplit(data, rows, seed), count / rows.length);
  const isAscending = rows.every((row, i) => i === 0 || row > rows[i - 1]);
  const sample = validation.map((position) => rows[position]);
  return isAscending ? sample.sort() : sample;
}

function refuseTestRows(folds: readonly FoldRows[], test: Int32Array): void {
  const isTest = new Set(test);
  for (const part of folds.flatMap(({ train, validation }) => [train, validation])) {
    const row = part.find((id) => isTest.has(id));
    check(
      row === undefined,
      () =>
        `validation must not use test rows; received row ${row} in both; leave testSize out, or pass a function of the other rows`,
    );
  }
}

/** The data with times in row order, if a splitter assumes that order and the rows have no times. */
export function inOrder(data: Dataset, validation: Division): Dataset {
  const isOrdered = typeof validation === "function" && validation.ordered === true && !data.time;
  return isOrdered ? { ...data, time: Float64Array.from({ length: data.rows }, (_, row) => row) } : data;
}

const VALIDATION_OPTIONS: OptionNames<{ folds: number; split: number }> = { folds: true, split: true };

/**
 * Folds of some rows of a data set, as row ids of the complete set.
 *
 * @param name - the option that defines them
 * @param rows - row ids
 */
export function foldsBy(
  name: string,
  validation: Validation,
  data: Dataset,
  rows: Int32Array,
  seed: number,
): FoldRows[] {
  const folds = isList(validation)
    ? checkedFolds(name, validation, data.rows)
    : positionsBy(name, validation, rowsToSplit(data, rows, seed)).map(({ train, validation: held }) => ({
        train: train.map((position) => rows[position]),
        validation: held.map((position) => rows[position]),
      }));
  for (const [i, fold] of folds.entries()) checkApart(`fold ${i + 1} of ${name}`, data, fold);
  return folds;
}

const isList = (validation: Division): validation is readonly FoldIds[] => Array.isArray(validation);
const isFixed = (validation: Division): validation is FixedValidation =>
  isPlainObject(validation) && "validationData" in validation;

function positionsBy(
  name: string,
  validation: Exclude<Validation, readonly FoldIds[]>,
  given: RowsToSplit,
): readonly FoldRows[] {
  if (typeof validation === "function") {
    const folds: unknown = validation(given);
    check(
      typeof (folds as { then?: unknown } | undefined)?.then !== "function",
      `${name} must return folds, not a promise; await what it needs before tuning`,
    );
    return checkedFolds(`${name}()`, folds, given.rows);
  }
  must(
    isPlainObject(validation),
    name,
    "{ folds }, { split }, a splitter such as timeSeriesSplit(), a function of rows, or folds of row ids",
    validation,
  );
  checkOptions(validation, name, VALIDATION_OPTIONS);
  must(Object.keys(validation).length === 1, name, "either { folds } or { split }", validation);
  if ("split" in validation) return [holdOut(`${name}.split`, given, validation.split)];
  const { folds } = validation;
  const { rows, time, groups, labels, seed = 0 } = given;
  if (time) return inSeries(given, { folds });
  if (groups) return byGroup(given, folds, seed);
  return labels ? byClass(given, folds, seed) : evenly(rows, folds, seed);
}

/**
 * Holds out a share of rows by the time, groups and classes of the data: the last in time, complete groups,
 * or random ones by class.
 */
function holdOut(name: string, { rows, seed = 0, ...given }: RowsToSplit, share: number): FoldRows {
  const { time, groups, labels, classes } = given;
  const size: NamedSize = [name, share];
  countOf(size, rows);
  if (time) return timeSplit(time, share);
  if (groups) return groupSplit(groups, share, seed);
  const stratify = labels && { stratify: labels, ...(classes && { classes }) };
  const [train, validation] = deal(rows, [size], { seed, ...stratify });
  return { train, validation };
}

/** What a splitter receives about some rows. */
function rowsToSplit(
  { task, labels, classes, groups, time }: Dataset,
  rows: Int32Array,
  seed: number,
): RowsToSplit {
  return {
    rows: rows.length,
    seed,
    ...(task === "classification" && { labels: rows.map((row) => labels[row]), classes }),
    ...(groups && { groups: rows.map((row) => groups[row]) }),
    ...(time && { time: Float64Array.from(rows, (row) => time[row]) }),
  };
}

/**
 * Refuses a fold that divides a group, or with validation rows that do not come after all its training rows.
 */
function checkApart(name: string, { groups, time }: Dataset, { train, validation }: FoldRows): void {
  const refuse = (row: number | undefined, rule: string, instead: string): void =>
    check(
      row === undefined,
      () => `${name} must ${rule}; received row ${row} in training; choose ${instead} out`,
    );
  if (groups) {
    const held = new Set(Array.from(validation, (row) => groups[row]));
    const row = train.find((id) => held.has(groups[id]));
    refuse(row, "not divide a group", "groupKFold(), or leave groups");
  }
  if (time) {
    const first = validation.reduce((least, row) => Math.min(least, time[row]), Number.POSITIVE_INFINITY);
    const row = train.find((id) => time[id] >= first);
    refuse(row, "validate on rows after all its training rows", "timeSeriesSplit(), or leave time");
  }
}

/** The folds of a study after one pipeline. */
export interface PipelineFolds {
  /** Columns of the inputs of a network. */
  readonly features: number;
  /** The folds by which trials are scored. */
  readonly folds: readonly Fold[];
  readonly finalFold: Fold;
  /** The folds of a further division, from 1. */
  readonly ofDivision: (division: number) => readonly Fold[];
}

/** The folds after any pipeline, by its options. Those of the latest options are cached. */
export function createFoldsFor(rows: Folds): (options: PipelineOptions) => PipelineFolds {
  const { data, folds, scored } = rows;
  const { task } = data;
  let known: { readonly key: string; readonly made: PipelineFolds } | undefined;
  return (options) => {
    const key = JSON.stringify(options);
    if (known?.key === key) return known.made;
    const name = task === "regression" ? (options.target ?? "standard") : "none";
    const at = (fold: number): Fold => {
      const { train, validation } = folds[fold];
      return foldOf(data, validation, fitTarget(name, data, train, options.moments));
    };
    const ofDivision = (division: number): Fold[] => foldsOfDivision(rows, division).map(at);
    const made = {
      features: featureNames(data, options).length,
      folds: ofDivision(0),
      finalFold: at(scored),
      ofDivision,
    };
    known = { key, made };
    return made;
  };
}
