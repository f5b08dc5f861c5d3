/**
 * Seeded divisions of rows into parts and folds, by row id, with scikit-learn's
 * sizes. The rows themselves are never touched here.
 */
import { check, checkOptions, must, mustBeInteger, type OptionNames, show } from "../errors.js";
import { RandomStream } from "../numerics/random.js";
import { mustBeArray } from "./check.js";

/** How rows are divided into parts. */
export interface SplitOptions {
  /** Share of all rows in the test part, above 0 and below 1; the part has ⌈share × rows⌉. @defaultValue 0.2 */
  readonly testSize?: number;
  /** Decides which rows go where. @defaultValue 0 */
  readonly seed?: number;
  /** `[rows]`: the class of each row, to give every part the classes in equal proportion. @defaultValue none */
  readonly stratify?: ArrayLike<number>;
  /** The names of the classes by label, for error messages. @defaultValue the labels themselves */
  readonly classes?: readonly string[];
}

/** How rows are divided into training, validation and test parts. */
export interface ThreeWaySplitOptions extends SplitOptions {
  /** Share of all rows in the validation part, above 0 and below 1. @defaultValue 0.2 */
  readonly validationSize?: number;
}

/** How rows are divided into folds. */
export interface FoldOptions {
  /** How many folds, from 2 to the number of rows. @defaultValue 5 */
  readonly folds?: number;
  /** Decides which rows go where. @defaultValue 0 */
  readonly seed?: number;
}

/** How {@link kFold} divides rows. */
export interface KFoldOptions extends FoldOptions {
  /** Whether rows are divided in random order; otherwise each fold has neighbouring rows. @defaultValue true */
  readonly shuffle?: boolean;
}

/** How {@link stratifiedKFold} divides rows. */
export interface StratifiedFoldOptions extends FoldOptions {
  /** The names of the classes by label, for error messages. @defaultValue the labels themselves */
  readonly classes?: readonly string[];
}

/** One fold by row ids, each part ascending. */
export interface FoldRows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

const SPLIT_OPTIONS: OptionNames<SplitOptions> = {
  testSize: true,
  seed: true,
  stratify: true,
  classes: true,
};
const THREE_WAY_OPTIONS: OptionNames<ThreeWaySplitOptions> = { ...SPLIT_OPTIONS, validationSize: true };
const K_FOLD_OPTIONS: OptionNames<KFoldOptions> = { folds: true, seed: true, shuffle: true };
const STRATIFIED_OPTIONS: OptionNames<StratifiedFoldOptions> = { folds: true, seed: true, classes: true };

// The first path element of the random streams, so that one seed serves several purposes independently.
const SPLIT = 0x73706c69; // "spli"
const FOLD = 0x666f6c64; // "fold"

/**
 * Divides rows into a training and a test part, both in random order.
 *
 * With `stratify`, each class's share of the test part is within 1 row of its proportion (largest remainders,
 * the lower class on a tie).
 *
 * @param rows - how many rows there are, at least 2
 * @returns row ids; together each of 0 … rows − 1 once
 * @throws FettleError `invalid_argument` for a size outside (0, 1), a part left empty, or, with `stratify`,
 *   a class of fewer than 2 rows or a part with fewer rows than there are classes; `invalid_shape` if `stratify`
 *   does not have one class a row; `unknown_name` for an unknown option
 * @example
 * ```ts
 * const { train, test } = trainTestSplit(150, { testSize: 0.2, seed: 1 });
 * [train.length, test.length]; // [120, 30]
 * ```
 * @see scikit-learn, `train_test_split`
 */
export function trainTestSplit(
  rows: number,
  options: SplitOptions = {},
): { train: Int32Array; test: Int32Array } {
  checkOptions(options, "trainTestSplit", SPLIT_OPTIONS);
  const [train, test] = deal(rows, [["testSize", options.testSize ?? 0.2]], options);
  return { train, test };
}

/**
 * Divides rows into training, validation and test parts; both sizes are shares of all rows.
 * The test part is the one that {@link trainTestSplit} draws from the same arguments.
 *
 * @param rows - how many rows there are, at least 3
 * @throws FettleError as {@link trainTestSplit}
 * @example
 * ```ts
 * const { validation } = trainValidationTestSplit(150, { validationSize: 0.1, testSize: 0.2 });
 * validation.length; // 15
 * ```
 */
