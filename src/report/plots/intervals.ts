/** Intervals of 95 % for what was counted or measured on some rows. */

const NORMAL = 1.959964;

/** Of a share of so many rows, by Wilson. */
export function shareInterval(share: number, rows: number): [number, number] {
  const z2 = NORMAL * NORMAL;
  const middle = (share + z2 / (2 * rows)) / (1 + z2 / rows);
  const half = (NORMAL / (1 + z2 / rows)) * Math.sqrt((share * (1 - share)) / rows + z2 / (4 * rows * rows));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Of a mean, by the normal distribution; not below 0, since errors are not. */
export function meanInterval(errors: readonly number[], mean: number): [number, number] {
  if (errors.length < 2) return [mean, mean];
  const variance = errors.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (errors.length - 1);
  const half = NORMAL * Math.sqrt(variance / errors.length);
  return [Math.max(0, mean - half), mean + half];
}
