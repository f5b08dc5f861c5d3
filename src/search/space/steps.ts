/**
 * The values `low + i·step` of a stepped parameter, without the dust of binary
 * fractions: 0.3, never 0.30000000000000004. It is arithmetic, not a parameter.
 */

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

/** How many values `low + i·step` do not exceed `high`; at least 1. */
export function stepCount(range: Range, step: number): number {
  const last = Math.round((range.high - range.low) / step);
  // 0.3 / 0.1 is 2.9999999999999996: the rounded value decides, not the quotient
  return stepValue(range, step, last) <= range.high ? last + 1 : last;
}

/** Digits after the point in the shortest decimal that reads back as `value`. */
function decimalsOf(value: number): number {
  if (Number.isInteger(value)) return 0;
  const [mantissa, exponent = "0"] = String(value).split("e");
  const point = mantissa.indexOf(".");
  const digits = point < 0 ? 0 : mantissa.length - point - 1;
  return Math.max(0, digits - Number(exponent));
}
