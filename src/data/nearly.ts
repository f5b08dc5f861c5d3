/** Columns that are mostly numbers or dates: the other words, and what to do. */
import { show } from "../errors.js";
import type { WordCells } from "./cells.js";
import { dateOrdersOf, isDate } from "./dateOrders.js";
import { formatsOf, isNumber } from "./formats.js";

/** A column with at least this share of numbers or dates was most likely meant as such. */
const NEARLY = 0.9;

/** A column that is mostly numbers or dates in one format. */
export interface Nearly {
  readonly kind: "number" | "date";
  readonly share: number;
  /** The other words. */
  readonly others: readonly string[];
}

/** Whether most of the distinct cells, or most rows, are numbers or dates. */
export function nearly(column: WordCells): Nearly | undefined {
  const words = column.words.map(String);
  const present = column.rows - column.missing;
  for (const [kind, is] of [
    ["number", isNumber],
    ["date", isDate],
  ] as const) {
    const codes = words.flatMap((word, code) => (is(word) ? [] : [code]));
    const share = words.length - codes.length;
    if (share === 0) continue;
    const rows = 1 - countOf(column, new Set(codes)) / present;
    const most = Math.max(rows, share / words.length);
    if (most >= NEARLY) return { kind, share: rows, others: codes.map((code) => words[code]) };
  }
  return undefined;
}

/** How many rows of a column have one of the words. */
function countOf({ codes }: WordCells, some: ReadonlySet<number>): number {
  let count = 0;
  if (some.size > 0) for (const code of codes) if (some.has(code)) count++;
  return count;
}

/** The only word without digits among numbers or dates in nine tenths of the rows: it means "missing". */
export function oddWord({ others, share }: Nearly): string | undefined {
  return others.length === 1 && share >= NEARLY && !/\d/.test(others[0]) ? others[0] : undefined;
}

/** Whether the words are so few that they may all mean a missing cell. */
export const isFew = ({ others }: Nearly): boolean => others.length > 0 && others.length <= 3;

/** What is in doubt, for people. */
export function doubtOf({ kind, others }: Nearly, words: readonly string[]): string {
  if (others.length > 0)
    return `holds ${kind}s except for ${list(others)}; if that means a missing cell, choose na: ${JSON.stringify(others.slice(0, 3))}`;
  const pair = apart(words, kind === "number" ? formatsOf : dateOrdersOf);
  return `holds ${kind}s in more than one format, such as ${list(pair)}; correct the cells`;
}

/** Two cells that no single format reads. */
function apart(cells: readonly string[], waysOf: (cells: readonly string[]) => readonly unknown[]): string[] {
  // More cells leave fewer formats: bisection finds the first cell that leaves none.
  let [some, none] = [1, cells.length];
  if (waysOf(cells.slice(0, none)).length > 0) return [...cells];
  while (none - some > 1) {
    const middle = (some + none) >> 1;
    if (waysOf(cells.slice(0, middle)).length > 0) some = middle;
    else none = middle;
  }
  const last = cells[none - 1];
  const before = cells.slice(0, none - 1).find((cell) => waysOf([cell, last]).length === 0);
  return [before ?? cells[0], last];
}

/** Words for people: three of them, and the number of others. */
export function list(words: readonly string[]): string {
  const shown = words.slice(0, 3).map(show).join(", ");
  return words.length > 3 ? `${shown} and ${words.length - 3} more` : shown;
}
