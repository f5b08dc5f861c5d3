/**
 * Which rows and columns of a table can be used. Unusable columns are refused together, each with its reason,
 * so that the user does not meet them one by one.
 */

import { FettleError, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { everyRow } from "./check.js";
import { MAX_CLASSES } from "./classes.js";
import { keptAs } from "./identifiers.js";
import { belowHeader } from "./origin.js";
import { isInputKind } from "./schema.js";
import type { Column, Table } from "./table.js";

/** What a model predicts: one of several classes, or a quantity. */
export type Task = "classification" | "regression";

/** More distinct words than this are not categories. */
const MAX_CATEGORIES = 100_000;

/** How missing cells are handled. */
export type MissingRule = "refuse" | "drop" | "impute";

/** The refusal of columns. `message` has all reasons; `drop` is the option that leaves the columns out. */
export class ColumnsError extends FettleError {
  /** Columns to leave out, including those already left out; empty if that does not help. */
  readonly drop: readonly string[];

  constructor(message: string, drop: readonly string[]) {
    super("invalid_data", message);
    this.drop = drop;
  }
}

/** Which columns are in use, and how. */
export interface Use {
  readonly inputs: readonly Column[];
  readonly targets: readonly Column[];
  readonly missing: MissingRule;
  /** Columns that are left out already. */
  readonly drop: readonly string[];
}

/** The rows that have a cell in each column. */
function whole(rows: Int32Array, columns: readonly Column[]): Int32Array {
  return rows.filter((i) => !columns.some(({ values }) => Number.isNaN(values[i])));
}

/** The rows of a table that have all targets, or all if none has. @returns also their numbers in the table */
export function rowsWithTargets(
  table: Table,
  targets: readonly string[],
): { readonly table: Table; readonly rows: Int32Array } {
  const own = table.columns.filter(({ name }) => targets.includes(name));
  const every = everyRow(table.rows);
  const rows = whole(every, own);
  if (rows.length === 0 || rows.length === table.rows) return { table, rows: every };
  const columns = table.columns.map((column) => ({ ...column, values: valuesAt(column, rows) }));
  return { table: { ...table, rows: rows.length, columns }, rows };
}

/**
 * If a rule leaves out more than this share of the rows, its note names the columns, and how to keep the
 * rows.
 */
const MANY = 1 / 20;

/**
 * The rows to use, ascending: those with a target, and under the rule `drop` with every cell. If no row has a
 * target, all rows, so that the target is refused.
 *
 * @returns also how many rows are left out and why, for people
 * @throws ColumnsError if the rule leaves no row
 */
export function keptRows(
  all: number,
  { inputs, targets, missing, drop }: Use,
): { readonly rows: Int32Array; readonly notes: readonly string[] } {
  const every = everyRow(all);
  const known = whole(every, targets);
  if (known.length === 0) return { rows: every, notes: [] };
  const rows = missing === "drop" ? whole(known, inputs) : known;
  const shareOf = (count: number): string =>
    `${count} of ${all} rows (${((100 * count) / all).toFixed(1)} %)`;
  const [untold, cut] = [all - known.length, known.length - rows.length];
  const names = targets.map(({ name }) => show(name)).join(", ");
  const notes = untold > 0 ? [`${shareOf(untold)} lack target ${names} and are left out`] : [];
  if (cut > 0)
    notes.push(
      `missing: "drop" leaves out ${shareOf(cut)}${cut > MANY * all ? mostGaps(inputs, known) : ""}`,
    );
  if (rows.length > 0) return { rows, notes };
  const empty = inputs.filter(({ values }) => values.every(Number.isNaN)).map(({ name }) => name);
  const suggested = empty.length > 0 && empty.length < inputs.length ? [...drop, ...empty] : [];
  const columns =
    suggested.length > 0 ? `, with drop: ${JSON.stringify(suggested)} for those without cells` : "";
  throw new ColumnsError(
    'missing: "drop" must leave at least one row; received a missing cell in every row; ' +
      `leave columns out${columns}, or choose missing: "impute"`,
    suggested,
  );
}

/** The columns with the most gaps, and what keeps the rows. */
function mostGaps(inputs: readonly Column[], rows: Int32Array): string {
  const counts = inputs.map(({ name, values }) => ({
    name,
    count: rows.reduce((sum, row) => sum + Number(Number.isNaN(values[row])), 0),
  }));
  const [first, second] = counts.sort((a, b) => b.count - a.count);
  const said = [first, ...(second?.count ? [second] : [])].map(
    ({ name, count }) => `${show(name)} (${count})`,
  );
  return `, most for gaps in ${said.join(" and ")}; missing: "impute" keeps them`;
}

/** Why a column cannot be used. */
interface Fault {
  readonly reason: string;
  /** Whether the reason is missing cells. */
  readonly gaps?: true;
}

/** @throws ColumnsError unless every column can be used, in those rows and for that task */
export function refuseColumns({ inputs, targets, missing, drop }: Use, rows: Int32Array, task: Task): void {
  const faults = inputs.flatMap((column) => {
    const fault = faultOfInput(column, rows, missing);
    return fault === undefined ? [] : [{ name: column.name, ...fault }];
  });
  const targetFaults = targets.flatMap((target) => {
    const fault = faultOfTarget(target, rows, task);
    return fault === undefined ? [] : [{ name: target.name, ...fault }];
  });
  const lines = faults.map(({ name, reason }) => `column ${show(name)} ${reason}`);
  for (const { name, reason } of targetFaults) lines.push(`target ${show(name)} ${reason}`);
  if (lines.length === 0) return;

  const names = faults.map(({ name }) => name);
  const suggested = names.length > 0 && names.length < inputs.length ? [...drop, ...names] : [];
  const ways: string[] = [];
  if (faults.some(({ gaps }) => gaps)) ways.push('choose missing: "impute" or missing: "drop"');
  if (suggested.length > 0) {
    ways.push(`leave ${lines.length === 1 ? "it" : "columns"} out with drop: ${JSON.stringify(suggested)}`);
  }
  const way = ways.join(", or ");
  throw new ColumnsError(
    lines.length === 1
      ? [...lines, way].filter((part) => part !== "").join("; ")
      : `${lines.length} columns cannot be used:\n  ${[...lines, way].join("\n  ").trimEnd()}`,
    suggested,
  );
}

function faultOfInput(column: Column, rows: Int32Array, missing: MissingRule): Fault | undefined {
  if (column.doubt !== undefined) return { reason: column.doubt };
  const values = valuesAt(column, rows);
  if (values.every(Number.isNaN)) return { reason: "must have values; all cells are missing" };
  const gaps = missing === "refuse" ? gapsOf(values, rows) : undefined;
  return gaps ?? (column.kind === "category" ? tooMany(values, MAX_CATEGORIES) : undefined);
}

function faultOfTarget(column: Column, rows: Int32Array, task: Task): Fault | undefined {
  if (column.doubt !== undefined) return { reason: column.doubt };
  const values = valuesAt(column, rows);
  if (!isInputKind(column.kind) || column.kind === "date") {
    const { name, kind, reason = "holds dates" } = column;
    if (kind === "constant") return { reason: `must differ between rows; it ${reason}` };
    const way = kind === "empty" ? "" : `; choose as: ${keptAs(name, reason)}`;
    return { reason: `must hold numbers, booleans or categories; it ${reason}${way}` };
  }
  if (values.includes(Number.NaN)) return { reason: "must have values; all cells are missing" }; // see `keptRows`
  const ignored = firstIgnored(column, values);
  if (ignored >= 0)
    return { reason: `${mustBeKnown(rows[ignored])}; choose unknown: "missing" to leave such rows out` };
  if (values.every((value) => value === values[0])) {
    const same = show(wordOf(column, values[0]));
    return { reason: `must differ between rows; received ${same} in all ${values.length}` };
  }
  if (task === "classification") {
    return tooMany(values, MAX_CLASSES, column.kind === "number" ? '; choose task: "regression"' : "");
  }
  if (column.kind === "number") return undefined;
  const words = show(column.categories.slice(0, 3));
  return { reason: `must hold numbers for regression; received ${words}; choose task: "classification"` };
}

/** @param rows - the rows of the table that have the values */
function gapsOf(values: Floats, rows: Int32Array): Fault | undefined {
  let count = 0;
  for (const value of values) if (Number.isNaN(value)) count++;
  if (count === 0) return undefined;
  const first = rows[values.findIndex(Number.isNaN)];
  const which = `${count} of ${values.length} are missing, the first in row ${belowHeader(first)}`;
  return { reason: `must have every cell; ${which}`, gaps: true };
}

function tooMany(values: Floats, most: number, way = ""): Fault | undefined {
  const count = distinct(values).length;
  if (count <= most) return undefined;
  return { reason: `must have at most ${most} distinct values; received ${count}${way}` };
}

/** The index of the first word that the schema lacks, read with `unknown: "ignore"`; −1 if there is none. */
export const firstIgnored = ({ kind, categories }: Column, values: Floats): number =>
  kind === "category" ? values.findIndex((value) => value >= categories.length) : -1;

/** For words that cannot be ignored, since they would all be one. @param row - of the table */
export const mustBeKnown = (row: number): string =>
  `must hold words of the schema; the one in row ${belowHeader(row)} is another`;

/** The values of a column in those rows, ascending. */
export function valuesAt({ values }: Column, rows: Int32Array): Floats {
  if (rows.length === values.length) return values;
  const taken = new (values instanceof Float32Array ? Float32Array : Float64Array)(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]];
  return taken;
}

/** The distinct values present, ascending. */
export function distinct(values: Floats): number[] {
  return [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
}

/** The word of a value, as its column spells it. */
export function wordOf(column: Column, value: number): string {
  return column.kind === "number" ? String(value) : column.categories[value];
}
