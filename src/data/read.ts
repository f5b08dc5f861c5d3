/**
 * One cell as a number, by the schema of its column: what text and records, tables and single rows share. The
 * schema defines which cells are missing, see `missingIn`.
 */
import { FettleError, must, shortened, show } from "../errors.js";
import type { DateOrder } from "./days.js";
import type { NumberFormat } from "./numbers.js";
import { plainNumber } from "./plainNumbers.js";
import { type ColumnSchema, isInputKind } from "./schema.js";

/**
 * How a word outside a given schema is treated: refused; read as missing; or ignored, so that it is outside
 * all categories (a row of zeros if they are one-hot).
 */
export type UnknownRule = "refuse" | "missing" | "ignore";

const UNKNOWN_RULES = ["refuse", "missing", "ignore"] satisfies UnknownRule[];

/** @throws FettleError `invalid_argument` */
export function checkUnknownRule(rule: unknown): asserts rule is UnknownRule {
  must(UNKNOWN_RULES.includes(rule as UnknownRule), "unknown", '"refuse", "missing" or "ignore"', rule);
}

/**
 * A value of a record; null, undefined and NaN are missing cells. A `Date` is any object with `toISOString`.
 */
export type RecordValue = string | number | boolean | { toISOString(): string } | null | undefined;

/**
 * The cell of a record: a number, or text that is trimmed; `""` for a missing one.
 *
 * @param placeOf - its place, for people
 * @throws FettleError `invalid_data` for anything but a {@link RecordValue}
 */
export function cellOf(value: unknown, placeOf: () => string): string | number {
  const cell = cellIn(value);
  if (cell === undefined) throw new FettleError("invalid_data", `${placeOf()}: a value ${mustBeCell(value)}`);
  return cell;
}

/** What a refused value of a record must be, for the end of a message. */
export const mustBeCell = (value: unknown): string =>
  `must be a word, a number, a boolean, a date or null; received ${show(value)}`;

/** As {@link cellOf}; undefined for anything but a {@link RecordValue}. */
export function cellIn(value: unknown): string | number | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "number") return value;
  if (typeof value === "string") return value.trim();
  const isDate = typeof value === "object" && "toISOString" in value && !Number.isNaN(Number(value));
  if (isDate) return (value as { toISOString(): string }).toISOString();
  return typeof value === "boolean" ? String(value) : undefined;
}

/** Parsers that few columns need, loaded on demand; a cell that they cannot read becomes undefined. */
export interface Parsers {
  /** `dates.ts`'s, for columns of dates: the moment that a cell means. */
  readonly parseDate?: (cell: string, order: DateOrder) => number | undefined;
  /** `numbers.ts`'s, for columns with a `format`. */
  readonly parseNumber?: (cell: string, format: NumberFormat) => number | undefined;
}

/** A word in lower case, without repeated spaces. */
export const foldCase = (word: string): string => word.toLowerCase().replace(/\s+/g, " ");

type Reader = (cell: string | number) => number | undefined;

/**
 * Reads a cell that is not missing by the schema; NaN for a cell that its column treats as missing, undefined
 * for one that must be refused.
 */
export function readerOf(column: ColumnSchema, unknown: UnknownRule, parsers: Parsers): Reader {
  const read = presentReader(column, unknown, parsers);
  if (!column.na || !isInputKind(column.kind)) return read;
  const none = new Set(column.na.map((word) => word.toLowerCase()));
  return (cell) => (typeof cell === "string" && none.has(cell.toLowerCase()) ? NaN : read(cell));
}

function presentReader(column: ColumnSchema, unknown: UnknownRule, parsers: Parsers): Reader {
  const { kind, categories, dateOrder = "ymd", ignoreCase } = column;
  if (!isInputKind(kind)) return () => 0;
  const { parseDate } = parsers;
  // a leading year of four digits means the same in any order
  if (kind === "date")
    return (cell) => parseDate?.(String(cell), dateOrder) ?? parseDate?.(String(cell), "ymd");
  if (kind === "number")
    return (cell) => {
      const value = numberIn(cell, column, parsers);
      return value !== undefined && Number.isFinite(Math.fround(value)) ? value : undefined;
    };
  const isFolded = kind === "boolean" || ignoreCase === true;
  const folded = isFolded ? foldCase : (word: string): string => word;
  const words = categories.map((word, code) => [folded(word), code] as const);
  const codes = new Map(kind === "boolean" ? [["false", 0] as const, ["true", 1] as const, ...words] : words);
  const other = otherCode(column, unknown);
  if (kind === "boolean") return (cell) => codes.get(folded(String(cell)));
  return (cell) => codes.get(folded(String(cell))) ?? other;
}

/** The code of a word outside the categories: that of `rest`, if there is one; undefined to refuse it. */
export function otherCode(
  { categories, rest }: Pick<ColumnSchema, "categories" | "rest">,
  unknown: UnknownRule,
): number | undefined {
  const own = rest === undefined ? -1 : categories.indexOf(rest);
  return own >= 0 ? own : { refuse: undefined, missing: NaN, ignore: categories.length }[unknown];
}

function numberIn(
  cell: string | number,
  { format }: ColumnSchema,
  { parseNumber }: Parsers,
): number | undefined {
  if (typeof cell === "number") return cell;
  return format ? parseNumber?.(cell, format) : plainNumber(cell);
}

/** The options with which such cells are not refused; empty if there are none. */
export function remedyOf({ kind }: ColumnSchema): string {
  return kind === "category" ? '; choose unknown: "ignore" or unknown: "missing"' : "";
}

/** What is wrong with a refused cell, for people. */
export function faultOf(column: ColumnSchema, cell: string | number, parsers: Parsers): string {
  const { kind, categories, format } = column;
  if (kind === "date") return `every cell must be a date; received ${show(cell)}`;
  if (kind !== "number") {
    const words =
      categories.length > 5 ? `one of its ${categories.length} words` : categories.map(show).join(" or ");
    return `every cell must be ${words}; received ${show(cell)}`;
  }
  if (numberIn(cell, column, parsers) !== undefined)
    return `numbers must be finite and fit float32; received ${shortened(String(cell))}; correct it, or leave it empty if it is missing`;
  return `every cell must be a number${format ? ` written with ${show(format)}` : ""}; received ${show(cell)}`;
}
