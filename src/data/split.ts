/**
 * Seeded divisions of rows into parts and folds, by row id, with scikit-learn's
 * sizes. The rows themselves are never touched here.
 */
import { check, show } from "../errors.js";
import { RandomStream } from "../numerics/random.js";

/** How rows are divided into parts. */
export interface SplitOptions {
  /** Share of all rows in the test part, above 0 and below 1; the part has ⌈share × rows⌉. @defaultValue 0.2 */
  readonly testSize?: number;
  /** Decides which rows go where. @defaultValue 0 */
  readonly seed?: number;
  /** `[rows]`: the class of each row, to give every part the classes in equal proportion. @defaultValue none */
  readonly stratify?: ArrayLike<number>;
}

/** How rows are divided into folds. */
export interface FoldOptions {
  /** How many folds, from 2 to the number of rows. @defaultValue 5 */
  readonly folds?: number;
  /** Decides which rows go where. @defaultValue 0 */
  readonly seed?: number;
}

/** Row ids for one round of cross-validation, each part ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

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
 *   does not have one class a row
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
  options: SplitOptions & { readonly validationSize?: number } = {},
): { train: Int32Array; validation: Int32Array; test: Int32Array } {
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
 * @param options - `shuffle: false` makes the folds runs of neighbouring rows, whatever the seed
 * @throws FettleError `invalid_argument` for fewer than 2 folds or more folds than rows
 * @example
 * ```ts
 * kFold(5, { folds: 2, shuffle: false })[0].validation; // [0, 1, 2]
 * ```
 * @see scikit-learn, `KFold` (which does not shuffle unless told to)
 */
export function kFold(rows: number, options: FoldOptions & { readonly shuffle?: boolean } = {}): Fold[] {
  const { folds = 5, seed = 0, shuffle = true } = options;
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
 * Folds as those of {@link kFold}, shuffled, in which each class's rows are spread evenly too: its counts in any two
 * folds differ by at most 1.
 *
 * @param labels - `[rows]`: the class of each row, any integers
 * @throws FettleError `invalid_argument` for fewer than 2 folds, more folds than rows, and a class with fewer rows
 *   than folds (where scikit-learn only warns): a fold without that class could not be scored as the others are
 * @example
 * ```ts
 * // one row of class 0, two of class 1
 * stratifiedKFold([0, 0, 1, 1, 1, 1], { folds: 2 })[0].validation.length; // 3
 * ```
 * @see scikit-learn, `StratifiedKFold`
 */
export function stratifiedKFold(labels: ArrayLike<number>, options: FoldOptions = {}): Fold[] {
  const { folds = 5, seed = 0 } = options;
  checkFolds(labels.length, folds);
  for (const [label, count] of countClasses(labels)) {
    check(
      count >= folds,
      () =>
        `stratified folds need ${folds} rows of each class, but class ${label} has ${count}; use fewer folds, leave the class out, or use kFold`,
    );
  }
  // Deals class after class like cards, never starting again at the first fold, so that sizes stay even too.
  const order = new RandomStream(seed, FOLD).permutation(labels.length).sort((a, b) => labels[a] - labels[b]);
  const foldOf = new Int32Array(labels.length);
  order.forEach((row, position) => {
    foldOf[row] = position % folds;
  });
  return foldsFrom(foldOf, folds);
}

type NamedSize = readonly [name: string, share: number];

/** Deals rows, in random order, to parts of the given shares; what is left is the first part returned. */
function deal(rows: number, sizes: readonly NamedSize[], options: SplitOptions): Int32Array[] {
  const { seed = 0, stratify } = options;
  check(
    Number.isInteger(rows) && rows >= 1,
    () => `rows must be a whole number of at least 1, but received ${show(rows)}`,
  );
  const counts = sizes.map(([name, share]) => {
    check(share > 0 && share < 1, () => `${name} must be above 0 and below 1, but received ${show(share)}`);
    return Math.ceil(share * rows);
  });
  const left = counts.reduce((rest, count) => rest - count, rows);
  const labels = stratify ?? new Int32Array(rows); // all of one class
  const remaining = stratify ? countClassesToSplit(stratify, rows) : countClasses(labels);
  const least = Math.min(left, ...counts);
  check(
    least >= remaining.size,
    () =>
      `each part needs at least ${remaining.size} of the ${rows} rows${stratify ? ", one a class" : ""}, but the parts ` +
      `would have ${show([left, ...counts])}; change ${sizes.map(([name]) => name).join(" or ")}`,
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

function countClassesToSplit(stratify: ArrayLike<number>, rows: number): Map<number, number> {
  check(
    stratify.length === rows,
    () => `stratify must have the class of each of ${rows} rows, but has ${stratify.length}`,
    "invalid_shape",
  );
  const counts = countClasses(stratify);
  for (const [label, count] of counts) {
    check(
      count >= 2,
      () =>
        `a stratified split needs 2 rows of each class, but class ${label} has 1; leave the class out or do not stratify`,
    );
  }
  return counts;
}

/** Takes `count` from the remaining rows of each class by largest remainders, and says how many of each. */
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
      () => `classes must be integers, but row ${row} has ${show(label)}`,
      "invalid_data",
    );
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

function checkFolds(rows: number, folds: number): void {
  check(
    Number.isInteger(folds) && folds >= 2 && folds <= rows,
    () => `folds must be a whole number from 2 to the number of rows (${rows}), but received ${show(folds)}`,
  );
}

function foldsFrom(foldOf: Int32Array, folds: number): Fold[] {
  const rows = Int32Array.from(foldOf, (_, row) => row);
  return Array.from({ length: folds }, (_, fold) => ({
    train: rows.filter((row) => foldOf[row] !== fold),
    validation: rows.filter((row) => foldOf[row] === fold),
  }));
}
