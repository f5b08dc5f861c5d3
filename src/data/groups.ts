/**
 * Seeded divisions of rows that keep groups whole, such as all rows of one patient: what is known of a group in training must
 * not help in validation. Classes are not balanced here; see split.ts for divisions that do.
 */
import { check, checkOptions, mustBeInteger, type OptionNames } from "../errors.js";
import { RandomStream } from "../numerics/random.js";
import { mustBeArray } from "./check.js";
import type { FoldOptions, FoldRows } from "./split.js";

const OPTIONS: OptionNames<FoldOptions> = { folds: true, seed: true };
// The first path element of the random stream.
const GROUP = 0x67726f75; // "grou"

/** The group of each row. */
export type Groups = ArrayLike<string> | ArrayLike<number>;

/**
 * Groups as numbers from 0, in the order in which they first appear.
 *
 * @param name - what the user calls them
 * @throws FettleError `invalid_shape` unless there is one for each row; `invalid_data` for anything but words and numbers
 */
export function numberGroups(name: string, groups: Groups, rows: number): Int32Array {
  mustBeArray(name, groups, "an array with the group of each row");
  check(
    groups.length === rows,
    () => `${name} must have the group of each of the ${rows} rows; received ${groups.length}`,
    "invalid_shape",
  );
  const ids = new Map<string | number, number>();
  return Int32Array.from({ length: rows }, (_, i) => {
    const group = groups[i];
    check(
      typeof group === "string" || (typeof group === "number" && !Number.isNaN(group)),
      () => `${name} must hold words or numbers; received ${String(group)} at index ${i}`,
      "invalid_data",
    );
    const id = ids.get(group) ?? ids.size;
    ids.set(group, id);
    return id;
  });
}

/**
 * Folds for cross-validation in which no group is divided: each row is in the validation part of exactly one. The largest
 * group goes first, each to the fold with the fewest rows so far; the seed orders groups of one size.
 *
 * @param groups - `[rows]`: the group of each row
 * @throws FettleError `invalid_argument` for fewer groups than folds, and for options out of range; `invalid_data` for anything but
 *   words and numbers
 * @example
 * ```ts
 * const [first] = groupKFold(["ann", "ann", "bob", "cid"], { folds: 2 });
 * first.validation; // [0, 1]
 * ```
 * @see scikit-learn, `GroupKFold`
 */
export function groupKFold(groups: Groups, options: FoldOptions = {}): FoldRows[] {
  checkOptions(options, "groupKFold", OPTIONS);
  const { folds = 5, seed = 0 } = options;
  const ids = numberGroups("groups", groups, groups?.length);
  mustBeInteger("folds", folds, 2);
  const sizes = sizesOf(ids);
  check(
    sizes.length >= folds,
    () => `folds must be at most ${sizes.length}, the number of groups; received ${folds}`,
  );
  const order = [...new RandomStream(seed, GROUP).permutation(sizes.length)].sort(
    (a, b) => sizes[b] - sizes[a],
  );
  const rows = new Array<number>(folds).fill(0);
  const foldOf = new Int32Array(sizes.length);
  for (const group of order) {
    const lightest = rows.indexOf(Math.min(...rows));
    foldOf[group] = lightest;
    rows[lightest] += sizes[group];
  }
  return rows.map((_, fold) => partition(ids, (group) => foldOf[group] === fold));
}

/**
 * A training and a validation part in which no group is divided: groups in random order, until the validation part has its share
 * of the rows.
 *
 * @param share - above 0 and below 1
 * @throws FettleError `invalid_argument` for fewer than two groups
 */
export function groupSplit(groups: Int32Array, share: number, seed: number): FoldRows {
  const ids = numberGroups("groups", groups, groups.length);
  const sizes = sizesOf(ids);
  check(
    sizes.length > 1,
    () => `rows must be of at least two groups to be divided; received ${sizes.length}`,
  );
  const held = new Set<number>();
  let rows = 0;
  for (const group of new RandomStream(seed, GROUP).permutation(sizes.length)) {
    if (rows >= share * groups.length || held.size === sizes.length - 1) break;
    held.add(group);
    rows += sizes[group];
  }
  return partition(ids, (group) => held.has(group));
}

function sizesOf(ids: Int32Array): number[] {
  const sizes: number[] = [];
  for (const id of ids) sizes[id] = (sizes[id] ?? 0) + 1;
  return sizes;
}

function partition(groups: Int32Array, isHeld: (group: number) => boolean): FoldRows {
  const all = Int32Array.from(groups.keys());
  return {
    train: all.filter((row) => !isHeld(groups[row])),
    validation: all.filter((row) => isHeld(groups[row])),
  };
}
