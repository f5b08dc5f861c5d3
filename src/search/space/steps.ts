/**
 * The values `low + i·step` of a stepped parameter, without the rounding errors of binary fractions: 0.3,
 * never 0.30000000000000004; and the unit interval divided into cells, one for each value. It is arithmetic,
 * not a parameter.
 */

/**
 * Steps of floats are at least this fraction of the largest bound M. Then no rounding makes two values equal,
 * or one value's index another's: `low + index * step` is within 2.5·2⁻⁵² M of the intended decimal, and
 * rounding to decimals moves it by no more than that again; a step is at least 16·2⁻⁵² M, so that values lie
 * apart and an index is found to within 0.4.
 */
export const LEAST_STEP = 2 ** -48;

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * The `index`-th value, rounded to the decimals in which `low` and `step` are written.
 * Decimals beyond what `toFixed` takes (100) stay as computed.
 */
export function stepValue({ low }: Range, step: number, index: number): number {
  const value = low + index * step;
  const decimals = Math.max(decimalsOf(low), decimalsOf(step));
  return decimals === 0 || decimals > 100 ? value : Number(value.toFixed(decimals)) + 0;
}

/**
 * The index of the value nearest to `x`; negative below the first value, and past the last index above the
 * last.
 */
export function stepIndex({ low }: Pick<Range, "low">, step: number, x: number): number {
  return Math.round((x - low) / step);
}

/** How many values `low + i·step` do not exceed `high`; at least 1. */
export function stepCount(range: Range, step: number): number {
  const last = stepIndex(range, step, range.high);
  // 0.3 / 0.1 is 2.9999999999999996: the rounded value decides, not the quotient
  return stepValue(range, step, last) <= range.high ? last + 1 : last;
}

/** The cell in which `t` of the unit interval lies, of `count` cells of equal width. */
export function cellAt(t: number, count: number): number {
  return Math.min(count - 1, Math.floor(t * count));
}

/** Up to this many cells, rounding never moves the middle of one into another. */
const EXACT_CELLS = 2 ** 51;
/** The distance of floats in the upper half of the unit interval: cells are at least this wide. */
const APART = 2 ** -53;

/** The middle of a cell; with more than 2⁵¹ cells, a place within it. `cellAt` is the inverse. */
export function middleOf(cell: number, count: number): number {
  let t = (cell + 0.5) / count;
  if (count <= EXACT_CELLS) return t;
  while (cellAt(t, count) < cell) t += APART;
  while (cellAt(t, count) > cell) t -= APART;
  return t;
}

/** Digits after the point in the shortest decimal that reads back as `value`. */
function decimalsOf(value: number): number {
  if (Number.isInteger(value)) return 0;
  const [mantissa, exponent = "0"] = String(value).split("e");
  const point = mantissa.indexOf(".");
  const digits = point < 0 ? 0 : mantissa.length - point - 1;
  return Math.max(0, digits - Number(exponent));
}
