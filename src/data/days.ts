/** Dates without parsing: the orders of their parts, the length of a day, and the ISO form of moments. */

/** The order of year, month and day if all are digits. */
export type DateOrder = "ymd" | "dmy" | "mdy";

export const DATE_ORDERS = ["ymd", "dmy", "mdy"] as const satisfies readonly DateOrder[];

/** Milliseconds of a day. */
export const DAY = 86_400_000;

/**
 * The day of a moment, in UTC, in ISO 8601.
 *
 * @see H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`
 */
export function isoDay(moment: number): string {
  const days = Math.floor(moment / DAY) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const padded = (value: number, length: number): string => String(value).padStart(length, "0");
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

/** The time of a moment, in UTC: `08:30:00.000`. */
export function clockOf(moment: number): string {
  const ofDay = moment - Math.floor(moment / DAY) * DAY;
  const part = (unit: number, of: number, length = 2): string =>
    String(Math.floor(ofDay / unit) % of).padStart(length, "0");
  return `${part(3_600_000, 24)}:${part(60_000, 60)}:${part(1000, 60)}.${part(1, 1000, 3)}`;
}

/** The day of a moment, with the time where it is not midnight: `2009-10-16T08:30:00.000Z`. */
export const isoMoment = (moment: number): string =>
  isoDay(moment) + (moment % DAY === 0 ? "" : `T${clockOf(moment)}Z`);
