/**
 * Text to typed columns: each cell a number, with NaN for a missing one.
 * What a column is for (input, target, left out) is not known here; see dataset.ts.
 */
import {
  check,
  checkOptions,
  FettleError,
  isRecord,
  must,
  type OptionNames,
  show,
  unknownName,
} from "../errors.js";
import { isArray } from "./check.js";
import { type Csv, type CsvOptions, parseCsv } from "./csv.js";

/** What the cells of a column are. */
export type ColumnKind = "number" | "boolean" | "category";

/** One typed column. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** `[rows]`: the number itself, or an index into `categories`; NaN where the cell is missing. */
  readonly values: Float64Array;
  /** The word of each index: the distinct words of a category in code unit order, those for 0 and 1 of a boolean, none for a number. */
  readonly categories: readonly string[];
}

/** Typed columns of one length. */
export interface Table {
  /** In the order of the header. */
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** How text is read as a table. */
export interface ReadTableOptions extends CsvOptions {
  /**
   * Cells that mean "missing", in any case.
   * @defaultValue `["", "NA", "N/A", "null", "?"]`
   */
  readonly missing?: readonly string[];
}

const OPTIONS: OptionNames<ReadTableOptions> = { delimiter: true, missing: true };
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
 * @throws FettleError as {@link parseCsv}, and `invalid_data`, with line and column, for `NaN`, `inf` or
 *   numbers too large for float32 (above 3.4e38) in columns of numbers
 * @example
 * ```ts
 * const table = readTable("size,color\n4,red\n?,blue\n");
 * table.columns[0].values; // [4, NaN]
 * table.columns[1].categories; // ["blue", "red"]
 * ```
 */
export function readTable(text: string, options: ReadTableOptions = {}): Table {
  checkOptions(options, "readTable", OPTIONS);
  const { missing: words = MISSING, ...csvOptions } = options;
  must(
    Array.isArray(words) && words.every((word) => typeof word === "string"),
    "missing",
    'an array of words, such as ["", "NA"]',
    words,
  );
  const csv = parseCsv(text, csvOptions);
  const missing = new Set(words.map((word) => word.toLowerCase()));
  const columns = csv.columns.map((name, j) => {
    const cells = csv.rows
      .map((row) => row[j].trim())
      .map((cell) => (missing.has(cell.toLowerCase()) ? undefined : cell));
    return readColumn(name, cells);
  });
  checkNumbers(columns, csv);
  return { columns, rows: csv.rows.length };
}

/** One column; numbers that float32 cannot hold are infinite, and a `NaN` is too, to be refused by `checkNumbers`. */
function readColumn(name: string, cells: readonly (string | undefined)[]): Column {
  const present = cells.filter((cell) => cell !== undefined);
  if (present.every((cell) => NUMBER.test(cell) || NOT_FINITE.test(cell))) {
    const values = Float64Array.from(cells, (cell) => (cell === undefined ? NaN : readNumber(cell)));
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

function readNumber(cell: string): number {
  const value = Number(cell);
  return Number.isFinite(Math.fround(value)) ? value : Number.POSITIVE_INFINITY;
}

/** Refuses all columns with a number that float32 cannot hold, each with the first such cell. */
function checkNumbers(columns: readonly Column[], { rows, lines }: Csv): void {
  const faults = columns.flatMap(({ name, values }, j) => {
    const first = values.indexOf(Number.POSITIVE_INFINITY);
    return first < 0 ? [] : [`line ${lines[first]}, column ${show(name)}: received ${rows[first][j].trim()}`];
  });
  if (faults.length === 0) return;
  throw new FettleError(
    "invalid_data",
    `${faults.join("; ")}; numbers must be finite and fit float32; correct the cells, or leave them empty if the ` +
      "values are missing",
  );
}

/**
 * Refuses anything but a table, as {@link readTable} returns it.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkTable(table: unknown): asserts table is Table {
  const hint = typeof table === "string" ? "; read text with readTable(text) first" : "";
  check(
    isRecord(table) &&
      Number.isSafeInteger(table.rows) &&
      Array.isArray(table.columns) &&
      table.columns.every((column) => isRecord(column) && isArray(column.values)),
    () => `table must be what readTable returns; received ${show(table)}${hint}`,
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
