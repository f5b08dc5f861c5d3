/** Statistics that the tests of random numbers share. */

/** Pearson's statistic of counts that should be equal. */
export function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/**
 * The interval that a chi-square with `cells - 1` degrees of freedom leaves with probability below 1e-5 at
 * either end (E. Wilson and M. Hilferty's approximation, 1931; 4.27 is the normal's quantile).
 */
export function chiSquareInterval(cells: number): [low: number, high: number] {
  const k = cells - 1;
  const at = (z: number) => k * Math.max(0, 1 - 2 / (9 * k) + z * Math.sqrt(2 / (9 * k))) ** 3;
  return [at(-4.27), at(4.27)];
}

/** How many values fall in each of `cells` equal parts of [0, 1). */
export function histogram(values: Iterable<number>, cells: number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (const value of values) counts[Math.floor(value * cells)]++;
  return counts;
}
