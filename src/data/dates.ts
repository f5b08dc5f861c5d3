/**
 * How dates are written, and their numbers: milliseconds since 1970 in UTC. A date without a zone is in UTC,
 * so that it is the same everywhere. The order of day and month belongs to a column, because `1/2/2024` alone
 * is ambiguous.
 */
import type { DateOrder } from "./days.js";
import { hourOf } from "./numbers.js";

const TIME =
  "(?:(?:T|,? +)(?<hour>\\d{1,2}):(?<minute>\\d\\d)(?::(?<second>\\d\\d(?:[.,]\\d{1,9})?))?(?:[ \\u00a0\\u202f]?(?<half>[ap])\\.?m\\.?)? ?(?:Z|UTC|GMT|(?<zone>[+-]\\d\\d):?(?<zoneMinute>\\d\\d))?)?";
const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
/**
 * The number of a month by its name in lower case: complete, or the first three letters; September also four.
 */
const MONTH_OF = new Map(
  MONTHS.flatMap((name, i) =>
    [name, name.slice(0, 3), ...(name === "September" ? ["Sept"] : [])].map(
      (word) => [word.toLowerCase(), i + 1] as const,
    ),
  ),
);
const WORD = "(?<name>[a-z]{3,9})\\.?";
const YEAR = "(?<year>\\d{4}|\\d\\d)";
const PART = (name: string): string => `(?<${name}>\\d{1,2})`;
const pattern = (date: string): RegExp => new RegExp(`^${date}${TIME}$`, "i");

const DIGITS: Readonly<Record<DateOrder, RegExp>> = {
  ymd: pattern(`(?<year>\\d{4})(?<mark>[-/.])${PART("month")}\\k<mark>${PART("day")}`),
  dmy: pattern(`${PART("day")}(?<mark>[-/.])${PART("month")}\\k<mark>${YEAR}`),
  mdy: pattern(`${PART("month")}(?<mark>[-/.])${PART("day")}\\k<mark>${YEAR}`),
};
/** Formats with the month as a word, valid in any order. */
const WORDS = [
  pattern(`${PART("day")}[ -]${WORD}[ ,-]+${YEAR}`),
  pattern(`${WORD} ${PART("day")},? +(?<year>\\d{4})`),
];
/** A quick test that rejects most cells of other columns. */
const BEGINS = new RegExp(`^(\\d{1,4}[-/. ]|${[...MONTH_OF.keys()].join("|")})`, "i");

/** The moment that a cell means; undefined if it is not a date of that order. */
export function parseDate(cell: string, order: DateOrder): number | undefined {
  if (!BEGINS.test(cell)) return undefined;
  for (const each of [DIGITS[order], ...WORDS]) {
    const parts = each.exec(cell)?.groups;
    if (parts) return momentOf(parts);
  }
  return undefined;
}

function momentOf(parts: Readonly<Record<string, string | undefined>>): number | undefined {
  const digits = parts.year as string;
  // Two digits mean the years 1969 to 2068, as in POSIX.
  const year = digits.length === 2 ? Number(digits) + (Number(digits) < 69 ? 2000 : 1900) : Number(digits);
  const month = parts.name ? (MONTH_OF.get(parts.name.toLowerCase()) ?? 0) : Number(parts.month);
  const day = Number(parts.day);
  const clock = Number(parts.hour ?? 0);
  const hour = parts.half === undefined ? clock : hourOf(clock, parts.half);
  const minute = Number(parts.minute ?? 0);
  const second = Number((parts.second ?? "0").replace(",", "."));
  const fits =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour < 24 &&
    (parts.half === undefined || (clock >= 1 && clock <= 12)) &&
    minute < 60 &&
    second < 60;
  if (!fits) return undefined;
  const minutes = (dayNumber(year, month, day) * 24 + hour) * 60 + minute;
  return minutes * 60_000 + Math.round(second * 1000) - offsetOf(parts);
}

/** `+02` and `00` → 7,200,000 */
function offsetOf({ zone, zoneMinute }: Readonly<Record<string, string | undefined>>): number {
  return zone === undefined
    ? 0
    : Number(`${zone[0]}1`) * (Number(zone.slice(1)) * 60 + Number(zoneMinute)) * 60_000;
}

/** The month after December is the thirteenth. */
const daysIn = (year: number, month: number): number =>
  dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);

/**
 * Days from 1970-01-01 to a day of the Gregorian calendar.
 *
 * @see H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`
 */
function dayNumber(year: number, month: number, day: number): number {
  const fromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
