/**
 * A table turned into numbers to learn from: inputs, target, and what each column means. It does not fill,
 * encode or scale, because that must be learned from the training part only; see pipeline/.
 */

import { check, isRecord, must, mustBeRecord, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { listOf, type OptionRules, oneOf, readOptions } from "../rules.js";
import {
  firstIgnored,
  keptRows,
  type MissingRule,
  mustBeKnown,
  refuseColumns,
  type Task,
  valuesAt,
} from "./columns.js";
import { DAY } from "./days.js";
import { checkTime, numberGroups } from "./groups.js";
import { keptAs } from "./identifiers.js";
import { takeRows } from "./matrix.js";
import { belowHeader, originOf, type RowOrigin } from "./origin.js";
import { withPositive } from "./positive.js";
import { checkRareClasses, type RareClasses, withoutRare } from "./rare.js";
import { type Receipt, receiptOf } from "./receipt.js";
import { type InputKind, isInputKind, type Schema } from "./schema.js";
import { type Column, checkTable, columnNamed, type Table } from "./table.js";
import { columnOfRole, encodeTargets, type TargetData, targetOfRows, targetsIn, taskOf } from "./targets.js";
import { checkSampleWeight } from "./weights.js";

export type { MissingRule, Task };

/** One column of the inputs. */
export interface Input {
  readonly name: string;
  readonly kind: InputKind;
  /** The words of a category by code; those for 0 and 1 of a boolean; empty for a number. */
  readonly categories: readonly string[];
  /** Whether a row lacks a cell here; for a model, whether a row may lack it. */
  readonly gaps: boolean;
  /** Whether dates have times of day. @defaultValue false */
  readonly times?: boolean;
}

/** Inputs, column by column, and target. */
export interface Dataset extends TargetData {
  readonly rows: number;
  readonly inputs: readonly Input[];
  /**
   * `[rows]` for each input: numbers, 0 or 1 for booleans, codes of categories, milliseconds since 1970 for
   * dates; NaN marks a missing cell, possible only with `missing: "impute"`.
   */
  readonly columns: readonly Floats[];
  /**
   * The shape of a row, if the inputs are the numbers of an array in row-major order, such as an image.
   * @defaultValue `[inputs]`
   */
  readonly shape?: readonly number[];
  /** `[rows]`: how much each row counts in losses and metrics. @defaultValue every row counts the same */
  readonly sampleWeight?: Float64Array;
  /** `[rows]`: the number of each row's group; no group is divided between training and validation. */
  readonly groups?: Int32Array;
  /** `[rows]`: the time of each row; validation and test rows come after all training rows. */
  readonly time?: Float64Array;
  /**
   * Whether missing cells are imputed: then a model accepts missing cells in any column, also in complete
   * ones.
   */
  readonly imputes?: true;
  /** Which rows of a table or of arrays these are: errors name them. @defaultValue all rows of arrays */
  readonly origin?: RowOrigin;
  /** Columns that are left out because a model learns nothing from their kind, and why. */
  readonly leftOut?: readonly { readonly name: string; readonly reason: string }[];
  /**
   * How the cells of the table are written, so that other tables are read in the same way. @defaultValue
   * numbers in JavaScript's notation
   */
  readonly schema?: Schema;
  /** @internal How many of the first rows are trained on; the others are `validationData`. Default all. */
  readonly trainRows?: number;
  /** What was decided when the table was read, for people; see {@link Table}. */
  readonly notes?: readonly string[];
  /** How the table was read, and which rows are used. */
  readonly receipt?: Receipt;
}

/** How a table is encoded. */
export interface EncodeOptions {
  /**
   * The column to predict, or several columns of numbers, each an output of a regression.
   * @defaultValue those with the role `target` in the schema
   */
  readonly target?: string | readonly string[];
  /**
   * `auto` treats a target of categories, booleans or at most 20 distinct integers as classes, any other as a
   * quantity.
   * @defaultValue `"auto"`
   */
  readonly task?: Task | "auto";
  /**
   * The positive class of two, for precision, recall, F1, AUC and the decision threshold. It becomes the
   * second of `classes`.
   * @defaultValue `yes`, `true` or `1` if the other class is its opposite; else the rarer class, and of
   * equals the second
   */
  readonly positive?: string;
  /**
   * A column of numbers with the weight of each row in losses and metrics; it is not an input.
   * @defaultValue the one with the role `weight` in the schema, or none
   */
  readonly weight?: string;
  /**
   * A column whose equal values mark rows that belong together, such as a patient's; it is not an input, and
   * no fold divides a group.
   * @defaultValue the one with the role `group` in the schema, or none
   */
  readonly group?: string;
  /**
   * A column of dates or numbers with the time of each row: folds and the test part then follow the order of
   * time. It stays an input unless it is dropped. @defaultValue none
   */
  readonly time?: string;
  /**
   * Columns to leave out, in addition to those that the schema leaves out: those with the role `ignored`, and
   * those of a kind that is not read.
   * @defaultValue none
   */
  readonly drop?: readonly string[];
  /**
   * `refuse` throws if a cell is missing in a column in use; `drop` leaves out each row that has one;
   * `impute` leaves NaN in the inputs, for which `fitPipeline` learns fill values; a model then accepts
   * missing cells in any column. Rows without a target are left out, whatever the rule; `notes` counts them.
   * @defaultValue `"refuse"`
   */
  readonly missing?: MissingRule;
  /** How classes with few rows are treated. @defaultValue like other classes */
  readonly rareClasses?: RareClasses;
}

const RULES = {
  target: true,
  task: [oneOf("task", ["auto", "classification", "regression"]), "auto"],
  positive: true,
  weight: true,
  group: true,
  time: true,
  drop: [listOf("an array of column names", (name) => typeof name === "string"), []],
  missing: [oneOf("rule for missing cells", ["refuse", "drop", "impute"]), "refuse"],
  rareClasses: true,
} satisfies OptionRules<EncodeOptions>;

/**
 * Encodes a table: numbers and booleans (0, 1) unchanged, a category as the code of its word, and the target
 * as described in {@link Dataset}. {@link fitPipeline} then makes the inputs of a network, as `tune` does in
 * each fold.
 *
 * @throws FettleError `unknown_name` for a target, dropped column, task, rule or option that does not exist;
 *   `invalid_argument` for anything but a table, if the target is dropped, if no input remains, or for a
 *   `positive` that is not one of two classes; `invalid_data`, naming all columns that cannot be used and
 *   why: missing cells under the chosen rule, no cells at all, a category of more than 100,000 words, a
 *   target of more than 1,000 classes, a target of one value, and a regression target without numbers
 * @example
 * ```ts
 * const table = readTable("size,color,good\n4,red,yes\n1,blue,no\n2,red,no\n");
 * const { columns, y, inputs } = encodeTable(table, { target: "good" });
 * inputs[1].categories; // ["blue", "red"]
 * columns[1]; // [1, 0, 1]
 * y; // [1, 0, 0]
 * ```
 */
export function encodeTable(table: Table, options: EncodeOptions): Dataset {
  checkTable(table);
  const { target: given, task, drop, missing, rareClasses } = readOptions(options, "encodeTable", RULES);
  checkRareClasses(rareClasses);
  const { weight: weightName = columnOfRole(table, "weight") } = options;
  const { group: groupName = columnOfRole(table, "group") } = options;
  const targets = targetsIn(table, given);
  const dropped = drop.map((name) => columnNamed(table, name));
  const weight = weightName === undefined ? undefined : columnNamed(table, weightName);
  const group = groupName === undefined ? undefined : columnNamed(table, groupName);
  const time = options.time === undefined ? undefined : columnNamed(table, options.time);
  for (const { name } of targets)
    check(!drop.includes(name), () => `drop must not hold the target; received ${show(name)} as both`);
  const noInputs = table.schema.columns.flatMap(({ name, role }) =>
    role !== undefined && ["weight", "group", "ignored"].includes(role) ? [name] : [],
  );
  const others = table.columns.filter(
    (column) => ![...targets, weight, group, ...dropped].includes(column) && !noInputs.includes(column.name),
  );
  const inputs = others.filter(({ kind }) => isInputKind(kind));
  const leftOut = others.flatMap(({ name, kind, reason = `is of kind ${kind}` }) =>
    isInputKind(kind) ? [] : [{ name, reason }],
  );
  check(
    inputs.length > 0,
    () =>
      `a table must have an input besides the target; received only ${targets.map(({ name }) => show(name)).join(", ")}` +
      leftOut.map(({ name, reason }) => `, and ${show(name)}, which ${reason}`).join("") +
      (leftOut.length > 0
        ? `; choose as: ${keptAs(leftOut[0].name, leftOut[0].reason)}`
        : drop.length > 0
          ? "; drop fewer columns"
          : ""),
  );

  const use = { inputs, targets, missing, drop };
  const { rows: kept, notes: leaving } = keptRows(table.rows, use);
  const { task: chosen, notes: reasons } = taskOf(targets, kept, task);
  refuseColumns(use, kept, chosen);
  const all = { target: targets[0], rows: kept, schema: table.schema, notes: [] };
  const classes = rareClasses && chosen === "classification" ? withoutRare(all, rareClasses) : all;
  const { rows, schema } = classes;
  if (rows.length < kept.length) refuseColumns(use, rows, chosen);
  const encoded = encodeTargets(targets.length > 1 ? targets : [classes.target], rows, chosen);
  const { data: target, notes: why } = withPositive(encoded, options.positive);
  const notes = [...table.notes, ...leaving, ...classes.notes, ...reasons, ...why];
  return {
    ...encodeInputs(inputs, rows),
    ...target,
    ...(weight && { sampleWeight: weightsOfRows(weight, rows) }),
    ...(group && { groups: groupsIn(group, rows) }),
    ...(time && { time: timesIn(time, rows) }),
    ...(missing === "impute" && { imputes: true }),
    ...(leftOut.length > 0 && { leftOut }),
    ...(notes.length > 0 && { notes }),
    schema,
    origin: { isTable: true, ...(rows.length < table.rows && { rows }) },
    receipt: receiptFor(table, [...leaving, ...classes.notes], rows.length, [
      ...[...inputs, ...targets, weight, group, time].flatMap((column) => column?.name ?? []),
      ...leftOut.map(({ name }) => name),
    ]),
    rows: rows.length,
  };
}

/** The receipt of the columns in use and of those left out, with the reasons for unused rows. */
function receiptFor(
  table: Table,
  reasons: readonly string[],
  used: number,
  names: readonly string[],
): Receipt {
  const { rows, findings } = receiptOf(table, names);
  const leaving = reasons.map((message) => ({ type: "rows" as const, columns: [], message }));
  return { rows, used, findings: [...leaving, ...findings] };
}

/** Where the cells of some rows of a table are, for people. */
const placeIn =
  (rows: Int32Array) =>
  (i: number): string =>
    `in row ${belowHeader(rows[i])}`;

function groupsIn(column: Column, rows: Int32Array): Int32Array {
  const name = `group ${show(column.name)}`;
  const isRead = isInputKind(column.kind) && column.doubt === undefined;
  const way = `choose as: ${JSON.stringify({ [column.name]: "category" })}`;
  check(
    isRead,
    () => `${name} must be a column whose words repeat; received a ${column.kind}; ${way}`,
    "invalid_data",
  );
  const values = valuesAt(column, rows);
  const gap = values.findIndex(Number.isNaN);
  check(
    gap < 0,
    () => `${name} must have no missing cells; row ${belowHeader(rows[gap])} has one`,
    "invalid_data",
  );
  const ignored = firstIgnored(column, values);
  check(ignored < 0, () => `${name} ${mustBeKnown(rows[ignored])}`, "invalid_data");
  return numberGroups(name, values, rows.length, placeIn(rows));
}

function timesIn(column: Column, rows: Int32Array): Float64Array {
  const name = `time ${show(column.name)}`;
  const isRead = (column.kind === "date" || column.kind === "number") && column.doubt === undefined;
  const way =
    isRead || column.kind !== "identifier"
      ? ""
      : `; choose as: ${JSON.stringify({ [column.name]: "number" })}`;
  check(
    isRead,
    () => `${name} must be a column of dates or numbers; received ${show(column.kind)}${way}`,
    "invalid_data",
  );
  return checkTime(name, valuesAt(column, rows), rows.length, placeIn(rows));
}

/** @throws FettleError `invalid_data` for anything but weights, naming the row */
export function weightsOfRows(column: Column, rows: Int32Array): Float64Array {
  const name = `weight ${show(column.name)}`;
  must(
    column.kind === "number" && column.doubt === undefined,
    name,
    "a column of numbers",
    column.kind,
    "invalid_data",
  );
  return checkSampleWeight(name, valuesAt(column, rows), rows.length, placeIn(rows));
}

/** The same data set with some of its rows, in the order given. */
export function takeExamples({ trainRows: _, ...data }: Dataset, rows: Int32Array): Dataset {
  return {
    ...data,
    rows: rows.length,
    origin: originOf(data.origin, rows),
    columns: data.columns.map((values) => takeRows(values, 1, rows)),
    y: takeRows(data.y, data.outputs, rows),
    labels: data.labels.length > 0 ? rows.map((row) => data.labels[row]) : data.labels,
    ...(data.groups && { groups: rows.map((row) => (data.groups as Int32Array)[row]) }),
    ...(data.sampleWeight && { sampleWeight: takeRows(data.sampleWeight, 1, rows) }),
    ...(data.time && { time: takeRows(data.time, 1, rows) }),
  };
}

function encodeInputs(used: readonly Column[], rows: Int32Array): Pick<Dataset, "inputs" | "columns"> {
  const columns = used.map((column) => valuesAt(column, rows));
  const inputs = used.map(({ name, kind, categories }, j): Input => {
    const gaps = columns[j].includes(Number.NaN);
    const times = kind === "date" && columns[j].some((value) => Math.abs(value % DAY) > 0); // not NaN
    return { name, kind: kind as InputKind, categories, gaps, ...(times && { times }) };
  });
  return { inputs, columns };
}

/** Rows of another table, encoded like those of the first. */
export interface EncodedRows {
  readonly rows: number;
  /** `[rows]` for each input; NaN marks a missing cell. */
  readonly columns: readonly Floats[];
  /** `[rows, outputs]`, as in {@link Dataset}; undefined if the table has no target. */
  readonly y?: Float64Array;
  /** `[rows]`: the index of each row's class; undefined without a target, and for regression. */
  readonly labels?: Int32Array;
}

/**
 * Encodes another table like a data set: the same inputs in the same order, whatever the order of its
 * columns, and the target if it has one. Read the table with the schema of the first, so that categories keep
 * their codes and numbers their format. A category that the data set does not have gets a code beyond all its
 * categories.
 *
 * @param like - the data set, or the parts of it that define the encoding, which are JSON
 * @throws FettleError `invalid_data` naming every column that is missing or of another kind, and for a target
 * that is missing in a row or of an unknown class; `invalid_argument` for anything but a table and a data set
 * @example
 * ```ts
 * const table = readTable("size,port,good\n4,C,yes\n1,Q,no\n2,S,no\n");
 * const data = encodeTable(table, { target: "good" });
 * const other = readTable("port,size\nQ,3\nS,1\n", { schema: table.schema });
 * encodeRows(other, data).columns[1]; // [1, 2]
 * ```
 */
export function encodeRows(
  table: Table,
  like: Pick<Dataset, "inputs" | "target" | "targets" | "task" | "classes">,
): EncodedRows {
  checkTable(table);
  must(
    isRecord(like) && Array.isArray(like.inputs) && Array.isArray(like.classes),
    "like",
    "the result of encodeTable",
    like,
  );
  const { inputs } = like;
  for (const input of inputs) mustBeRecord("each of the inputs of like", input);
  const named = new Map(table.columns.map((column) => [column.name, column]));
  const faults = inputs.flatMap(({ name, kind }) => {
    const found = named.get(name)?.kind;
    if (found === kind) return [];
    return [found ? `${show(name)} must be a ${kind}; received a ${found}` : `${show(name)} is missing`];
  });
  check(
    faults.length === 0,
    () =>
      `columns must be those that the data set was encoded from: ${faults.join("; ")}; ` +
      "read the table with the schema of the first, as readTable(text, { schema })",
    "invalid_data",
  );

  const { rows } = table;
  const columns = inputs.map((input) => {
    const { values, categories } = named.get(input.name)!;
    if (input.kind !== "category") return values;
    const codes = codesFrom(categories, input.categories);
    return values.map((value) => (Number.isNaN(value) ? value : (codes[value] ?? input.categories.length)));
  });
  return { rows, columns, ...targetOfRows(table, like) };
}

/** The code of each of `from` among the words `to`; `to.length` for a word that is not among them. */
function codesFrom(from: readonly string[], to: readonly string[]): readonly number[] {
  const codes = new Map(to.map((word, code) => [word, code]));
  return from.map((word) => codes.get(word) ?? to.length);
}
