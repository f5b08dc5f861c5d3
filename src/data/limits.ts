/** How large a table may be: larger ones are refused before they cost time and memory. */
import { check, checkOptions, must, type OptionNames } from "../errors.js";

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

const DEFAULTS: Required<TableLimits> = {
  rows: 100_000_000,
  columns: 100_000,
  cells: 250_000_000,
  cellLength: 1_000_000,
  length: 4_000_000_000,
};

const NAMES: OptionNames<TableLimits> = {
  rows: true,
  columns: true,
  cells: true,
  cellLength: true,
  length: true,
};

/** The subject and unit of each limit, for messages. */
const RULES: Readonly<Record<keyof TableLimits, readonly [string, string]>> = {
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
  checkOptions(limits, "limits", NAMES);
  for (const [name, most] of Object.entries(limits)) {
    const isLimit = (Number.isSafeInteger(most) && most > 0) || most === Number.POSITIVE_INFINITY;
    must(most === undefined || isLimit, `${name} of limits`, "a positive integer, or Infinity", most);
  }
  const given = Object.entries(limits).filter(([, most]) => most !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
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
      const [what, unit] = RULES[name];
      const larger = JSON.stringify({ [name]: Math.max(2 * most, count) });
      return `${place()}${what} must have at most ${most} ${unit}; received ${count}; if that is right, choose limits: ${larger}`;
    },
    "memory_limit",
  );
}
