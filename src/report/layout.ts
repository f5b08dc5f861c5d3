/** Tables and paragraphs as lines of text that fit a width. It gives the cells no meaning. */
import { clip } from "./format.js";

/** How a table is laid out. */
export interface LayoutOptions {
  /** The most characters of a line. */
  readonly width: number;
  /** Spaces before each line. Default 2. */
  readonly indent?: number;
}

const GAP = 2;
/** A first column wider than this is shortened before the others if a line is too long. */
const LEAST_LABEL = 8;

/**
 * Lays out a table: the first column flush left, the others flush right. If it is too wide, columns are left out
 * from the right until two remain; text that is still too long ends in `…`.
 *
 * @param rows - `[rows][columns]`, all rows of one length, at least one row and column
 * @returns one line a row, without trailing spaces
 * @example
 * ```ts
 * layOut([["units", "37"], ["dropout", "0.2"]], { width: 80 }); // ["  units     37", "  dropout  0.2"]
 * ```
 */
export function layOut(rows: readonly (readonly string[])[], { width, indent = 2 }: LayoutOptions): string[] {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => [...row[j]].length)));
  const total = () => widths.reduce((sum, w) => sum + w, indent + GAP * (widths.length - 1));
  while (widths.length > 2 && total() > width) widths.pop();
  const excess = total() - width;
  if (excess > 0) widths[0] = Math.min(widths[0], Math.max(LEAST_LABEL, widths[0] - excess));
  return rows.map((row) => {
    const cells = widths.map((w, j) => {
      const text = clip(row[j], w);
      const space = " ".repeat(w - [...text].length);
      return j === 0 ? text + space : space + text;
    });
    return clip(" ".repeat(indent) + cells.join(" ".repeat(GAP)).trimEnd(), width);
  });
}

/** Text broken between words into lines of at most `width` characters; a longer word has its own line and is cut short. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && [...last].length + 1 + [...word].length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(clip(word, width));
  }
  return lines;
}
