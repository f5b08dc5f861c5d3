/**
 * Seeded divisions of rows into a training, a test and a validation part, by row id, with scikit-learn's
 * sizes.
 */
import { check, must, mustBeInteger, mustBeList } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { type OptionRules, readOptions } from "../../rules.js";
import { mustBeArray } from "../check.js";
import { countClasses, smallClasses } from "./counts.js";
import { checkRowIds } from "./splitter.js";

/** How rows are divided into parts. */
export interface SplitOptions {
  /**
   * Share of all rows in the test part, above 0 and below 1; the part has ⌈share × rows⌉. @defaultValue 0.2
   */
  readonly testSize?: number;
  /** Decides the division of rows. @defaultValue 0 */
  readonly seed?: number;
  /**
   * `[rows]`: the class of each row, to give every part the classes in equal proportion. @defaultValue none
   */
  readonly stratify?: ArrayLike<number>;
  /** The names of the classes by label, for error messages. @defaultValue the labels themselves */
  readonly classes?: readonly string[];
}

/** How rows are divided into training, validation and test parts. */
export interface ThreeWaySplitOptions extends SplitOptions {
  /** Share of all rows in the validation part, above 0 and below 1. @defaultValue 0.2 */
  readonly validationSize?: number;
}

const SPLIT_RULES = {
  testSize: [true, 0.2],
  seed: true,
  stratify: true,
  classes: true,
} satisfies OptionRules<SplitOptions>;
const THREE_WAY_RULES = {
  ...SPLIT_RULES,
  validationSize: [true, 0.2],
} satisfies OptionRules<ThreeWaySplitOptions>;

// The first path element of the random stream.
const SPLIT = 0x73706c69; // "spli"

/**
 * Divides rows into a training and a test part, both in random order.
 *
 * With `stratify`, each class's share of the test part is within 1 row of its proportion (largest remainders,
 * the lower class on a tie).
 *
 * @param rows - how many rows there are, at least 2
 * @returns row ids; together each of 0 … rows − 1 once
 * @throws FettleError `invalid_argument` for a size outside (0, 1), a part left empty, or, with `stratify`,
 *   a class of fewer than 2 rows or a part with fewer rows than there are classes; `invalid_shape` if
 *   `stratify` does not have one class a row; `unknown_name` for an unknown option; `memory_limit` for more
 *   than 2²⁶ rows
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
  const read = readOptions(options, "trainTestSplit", SPLIT_RULES);
  const [train, test] = deal(rows, [["testSize", read.testSize]], read);
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
  const read = readOptions(options, "trainValidationTestSplit", THREE_WAY_RULES);
  const sizes: NamedSize[] = [
    ["testSize", read.testSize],
    ["validationSize", read.validationSize],
  ];
  const [train, test, validation] = deal(rows, sizes, read);
  return { train, validation, test };
}

/** @param size - the share of all rows, above 0 and below 1; or how many, an integer, where `countable` */
export type NamedSize = readonly [name: string, size: number, countable?: boolean];

/**
 * Deals rows, in random order, to parts of the given sizes; the first returned part has the remaining rows,
 * or as many of them as `trainSize` asks for.
 *
 * @param draw - selects one of several independent divisions of one seed
 */
export function deal(
  rows: number,
  sizes: readonly NamedSize[],
  {
    seed = 0,
    stratify,
    classes,
    trainSize,
  }: Omit<SplitOptions, "testSize"> & { readonly trainSize?: number },
  draw = 0,
): Int32Array[] {
  mustBeInteger("rows", rows);
  checkRowIds(rows);
  const counts = sizes.map((size) => countOf(size, rows));
  const rest = counts.reduce((rest, count) => rest - count, rows);
  const left = trainSize === undefined ? rest : trainCountOf(trainSize, rows, rest);
  if (classes !== undefined) mustBeList("classes", classes, "a list of the names of classes");
  const labels = stratify ?? new Int32Array(rows); // all of one class
  const remaining = stratify ? countClassesToSplit(stratify, rows, classes) : countClasses(labels);
  const least = Math.min(left, ...counts);
  check(
    least >= remaining.size,
    () =>
      `each part must have at least ${remaining.size} of the ${rows} rows${stratify ? ", one for each class" : ""}; ` +
      `received parts of ${[left, ...counts].join(", ")} rows; change ${sizes.map(([name]) => name).join(" or ")}`,
  );

  const quotas = [...counts, left].map((count) => takeProportionally(remaining, count));
  const parts: number[][] = quotas.map(() => []);
  const random = draw === 0 ? new RandomStream(seed, SPLIT) : new RandomStream(seed, SPLIT, draw);
  for (const row of random.permutation(rows)) {
    const part = quotas.findIndex((quota) => quota.get(labels[row])! > 0);
    if (part < 0) continue; // in no part, if trainSize leaves rows out
    subtract(quotas[part], labels[row], 1);
    parts[part].push(row);
  }
  return [parts[counts.length], ...parts.slice(0, -1)].map((part) => Int32Array.from(part));
}

/**
 * How many rows, or groups, are trained on: a share of all of them is rounded down, as in scikit-learn.
 *
 * @param most - how many remain for that
 */
export function trainCountOf(trainSize: number, all: number, most: number): number {
  const isShare = typeof trainSize === "number" && trainSize > 0 && trainSize < 1;
  const count = isShare ? Math.floor(trainSize * all) : countOf(["trainSize", trainSize, true], all);
  must(
    count >= 1 && count <= most,
    "trainSize",
    `1 to ${most} of all ${all}, as many as validation leaves`,
    trainSize,
  );
  return count;
}

/** How many of the rows a size is. */
export function countOf([name, size, countable = false]: NamedSize, rows: number): number {
  const isShare = typeof size === "number" && size > 0 && size < 1;
  const isCount = countable && Number.isSafeInteger(size) && size > 0;
  const rule = `a number above 0 and below 1${countable ? ", or a positive integer" : ""}`;
  must(isShare || isCount, name, rule, size);
  return isShare ? Math.ceil(size * rows) : size;
}

/** Rows, or groups, that are validated if only `trainSize` is given: all others. */
export function validationBeside(trainSize: number | undefined, all: number): number | undefined {
  return trainSize === undefined ? undefined : all - trainCountOf(trainSize, all, all - 1);
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

/**
 * Takes `count` from the remaining rows of each class by largest remainders; returns the number of rows of
 * each.
 */
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
