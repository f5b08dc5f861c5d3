/**
 * A table turned into numbers to learn from: inputs, target, and what each
 * column means. It does not impute or scale, because both must be learnt from
 * the training part alone; see preprocess.ts.
 */
import { check, show, unknownName } from "../errors.js";
import { takeRows } from "./matrix.js";
import { type Column, type ColumnKind, columnNamed, type Table } from "./table.js";

/** What is learnt: one of several classes, or a quantity. */
export type Task = "classification" | "regression";

/** What to do about missing cells. */
export type MissingRule = "refuse" | "drop" | "impute";

/** One column of the inputs. */
export interface Feature {
  /** The column's name, or `column=category` where a category became one feature for each of its values. */
  readonly name: string;
  /** The table's column that it was made from. */
  readonly column: string;
  /** `category` features of one column follow each other and hold one 1 in each row, the others 0. */
  readonly kind: ColumnKind;
}

/** Inputs and target, row-major. */
export interface Dataset {
  readonly task: Task;
  /** The target's column. */
  readonly target: string;
  readonly rows: number;
  readonly features: readonly Feature[];
  /** `[rows, features]`; NaN marks a missing cell (all features of a category), possible only with `missing: "impute"`. */
  readonly x: Float64Array;
  /** Columns of `y`: 1, or the number of classes where there are more than two. */
  readonly outputs: number;
  /** `[rows, outputs]`: the quantity; 0 or 1 for two classes; one-hot for more. */
  readonly y: Float64Array;
  /** `[rows]`: the index of each row's class; empty for regression. */
  readonly labels: Int32Array;
  /** The classes' names in ascending order (numbers by value, words by code unit); empty for regression. */
  readonly classes: readonly string[];
}

/** How a table is encoded. */
export interface EncodeOptions {
  /** The column to predict. */
  readonly target: string;
  /**
   * `auto` takes a target of categories, of booleans or of at most 20 distinct integers as classes, any other as
   * a quantity.
   * @defaultValue `"auto"`
   */
  readonly task?: Task | "auto";
  /** Columns to leave out, such as ids. @defaultValue none */
  readonly drop?: readonly string[];
  /**
   * `refuse` throws at the first missing cell; `drop` leaves out each row that has one in a column in use; `impute`
   * leaves NaN in the inputs, for `fitPreprocessor` to learn what to fill in. A missing target is never imputed.
   * @defaultValue `"refuse"`
   */
  readonly missing?: MissingRule;
}

/** The same data set with some of its rows, in the order given. */
export function takeExamples(data: Dataset, rows: Int32Array): Dataset {
  return {
    ...data,
    rows: rows.length,
    x: takeRows(data.x, data.features.length, rows),
    y: takeRows(data.y, data.outputs, rows),
    labels: data.labels.length > 0 ? rows.map((row) => data.labels[row]) : data.labels,
  };
}

/** More distinct values than this are names or ids, not categories or classes. */
export const MAX_CATEGORIES = 1000;
/** Distinct integers up to which `auto` takes a target of numbers as classes. */
const MAX_AUTO_CLASSES = 20;

/**
 * Encodes a table: numbers and booleans (0, 1) as they are, a category as one feature for each value present
 * (one-hot), and the target as {@link Dataset} says.
 *
 * @throws FettleError `unknown_name` for a target, dropped column, task or rule that does not exist;
 *   `invalid_argument` if the target is dropped or no input is left; `invalid_data` for missing cells under the rule
 *   chosen, a column of inputs without any cell, a category or target of more than 1,000 values, a target of one value,
 *   and a regression target that is not of numbers
 * @example
 * ```ts
 * const table = readTable("size,color,good\n4,red,yes\n1,blue,no\n2,red,no\n");
 * const { x, y, features } = encodeTable(table, { target: "good" });
 * features.map((feature) => feature.name); // ["size", "color=blue", "color=red"]
 * x; // [4, 0, 1, 1, 1, 0, 2, 0, 1]
 * y; // [1, 0, 0]
 * ```
 */
export function encodeTable(table: Table, options: EncodeOptions): Dataset {
  const { drop = [], missing = "refuse" } = options;
  checkChoice("rule for missing cells", missing, ["refuse", "drop", "impute"]);
  const target = columnNamed(table, options.target);
  const dropped = drop.map((name) => columnNamed(table, name));
  check(!dropped.includes(target), () => `the target ${show(target.name)} cannot be dropped as well`);
  const inputs = table.columns.filter((column) => column !== target && !dropped.includes(column));
  check(
    inputs.length > 0,
    () => `no input is left beside the target ${show(target.name)}; drop fewer columns`,
  );

  const rows = keptRows(table, inputs, target, missing);
  return {
    ...encodeInputs(inputs, rows),
    ...encodeTarget(target, rows, options.task ?? "auto"),
    rows: rows.length,
  };
}

