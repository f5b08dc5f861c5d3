/**
 * Divisions of rows that keep groups together, such as all rows of one patient: knowledge of a group from
 * training must not help in validation.
 */
import { check, must, mustBeInteger } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { type Groups, numberGroups } from "../groups.js";
import { countClasses } from "./counts.js";
import { labelsOf } from "./kFold.js";
import { countOf, trainCountOf, validationBeside } from "./parts.js";
import {
  checkMemory,
  defineSplitter,
  type FoldOptions,
  type FoldRows,
  foldsFrom,
  partition,
  type RowsToSplit,
} from "./splitter.js";

/** How {@link stratifiedGroupKFold} divides rows. */
export interface StratifiedGroupFoldOptions extends FoldOptions {
  /**
   * Whether the seed orders groups whose classes are spread alike; otherwise they go in order of first
   * appearance. @defaultValue true
   */
  readonly shuffle?: boolean;
}

/** How {@link groupShuffleSplit} divides rows. */
export interface GroupShuffleSplitOptions extends FoldOptions {
  /** How many folds, at least 1. @defaultValue 5 */
  readonly folds?: number;
  /**
   * The validation part of each fold: a share of the groups above 0 and below 1, rounded up, or how many
   * groups, an integer.
   * @defaultValue 0.2; with `trainSize`, all other groups
   */
  readonly validationSize?: number;
  /**
   * The training part of each fold: a share of the groups, rounded down, or how many; groups in neither part
   * are left out.
   * @defaultValue all groups that are not validated
   */
  readonly trainSize?: number;
}

// The first path element of the random stream.
const GROUP = 0x67726f75; // "grou"

/** Groups as numbers from 0, and how many rows each has. */
interface NumberedGroups {
  readonly ids: Int32Array;
  readonly sizes: readonly number[];
}

/** @param instead - the splitter that needs no groups */
export function groupsOf({ groups, rows }: RowsToSplit, instead: string): NumberedGroups {
  check(
    groups,
    () =>
      `rows must have groups, the option groups or a group column; received none; choose ${instead} without`,
  );
  const ids = numberGroups("groups", groups, rows);
  const sizes = sizesOf(ids);
  check(
    sizes.length > 1,
    () => `rows must belong to at least two groups to be divided; received ${sizes.length}`,
  );
  return { ids, sizes };
}

/**
 * Folds for cross-validation in which no group is divided: each row is in the validation part of exactly one.
 * The largest group goes first, each to the fold with the fewest rows so far; the seed orders groups of one
 * size.
 *
 * @param groups - `[rows]`: the group of each row; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for fewer groups than folds, and for options out of range;
 * `invalid_data` for anything but
 *   words and numbers; `memory_limit` for more than 2²⁶ row ids in all folds
 * @example
 * ```ts
 * const [first] = groupKFold(["ann", "ann", "bob", "cid"], { folds: 2 });
 * first.validation; // [0, 1]
 * ```
 * @see scikit-learn, `GroupKFold`
 */
export const groupKFold = /* @__PURE__ */ defineSplitter<FoldOptions, Groups>(
  "groupKFold",
  "groups",
  { folds: true, seed: true },
  (given, { folds = 5, seed }) => byGroup(given, folds, seed),
);

/** The folds of {@link groupKFold}. */
export function byGroup(given: RowsToSplit, folds: number, seed: number): FoldRows[] {
  const { ids, sizes } = groupsOf(given, "kFold");
  checkGroupFolds(sizes.length, folds, given.rows);
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
  return foldsFrom(
    ids.map((group) => foldOf[group]),
    folds,
  );
}

function checkGroupFolds(groups: number, folds: number, rows: number): void {
  mustBeInteger("folds", folds, 2);
  must(groups >= folds, "folds", `at most ${groups}, the number of groups`, folds);
  checkMemory(folds, folds * rows);
}

/**
 * Folds like those of {@link groupKFold}, with classes distributed as evenly as undivided groups allow.
 * Groups go in the order of how unevenly their own rows are spread over classes, each to the fold where the
 * shares of the classes then differ least between folds, as the mean over classes of their standard
 * deviation; of equals, to the fold with the fewest rows.
 *
 * @param rows - rows with `labels` and `groups`; or leave them out, for a splitter
 * @throws FettleError as {@link groupKFold}; `invalid_argument` if every class has fewer rows than there are
 * folds
 * @example
 * ```ts
 * const rows = { rows: 6, labels: [0, 0, 1, 0, 0, 1], groups: ["a", "b", "b", "c", "d", "d"] };
 * const folds = stratifiedGroupKFold(rows, { folds: 2 });
 * folds.map(({ validation }) => validation.length); // [3, 3]
 * ```
 * @see scikit-learn, `StratifiedGroupKFold`
 */
