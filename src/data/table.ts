/**
 * Text to typed columns: each cell a number, with NaN for a missing one.
 * What a column is for (input, target, left out) is not known here; see dataset.ts.
 */
import { FettleError, show, unknownName } from "../errors.js";
import { type CsvOptions, parseCsv } from "./csv.js";

/** What the cells of a column are. */
export type ColumnKind = "number" | "boolean" | "category";

/** One typed column. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** `[rows]`: the number itself, or an index into `categories`; NaN where the cell is missing. */
  readonly values: Float64Array;
  /** What the indices mean: the distinct words of a category in code unit order, the words for 0 and 1 of a boolean, none for a number. */
  readonly categories: readonly string[];
}

/** Typed columns of one length. */
export interface Table {
  /** In the order of the header. */
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** How text is read as a table. */
export interface TableOptions extends CsvOptions {
  /**
   * Cells that mean "missing", in any case.
   * @defaultValue `["", "NA", "N/A", "null", "?"]`
   */
  readonly missing?: readonly string[];
}

const MISSING = ["", "NA", "N/A", "null", "?"];
const BOOLEANS = [
  ["false", "true"],
  ["no", "yes"],
];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/**
 * Reads delimited text as a table of typed columns.
 *
 * A column is `number` if every cell present is a decimal number, `boolean` if every one is `true`
 * or `false` (or every one `yes` or `no`; any case), and `category` otherwise. Cells are trimmed first. A column with
 * no cell present is a `number` column of NaN.
 *
 * @param text - delimited text with a header line, see {@link parseCsv}
 * @throws FettleError `invalid_data` for what `parseCsv` refuses, and, with column and line, for `NaN`, `inf` or
 *   numbers too large for float32 (above 3.4e38) in a column of numbers
 * @example
 * ```ts
 * const table = readTable("size,color\n4,red\n?,blue\n");
 * table.columns[0].values; // [4, NaN]
 * table.columns[1].categories; // ["blue", "red"]
 * ```
 */
export function readTable(text: string, options: TableOptions = {}): Table {
  const csv = parseCsv(text, options);
  const missing = new Set((options.missing ?? MISSING).map((word) => word.toLowerCase()));
  const columns = csv.columns.map((name, j) => {
    const cells = csv.rows
      .map((row) => row[j].trim())
      .map((cell) => (missing.has(cell.toLowerCase()) ? undefined : cell));
    return readColumn(name, cells, csv.lines);
  });
  return { columns, rows: csv.rows.length };
}

function readColumn(name: string, cells: readonly (string | undefined)[], lines: readonly number[]): Column {
  const present = cells.filter((cell) => cell !== undefined);
  if (present.every((cell) => NUMBER.test(cell) || NOT_FINITE.test(cell))) {
    const values = Float64Array.from(cells, (cell, i) =>
      cell === undefined ? NaN : readNumber(name, cell, lines[i]),
    );
    return { name, kind: "number", values, categories: [] };
  }
  const words = [...new Set(present)].sort(); // by code unit: the same on every host
  const booleans = BOOLEANS.find((pair) => words.every((word) => pair.includes(word.toLowerCase())));
  const codes = new Map(words.map((word, index) => [word, booleans?.indexOf(word.toLowerCase()) ?? index]));
  return {
    name,
    kind: booleans ? "boolean" : "category",
    values: Float64Array.from(cells, (cell) => (cell === undefined ? NaN : codes.get(cell)!)),
    categories: booleans ?? words,
  };
}

function readNumber(column: string, cell: string, line: number): number {
  const value = Number(cell);
  if (Number.isFinite(Math.fround(value))) return value;
  throw new FettleError(
    "invalid_data",
    `line ${line}, column ${show(column)}: numbers must be finite and fit float32, but this is ${cell}; ` +
      "correct the cell, or leave it empty if the value is missing",
  );
}

/**
 * The column of that name.
 *
 * @throws FettleError `unknown_name`, listing the columns that exist
 */
export function columnNamed(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw unknownName(
    "column",
    name,
    table.columns.map((candidate) => candidate.name),
  );
}