/**
 * Class indices as rows with a single 1.
 *
 * @param labels - `[rows]`, each from 0 to `classes - 1`
 * @param classes - how many there are
 * @returns `[rows, classes]`
 * @throws FettleError `invalid_data` for a label outside that range
 * @example
 * ```ts
 * oneHot([2, 0], 3); // [0, 0, 1, 1, 0, 0]
 * ```
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float64Array {
  const encoded = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    check(
      Number.isInteger(label) && label >= 0 && label < classes,
      () => `labels must be integers from 0 to ${classes - 1}, but label ${i} is ${show(label)}`,
      "invalid_data",
    );
    encoded[i * classes + label] = 1;
  }
  return encoded;
}

function checkChoice(kind: string, received: string, known: readonly string[]): void {
  if (!known.includes(received)) throw unknownName(kind, received, known);
}

function keptRows(table: Table, inputs: readonly Column[], target: Column, missing: MissingRule): Int32Array {
  const all = Int32Array.from({ length: table.rows }, (_, i) => i);
  const used = [...inputs, target];
  if (missing === "drop") {
    const whole = all.filter((i) => !used.some((column) => Number.isNaN(column.values[i])));
    check(
      whole.length > 0,
      "every row has a missing cell, so dropping them leaves none; impute, or drop columns",
      "invalid_data",
    );
    return whole;
  }
  for (const column of missing === "refuse" ? used : [target]) checkPresent(column);
  for (const column of inputs) {
    check(
      column.values.some((value) => !Number.isNaN(value)),
      () => `column ${show(column.name)} has no cell to learn a filling from; drop it`,
      "invalid_data",
    );
  }
  return all;
}

function checkPresent(column: Column): void {
  const first = column.values.findIndex(Number.isNaN);
  check(
    first < 0,
    () => {
      const count = column.values.filter(Number.isNaN).length;
      return (
        `column ${show(column.name)} must have every cell, but ${count} of ${column.values.length} are missing, ` +
        `the first in row ${first + 1} below the header; choose a rule for missing cells (drop or impute; a target cannot be imputed)`
      );
    },
    "invalid_data",
  );
}

interface EncodedFeature {
  readonly feature: Feature;
  readonly values: Float64Array; // [rows]
}

function encodeInputs(inputs: readonly Column[], rows: Int32Array): Pick<Dataset, "features" | "x"> {
  const encoded = inputs.flatMap((column): EncodedFeature[] => {
    const { name, kind } = column;
    const values = Float64Array.from(rows, (i) => column.values[i]);
    if (kind !== "category") return [{ feature: { name, column: name, kind }, values }];
    return distinct(column, values).map((code) => ({
      feature: { name: `${name}=${column.categories[code]}`, column: name, kind },
      values: values.map((value) => (Number.isNaN(value) ? NaN : Number(value === code))),
    }));
  });
  const x = new Float64Array(rows.length * encoded.length);
  encoded.forEach(({ values }, j) => {
    values.forEach((value, i) => {
      x[i * encoded.length + j] = value;
    });
  });
  return { features: encoded.map(({ feature }) => feature), x };
}

function encodeTarget(
  column: Column,
  rows: Int32Array,
  task: Task | "auto",
): Pick<Dataset, "task" | "target" | "outputs" | "y" | "labels" | "classes"> {
  checkChoice("task", task, ["auto", "classification", "regression"]);
  const target = column.name;
  const values = Float64Array.from(rows, (i) => column.values[i]);
  const first = values[0];
  check(
    values.some((value) => value !== first),
    () =>
      `the target ${show(target)} must differ between rows, but is ${show(nameOf(column, first))} in all ${rows.length}`,
    "invalid_data",
  );
  if (task === "regression" || (task === "auto" && isQuantity(column, values))) {
    check(
      column.kind === "number",
      () =>
        `regression needs a target of numbers, but ${show(target)} holds ${show(column.categories.slice(0, 3))}; choose classification`,
      "invalid_data",
    );
    return { task: "regression", target, outputs: 1, y: values, labels: new Int32Array(0), classes: [] };
  }
  const codes = distinct(column, values);
  const classOf = new Map(codes.map((code, label) => [code, label]));
  const labels = Int32Array.from(values, (value) => classOf.get(value)!);
  const binary = codes.length === 2;
  return {
    task: "classification",
    target,
    outputs: binary ? 1 : codes.length,
    y: binary ? Float64Array.from(labels) : oneHot(labels, codes.length),
    labels,
    classes: codes.map((code) => nameOf(column, code)),
  };
}

const nameOf = (column: Column, value: number): string =>
  column.kind === "number" ? String(value) : column.categories[value];

const isQuantity = (column: Column, values: Float64Array): boolean =>
  column.kind === "number" && (!values.every(Number.isInteger) || new Set(values).size > MAX_AUTO_CLASSES);

/** The distinct values present, ascending. */
function distinct(column: Column, values: Float64Array): number[] {
  const present = [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  check(
    present.length <= MAX_CATEGORIES,
    () =>
      `column ${show(column.name)} has ${present.length} distinct values; more than ${MAX_CATEGORIES} are no categories: drop it, group them, or choose regression`,
    "invalid_data",
  );
  return present;
}
