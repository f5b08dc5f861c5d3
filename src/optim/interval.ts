/** Intervals of hyperparameters, in mathematical notation. */
import { must } from "../errors.js";

/** `"[0, 1)"` contains 0 but not 1. */
export type Interval = `${"[" | "("}${number}, ${number | "∞"}${"]" | ")"}`;

/** An interval, parsed. */
export interface Range {
  readonly interval: Interval;
  contains(x: number): boolean;
}

export function parseInterval(interval: Interval): Range {
  const [low, high] = interval
    .slice(1, -1)
    .split(", ")
    .map((end) => (end === "∞" ? Number.POSITIVE_INFINITY : Number(end)));
  const [withLow, withHigh] = [interval.startsWith("["), interval.endsWith("]")];
  return {
    interval,
    contains: (x) => (withLow ? x >= low : x > low) && (withHigh ? x <= high : x < high),
  };
}

/** Refuses anything but a finite number in its range. @throws FettleError `invalid_argument` */
export function checkNumber(value: number, name: string, owner: string, range: Range | undefined): void {
  must(
    Number.isFinite(value) && (range === undefined || range.contains(value)),
    `${name} of ${owner}`,
    `a finite number${range === undefined ? "" : ` in ${range.interval}`}`,
    value,
  );
}
