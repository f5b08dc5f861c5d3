/**
 * A second reader and a writer of delimited text, a character at a time, from RFC 4180 and what `parseCsv`
 * says of itself.
 */

/** Rows of cells as the text has them, the header first; undefined for a text that must be refused. */
export function rowsOf(text: string, mark: string): string[][] | undefined {
  const chars = [...text.replace(/^\ufeff/, "").split("")];
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const isEnd = (char: string | undefined): boolean => char === undefined || char === "\n" || char === "\r";
  while (at < chars.length) {
    let cell = "";
    if (chars[at] === '"') {
      at++;
      for (;;) {
        if (at >= chars.length) return undefined; // never closed
        if (chars[at] !== '"') cell += chars[at++];
        else if (chars[at + 1] === '"') {
          cell += '"';
          at += 2;
        } else break;
      }
      at++;
      while (chars[at] === " ") at++;
      if (!isEnd(chars[at]) && chars[at] !== mark) return undefined; // text after a quote
    } else while (!isEnd(chars[at]) && chars[at] !== mark) cell += chars[at++];
    row.push(cell.replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
    if (chars[at] === mark) {
      at++;
      if (at >= chars.length) row.push("");
      if (at < chars.length) continue;
    } else if (chars[at] === "\r" && chars[at + 1] === "\n") at += 2;
    else at++;
    rows.push(row);
    row = [];
  }
  const isBlank = (cells: readonly string[]): boolean => cells.length === 1 && cells[0].trim() === "";
  while (rows.length > 0 && isBlank(rows[0])) rows.shift();
  while (rows.length > 0 && isBlank(rows[rows.length - 1])) rows.pop();
  return rows.length > 1 && rows.every(({ length }) => length === rows[0].length) ? rows : undefined;
}

/** A cell in quotes if it needs them, or if it is told to be. */
export const written = (cell: string, mark: string, isQuoted: boolean): string =>
  isQuoted || cell.includes(mark) || /["\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
