/** Numbers as JavaScript and most files write them. `numbers.ts` has other marks and units. */

/** Digits, optionally with a decimal point and an exponent. */
export const PLAIN = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
export const NOT_FINITE = /^[+-]?(inf|infinity)$/i;

/** The value of a trimmed cell, which may be infinite; undefined if it is not plain. */
export function plainNumber(cell: string): number | undefined {
  if (PLAIN.test(cell)) return Number(cell);
  return NOT_FINITE.test(cell) ? Number.POSITIVE_INFINITY : undefined;
}
