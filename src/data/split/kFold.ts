/**
 * Folds for cross-validation in which each row is validated as often as every other: k-fold, by class, and
 * repeated.
 */

import { check, must, mustBeInteger, mustBeList } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { everyRow } from "../check.js";
import { countClasses, smallClasses } from "./counts.js";
import {
  checkFolds,
  checkMemory,
  defineSplitter,
  type FoldOptions,
  type FoldRows,
  foldsFrom,
  type RowsToSplit,
} from "./splitter.js";

/** How {@link kFold} divides rows. */
export interface KFoldOptions extends FoldOptions {
  /**
   * Whether rows are divided in random order; otherwise each fold has neighbouring rows. @defaultValue true
   */
  readonly shuffle?: boolean;
}

/** How {@link stratifiedKFold} divides rows. */
export interface StratifiedFoldOptions extends KFoldOptions {
  /** The names of the classes by label, for error messages. @defaultValue the labels themselves */
  readonly classes?: readonly string[];
}

/** How {@link repeatedKFold} and {@link repeatedStratifiedKFold} divide rows. */
export interface RepeatedFoldOptions extends FoldOptions {
  /** How many times the rows are divided, each time in a new order. @defaultValue 10 */
  readonly repeats?: number;
}

// The first path element of the random streams, so that one seed serves several purposes independently.
const FOLD = 0x666f6c64; // "fold"

/** The order in which rows are divided; `repeat` selects one of several independent orders of one seed. */
function orderOf(rows: number, seed: number, repeat: number): Int32Array {
  return (repeat === 0 ? new RandomStream(seed, FOLD) : new RandomStream(seed, FOLD, repeat)).permutation(
    rows,
  );
}

/**
 * Folds for cross-validation: each row is in the validation part of exactly one. The first `rows % folds`
 * folds have one row more than the others.
 *
 * @param rows - how many rows there are; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for fewer than 2 folds or more folds than rows; `unknown_name` for
 * an unknown option;
 *   `memory_limit` for more than 2²⁶ row ids in all folds
 * @example
 * ```ts
 * kFold(5, { folds: 2, shuffle: false })[0].validation; // [0, 1, 2]
 * ```
 * @see scikit-learn, `KFold` (which shuffles only with `shuffle=True`)
 */
export const kFold = /* @__PURE__ */ defineSplitter<KFoldOptions, number>(
  "kFold",
  "rows",
  { folds: true, seed: true, shuffle: true },
  ({ rows }, { folds = 5, seed, shuffle = true }) => evenly(rows, folds, seed, checkShuffle(shuffle)),
);

function checkShuffle(shuffle: boolean): boolean {
  must(typeof shuffle === "boolean", "shuffle", "a boolean", shuffle);
  return shuffle;
}

/** The folds of {@link kFold}. */
export function evenly(rows: number, folds: number, seed: number, shuffle = true, repeat = 0): FoldRows[] {
  checkFolds(rows, folds);
  const foldOf = new Int32Array(rows);
  const size = Math.floor(rows / folds);
  const larger = rows % folds; // folds of size + 1, which come first
  const order = shuffle ? orderOf(rows, seed, repeat) : foldOf.map((_, row) => row);
  order.forEach((row, position) => {
    const inLarger = position < larger * (size + 1);
    foldOf[row] = inLarger ? Math.floor(position / (size + 1)) : Math.floor((position - larger) / size);
  });
  return foldsFrom(foldOf, folds);
}

/**
 * Folds like those of {@link kFold}, with the rows of each class distributed evenly: its counts in any two
 * folds differ by at most 1. Without shuffling, the rows of each class are taken in their order.
 *
 * @param labels - `[rows]`: the class of each row, any integers; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for fewer than 2 folds, more folds than rows, and a class with fewer
 * rows
 *   than folds (where scikit-learn only warns): a fold without that class could not be scored like the
 *   others;
 *   `invalid_data` for labels that are not integers; `unknown_name` for an unknown option; `memory_limit` as
 *   {@link kFold}
 * @example
 * ```ts
 * // one row of class 0, two of class 1
 * stratifiedKFold([0, 0, 1, 1, 1, 1], { folds: 2 })[0].validation.length; // 3
 * ```
 * @see scikit-learn, `StratifiedKFold` (which shuffles only with `shuffle=True`)
 */
