/**
 * How numbers are written: decimal mark, thousands separator, unit. A format belongs to a whole column, since one cell
 * alone, such as `1,234`, can be read in two ways. What a column is otherwise is decided in schema.ts.
 */

import { NOT_FINITE, PLAIN } from "./plainNumbers.js";

/** The mark between the whole and the fraction. */
export type Decimal = "." | ",";

/** How the numbers of one column are written. */
export interface NumberFormat {
  /** @defaultValue `"."` */
  readonly decimal?: Decimal;
  /** The mark between thousands, one of `, . ' _` and the space. @defaultValue none */
  readonly group?: string;
  /** What stands before or after each number, such as `%` or `€`; it does not change the value. @defaultValue none */
  readonly unit?: string;
}

const SPACES = /[\u00a0\u202f\u2009]/g;
const UNIT = "[%‰°$€£¥₹]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK";
const PARTS = new RegExp(
  `^(?<before>${UNIT})? ?(?<number>[+-]?[\\d.,' _]+(?:e[+-]?\\d+)?) ?(?<after>${UNIT})?$`,
  "i",
);

/** A number without its unit and with spaces of one kind; undefined for what cannot be a number in any format. */
interface Written {
  readonly digits: string;
  readonly unit: string;
}

function writtenOf(cell: string): Written | undefined {
  if (PLAIN.test(cell) || NOT_FINITE.test(cell)) return { digits: cell, unit: "" };
  const { before = "", number, after = "" } = PARTS.exec(cell.replace(SPACES, " "))?.groups ?? {};
  if (number === undefined || (before !== "" && after !== "")) return undefined;
  return { digits: number.trim(), unit: before || after };
}

/** Groups of three digits after the first, which does not begin with 0. */
const grouped = (group: string): string => `[1-9]\\d{0,2}(?:${group}\\d{3})+`;

/** The marks between thousands that may stand beside each decimal mark. */
const GROUPS: Readonly<Record<Decimal, readonly string[]>> = {
  ".": [",", " ", "'", "_"],
  ",": [".", " ", "'", "_"],
};

const FORMATS = /* @__PURE__ */ ([".", ","] as const).flatMap((decimal) =>
  ["", ...GROUPS[decimal]].map((group) => ({ decimal, group })),
);

const escaped = (mark: string): string => (mark === "." ? "\\." : mark);

const patterns = new Map<string, RegExp>();

/** Numbers with that decimal mark and, if it is not empty, that mark between thousands. */
function patternOf(decimal: Decimal, group: string): RegExp {
  const key = decimal + group;
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    const whole = group === "" ? "\\d+" : `(?:\\d+|${grouped(escaped(group))})`;
    const mark = escaped(decimal);
    pattern = new RegExp(`^[+-]?(?:${whole}(?:${mark}\\d*)?|${mark}\\d+)(?:e[+-]?\\d+)?$`, "i");
    patterns.set(key, pattern);
  }
  return pattern;
}

/**
 * The value of a cell; undefined if it is not written in that format. A number is the one that JavaScript reads from the
 * same digits, to the bit.
 */
export function parseNumber(
  cell: string,
  { decimal = ".", group = "", unit = "" }: NumberFormat,
): number | undefined {
  if (decimal === "." && PLAIN.test(cell)) return Number(cell);
  const written = writtenOf(cell);
  if (written === undefined || (written.unit !== "" && written.unit !== unit)) return undefined;
  const { digits } = written;
  if (NOT_FINITE.test(digits)) return Number.POSITIVE_INFINITY;
  if (!patternOf(decimal, group).test(digits)) return undefined;
  const bare = group === "" ? digits : digits.replaceAll(group, "");
  return Number(decimal === "," ? bare.replace(",", ".") : bare);
}

/**
 * The formats in which every cell is a number; the empty array if there are none. They differ in what the
 * cells mean only if one of them has a `group` of `,` or `.`.
 */
export function formatsOf(cells: Iterable<string>): NumberFormat[] {
  let unit: string | undefined;
  let candidates = FORMATS.map((format) => ({ ...format, used: format.group === "" }));
  let isDecided = false; // the decimal mark
  for (const cell of cells) {
    // Most cells are as JavaScript has them; then the formats with a decimal point read them, and few others.
    const isPlain = PLAIN.test(cell);
    if (isPlain && (isDecided || !cell.includes("."))) continue;
    const written = writtenOf(cell);
    if (written === undefined) return [];
    unit ??= written.unit || undefined;
    if (written.unit !== "" && written.unit !== unit) return [];
    const { digits } = written;
    if (!/[.,' _]/.test(digits)) continue; // the same in every format
    candidates = candidates.filter(
      ({ decimal, group }) => (isPlain && decimal === ".") || patternOf(decimal, group).test(digits),
    );
    if (candidates.length === 0) return [];
    for (const candidate of candidates) candidate.used ||= digits.includes(candidate.group);
    isDecided = candidates.every(({ decimal }) => decimal === ".");
  }
  return candidates
    .filter(({ used }) => used)
    .map(({ decimal, group }) => ({ decimal, ...(group !== "" && { group }), ...(unit && { unit }) }));
}
