/**
 * How the columns of one table differ from those of another that was read with its schema: the drift since a
 * model was trained. It knows no model.
 */
import { check, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { isoDay } from "../days.js";
import { isInputKind } from "../schema.js";
import { type Column, checkTable, type Table } from "../table.js";

/** One column that differs. */
export interface Drift {
  readonly column: string;
  /**
   * The largest distance of the distributions: for numbers and dates that of Kolmogorov and Smirnov, for
   * categories and booleans the share of rows that would have to change; from 0 to 1. 1 for an absent column.
   */
  readonly distance: number;
  /** For people. */
  readonly message: string;
}

/** Smaller distances do not matter to a model. */
const SMALL = 0.1;
/**
 * The quantile of the Kolmogorov distribution at a probability of one in a thousand: smaller distances may be
 * chance.
 */
const CHANCE = 1.949;
/** The most words that a message names. */
const NAMED = 3;

/**
 * The columns of `other` that differ from those of `table`, the furthest first: more than 0.1 apart, and
 * further than chance explains in one of a thousand tables.
 *
 * @param other - read with the schema of `table`, and `unknown: "ignore"` to count words that it does not
 * have
 * @throws FettleError `invalid_argument` for anything but two tables of one schema
 * @example
 * ```ts
 * const rows = (low: number) => Array.from({ length: 100 }, (_, i) => `${low + (i % 50)}`).join("\n");
 * const table = readTable(`size\n${rows(0)}\n`);
 * const other = readTable(`size\n${rows(25)}\n`, { schema: table.schema });
 * drift(table, other).map(({ column, distance }) => `${column} ${distance}`); // ["size 0.5"]
 * ```
 * @see F. Massey, "The Kolmogorov–Smirnov test for goodness of fit", JASA 46, 1951
 */
export function drift(table: Table, other: Table): Drift[] {
  checkTable(table);
  checkTable(other);
  const others = new Map(other.columns.map((column) => [column.name, column]));
  const found = table.columns.flatMap((column): Drift[] => {
    if (!isInputKind(column.kind) || column.doubt !== undefined) return [];
    const { name, kind } = column;
    const its = others.get(name);
    if (its === undefined) return [{ column: name, distance: 1, message: `column ${show(name)} is absent` }];
    check(
      its.kind === kind,
      () =>
        `column ${show(name)} must be a ${kind} in both tables; received a ${its.kind}; read both with one schema`,
    );
    return [
      missingDrift(column, its),
      kind === "number" || kind === "date" ? numberDrift(column, its) : wordDrift(column, its),
    ].flat();
  });
  return found.sort((a, b) => b.distance - a.distance);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Whether a distance is not small, and more than chance. */
function matters(distance: number, rows: number, otherRows: number): boolean {
  return distance > SMALL && distance > CHANCE * Math.sqrt((rows + otherRows) / (rows * otherRows));
}

function missingDrift(a: Column, b: Column): Drift[] {
  const [before, after] = [a, b].map(({ values }) => values.filter(Number.isNaN).length / values.length);
  const distance = Math.abs(after - before);
  if (!matters(distance, a.values.length, b.values.length)) return [];
  const message = `column ${show(a.name)} is missing in ${percent(after)} of the rows; it was in ${percent(before)}`;
  return [{ column: a.name, distance, message }];
}

const present = ({ values }: Column): Floats => values.filter((value) => !Number.isNaN(value)).sort();

function numberDrift(a: Column, b: Column): Drift[] {
  const [before, after] = [present(a), present(b)];
  if (before.length === 0 || after.length === 0) return [];
  const distance = kolmogorovSmirnov(before, after);
  if (!matters(distance, before.length, after.length)) return [];
  const middle = (sorted: Floats): string => {
    const value = sorted[sorted.length >> 1];
    return a.kind === "date" ? isoDay(value) : String(value);
  };
  const message = `column ${show(a.name)} has another distribution: its median is ${middle(after)} and was ${middle(before)}`;
  return [{ column: a.name, distance, message }];
}

/** The largest difference of the shares of values up to any number. */
function kolmogorovSmirnov(a: Floats, b: Floats): number {
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

/** The total variation distance; all words outside the schema form one more category. */
function wordDrift(a: Column, b: Column): Drift[] {
  const levels = a.categories.length + 1;
  const shares = [a, b].map((column) => {
    const counts = new Float64Array(levels);
    const values = present(column);
    for (const value of values) counts[Math.min(value, levels - 1)]++;
    return { rows: values.length, shares: counts.map((count) => count / values.length) };
  });
  const [before, after] = shares;
  if (before.rows === 0 || after.rows === 0) return [];
  const differences = after.shares.map((share, level) => share - before.shares[level]);
  const distance = differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / 2;
  const unknown = after.shares[levels - 1];
  if (unknown === 0 && !matters(distance, before.rows, after.rows)) return [];
  const moved = Array.from(differences.subarray(0, levels - 1).keys())
    .sort((x, y) => Math.abs(differences[y]) - Math.abs(differences[x]))
    .slice(0, NAMED)
    .filter((level) => Math.abs(differences[level]) > 0)
    .map(
      (level) =>
        `${show(a.categories[level])} ${percent(after.shares[level])}, was ${percent(before.shares[level])}`,
    );
  const news = unknown > 0 ? [`${percent(unknown)} are new words`] : [];
  return [{ column: a.name, distance, message: `column ${show(a.name)}: ${[...news, ...moved].join("; ")}` }];
}
