/** Independently drawn folds: a row may be validated in several of them, or in none. */
import { mustBeInteger } from "../../errors.js";
import { labelsOf } from "./kFold.js";
import { deal, type SplitOptions, validationBeside } from "./parts.js";
import { checkMemory, defineSplitter, type FoldOptions, type FoldRows } from "./splitter.js";

/** How {@link shuffleSplit} and {@link stratifiedShuffleSplit} divide rows. */
export interface ShuffleSplitOptions extends FoldOptions {
  /** How many folds, at least 1. @defaultValue 10 */
  readonly folds?: number;
  /**
   * The validation part of each fold: a share of the rows above 0 and below 1, rounded up, or how many, an
   * integer. @defaultValue 0.1; with `trainSize`, all other rows
   */
  readonly validationSize?: number;
  /**
   * The training part of each fold: a share of the rows, rounded down, or how many; rows in neither part are
   * left out.
   * @defaultValue all rows that are not validated
   */
  readonly trainSize?: number;
}

/**
 * Independently drawn folds: each validates random rows and trains on all others, or on `trainSize` of them.
 * A single fold equals the division of `trainTestSplit` with the same seed.
 *
 * @param rows - how many rows there are; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for a size that leaves a part empty; `unknown_name` for an unknown
 * option; `memory_limit` for more
 *   than 2²⁶ row ids in all folds
 * @example
 * ```ts
 * const folds = shuffleSplit(10, { folds: 4, validationSize: 0.25 });
 * folds.map(({ validation }) => validation.length); // [3, 3, 3, 3]
 * ```
 * @see scikit-learn, `ShuffleSplit`
 */
export const shuffleSplit = /* @__PURE__ */ defineSplitter<ShuffleSplitOptions, number>(
  "shuffleSplit",
  "rows",
  { folds: true, validationSize: true, trainSize: true, seed: true },
  ({ rows }, options) => drawn(rows, options, options),
);

/**
 * Folds like those of {@link shuffleSplit}, with the classes in equal proportion in both parts: each class's
 * share of the validation part is within 1 row of its proportion.
 *
 * @param labels - `[rows]`: the class of each row, any integers; or leave them out, for a splitter
 * @throws FettleError as {@link shuffleSplit}; `invalid_argument` for a class of fewer than 2 rows, or a part
 * with fewer rows than there are
 *   classes
 * @example
 * ```ts
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1];
 * const [{ validation }] = stratifiedShuffleSplit(labels, { folds: 3, validationSize: 0.5 });
 * Array.from(validation, (row) => labels[row]).sort(); // [0, 0, 1, 1]
 * ```
 * @see scikit-learn, `StratifiedShuffleSplit`
 */
export const stratifiedShuffleSplit = /* @__PURE__ */ defineSplitter<ShuffleSplitOptions, ArrayLike<number>>(
  "stratifiedShuffleSplit",
  "labels",
  { folds: true, validationSize: true, trainSize: true, seed: true },
  (given, options) => {
    const { rows, classes } = given;
    const stratify = labelsOf(given, "shuffleSplit");
    return drawn(rows, options, { ...options, stratify, ...(classes && { classes }) });
  },
);

function drawn(
  rows: number,
  { folds = 10, trainSize, ...given }: ShuffleSplitOptions,
  options: SplitOptions,
): FoldRows[] {
  mustBeInteger("folds", folds);
  checkMemory(folds, folds * rows);
  const validationSize = given.validationSize ?? validationBeside(trainSize, rows) ?? 0.1;
  return Array.from({ length: folds }, (_, fold) => {
    const [train, validation] = deal(rows, [["validationSize", validationSize, true]], options, fold);
    return { train, validation };
  });
}
