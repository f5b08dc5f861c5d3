/** Numbers, values and durations as short text for people. Not for machines: it rounds. */
import { clockOf, isoDay } from "../data/days.js";
import { show } from "../errors.js";
import { characters, columnsOf } from "./columns.js";

export { count } from "../errors.js";

const NOTHING = "–";

/** A score with four decimals, or fewer if it is large, such as a count; a dash without one. */
export function formatScore(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 1e7 || (size > 0 && size < 1e-3)) return value.toExponential(3);
  return value.toFixed(size >= 1e4 || (size >= 100 && Number.isInteger(value)) ? 0 : size >= 100 ? 2 : 4);
}

/** Metrics of two classes that refer to the positive class. */
const OF_POSITIVE = /^(precision|recall|f1|fBeta[\d.]*|jaccard|averagePrecision|rocAuc)$/;

/** The name of a metric, with the class that it refers to: `recall of yes`. */
export function scoreLabel(metric: string, positive: string | undefined): string {
  return positive !== undefined && OF_POSITIVE.test(metric) ? `${metric} of ${positive}` : metric;
}

/**
 * The value of a parameter: numbers with at most four significant digits, such as `1e-6`, strings unchanged,
 * a dash if it does not apply.
 */
export function formatValue(value: unknown): string {
  if (value === undefined) return NOTHING;
  if (typeof value === "string") return plain(value);
  if (typeof value !== "number" || Number.isInteger(value)) return show(value);
  const rounded = Number(value.toPrecision(4));
  return Math.abs(value) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/**
 * The moment of a date, in UTC: its day, with the time where it is not midnight, such as `2009-10-16 08:30`.
 *
 * @param isExact - whether to write milliseconds too, as in `2009-10-16 08:30:00.000`
 */
export function formatMoment(moment: number, isExact = false): string {
  const clock = clockOf(moment);
  if (isExact) return `${isoDay(moment)} ${clock}`;
  const time = clock.slice(0, "08:30".length);
  return time === "00:00" ? isoDay(moment) : `${isoDay(moment)} ${time}`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min` */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** `12 %` */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** Text from a user's file without control characters, which could move the cursor or break a line. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

/** Text of at most `width` columns of a terminal, its end replaced by `…` if it is longer. */
export function clip(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let kept = "";
  let columns = ELLIPSIS.length;
  for (const character of characters(text)) {
    columns += columnsOf(character);
    if (columns > width) break;
    kept += character;
  }
  return kept + ELLIPSIS;
}

const ELLIPSIS = "…";
