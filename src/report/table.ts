/** Rows of cells as lines of aligned text. It knows nothing of what the cells mean. */
import { clip } from "./format.js";

export interface TableOptions {
  /** Characters that a line may have. */
  readonly width: number;
  /** Spaces before each line. Default 2. */
  readonly indent?: number;
}

const GAP = 2;
/** A first column wider than this gives way to the others where a line is too long. */
const LEAST_LABEL = 8;

/**
 * Lays a table out: the first column to the left, the others to the right. Where it is too wide, columns
 * are left out from the right down to two, and what is then still too long ends in `…`.
 *
 * @param rows - `[rows][columns]`, all rows of one length, at least one row and column
 * @returns one line a row, without spaces at its end
 * @example
 * ```ts
 * layOut([["units", "37"], ["dropout", "0.2"]], { width: 80 }); // ["  units     37", "  dropout  0.2"]
 * ```
 */
export function layOut(rows: readonly (readonly string[])[], { width, indent = 2 }: TableOptions): string[] {
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

/** Text broken between words into lines of at most `width` characters; a longer word keeps its line, cut short. */
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
