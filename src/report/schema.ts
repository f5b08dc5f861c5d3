/** The columns of a table, as text for people. */
import { compact } from "../compact.js";
import type { Drift } from "../data/diagnosis/drift.js";
import { receiptOf } from "../data/receipt.js";
import type { ColumnSchema } from "../data/schema.js";
import type { Column, Table } from "../data/table.js";
import { clip, count, plain } from "./format.js";
import { layOut, wrap } from "./layout.js";
import { receiptLines } from "./receipt.js";
import type { Paint } from "./study.js";

/** The number of columns without cells that have a line each. */
const MOST_EMPTY = 3;
/** The longest sample: a day, such as 2024-05-31. */
const SAMPLE = 10;

/**
 * A line for each column, and what is in doubt, in lines of at most `width` characters.
 *
 * @param explain - rewrites a message for readers who do not write code
 *
 * @example
 * ```ts
 * const table = readTable("size,color\\n4,red\\n?,blue\\n");
 * describeSchema("a.csv", table, 80, { heading: (text) => text, faint: (text) => text })[3];
 * // "  size    number       1 missing  4"
 * ```
 */
export function describeSchema(
  file: string,
  table: Table,
  width: number,
  paint: Paint,
  explain: (doubt: string) => string = (doubt) => doubt,
): string[] {
  const { columns, schema, ignored, notes: decided, rows } = table;
  const named = new Map(columns.map((column) => [column.name, column]));
  const empty = schema.columns.filter(({ kind }) => kind === "empty").length;
  // if there are many, they are only counted below
  const shown = schema.columns.filter(
    ({ kind, reason }) => kind !== "empty" || !reason || empty <= MOST_EMPTY,
  );
  const lines = shown.map((column) => {
    const read = named.get(column.name);
    const gaps = read === undefined ? "not in the table" : gapsOf(read);
    return [
      plain(column.name),
      kindOf(column),
      gaps,
      (column.samples ?? []).map((cell) => clip(plain(cell), SAMPLE)).join(", "),
    ];
  });
  const told = compact<string>(
    receiptLines(receiptOf(table), explain),
    decided.map(plain),
    ignored.length > 0 && `ignored, since the schema does not name them: ${ignored.map(plain).join(", ")}`,
  );
  return [
    `${plain(file)}: ${count(rows, "row")}, ${count(columns.length, "column")}`,
    "",
    ...layOut([["column", "kind", "cells", "samples"], ...lines], { width }).map((line, i) =>
      i === 0 ? paint.faint(line) : line,
    ),
    ...(told.length > 0 ? ["", ...told.flatMap((text) => wrap(text, width))] : []),
  ];
}

function kindOf({ kind, format = {}, categories, dateOrder, doubt }: ColumnSchema): string {
  const known = kind === "category" ? `${kind} of ${categories.length}` : kind;
  if (doubt !== undefined) return `${kind}, in doubt`;
  if (dateOrder !== undefined) return `${known}, ${dateOrder}`;
  const { decimal = ".", group = "", unit = "", clock = false } = format;
  if (clock) return `${known} like ${clock === true ? "2:05" : "10:30 PM"}`;
  return Object.keys(format).length > 0 ? `${known} like 1${group}234${decimal}5 ${unit}`.trim() : known;
}

function gapsOf({ values, doubt, kind }: Column): string {
  if (doubt !== undefined && kind !== "category") return "";
  const missing = values.filter(Number.isNaN).length;
  return missing === 0 ? "all" : `${missing} missing`;
}

/** The drift of a table, in lines of at most `width` characters. */
export function describeDrift(
  [file, other]: readonly [file: string, other: string],
  rows: number,
  drifts: readonly Drift[],
  width: number,
): string[] {
  const heading = `${plain(other)} against ${plain(file)}: ${count(rows, "row")}, ${count(drifts.length, "difference")}`;
  return [
    heading,
    ...drifts.map(({ message, distance }) => `${plain(message)} (distance ${distance.toFixed(2)})`),
  ].flatMap((line) => wrap(line, width));
}
