/**
 * Delimited text to rows of cells with names: delimiter, header, blank and ragged rows. Cells stay text:
 * `table.ts` interprets them. No file is read here.
 */
import { check, FettleError, must, show } from "../errors.js";
import { flag, type OptionRules, readOptions, rule } from "../rules.js";
import { limitsOf, mustFit, type TableLimits } from "./limits.js";
import { cellText, type ScannedRow, type ScanState, scanRows } from "./scan.js";

/** The uninterpreted cells of a delimited text. */
export interface Csv {
  /** Names from the header line, trimmed, distinct and not empty; `column 1` and so on without one. */
  readonly columns: readonly string[];
  /** Which names differ from the header line, and why, for people. */
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
   * @defaultValue the one of `,` `;` tab `|` that splits the header into the most columns; the comma if none
   * does
   */
  readonly delimiter?: string;
  /**
   * Whether the first line names the columns.
   * @defaultValue true; a first line of only numbers is refused
   */
  readonly header?: boolean;
  /** How large the table may be. */
  readonly limits?: TableLimits;
}

export const CSV_RULES = {
  delimiter: rule(
    "one character other than a quote or a line end",
    (mark) => typeof mark === "string" && mark.length === 1 && !['"', "\n", "\r", "\ufeff"].includes(mark),
  ),
  header: flag,
  limits: true,
} satisfies OptionRules<CsvOptions>;
const DELIMITERS = [",", ";", "\t", "|"];
/** A row of more characters has an unclosed quote. */
const LONGEST_ROW = 2 ** 26;
/** A row up to this length is rescanned at each piece, so that it is read as soon as it is complete. */
const PROMPT = 2 ** 12;

/** A text, complete or in pieces of any length. It is read twice if a column later turns out to be words. */
export type TextSource = string | TextPieces;

/** A text in pieces. */
export interface TextPieces extends Iterable<string> {
  /** The approximate number of characters, so that memory is allocated once; 0 if unknown. */
  readonly about?: number;
}

/**
 * Splits delimited text into a header and rows of cells.
 *
 * Quoted cells may hold delimiters, line ends and doubled quotes. A byte order
 * mark and blank lines at the end are skipped; every kind of line end, inside
 * quotes too, becomes `\n`. A blank line in the middle is a row of one empty cell,
 * which is ragged unless the table has one column. An empty name becomes `column 1`, by its place; a repeated
 * one becomes `name (2)`.
 *
 * @param text - the complete text
 * @throws FettleError `invalid_data`, with the line, for an empty text, a header without rows, a row
 *   whose cells do not match the header, a quote that is not closed or is followed by more text,
 *   and for a header of only numbers; `memory_limit` for a table over one of `limits`; `invalid_argument`
 *   for anything but a string, and for an impossible delimiter; `unknown_name` for an unknown option
 * @example
 * ```ts
 * parseCsv('name,size\n"Smith, J.",4\n').rows; // [["Smith, J.", "4"]]
 * ```
 * @see RFC 4180
 */
export function parseCsv(text: string, options: CsvOptions = {}): Csv {
  must(typeof text === "string", "the text of a table", "a string", text);
  readOptions(options, "parseCsv", CSV_RULES);
  let header: CsvHeader | undefined;
  const rows: string[][] = [];
  const lines: number[] = [];
  readRows(text, options, (found) => {
    header = found;
    return (row) => {
      rows.push(Array.from({ length: row.cells }, (_, j) => cellText(row, j)));
      lines.push(row.line);
    };
  });
  const { columns, notes } = header as CsvHeader;
  return { columns, notes, rows, lines };
}

/** What is known before the first row. */
export type CsvHeader = Pick<Csv, "columns" | "notes">;

/** Called once, before the first row; it returns what is called for each row. */
type BeginRows = (header: CsvHeader) => (row: ScannedRow) => void;

/**
 * Reads the rows of a text. Every row has as many cells as the header.
 *
 * @throws FettleError as {@link parseCsv}
 */
export function readRows(source: TextSource, options: CsvOptions, begin: BeginRows): void {
  const rows = rowReader(options, begin);
  for (const piece of typeof source === "string" ? [source] : source) rows.take(piece);
  rows.end(source);
}

/** Rows of a text that comes piece by piece. */
export interface RowReader {
  take(piece: string): void;
  /** @param source - the complete text, if available, for a message about a text that is a path */
  end(source?: unknown): void;
}

