/**
 * How numbers are written: decimal mark, thousands separator, unit, sign. A format belongs to a column,
 * because one cell alone, such as `1,234`, is ambiguous. `formats.ts` finds the format of a column.
 */

import { NOT_FINITE, PLAIN } from "./plainNumbers.js";

/** The mark before the fraction. */
export type Decimal = "." | ",";

/** How the numbers of one column are written. */
export interface NumberFormat {
  /** @defaultValue `"."` */
  readonly decimal?: Decimal;
  /** The mark between thousands, one of `, . ' _` and the space. @defaultValue none */
  readonly group?: string;
  /**
   * The text before or after each number, such as `%`, `€` or `kg`; it does not change the value.
   * @defaultValue none
   */
  readonly unit?: string;
  /**
   * How negative numbers are written: `"brackets"`, as in `(120.00)`, or `"after"`, as in `105.15-`. A
   * leading sign is read too. @defaultValue only a leading sign
   */
  readonly negative?: "brackets" | "after";
  /**
   * Whether `k`, `M` and `B` after a number mean thousands, millions and billions (10⁹). @defaultValue false
   */
  readonly scaled?: boolean;
  /**
   * Whether parts are in base 60: `2:05` is 125, and `1:02:05` is 3725. With `"am/pm"` cells are times of
   * day, in seconds after midnight: `10:30 PM` is 81000. @defaultValue false
   */
  readonly clock?: boolean | "am/pm";
}

/** Codes and signs of currencies, which may precede a number. */
export const CURRENCY =
  "[A-Z]{0,2}[$€£¥₹₩₽₺₫₴₦฿₪₱]|AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|" +
  "NOK|NZD|PHP|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|Rs\\.?|kr\\.?";
const PARTS = new RegExp(
  `^(?:(?<sign>[+-]) ?)?(?<before>[%‰°]|${CURRENCY})? ?(?<number>[+-]?[\\d.,' _:]+(?:e[+-]?\\d+)?) ?(?<after>[^\\d\\s.,'_:+-].*)?$`,
  "i",
);
/** A sign of a scale, and a currency. Other words that start with such a letter, such as `kg`, are units. */
const SCALED = new RegExp(`^(?<scale>k|K|M|B|bn|Bn) ?(?<unit>${CURRENCY})?$`);
/** Words and signs; letters with a 2 or 3 are areas and volumes. */
const UNIT = /^(?:[\p{L}\p{Sc}%‰°"″′][\p{L}\p{M}\p{Sc}%‰°/²³·. ]{0,15}|(?:[kcmd]?m|ft|in)[23])$/u;
const POWERS: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9, bn: 9 };
/** The marks of a negative number: brackets, or a minus after the digits. */
export const BRACKETS = /^([^()\d]*)\(([^()]+)\)([^()\d]*)$/;
/** After a digit or a unit. */
export const AFTER = /^([^-]*\d)-( [^-]*)?$|^([^-]*[\p{L}\p{Sc}%])-$/u;

/** A whole amount of money: `5,-` is 5,0. */
export const WHOLE = /^(-?[^-–—]*\d[.,])[-–—]{1,2}(?=\D*$)/;
/** A time of day on a 12-hour clock. */
export const HALF_DAY =
  /^(0?[1-9]|1[0-2])(?::([0-5]\d)(?::([0-5]\d(?:[.,]\d{1,9})?))?)?[ \u00a0\u202f]?([ap])\.?m\.?$/i;

/** The parts of a number, with normalized spaces, minus signs and apostrophes. */
export interface Written {
  /** With a leading sign, if any. */
  readonly digits: string;
  readonly unit: string;
  /** The power of ten of `k`, `M` or `B`. */
  readonly power: number;
  readonly negative: NumberFormat["negative"];
}

/** The parts of a cell; undefined if it is not a number in any format. */
export function writtenOf(cell: string): Written | undefined {
  if (PLAIN.test(cell) || NOT_FINITE.test(cell))
    return { digits: cell, unit: "", power: 0, negative: undefined };
  if (!/\d/.test(cell)) return undefined;
  const text = cell
    .replace(/[\u00a0\u202f\u2009]/g, " ")
    .replace("\u2212", "-")
    .replaceAll("\u2019", "'")
    .replace(WHOLE, (_, digits: string) => `${digits}0`);
  const [brackets, minus] = [BRACKETS.exec(text), AFTER.exec(text)];
  const negative = brackets ? "brackets" : minus ? "after" : undefined;
  const bare = (brackets ?? minus)?.slice(1).join("").trim() ?? text;
  const { sign = "", before = "", number, after = "" } = PARTS.exec(bare)?.groups ?? {};
  if (number === undefined) return undefined;
  const { scale = "", unit = "" } = SCALED.exec(after)?.groups ?? { unit: after.trim() };
  const digits = sign + number.trim();
  const signs = (negative ? 1 : 0) + sign.length + (/^[+-]/.test(number) ? 1 : 0);
  if (signs > 1 || (scale !== "" && /e/i.test(digits))) return undefined;
  if ((before !== "" && unit !== "") || (unit !== "" && !UNIT.test(unit))) return undefined;
  return { digits, unit: before || unit, power: POWERS[scale.toLowerCase()] ?? 0, negative };
}

/** Units that differ only in the plural: `day` and `days`. */
export const unitStem = (unit: string): string => unit.replace(/(\p{L}{2})s$/u, "$1");

/**
 * Groups of three digits after the first, which does not start with 0; or of two before the last three, as in
 * India.
 */
const grouped = (group: string): string =>
  `[1-9]\\d{0,2}(?:${group}\\d{3})+${group === "," ? "|[1-9]\\d?(?:,\\d{2})+,\\d{3}" : ""}`;

const escaped = (mark: string): string => (mark === "." ? "\\." : mark);

const patterns = new Map<string, RegExp>();

/** Numbers with that decimal mark and, if not empty, that thousands separator; or parts of clocks. */
export function patternOf(decimal: Decimal, group: string, clock = false): RegExp {
  const key = decimal + group + clock;
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    const whole = group === "" ? "\\d+" : `(?:\\d+|${grouped(escaped(group))})`;
    const mark = escaped(decimal);
    const number = clock
      ? `\\d+(?::[0-5]\\d){1,2}(?:${mark}\\d+)?`
      : `(?:${whole}(?:${mark}\\d*)?|${mark}\\d+)(?:e[+-]?\\d+)?`;
    pattern = new RegExp(`^[+-]?${number}$`, "i");
    patterns.set(key, pattern);
  }
  return pattern;
}

