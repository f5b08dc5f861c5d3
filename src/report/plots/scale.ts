/** The positions of numbers along an axis, and its labels. It does not interpret the numbers. */

/** An axis from one end to the other. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** The position of a number, between `low` and `high` if it is in range; NaN if it has none. */
  readonly at: (value: number) => number;
  /** Places with a line and a label. */
  readonly ticks: readonly number[];
  /** The label of a place. */
  readonly label: (place: number) => string;
}

const MOST_TICKS = 7;
/** Axes that span more powers of ten have ticks only at powers, written as such. */
const WIDE = 3;

/**
 * A logarithmic axis from `low` to `high`, both above 0; places are powers of ten. Lower numbers are at its
 * lower end.
 */
export function logScale(low: number, high: number): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const wide = to - from > WIDE;
  return {
    low: from,
    high: to,
    at: (value) => (value >= 0 ? Math.max(from, Math.log10(value)) : Number.NaN),
    ticks: wide ? powers(from, to) : fractions(from, to),
    label: (place) => (wide ? power(Math.round(place)) : String(Number((10 ** place).toPrecision(2)))),
  };
}

/** Slack for rounded ends that are a tick. */
const SLACK = 1e-9;

function powers(from: number, to: number): number[] {
  const every = Math.ceil((to - from) / MOST_TICKS);
  const first = Math.ceil((from - SLACK) / every) * every;
  const count = Math.floor((to + SLACK - first) / every) + 1;
  return Array.from({ length: count }, (_, i) => first + i * every);
}

/** Ticks at 1, 2 and 5 times powers of ten. */
function fractions(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(from); power <= to; power++) {
    for (const times of [1, 2, 5]) {
      const place = power + Math.log10(times);
      if (place >= from - SLACK && place <= to + SLACK) ticks.push(place);
    }
  }
  return ticks;
}

/** So that a margin at the ends of an axis removes no tick. */
const NEARLY = 0.92;

/** A linear axis from `low` to `high`, with ticks at round numbers. */
export function linearScale(low: number, high: number): Scale {
  const rough = (high - low) / (MOST_TICKS - 2);
  const size = 10 ** Math.floor(Math.log10(rough));
  const every = size * ([1, 2, 5].find((times) => times * size >= rough * NEARLY) ?? 10);
  const first = Math.ceil(low / every - SLACK);
  const count = Math.floor(high / every + SLACK) - first + 1;
  return {
    low,
    high,
    at: (value) => value,
    ticks: Array.from({ length: count }, (_, i) => (first + i) * every),
    label: (place) => String(Number(place.toPrecision(6))),
  };
}

/**
 * The axis that shows values best, with a small margin at both ends: logarithmic if no value is negative and
 * the largest is at least ten times the smallest positive one, linear otherwise. A logarithmic axis covers at
 * most 16 powers of ten.
 */
export function scaleOf(values: readonly number[]): Scale {
  const [least, most] = rangeOf(values);
  const lowest = Math.max(rangeOf(values.filter((value) => value > 0))[0], most * 1e-16);
  if (least >= 0 && most >= 10 * lowest) {
    const room = (most / lowest) ** ROOM;
    return logScale(lowest / room, most * room);
  }
  const room = ROOM * (most - least || Math.abs(most) || 1);
  return linearScale(least - room, most + room);
}

/** The minimum and the maximum of a list that may be too long to pass as arguments. */
export function rangeOf(values: readonly number[]): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** The share of the axis left free at either end. */
const ROOM = 0.03;

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `10⁻³` */
function power(exponent: number): string {
  if (exponent === 0) return "1";
  if (exponent === 1) return "10";
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/**
 * Where a value lies in a range: 0 at its low end, 1 at its high end. Only for drawing; searches use
 * `toUnit`.
 */
export function shareOf(
  { low, high, log }: { readonly low: number; readonly high: number; readonly log?: boolean },
  value: number,
): number {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}