export const stratifiedKFold = /* @__PURE__ */ defineSplitter<StratifiedFoldOptions, ArrayLike<number>>(
  "stratifiedKFold",
  "labels",
  { folds: true, seed: true, shuffle: true, classes: true },
  (rows, { folds = 5, seed, shuffle = true, classes = rows.classes }) => {
    if (classes !== undefined) mustBeList("classes", classes, "a list of the names of classes");
    return byClass({ ...rows, ...(classes && { classes }) }, folds, seed, checkShuffle(shuffle));
  },
);

/** The folds of {@link stratifiedKFold}. */
export function byClass(
  given: RowsToSplit,
  folds: number,
  seed: number,
  shuffle = true,
  repeat = 0,
): FoldRows[] {
  const { rows, classes } = given;
  const labels = labelsOf(given, "kFold");
  checkFolds(rows, folds);
  const counts = countClasses(labels);
  check(
    Math.min(...counts.values()) >= folds,
    () =>
      `with ${folds} folds, each class must have at least ${folds} rows; received ${smallClasses(counts, folds, classes)}; ` +
      "use fewer folds, leave the class out or merge it with others (rareClasses of encodeTable), or do not stratify",
  );
  const ids = shuffle ? orderOf(rows, seed, repeat) : everyRow(rows);
  const order = ids.sort((a, b) => labels[a] - labels[b]);
  // Deals class after class like cards, without returning to the first fold, so that sizes stay even too.
  const dealt = order.map((_, position) => position % folds);
  if (!shuffle) {
    let start = 0;
    for (const count of counts.values()) {
      dealt.subarray(start, start + count).sort();
      start += count;
    }
  }
  const foldOf = new Int32Array(rows);
  order.forEach((row, position) => {
    foldOf[row] = dealt[position];
  });
  return foldsFrom(foldOf, folds);
}

/** The class of each row; `instead` is the splitter that needs no classes. */
export function labelsOf({ labels }: RowsToSplit, instead: string): ArrayLike<number> {
  check(
    labels,
    () => `rows must have labels, their classes; received none; choose ${instead} for a quantity`,
  );
  return labels;
}

/**
 * Repeated folds of {@link kFold}, each time in a new order: each row is validated once in each repetition.
 * The first repetition is that of `kFold` with the same seed.
 *
 * @param rows - how many rows there are; or leave them out, for a splitter
 * @throws FettleError as {@link kFold}
 * @example
 * ```ts
 * repeatedKFold(6, { folds: 3, repeats: 2 }).length; // 6
 * ```
 * @see scikit-learn, `RepeatedKFold`
 */
export const repeatedKFold = /* @__PURE__ */ defineSplitter<RepeatedFoldOptions, number>(
  "repeatedKFold",
  "rows",
  { folds: true, repeats: true, seed: true },
  ({ rows }, { folds = 5, repeats = 10, seed }) =>
    repeated(rows, folds, repeats, (repeat) => evenly(rows, folds, seed, true, repeat)),
);

/**
 * Repeated folds of {@link stratifiedKFold}, each time in a new order. The first repetition is that of
 * `stratifiedKFold` with the same seed.
 *
 * @param labels - `[rows]`: the class of each row, any integers; or leave them out, for a splitter
 * @throws FettleError as {@link stratifiedKFold}
 * @example
 * ```ts
 * repeatedStratifiedKFold([0, 0, 1, 1], { folds: 2, repeats: 3 }).length; // 6
 * ```
 * @see scikit-learn, `RepeatedStratifiedKFold`
 */
export const repeatedStratifiedKFold = /* @__PURE__ */ defineSplitter<RepeatedFoldOptions, ArrayLike<number>>(
  "repeatedStratifiedKFold",
  "labels",
  { folds: true, repeats: true, seed: true },
  (given, { folds = 5, repeats = 10, seed }) =>
    repeated(given.rows, folds, repeats, (repeat) => byClass(given, folds, seed, true, repeat)),
);

function repeated(
  rows: number,
  folds: number,
  repeats: number,
  divide: (repeat: number) => FoldRows[],
): FoldRows[] {
  mustBeInteger("repeats", repeats);
  checkFolds(rows, folds);
  checkMemory(folds * repeats, folds * repeats * rows);
  return Array.from({ length: repeats }, (_, repeat) => divide(repeat)).flat();
}