export function trainValidationTestSplit(
  rows: number,
  options: ThreeWaySplitOptions = {},
): { train: Int32Array; validation: Int32Array; test: Int32Array } {
  checkOptions(options, "trainValidationTestSplit", THREE_WAY_OPTIONS);
  const sizes: NamedSize[] = [
    ["testSize", options.testSize ?? 0.2],
    ["validationSize", options.validationSize ?? 0.2],
  ];
  const [train, test, validation] = deal(rows, sizes, options);
  return { train, validation, test };
}

/**
 * Folds for cross-validation: each row is in the validation part of exactly one. The first `rows % folds`
 * folds have one row more than the others.
 *
 * @param rows - how many rows there are
 * @throws FettleError `invalid_argument` for fewer than 2 folds or more folds than rows; `unknown_name` for an unknown option
 * @example
 * ```ts
 * kFold(5, { folds: 2, shuffle: false })[0].validation; // [0, 1, 2]
 * ```
 * @see scikit-learn, `KFold` (which shuffles only with `shuffle=True`)
 */
export function kFold(rows: number, options: KFoldOptions = {}): FoldRows[] {
  checkOptions(options, "kFold", K_FOLD_OPTIONS);
  const { folds = 5, seed = 0, shuffle = true } = options;
  mustBeInteger("rows", rows, 2);
  must(typeof shuffle === "boolean", "shuffle", "a boolean", shuffle);
  checkFolds(rows, folds);
  const order = shuffle
    ? new RandomStream(seed, FOLD).permutation(rows)
    : Int32Array.from({ length: rows }, (_, i) => i);
  const foldOf = new Int32Array(rows);
  const size = Math.floor(rows / folds);
  const larger = rows % folds; // folds of size + 1, which come first
  order.forEach((row, position) => {
    const inLarger = position < larger * (size + 1);
    foldOf[row] = inLarger ? Math.floor(position / (size + 1)) : Math.floor((position - larger) / size);
  });
  return foldsFrom(foldOf, folds);
}

/**
 * Folds as those of {@link kFold}, shuffled, over which each class's rows are distributed evenly: its counts in any two
 * folds differ by at most 1.
 *
 * @param labels - `[rows]`: the class of each row, any integers
 * @throws FettleError `invalid_argument` for fewer than 2 folds, more folds than rows, and a class with fewer rows
 *   than folds (where scikit-learn only warns): a fold without that class could not be scored as the others are;
 *   `invalid_data` for labels that are not integers; `unknown_name` for an unknown option
 * @example
 * ```ts
 * // one row of class 0, two of class 1
 * stratifiedKFold([0, 0, 1, 1, 1, 1], { folds: 2 })[0].validation.length; // 3
 * ```
 * @see scikit-learn, `StratifiedKFold`
 */
export function stratifiedKFold(labels: ArrayLike<number>, options: StratifiedFoldOptions = {}): FoldRows[] {
  checkOptions(options, "stratifiedKFold", STRATIFIED_OPTIONS);
  const { folds = 5, seed = 0, classes } = options;
  mustBeArray("labels", labels, "an array with the class of each row");
  checkFolds(labels.length, folds);
  const counts = countClasses(labels);
  check(
    Math.min(...counts.values()) >= folds,
    () =>
      `with ${folds} folds, each class must have at least ${folds} rows; received ${smallClasses(counts, folds, classes)}; ` +
      "use fewer folds, leave the class out, or do not stratify",
  );
  // Deals class after class like cards, never starting again at the first fold, so that sizes stay even too.
  const order = new RandomStream(seed, FOLD).permutation(labels.length).sort((a, b) => labels[a] - labels[b]);
  const foldOf = new Int32Array(labels.length);
  order.forEach((row, position) => {
    foldOf[row] = position % folds;
  });
  return foldsFrom(foldOf, folds);
}

type NamedSize = readonly [name: string, share: number];

