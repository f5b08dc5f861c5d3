/** Intervals in mathematical notation. */

/** `"[0, 1)"` holds 0 and not 1. */
export type Interval = `${"[" | "("}${number}, ${number | "∞"}${"]" | ")"}`;

const read = new Map<Interval, (x: number) => boolean>();

/** Whether an interval contains a number. None contains NaN; one up to ∞ may contain it: `[0, ∞]`. */
export function within(interval: Interval): (x: number) => boolean {
  const known = read.get(interval) ?? testOf(interval);
  read.set(interval, known);
  return known;
}

function testOf(interval: Interval): (x: number) => boolean {
  const [low, high] = interval
    .slice(1, -1)
    .split(", ")
    .map((end) => Number(end.replace("∞", "Infinity")));
  const [withLow, withHigh] = [interval.startsWith("["), interval.endsWith("]")];
  return (x) => (withLow ? x >= low : x > low) && (withHigh ? x <= high : x < high);
}
