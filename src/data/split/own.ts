/** Custom folds: checked, and as row ids. */
import { check, isPlainObject, must, show } from "../../errors.js";
import { isArray, mustBeArray } from "../check.js";
import { checkMemory, type FoldRows, foldsFrom } from "./splitter.js";

/**
 * Folds by a column with the fold in which each row is validated, for `validation`: one fold for each
 * distinct number, ascending.
 *
 * @param foldOf - `[rows]`: an integer of at least 0, or −1 for a row that every fold trains on
 * @throws FettleError `invalid_argument` for anything but integers of at least −1, and unless every fold has
 * rows to train on;
 *   `memory_limit` for more than 2²⁶ row ids in all folds
 * @example
 * ```ts
 * const folds = predefinedSplit([0, 1, -1, 1]);
 * folds.map(({ train, validation }) => [[...train], [...validation]]); // [[[1, 2, 3], [0]], [[0, 2], [1, 3]]]
 * ```
 * @see scikit-learn, `PredefinedSplit`
 */
export function predefinedSplit(foldOf: ArrayLike<number>): FoldRows[] {
  mustBeArray("foldOf", foldOf, "an array with the fold of each row");
  const given = Array.from(foldOf);
  given.forEach((fold, row) => {
    must(Number.isSafeInteger(fold) && fold >= -1, `foldOf[${row}]`, "an integer of at least -1", fold);
  });
  const names = [...new Set(given)].filter((fold) => fold >= 0).sort((a, b) => a - b);
  check(names.length > 0, "foldOf must have a fold of at least one row; received no number of at least 0");
  checkMemory(names.length, names.length * given.length);
  const place = new Map(names.map((name, i) => [name, i]));
  const folds = foldsFrom(
    given.map((fold) => place.get(fold) ?? -1),
    names.length,
  );
  check(
    folds.every(({ train }) => train.length > 0),
    "foldOf must leave rows to train on; received one fold for all rows",
  );
  return folds;
}

/**
 * Checks folds from outside, and copies them. A row that is listed several times in one part counts as often.
 *
 * @param name - their name for the user
 * @param rows - how many rows there are
 * @throws FettleError `invalid_argument` unless there is at least one fold, each of two non-empty parts that
 * share no row
 */
export function checkedFolds(name: string, folds: unknown, rows: number): FoldRows[] {
  must(
    Array.isArray(folds) && folds.length > 0,
    name,
    "a list of at least one fold, { train, validation }, by row ids",
    folds,
  );
  let ids = 0;
  const trainedIn = new Int32Array(rows); // the latest fold that trains on each row, from 1
  return folds.map((given: unknown, i) => {
    const fold = `${name}[${i}]`;
    const isFold = isPlainObject(given) && "train" in given && "validation" in given !== "test" in given;
    must(isFold, fold, "{ train, validation } by row ids", given);
    const held = "validation" in given ? "validation" : "test";
    const part = (what: string): Int32Array => {
      const values = given[what] as ArrayLike<number>;
      const rule = "an array of at least one row id";
      must(isArray(values) && values.length > 0, `${fold}.${what}`, rule, values);
      ids += values.length;
      checkMemory(folds.length, ids);
      for (let k = 0; k < values.length; k++) {
        const row = values[k];
        check(
          Number.isInteger(row) && row >= 0 && row < rows,
          () =>
            `${fold}.${what} must hold row ids from 0 to ${rows - 1}; received ${show(row)} at index ${k}`,
        );
        check(
          what === "train" || trainedIn[row] !== i + 1,
          () => `${fold} must have no row in both parts; received row ${row} in train and ${what}`,
        );
        if (what === "train") trainedIn[row] = i + 1;
      }
      return Int32Array.from(values);
    };
    return { train: part("train"), validation: part(held) };
  });
}
