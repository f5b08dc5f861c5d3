/** Targets of a table: their columns, whether they are classes, and their numbers. */
import { check, must, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { targetOfClasses } from "./classes.js";
import { distinct, type Task, valuesAt, wordOf } from "./columns.js";
import { belowHeader } from "./origin.js";
import type { ColumnRole } from "./schema.js";
import { type Column, columnNamed, type Table } from "./table.js";

/** The targets to predict, as numbers. */
export interface TargetData {
  readonly task: Task;
  /** The target's column; for several targets, their names. */
  readonly target: string;
  /** The columns of several targets, in the order of the columns of `y`; undefined for one. */
  readonly targets?: readonly string[];
  /**
   * Columns of `y`: one for each quantity; 1 for two classes, and the number of classes if there are more.
   */
  readonly outputs: number;
  /** `[rows, outputs]`: the quantities; 0 or 1 for two classes; one-hot for more. */
  readonly y: Float64Array;
  /** `[rows]`: the index of each row's class; empty for regression. */
  readonly labels: Int32Array;
  /**
   * The classes' names: of two, the positive one is the second; more are in ascending order (numbers by
   * value, words by code unit). Empty for regression.
   */
  readonly classes: readonly string[];
}

/** The names of the columns with that role in the schema. */
function columnsOfRole({ schema }: Table, role: ColumnRole): string[] {
  return schema.columns.filter((column) => column.role === role).map(({ name }) => name);
}

/**
 * The name of the one column of that role in the schema, if there is one.
 *
 * @throws FettleError `invalid_argument` for several
 */
export function columnOfRole(table: Table, role: ColumnRole): string | undefined {
  const names = columnsOfRole(table, role);
  must(names.length < 2, role, "one column of the role in the schema", names);
  return names[0];
}

/**
 * The columns to predict.
 *
 * @param given - the user's names; by default those of the schema
 * @throws FettleError `invalid_argument` unless there is at least one, each once; `unknown_name`
 */
export function targetsIn(table: Table, given: string | readonly string[] | undefined): Column[] {
  const names = given === undefined ? columnsOfRole(table, "target") : [given].flat();
  must(
    names.length > 0 &&
      names.every((name) => typeof name === "string") &&
      new Set(names).size === names.length,
    "target",
    "the name of a column, or names that differ",
    given,
  );
  return names.map((name) => columnNamed(table, name));
}

/** The most distinct integers that are treated as classes. */
const MAX_AUTO_CLASSES = 20;

/**
 * The task: by the values of one target; several targets are always quantities.
 *
 * @returns also why numbers became classes, for people; 0 and 1 need no reason
 * @throws FettleError `invalid_argument` for classes of several targets
 */
export function taskOf(
  targets: readonly Column[],
  rows: Int32Array,
  given: Task | "auto",
): { readonly task: Task; readonly notes: readonly string[] } {
  if (targets.length > 1) {
    must(given !== "classification", "task", '"regression" for several targets', given);
    return { task: "regression", notes: [] };
  }
  if (given !== "auto") return { task: given, notes: [] };
  const [{ name, kind, doubt }] = targets;
  if (kind !== "number") return { task: "classification", notes: [] };
  const values = valuesAt(targets[0], rows);
  const count = new Set(values).size;
  if (doubt !== undefined || count > MAX_AUTO_CLASSES || !values.every(Number.isInteger))
    return { task: "regression", notes: [] };
  const note =
    `target ${show(name)} has ${count} different integers, which are treated as classes; ` +
    'choose task: "regression" if they are quantities';
  return { task: "classification", notes: count > 2 ? [note] : [] };
}

/** The target's part of a data set. Columns were checked before. */
export function encodeTargets(targets: readonly Column[], rows: Int32Array, task: Task): TargetData {
  const names = targets.map(({ name }) => name);
  const base = { task, target: names.join(", "), ...(names.length > 1 && { targets: names }) };
  if (task === "regression") {
    const y = sideBySide(targets.map((target) => valuesAt(target, rows)));
    return { ...base, outputs: targets.length, y, labels: new Int32Array(0), classes: [] };
  }
  const [column] = targets;
  const values = valuesAt(column, rows);
  const codes = distinct(values);
  const classOf = new Map(codes.map((code, label) => [code, label]));
  const labels = Int32Array.from(values, (value) => classOf.get(value) as number);
  return {
    ...base,
    outputs: codes.length === 2 ? 1 : codes.length,
    y: targetOfClasses(labels, codes.length),
    labels,
    classes: codes.map((code) => wordOf(column, code)),
  };
}

/** Columns as a matrix, `[rows, columns]`. */
function sideBySide(columns: readonly Floats[]): Float64Array {
  const width = columns.length;
  const matrix = new Float64Array(columns[0].length * width);
  columns.forEach((values, j) => {
    for (let i = 0; i < values.length; i++) matrix[i * width + j] = values[i];
  });
  return matrix;
}

/**
 * The target of all rows of another table, encoded like that of the data set; absent if the table does not
 * have it.
 *
 * @throws FettleError `invalid_data` for a target that is missing in a row, or of an unknown class, and if
 * only some of several targets are present
 */
export function targetOfRows(
  table: Table,
  { target, targets = [target], task, classes }: Pick<TargetData, "target" | "targets" | "task" | "classes">,
): { y?: Float64Array; labels?: Int32Array } {
  const columns = targets.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
  if (columns.length === 0) return {};
  check(
    columns.length === targets.length,
    () =>
      `targets must all be in the table, or none; received ${columns.map(({ name }) => show(name)).join(", ")}`,
    "invalid_data",
  );
  for (const { name, values } of columns) {
    const gap = values.findIndex(Number.isNaN);
    check(
      gap < 0,
      () =>
        `target ${show(name)} must have no missing cells; row ${belowHeader(gap)} has one; leave the column out to predict it`,
      "invalid_data",
    );
  }
  if (task === "regression") return { y: sideBySide(columns.map(({ values }) => values)) };
  const [column] = columns;
  const labels = Int32Array.from(column.values, (value) => {
    const word: string | undefined = wordOf(column, value); // of an ignored word there is none
    check(
      word !== undefined && classes.includes(word),
      () =>
        `target ${show(target)} must be one of ${classes.map(show).join(", ")}; ` +
        `received ${word === undefined ? "a word that the schema lacks" : show(word)}`,
      "invalid_data",
    );
    return classes.indexOf(word);
  });
  return { y: targetOfClasses(labels, classes.length), labels };
}
