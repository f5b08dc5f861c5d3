/** Where an axis of values ends, so that a few bad values do not flatten all others. */

/** The share of the values that is always shown, and the largest ratio of the axis to their part of it. */
const [SHOWN, TIMES] = [0.9, 5];
/** Fewer values have no outliers. */
const LEAST = 5;

/**
 * The worst value that an axis must show; undefined if it can show all. The best nine tenths of the values
 * have at least a fifth of the axis; minimized values that are all above 0 are measured by their ratios, as
 * on a logarithmic axis.
 *
 * @example
 * ```ts
 * outlierLimit([0.3, 0.4, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 9e9], "minimize"); // 0.3 · (0.5 / 0.3)⁵ ≈ 3.858
 * ```
 */
export function outlierLimit(
  values: readonly number[],
  direction: "minimize" | "maximize",
): number | undefined {
  if (values.length < LEAST) return undefined;
  const sign = direction === "minimize" ? 1 : -1;
  const costs = Float64Array.from(values, (value) => sign * value).sort();
  const [best, worst] = [costs[0], costs[costs.length - 1]];
  const usual = costs[Math.floor(SHOWN * (costs.length - 1))];
  if (usual === best) return undefined;
  const byRatio = sign > 0 && best > 0;
  const limit = byRatio ? best * (usual / best) ** TIMES : best + TIMES * (usual - best);
  return worst > limit ? sign * limit : undefined;
}