/** Deals rows, in random order, to parts of the given shares; the remaining rows are the first part returned. */
function deal(rows: number, sizes: readonly NamedSize[], options: SplitOptions): Int32Array[] {
  const { seed = 0, stratify, classes } = options;
  mustBeInteger("rows", rows);
  const counts = sizes.map(([name, share]) => {
    const isShare = typeof share === "number" && share > 0 && share < 1;
    must(isShare, name, "a number above 0 and below 1", share);
    return Math.ceil(share * rows);
  });
  const left = counts.reduce((rest, count) => rest - count, rows);
  const labels = stratify ?? new Int32Array(rows); // all of one class
  const remaining = stratify ? countClassesToSplit(stratify, rows, classes) : countClasses(labels);
  const least = Math.min(left, ...counts);
  check(
    least >= remaining.size,
    () =>
      `each part must have at least ${remaining.size} of the ${rows} rows${stratify ? ", one for each class" : ""}; ` +
      `received parts of ${[left, ...counts].join(", ")} rows; change ${sizes.map(([name]) => name).join(" or ")}`,
  );

  const quotas = counts.map((count) => takeProportionally(remaining, count));
  const parts: number[][] = [[], ...counts.map(() => [])];
  for (const row of new RandomStream(seed, SPLIT).permutation(rows)) {
    const part = quotas.findIndex((quota) => quota.get(labels[row])! > 0);
    if (part >= 0) subtract(quotas[part], labels[row], 1);
    parts[part + 1].push(row);
  }
  return parts.map((part) => Int32Array.from(part));
}

function countClassesToSplit(
  stratify: ArrayLike<number>,
  rows: number,
  classes: readonly string[] | undefined,
): Map<number, number> {
  mustBeArray("stratify", stratify, "an array with the class of each row");
  check(
    stratify.length === rows,
    () => `stratify must have the class of each of ${rows} rows; received ${stratify.length} classes`,
    "invalid_shape",
  );
  const counts = countClasses(stratify);
  check(
    Math.min(...counts.values()) >= 2,
    () =>
      `with stratify, each class must have at least 2 rows; received ${smallClasses(counts, 2, classes)}; ` +
      "leave the class out or do not stratify",
  );
  return counts;
}

/** The classes with fewer than `least` rows, for messages: `class "b" with 1, class "c" with 3`. */
function smallClasses(
  counts: ReadonlyMap<number, number>,
  least: number,
  classes: readonly string[] | undefined,
): string {
  return [...counts]
    .filter(([, count]) => count < least)
    .map(([label, count]) => `class ${show(classes?.[label] ?? label)} with ${count}`)
    .join(", ");
}

/** Takes `count` from the remaining rows of each class by largest remainders; returns the number of rows of each. */
function takeProportionally(remaining: Map<number, number>, count: number): Map<number, number> {
  const total = [...remaining.values()].reduce((sum, size) => sum + size, 0);
  const shares = [...remaining].map(([label, size]) => {
    const exact = (size * count) / total;
    return { label, whole: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const missing = shares.reduce((rest, { whole }) => rest - whole, count);
  const luckiest = new Set([...shares].sort((a, b) => b.remainder - a.remainder).slice(0, missing));
  const quota = new Map<number, number>();
  for (const share of shares) {
    const taken = share.whole + (luckiest.has(share) ? 1 : 0);
    quota.set(share.label, taken);
    subtract(remaining, share.label, taken);
  }
  return quota;
}

const subtract = (counts: Map<number, number>, label: number, taken: number) =>
  counts.set(label, counts.get(label)! - taken);

/** How many rows each class has, classes ascending. */
function countClasses(labels: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    check(
      Number.isInteger(label),
      () => `classes must be integers; received ${show(label)} in row ${row}`,
      "invalid_data",
    );
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

function checkFolds(rows: number, folds: number): void {
  const isFine = Number.isInteger(folds) && folds >= 2 && folds <= rows;
  must(isFine, "folds", `an integer from 2 to the number of rows, ${rows}`, folds);
}

function foldsFrom(foldOf: Int32Array, folds: number): FoldRows[] {
  const rows = Int32Array.from(foldOf, (_, row) => row);
  return Array.from({ length: folds }, (_, fold) => ({
    train: rows.filter((row) => foldOf[row] !== fold),
    validation: rows.filter((row) => foldOf[row] === fold),
  }));
}