export const stratifiedGroupKFold = /* @__PURE__ */ defineSplitter<StratifiedGroupFoldOptions, never>(
  "stratifiedGroupKFold",
  "groups",
  { folds: true, seed: true, shuffle: true },
  (given, { folds = 5, seed, shuffle = true }) => {
    must(typeof shuffle === "boolean", "shuffle", "a boolean", shuffle);
    const { ids, sizes } = groupsOf(given, "stratifiedKFold");
    const labels = labelsOf(given, "groupKFold");
    checkGroupFolds(sizes.length, folds, given.rows);
    const all = [...countClasses(labels)];
    const totals = all.map(([, count]) => count);
    const largest = Math.max(...totals);
    must(largest >= folds, "folds", `at most ${largest}, the rows of the largest class`, folds);
    const classOf = new Map(all.map(([label], place) => [label, place]));
    // [groups][classes]
    const inGroup = sizes.map(() => totals.map(() => 0));
    ids.forEach((group, row) => {
      inGroup[group][classOf.get(labels[row]) as number]++;
    });
    const spread = inGroup.map(deviation);
    const start = shuffle ? [...new RandomStream(seed, GROUP).permutation(sizes.length)] : [...sizes.keys()];
    // [folds][classes]
    const inFold = Array.from({ length: folds }, () => totals.map(() => 0));
    const foldOf = new Int32Array(sizes.length);
    for (const group of start.sort((a, b) => spread[b] - spread[a])) {
      const best = bestFold(inFold, inGroup[group], totals);
      foldOf[group] = best;
      add(inFold[best], inGroup[group], 1);
    }
    return foldsFrom(
      ids.map((group) => foldOf[group]),
      folds,
    );
  },
);

/** The fold to which a group's rows are added at the least difference between folds. */
function bestFold(inFold: readonly number[][], group: readonly number[], totals: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [fold, counts] of inFold.entries()) {
    add(counts, group, 1);
    const deviations = totals.map((total, k) => deviation(inFold.map((each) => each[k] / total)));
    add(counts, group, -1);
    const difference = meanOf(deviations);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    // like numpy's isclose: values that differ only by rounding are equal
    const isEqual = Math.abs(difference - least) <= 1e-8 + 1e-5 * Math.abs(least);
    if (difference < least || (isEqual && rows < fewest)) [best, least, fewest] = [fold, difference, rows];
  }
  return best;
}

function add(counts: number[], others: readonly number[], sign: 1 | -1): void {
  for (const [k, other] of others.entries()) counts[k] += sign * other;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The population standard deviation. */
function deviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) * (value - mean))));
}

/**
 * Independently drawn folds: each validates random groups and trains on all others, or on `trainSize` of
 * them.
 *
 * @param groups - `[rows]`: the group of each row; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for a size that leaves a part without groups; `memory_limit` for
 * more than 2²⁶ row ids in all
 *   folds
 * @example
 * ```ts
 * const folds = groupShuffleSplit(["ann", "ann", "bob", "cid"], { folds: 3, validationSize: 1 });
 * folds.length; // 3
 * ```
 * @see scikit-learn, `GroupShuffleSplit`
 */
export const groupShuffleSplit = /* @__PURE__ */ defineSplitter<GroupShuffleSplitOptions, Groups>(
  "groupShuffleSplit",
  "groups",
  { folds: true, validationSize: true, trainSize: true, seed: true },
  (given, { folds = 5, trainSize, seed, ...options }) => {
    mustBeInteger("folds", folds);
    checkMemory(folds, folds * given.rows);
    const { ids, sizes } = groupsOf(given, "shuffleSplit");
    const all = sizes.length;
    const validationSize = options.validationSize ?? validationBeside(trainSize, all) ?? 0.2;
    const count = countOf(["validationSize", validationSize, true], all);
    must(count < all, "validationSize", `below all ${all} groups`, validationSize);
    const kept = trainSize === undefined ? all - count : trainCountOf(trainSize, all, all - count);
    return Array.from({ length: folds }, (_, fold) => {
      const order = [...new RandomStream(seed, GROUP, fold).permutation(all)];
      const [held, left] = [order.slice(0, count), order.slice(count + kept)].map((part) => new Set(part));
      const { train, validation } = partition(given.rows, (row) => held.has(ids[row]));
      return { train: train.filter((row) => !left.has(ids[row])), validation };
    });
  },
);

/**
 * A training and a validation part in which no group is divided: groups in random order, until the validation
 * part has its share of the rows.
 *
 * @param share - above 0 and below 1
 * @throws FettleError `invalid_argument` for fewer than two groups
 */
export function groupSplit(groups: Groups, share: number, seed: number): FoldRows {
  const { ids, sizes } = groupsOf({ groups, rows: groups.length }, "trainTestSplit");
  const held = new Set<number>();
  let rows = 0;
  for (const group of new RandomStream(seed, GROUP).permutation(sizes.length)) {
    if (rows >= share * groups.length || held.size === sizes.length - 1) break;
    held.add(group);
    rows += sizes[group];
  }
  return partition(ids.length, (row) => held.has(ids[row]));
}

function sizesOf(ids: Int32Array): number[] {
  const sizes: number[] = [];
  for (const id of ids) sizes[id] = (sizes[id] ?? 0) + 1;
  return sizes;
}
