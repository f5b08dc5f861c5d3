/** Tables and paragraphs as lines of text that fit a width. It does not interpret the cells. */
import { columnsOf } from "./columns.js";
import { clip } from "./format.js";

/** How a table is laid out. */
export interface LayoutOptions {
  /** The most columns of a line. */
  readonly width: number;
  /** Spaces before each line. Default 2. */
  readonly indent?: number;
}

const GAP = 2;
/** A first column wider than this is shortened before the others if a line is too long. */
const LEAST_LABEL = 8;

/**
 * Lays out a table: the first column flush left, the others flush right. If it is too wide, columns are left
 * out from the right until two remain; text that is still too long ends in `…`.
 *
 * @param rows - `[rows][columns]`, all rows of one length, at least one row and column
 * @returns one line a row, without trailing spaces
 * @example
 * ```ts
 * layOut([["units", "37"], ["dropout", "0.2"]], { width: 80 }); // ["  units     37", "  dropout  0.2"]
 * ```
 */
export function layOut(rows: readonly (readonly string[])[], { width, indent = 2 }: LayoutOptions): string[] {
  const widths = rows[0].map((_, j) => rows.reduce((most, row) => Math.max(most, columnsOf(row[j])), 0));
  const total = () => widths.reduce((sum, w) => sum + w, indent + GAP * (widths.length - 1));
  while (widths.length > 2 && total() > width) widths.pop();
  const excess = total() - width;
  if (excess > 0) widths[0] = Math.min(widths[0], Math.max(LEAST_LABEL, widths[0] - excess));
  return rows.map((row) => {
    const cells = widths.map((w, j) => {
      const text = clip(row[j], w);
      const space = " ".repeat(w - columnsOf(text));
      return j === 0 ? text + space : space + text;
    });
    return clip(" ".repeat(indent) + cells.join(" ".repeat(GAP)).trimEnd(), width);
  });
}

/** A text narrower than this is below its label. */
const LEAST_TEXT = 16;

/**
 * Labels with a text each, broken between words if it is too long for its line.
 *
 * @returns lines of at most `width` columns
 * @example
 * ```ts
 * layOutTexts([["seed", "0"], ["parameters", "rate, units and layers"]], 30);
 * // ["seed        0", "parameters  rate, units and", "            layers"]
 * ```
 */
export function layOutTexts(
  rows: readonly (readonly [label: string, text: string])[],
  width: number,
): string[] {
  const labels = rows.reduce((most, [label]) => Math.max(most, columnsOf(label)), 0);
  const isBeside = width - labels - GAP >= LEAST_TEXT;
  const indent = " ".repeat(isBeside ? labels + GAP : GAP);
  return rows.flatMap(([label, text]) => {
    const lines = wrap(text, width - indent.length);
    if (!isBeside) return [...wrap(label, width), ...lines.map((line) => indent + line)];
    return lines.map(
      (line, i) => (i === 0 ? label + " ".repeat(indent.length - columnsOf(label)) : indent) + line,
    );
  });
}

/**
 * Text broken between words into lines of at most `width` columns; a longer word has its own line and is
 * truncated.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 1 + columnsOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(clip(word, width));
  }
  return lines;
}