/** Like {@link readRows}, piece by piece as they arrive. */
export function rowReader(options: CsvOptions, begin: BeginRows): RowReader {
  const { delimiter, header: hasHeader } = options;
  const limits = limitsOf(options.limits);
  let mark: string | undefined = delimiter;
  let take: ((row: ScannedRow) => void) | undefined;
  let width = 0;
  let rows = 0;
  let blank: ScannedRow[] = []; // rows that may be the last
  const give = (row: ScannedRow): void => {
    checkWidth(row, width);
    mustFit(limits, "rows", ++rows);
    mustFit(limits, "cells", rows * width);
    take?.(row);
  };
  const onRow = (row: ScannedRow): void => {
    if (isBlank(row)) {
      if (take === undefined && hasHeader !== false) return;
      const text = cellText(row, 0);
      blank.push({ text, cells: 1, starts: [0], ends: [text.length], line: row.line });
      return;
    }
    checkLengths(row, limits);
    if (take === undefined) {
      const cells = Array.from({ length: row.cells }, (_, j) => cellText(row, j));
      width = blank.length > 0 ? 1 : row.cells;
      mustFit(limits, "columns", width);
      if (hasHeader === undefined) refuseNumbers(cells);
      const isData = hasHeader === false;
      take = begin(namesFor(isData ? cells.map(() => "") : cells, !isData));
      if (!isData) return;
    }
    for (const each of blank) give(each);
    blank = [];
    give(row);
  };

  const state: ScanState = { at: 0, line: 1 };
  let text = "";
  let length = 0;
  /** The length at which a long row is rescanned: twice its last length. */
  let enough = 0;
  const advance = (isLast: boolean): void => {
    if (text.length < enough && text.length > PROMPT && !isLast) return;
    mark ??= delimiterOf(text, isLast);
    if (mark !== undefined) scanRows(text, state, mark, isLast, onRow);
    text = text.slice(state.at);
    state.at = 0;
    enough = 2 * text.length;
  };
  let isFirst = true;
  return {
    take(piece) {
      must(typeof piece === "string", "the text of a table", "a string, or strings", piece);
      length += piece.length;
      mustFit(limits, "length", length);
      text += isFirst && piece.startsWith("\ufeff") ? piece.slice(1) : piece;
      isFirst &&= piece === "";
      check(
        text.length - piece.length < LONGEST_ROW,
        () =>
          `line ${state.line}: a row must have at most ${LONGEST_ROW} characters; is a quote never closed?`,
        "invalid_data",
      );
      advance(false);
    },
    end(source) {
      advance(true);
      check(take, "a table must have a header line and rows; the text is empty", "invalid_data");
      check(
        rows > 0,
        () =>
          `a table must have rows; the text has only a header line${isPath(source) ? `, ${show(source)}; if that is the path of a file, read its text first` : ""}`,
        "invalid_data",
      );
    },
  };
}

/** Whether a text looks like the path of a file. */
const isPath = (source: unknown): boolean =>
  typeof source === "string" && /^[^\n]+\.(csv|tsv|txt|json|gz|parquet)$/i.test(source);

function checkWidth({ cells, line }: ScannedRow, width: number): void {
  check(
    cells === width,
    () =>
      `line ${line}: every row must have ${width} ${width === 1 ? "cell" : "cells"}, as the first line has; received ${cells}`,
    "invalid_data",
  );
}

function checkLengths(row: ScannedRow, limits: Required<TableLimits>): void {
  const { cells, starts, ends, line } = row;
  const from = (j: number): number => (starts[j] < 0 ? ~starts[j] : starts[j]);
  if (ends[cells - 1] - from(0) <= limits.cellLength) return;
  for (let j = 0; j < cells; j++)
    mustFit(limits, "cellLength", ends[j] - from(j), () => `line ${line}, column ${j + 1}: `);
}

/**
 * The delimiter that splits the first row into the most cells; undefined if the text ends before the row
 * does.
 */
function delimiterOf(text: string, isLast: boolean): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const delimiter of DELIMITERS) {
    let cells = 0;
    try {
      scanRows(text, { at: 0, line: 1 }, delimiter, isLast, (row) => {
        cells = row.cells;
        return false;
      });
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      cells = 1; // a quote that another delimiter may close
    }
    if (cells > most) [best, most] = [delimiter, cells];
  }
  return best;
}

const NUMBER = /^[+-]?(\d+(?:[.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i;

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

/** Distinct names that are not empty, and what was changed. */
function namesFor(header: readonly string[], isGiven: boolean): CsvHeader {
  const notes: string[] = [];
  const known = new Set(header.map((name) => name.trim()));
  const used = new Set<string>();
  /** The next number to try for each name. */
  const next = new Map<string, number>();
  const columns = header.map((text, j) => {
    const name = text.trim();
    if (name !== "" && !used.has(name)) {
      used.add(name);
      return name;
    }
    const stem = name === "" ? `column ${j + 1}` : name;
    let made = stem;
    let n = next.get(stem) ?? 2;
    for (; known.has(made) || used.has(made); n++) made = `${stem} (${n})`;
    next.set(stem, n);
    used.add(made);
    if (isGiven)
      notes.push(
        name === ""
          ? `column ${j + 1} has no name; it is read as ${show(made)}`
          : `column ${j + 1} repeats the name ${show(name)}; it is read as ${show(made)}`,
      );
    return made;
  });
  return { columns, notes };
}

function isBlank({ text, cells, starts, ends }: ScannedRow): boolean {
  return (
    cells === 1 &&
    (starts[0] === ends[0] || text.slice(starts[0] < 0 ? ~starts[0] : starts[0], ends[0]).trim() === "")
  );
}
