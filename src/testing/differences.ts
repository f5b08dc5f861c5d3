/** Derivatives by finite differences, with an estimate of their own error. */

/** Tolerance and steps of the comparison with differences. */
export interface DifferenceOptions {
  /** The largest difference, relative to the larger of both, or to 1e-6 if that is larger. Default 1e-6. */
  readonly tolerance?: number;
  /**
   * The largest step of the differences: the function is evaluated up to this far from the arguments, and
   * must have no kink and no edge of its domain there. Default 1/64.
   */
  readonly reach?: number;
}

/** A smaller derivative has an absolute bound: it may be only the rounding of larger numbers. */
const SMALL = 1e-6;

/**
 * The difference between `analytic` and the derivative of `along` at 0, as a share of its bound; `mismatch`
 * describes it if it is above the bound or cannot be judged.
 */
export function compareToDifferences(
  analytic: number,
  along: (t: number) => number,
  { tolerance = 1e-6, reach = 1 / 64 }: DifferenceOptions,
): { share: number; mismatch?: string } {
  const { derivative, error } = richardson(along, reach);
  const size = Math.max(Math.abs(analytic), Math.abs(derivative));
  const shown = `${analytic} by autograd and ${derivative} (± ${error}) by differences`;
  // below 1 the absolute error counts: a derivative of 0 has no relative one
  if (!(error <= tolerance * Math.max(1, size)))
    return { share: 1, mismatch: `${shown}, which are too uncertain to judge it` };
  const share = Math.abs(analytic - derivative) / (tolerance * Math.max(size, SMALL) + error);
  return share <= 1 ? { share } : { share, mismatch: shown };
}

/**
 * The derivative of `f` at 0 from central differences with steps h, h/2, h/4, h/8, whose errors are even
 * powers of the step and are eliminated one after the other. The estimated error is the last correction plus
 * the rounding of `f` over the smallest step.
 */
function richardson(f: (t: number) => number, h: number): { derivative: number; error: number } {
  const LEVELS = 4;
  let size = 0;
  let row: number[] = [];
  let last = 0;
  for (let level = 0; level < LEVELS; level++) {
    const step = h / 2 ** level;
    const [right, left] = [f(step), f(-step)];
    size = Math.max(size, Math.abs(right), Math.abs(left));
    const next = [(right - left) / (2 * step)];
    for (let k = 0; k < row.length; k++) next.push(next[k] + (next[k] - row[k]) / (4 ** (k + 1) - 1));
    last = row.length > 0 ? Math.abs(next[next.length - 1] - row[row.length - 1]) : Number.POSITIVE_INFINITY;
    row = next;
  }
  const ROUNDINGS = 32 * 2 ** -53;
  return { derivative: row[row.length - 1], error: last + (ROUNDINGS * size * 2 ** (LEVELS - 1)) / h };
}
