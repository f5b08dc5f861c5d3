/** How large a table may be: larger ones are refused before they cost time and memory. */
import { check } from "../errors.js";
import { type OptionRules, readOptions, rule } from "../rules.js";

/** The largest table that is read. */
export interface TableLimits {
  /** @defaultValue 100,000,000 */
  readonly rows?: number;
  /** @defaultValue 100,000 */
  readonly columns?: number;
  /** Rows times columns. @defaultValue 250,000,000, which take 1 GB in float32 */
  readonly cells?: number;
  /** Characters of a cell, or of the name of a column. @defaultValue 1,000,000 */
  readonly cellLength?: number;
  /** Characters of a text in all, or bytes of its unpacked file. @defaultValue 4,000,000,000 */
  readonly length?: number;
}

const LIMIT = rule<number>(
  "a positive integer, or Infinity",
  (most) => most === Number.POSITIVE_INFINITY || (Number.isSafeInteger(most) && Number(most) > 0),
);
const RULES = {
  rows: [LIMIT, 100_000_000],
  columns: [LIMIT, 100_000],
  cells: [LIMIT, 250_000_000],
  cellLength: [LIMIT, 1_000_000],
  length: [LIMIT, 4_000_000_000],
} satisfies OptionRules<TableLimits>;

/** The subject and unit of each limit, for messages. */
const OVER: Readonly<Record<keyof TableLimits, readonly [string, string]>> = {
  rows: ["a table", "rows"],
  columns: ["a table", "columns"],
  cells: ["a table", "cells"],
  cellLength: ["a cell", "characters"],
  length: ["a table", "characters or bytes"],
};

/**
 * Limits with their defaults.
 *
 * @throws FettleError `invalid_argument` for one that is neither a positive integer nor Infinity;
 * `unknown_name` for another name
 */
export function limitsOf(limits: TableLimits = {}): Required<TableLimits> {
  return readOptions(limits, "limits", RULES, " of limits");
}

/**
 * Refuses a count above a limit.
 *
 * @param count - how many there are so far
 * @param place - where, for people
 * @throws FettleError `memory_limit` with both figures
 */
export function mustFit(
  limits: Required<TableLimits>,
  name: keyof TableLimits,
  count: number,
  place = (): string => "",
): void {
  const most = limits[name];
  check(
    count <= most,
    () => {
      const [what, unit] = OVER[name];
      const larger = JSON.stringify({ [name]: Math.max(2 * most, count) });
      return `${place()}${what} must have at most ${most} ${unit}; received ${count}; if that is right, choose limits: ${larger}`;
    },
    "memory_limit",
  );
}