/**
 * The value of a cell; undefined if it is not written in that format. It equals what JavaScript reads from
 * the same digits, bit for bit.
 */
export function parseNumber(
  cell: string,
  { decimal = ".", group = "", unit = "", negative, scaled = false, clock = false }: NumberFormat,
): number | undefined {
  if (decimal === "." && !clock && PLAIN.test(cell)) return Number(cell);
  if (clock === "am/pm") return timeOfDay(cell);
  const written = writtenOf(cell);
  if (written === undefined) return undefined;
  const { digits, power } = written;
  if (written.unit !== "" && unitStem(written.unit) !== unitStem(unit)) return undefined;
  if ((written.negative ?? negative) !== negative || (power > 0 && !scaled)) return undefined;
  if (NOT_FINITE.test(digits)) return Number.POSITIVE_INFINITY;
  if (!patternOf(decimal, group, clock).test(digits)) return undefined;
  const joined = group === "" ? digits : digits.replaceAll(group, "");
  const bare = decimal === "," ? joined.replace(",", ".") : joined;
  const value = clock ? sixtieths(bare) : Number(power > 0 ? `${bare}e${power}` : bare);
  return written.negative ? 0 - value : value;
}

/** Seconds after midnight: `12:05 AM` → 300; undefined for another cell. */
export function timeOfDay(cell: string): number | undefined {
  const [, hour, minute = "0", second = "0", half] = HALF_DAY.exec(cell) ?? [];
  if (half === undefined) return undefined;
  return (hourOf(Number(hour), half) * 60 + Number(minute)) * 60 + Number(second.replace(",", "."));
}

/** The hour of a day, from a 12-hour clock. @param half - `a` or `p`, in any case */
export const hourOf = (hour: number, half: string): number => (hour % 12) + (/p/i.test(half) ? 12 : 0);

/** `-1:02:05` → −3725 */
function sixtieths(digits: string): number {
  const size = digits.replace(/^[+-]/, "");
  const value = size.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return digits.startsWith("-") ? 0 - value : value;
}
