/**
 * Finds rows and cells in delimited text, RFC 4180 with the deviations that real files have. It copies and
 * interprets nothing: a row is a list of places in the text.
 */
import { FettleError } from "../errors.js";

/** The cells of one row. Its arrays are reused for the next row. */
export interface ScannedRow {
  readonly text: string;
  cells: number;
  /**
   * Where each cell starts, without its quote; for a cell with doubled quotes or line ends, the complement
   * (`~`).
   */
  readonly starts: number[];
  readonly ends: number[];
  /** The line on which it starts, counted from 1. */
  line: number;
}

const QUOTE = 34;
const LF = 10;
const CR = 13;
const SPACE = 32;

/** The text of a cell: without its quotes, with inner quotes undoubled, and line ends as `\n`. */
export function cellText({ text, starts, ends }: ScannedRow, j: number): string {
  const start = starts[j];
  if (start >= 0) return text.slice(start, ends[j]);
  return text.slice(~start, ends[j]).replaceAll('""', '"').replaceAll(/\r\n?/g, "\n");
}

/** The position of a scan. */
export interface ScanState {
  /** The place of the next row in the text. */
  at: number;
  /** Its line, counted from 1. */
  line: number;
}

/**
 * Calls `onRow` for each complete row. It stops at the end of the text, at a row that the next text
 * continues, or after a row for which `onRow` returns false.
 *
 * @param isLast - whether no other text follows
 * @throws FettleError `invalid_data`, with the line, for a quote that is not closed, and for text after a
 * closed one
 */
export function scanRows(
  text: string,
  state: ScanState,
  delimiter: string,
  isLast: boolean,
  onRow: (row: ScannedRow) => unknown,
): void {
  const { length } = text;
  const mark = delimiter.charCodeAt(0);
  const row: ScannedRow = { text, cells: 0, starts: [], ends: [], line: state.line };
  const { starts, ends } = row;
  while (state.at < length) {
    let place = state.at;
    let cells = 0;
    let lines = 1;
    for (;;) {
      if (text.charCodeAt(place) === QUOTE) {
        let end = place + 1;
        let isPlain = true;
        for (;;) {
          end = text.indexOf('"', end);
          if (end < 0 || (end + 1 === length && !isLast)) {
            if (isLast) throw brokenQuote(state.line + lines - 1, "is never closed");
            return;
          }
          if (text.charCodeAt(end + 1) !== QUOTE) break;
          isPlain = false;
          end += 2;
        }
        const inside = lineEndsIn(text, place + 1, end);
        const fault = state.line + lines - 1;
        lines += inside;
        starts[cells] = isPlain && inside === 0 ? place + 1 : ~(place + 1);
        ends[cells++] = end;
        place = end + 1;
        while (text.charCodeAt(place) === SPACE && mark !== SPACE) place++;
        const next = text.charCodeAt(place); // NaN at the end
        if (place < length && next !== mark && next !== LF && next !== CR)
          throw brokenQuote(fault, "is followed by more text");
      } else {
        starts[cells] = place;
        let code = 0;
        while (place < length) {
          code = text.charCodeAt(place);
          if (code === mark || code === LF || code === CR) break;
          place++;
        }
        ends[cells++] = place;
      }
      if (place >= length || text.charCodeAt(place) !== mark) break;
      place++;
    }
    // A carriage return at the end may be half of a line end.
    const isWhole = place < length && (text.charCodeAt(place) === LF || place + 1 < length);
    if (!isWhole && !isLast) return;
    row.cells = cells;
    row.line = state.line;
    state.line += lines;
    state.at = place + (text.charCodeAt(place) === CR && text.charCodeAt(place + 1) === LF ? 2 : 1);
    if (onRow(row) === false) return;
  }
}

function lineEndsIn(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === LF || (code === CR && text.charCodeAt(i + 1) !== LF)) count++;
  }
  return count;
}

function brokenQuote(line: number, fault: string): FettleError {
  return new FettleError(
    "invalid_data",
    `line ${line}: a quoted cell ${fault}; write a quote inside a quoted cell twice ("")`,
  );
}
