/** Classes as numbers: ids from 0, and one-hot rows. */
import { check, mustBeInteger, show } from "../errors.js";
import { mustBeArray } from "./check.js";

/** More distinct values than this are names or ids, not classes. */
export const MAX_CLASSES = 1000;

/** Words for false and true in a boolean column, in lower case. */
export const BOOLEANS: readonly (readonly [no: string, yes: string])[] = [
  ["false", "true"],
  ["no", "yes"],
];

/** Classes of rows in user form: strings, integers, or booleans. */
export type Labels = ArrayLike<string> | ArrayLike<boolean> | ArrayLike<number>;

/** Labels as class ids. */
export interface EncodedLabels {
  /** `[rows]`: the index of each row's class. */
  readonly labels: Int32Array;
  /** The classes' names in ascending order: numbers by value, words by code unit, `false` before `true`. */
  readonly classes: readonly string[];
}

/**
 * Numbers the classes of labels.
 *
 * @param what - the name of the labels in errors
 * @throws FettleError `invalid_data` for labels of several types, for numbers that are not integers, and for
 * more than 1,000
 *   classes
 * @example
 * ```ts
 * encodeLabels(["b", "a", "b"]); // { labels: [1, 0, 1], classes: ["a", "b"] }
 * ```
 */
export function encodeLabels(labels: Labels, what = "labels"): EncodedLabels {
  mustBeArray(what, labels, "an array of classes");
  const type = typeof labels[0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    const fits =
      typeof label === type &&
      (type === "string" || type === "boolean" || (type === "number" && Number.isSafeInteger(label)));
    check(
      fits,
      () => `${what} must be all words, all integers or all booleans; received ${show(label)} at index ${i}`,
      "invalid_data",
    );
  }
  const distinct = [...new Set<string | number | boolean>(Array.from(labels as ArrayLike<string>))];
  if (type === "string") distinct.sort();
  else distinct.sort((a, b) => Number(a) - Number(b));
  check(
    distinct.length <= MAX_CLASSES,
    () => `${what} must have at most ${MAX_CLASSES} distinct values; received ${distinct.length}`,
    "invalid_data",
  );
  const ids = new Map(distinct.map((label, id) => [label, id]));
  return {
    labels: Int32Array.from({ length: labels.length }, (_, i) => ids.get(labels[i]) as number),
    classes: distinct.map(String),
  };
}

/** The target for classes: 0 or 1 for two, one-hot rows for more. */
export function targetOfClasses(labels: Int32Array, classes: number): Float64Array {
  return classes === 2 ? Float64Array.from(labels) : oneHot(labels, classes);
}

/** The most numbers of one-hot rows: as many as cells of a table. */
const MOST_NUMBERS = 250_000_000;

/**
 * Class ids as rows with a single 1.
 *
 * @param labels - `[rows]`, each an integer from 0 to `classes - 1`
 * @param classes - the number of classes, at least 1
 * @param what - the name of the labels in errors
 * @returns `[rows, classes]`, row-major
 * @throws FettleError `invalid_data` for a label outside that range; `invalid_argument` for anything but an
 * array and a
 *   positive integer; `memory_limit` for more than 250,000,000 numbers
 * @example
 * ```ts
 * oneHot([2, 0], 3); // [0, 0, 1, 1, 0, 0]
 * ```
 */
export function oneHot(labels: ArrayLike<number>, classes: number, what = "labels"): Float64Array {
  mustBeArray(what, labels, "an array of class ids");
  mustBeInteger("classes", classes);
  return encodeIds(labels, classes, what);
}

/**
 * {@link oneHot}, in which rows of weight 0 may hold anything: an invalid id becomes a row of zeros.
 *
 * @throws FettleError as {@link oneHot}
 */
export function encodeIds(
  labels: ArrayLike<number>,
  classes: number,
  what: string,
  weights?: ArrayLike<number>,
  way = "",
): Float64Array {
  const numbers = labels.length * classes;
  check(
    numbers <= MOST_NUMBERS,
    () =>
      `one-hot rows must hold at most ${MOST_NUMBERS} numbers (2 GB); received ${labels.length} rows of ${classes} classes; ` +
      "use sparseCategoricalCrossentropy, which accepts class ids",
    "memory_limit",
  );
  const encoded = new Float64Array(numbers);
  const lines = weights ? labels.length / weights.length : 1;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (Number.isInteger(label) && label >= 0 && label < classes) encoded[i * classes + label] = 1;
    else
      check(
        weights?.[Math.floor(i / lines)] === 0,
        () =>
          `${what} must be integers from 0 to ${classes - 1}; received ${show(label)} at index ${i}${way}`,
        "invalid_data",
      );
  }
  return encoded;
}

/** From this share of rows, always predicting the most frequent class has an accuracy that looks good. */
export const IMBALANCED = 0.9;

/** The most frequent class, and its share of the rows; undefined without classes. */
export function largestClass({
  labels,
  classes,
}: EncodedLabels): { readonly name: string; readonly share: number } | undefined {
  if (classes.length === 0) return undefined;
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label]++;
  const most = Math.max(...counts);
  return { name: classes[counts.indexOf(most)], share: most / labels.length };
}
