/**
 * Chooses how the numbers or dates of a column are read, by the evidence of other columns; or describes the
 * doubt.
 */
import { show } from "../errors.js";
import type { NumberCells } from "./cells.js";
import { parseDate } from "./dates.js";
import type { DateOrder } from "./days.js";
import { type Decimal, type NumberFormat, parseNumber } from "./numbers.js";
import { plainNumber } from "./plainNumbers.js";
import type { ColumnKind, ColumnSchema, Settlement } from "./schema.js";

/** The evidence of unambiguous columns for the others. */
export interface Shown {
  readonly decimal: Decimal | undefined;
  /** Whether some have a decimal comma. */
  readonly hasComma: boolean;
  /** Thousands separators. */
  readonly groups: ReadonlySet<string>;
  readonly dateOrder: DateOrder | undefined;
}

/** What is known about a column of numbers or dates. */
interface Ways {
  readonly name: string;
  readonly plain: NumberCells | undefined;
  readonly words: readonly string[];
  readonly formats: readonly NumberFormat[];
  readonly orders: readonly DateOrder[];
  readonly kind: ColumnKind | undefined;
}

export const asKind = (name: string, kind: ColumnKind): string => JSON.stringify({ [name]: kind });

/** A kind that settles a doubt. */
export const asSettled = (name: string, kind: ColumnKind): Settlement => ({ as: { [name]: kind } });

/** The format of the numbers of a column, or the doubt. */
export function formatIn(
  { name, plain, words, formats, kind }: Ways,
  { decimal, groups, hasComma }: Shown,
): Partial<ColumnSchema> {
  const padded = plain ? plain.padded : words.find((cell) => /^0\d+$/.test(cell));
  const code = kind === undefined ? padded : undefined;
  if (code !== undefined) {
    const ways = `as: ${asKind(name, "category")} or as: ${asKind(name, "number")}`;
    return {
      doubt: `has leading zeros, as in ${show(code)}, which numbers lose; choose ${ways}`,
      settle: asSettled(name, "category"),
    };
  }
  const isNegative = plain === undefined && kind === undefined && areNegative(words, formats[0]);
  if (isNegative)
    return {
      doubt:
        `has ${formats[0].negative === "after" ? "a minus after" : "brackets around"} every number, as in ${show(words[0])}, which reads it as negative; ` +
        `choose as: ${asKind(name, "category")} or as: ${asKind(name, "number")}`,
      settle: asSettled(name, "category"),
    };
  const isOpen = formats.some(({ group }) => group === "," || group === ".");
  const isShown = (format: NumberFormat): boolean =>
    format.decimal === decimal && !contradicts(format, groups);
  const usual = plainIn(formats); // JavaScript's notation, unless there is evidence against it
  const by = formats.find(isShown);
  const isAsked = isOpen && formats.length > 1;
  const chosen = isAsked ? (by ?? (hasComma ? undefined : usual)) : (usual ?? formats[0]);
  const settle = { decimal: { [name]: "." as const } };
  if (chosen) {
    const sample = words.find((cell) => cell.includes(".")) ?? "1.234";
    const guess =
      `has three digits after every point, as in ${show(sample)}, which is read as a decimal point; ` +
      `choose decimal: ${JSON.stringify({ [name]: "," })} if it separates thousands`;
    return { ...written(chosen, plain ? [] : words), ...(isAsked && !by && { guess, settle }) };
  }
  const cell = words.find((each) => /[.,]/.test(each)) as string;
  const readings = formats.map((each) => parseNumber(cell, each) as number).sort((a, b) => b - a);
  const ways =
    decimal === undefined && groups.size === 0 && !hasComma
      ? 'decimal: "." or decimal: ","'
      : [".", ","].map((mark) => `decimal: ${JSON.stringify({ [name]: mark })}`).join(" or ");
  return {
    doubt: `can be read in two ways, ${show(cell)} as ${readings.join(" or ")}; choose ${ways}`,
    settle,
  };
}

/**
 * Whether every cell is a number in brackets, or with a minus after it: this may be the numbering of a list.
 */
const areNegative = (words: readonly string[], format: NumberFormat): boolean =>
  format.negative !== undefined && words.every((cell) => (parseNumber(cell, format) ?? 0) < 0);

/** Whether a column has a different thousands separator than the rest of the table. */
const contradicts = ({ group }: NumberFormat, groups: ReadonlySet<string>): boolean =>
  group !== undefined && groups.size > 0 && !groups.has(group);

/** The order of the dates of a column, or the doubt. */
export function orderIn({ words, orders }: Ways, { dateOrder }: Shown): Partial<ColumnSchema> {
  const same = (order: DateOrder): boolean =>
    words.every((cell) => parseDate(cell, order) === parseDate(cell, orders[0]));
  const isOpen = orders.length > 1 && orders.every(same);
  const order = orders.every(same) ? orders[0] : orders.find((each) => each === dateOrder);
  if (order === "ymd") return {};
  if (order) {
    const why = isOpen ? "day and month are the same in every cell" : "like other dates of the table";
    const guess = `is read as ${order}: ${why}; choose dateOrder: "dmy" or dateOrder: "mdy" to be sure`;
    return { dateOrder: order, ...(orders.length > 1 && { guess, settle: { dateOrder: order } }) };
  }
  const cell = words.find((each) => parseDate(each, "dmy") !== parseDate(each, "mdy")) as string;
  const [a, b] = cell.split(/[-/.]/);
  return {
    doubt:
      `can be read in two ways, ${show(cell)} as day ${Number(a)} of month ${Number(b)} or day ${Number(b)} of month ${Number(a)}; ` +
      'choose dateOrder: "dmy" or dateOrder: "mdy"',
    settle: { dateOrder: cell.includes("/") ? "mdy" : "dmy" },
  };
}

/** JavaScript's notation, if it can read the numbers. */
const plainIn = (formats: readonly NumberFormat[]): NumberFormat | undefined =>
  formats.find(({ decimal, group }) => decimal === "." && group === undefined);

/** A format without its defaults; left out for JavaScript's notation. */
function written({ decimal, ...rest }: NumberFormat, words: readonly string[]): { format?: NumberFormat } {
  if (decimal === "," || Object.keys(rest).length > 0)
    return { format: { ...(decimal === "," && { decimal }), ...rest } };
  // such as a minus sign other than a hyphen
  return words.some((word) => plainNumber(word) === undefined) ? { format: { decimal: "." } } : {};
}
