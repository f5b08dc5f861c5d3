/**
 * Delimited text to cells, RFC 4180 with the deviations that real files have.
 * Cells stay text: what they mean is decided in table.ts. No file is read here.
 */
import Papa from "papaparse";
import { check, checkOptions, FettleError, must, type OptionNames, show } from "../errors.js";

/** The cells of a delimited text, with no meaning given to them yet. */
export interface Csv {
  /** Names from the header line, trimmed, distinct and not empty; `column 1` and so on without one. */
  readonly columns: readonly string[];
  /** Which names are not those of the header line, and why, for people. */
  readonly notes: readonly string[];
  /** `rows[i][j]` is the cell of row i in column j, exactly as written, without its quotes. */
  readonly rows: readonly (readonly string[])[];
  /** `lines[i]` is the line (counted from 1) on which row i starts. */
  readonly lines: readonly number[];
}

/** How a delimited text is read. */
export interface CsvOptions {
  /**
   * The character between cells.
   * @defaultValue the one of `,` `;` tab `|` that splits the header into most columns; the comma if none does
   */
  readonly delimiter?: string;
  /**
   * Whether the first line names the columns.
   * @defaultValue true, but a first line of numbers alone is refused
   */
  readonly header?: boolean;
}

const OPTIONS: OptionNames<CsvOptions> = { delimiter: true, header: true };
const DELIMITERS = [",", ";", "\t", "|"];

/**
 * Splits delimited text into a header and rows of cells.
 *
 * Quoted cells may hold delimiters, line ends and doubled quotes. A byte order
 * mark and blank lines at the end are skipped; every kind of line end, inside
 * quotes too, becomes `\n`. A blank line in the middle is a row of one empty cell,
 * which is ragged unless the table has one column. A name that is empty becomes `column 1`, by its place; one that
 * another column has becomes `name (2)`.
 *
 * @param text - the whole text
 * @throws FettleError `invalid_data`, with the line, for an empty text, a header without rows, a row
 *   whose cells do not match the header, a quote that is not closed or is followed by more text,
 *   and for a header of numbers alone; `invalid_argument` for anything but a string, and for an
 *   impossible delimiter; `unknown_name` for an unknown option
 * @example
 * ```ts
 * parseCsv('name,size\n"Smith, J.",4\n').rows; // [["Smith, J.", "4"]]
 * ```
 * @see RFC 4180
 */
export function parseCsv(text: string, options: CsvOptions = {}): Csv {
  must(typeof text === "string", "the text of a table", "a string", text);
  checkOptions(options, "parseCsv", OPTIONS);
  const { delimiter, header: hasHeader } = options;
  must(hasHeader === undefined || typeof hasHeader === "boolean", "header", "true or false", hasHeader);
  must(
    delimiter === undefined ||
      (typeof delimiter === "string" && delimiter.length === 1 && !Papa.BAD_DELIMITERS.includes(delimiter)),
    "delimiter",
    "one character other than a quote or a line end",
    delimiter,
  );
  const unix = text.replace(/\r\n?/g, "\n");
  check(unix.trim() !== "", "a table must have a header line and rows; the text is empty", "invalid_data");

  const parsed = Papa.parse<string[]>(unix, { delimiter: delimiter ?? guessDelimiter(unix), newline: "\n" });
  const quote = parsed.errors.find((error) => error.type === "Quotes");
  if (quote) {
    const line = 1 + countNewlines(unix.slice(0, quote.index));
    const fault = quote.code === "MissingQuotes" ? "is never closed" : "is followed by more text";
    throw new FettleError(
      "invalid_data",
      `line ${line}: a quoted cell ${fault}; write a quote inside a quoted cell twice ("")`,
    );
  }

  const rows = parsed.data;
  while (rows.length > 1 && isBlank(rows[rows.length - 1])) rows.pop();
  const [first] = rows;
  if (hasHeader === undefined) refuseNumbers(first);
  const header = hasHeader === false ? first.map(() => "") : (rows.shift() as string[]);
  const { columns, notes } = namesFor(header, hasHeader !== false);
  check(rows.length > 0, "a table must have rows; the text has only a header line", "invalid_data");

  const lines: number[] = [];
  let line = hasHeader === false ? 1 : 1 + linesOf(header);
  for (const row of rows) {
    check(
      row.length === columns.length,
      () =>
        `line ${line}: every row must have ${columns.length} cells, as the first line has; received ${row.length}`,
      "invalid_data",
    );
    lines.push(line);
    line += linesOf(row);
  }
  return { columns, notes, rows, lines };
}

function guessDelimiter(text: string): string {
  let best = DELIMITERS[0];
  let most = 1;
  for (const delimiter of DELIMITERS) {
    const [header] = Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: 1 }).data;
    if (header.length > most) [best, most] = [delimiter, header.length];
  }
  return best;
}

const NUMBER = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;

/** A first line of numbers is data, most likely. */
function refuseNumbers(first: readonly string[]): void {
  check(
    !first.every((cell) => NUMBER.test(cell.trim())),
    () =>
      `line 1: a header line must name the columns; received ${show(first.slice(0, 3))}; choose header: false if there is none, ` +
      "or header: true if these are names",
    "invalid_data",
  );
}

/** Names that are not empty and differ, and what was done for it. */
function namesFor(header: readonly string[], isGiven: boolean): Pick<Csv, "columns" | "notes"> {
  const notes: string[] = [];
  const known = new Set(header.map((name) => name.trim()));
  const used = new Set<string>();
  const columns = header.map((text, j) => {
    const name = text.trim();
    if (name !== "" && !used.has(name)) {
      used.add(name);
      return name;
    }
    const stem = name === "" ? `column ${j + 1}` : name;
    let made = stem;
    for (let n = 2; known.has(made) || used.has(made); n++) made = `${stem} (${n})`;
    used.add(made);
    if (isGiven)
      notes.push(
        name === ""
          ? `column ${j + 1} has no name; it is read as ${show(made)}`
          : `column ${j + 1} has the name ${show(name)} again; it is read as ${show(made)}`,
      );
    return made;
  });
  return { columns, notes };
}

const isBlank = (row: readonly string[]): boolean => row.length === 1 && row[0].trim() === "";

const countNewlines = (text: string): number => text.split("\n").length - 1;

/** The number of lines of a row: one, and one more for each line end inside its quotes. */
const linesOf = (row: readonly string[]): number =>
  row.reduce((lines, cell) => lines + (cell.includes("\n") ? countNewlines(cell) : 0), 1);
