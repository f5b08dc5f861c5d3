/**
 * When CMA-ES restarts with twice the population: IPOP (A. Auger and N. Hansen, "A restart CMA evolution
 * strategy with increasing population size", CEC 2005), with the criteria of the tutorial's appendix B.3.
 */

import type { Distribution } from "./distribution.js";
import type { State } from "./update.js";

/** The best and the median cost of past generations, oldest first; as many as the criteria need. */
export interface Progress {
  readonly bests: readonly number[];
  readonly medians: readonly number[];
}

/** Costs whose range is below this, relative to their size, show no progress. */
const TOL_FUN = 1e-12;
/** A standard deviation of the unit interval below which nothing moves. */
const TOL_X = 1e-12;
/**
 * A discrete coordinate that must be widened by more than this has settled: only its margin still moves it.
 */
const SETTLED = 1e3;
/** With a larger condition number of C, rounding makes C^-½ useless. */
const MAX_CONDITION = 1e14;

/** The progress after one more generation, whose costs are in ascending order. */
export function recordProgress({ bests, medians }: Progress, costs: Float64Array, n: number): Progress {
  const { long } = windows(n, costs.length);
  return {
    bests: [...bests, costs[0]].slice(-long),
    medians: [...medians, costs[costs.length >> 1]].slice(-long),
  };
}

/**
 * Why to restart: no progress in cost or in place, an ill-conditioned C, or no trend; otherwise undefined.
 */
export function whyRestart(
  { distribution, rates }: State,
  { bests, medians }: Progress,
  costs: Float64Array,
): "tolFun" | "tolX" | "condition" | "stagnation" | undefined {
  const n = distribution.mean.length;
  const { short, long } = windows(n, rates.lambda);
  const recent = [...bests.slice(-short), ...costs];
  const least = Math.min(...recent);
  const range = Math.max(...recent) - least;
  if (bests.length >= short && range <= TOL_FUN * Math.max(1, Math.abs(least))) return "tolFun";
  if (n > 0 && distribution.widening.every((_, i) => isStill(distribution, i))) return "tolX";
  const { ratio } = distribution.covariance;
  if (n > 0 && ratio * ratio > MAX_CONDITION) return "condition";
  const flat = (series: readonly number[]) => median(series.slice(-20)) >= median(series.slice(0, 20));
  if (bests.length >= long && flat(bests) && flat(medians)) return "stagnation";
  return undefined;
}

function isStill({ sigma, covariance, widening }: Distribution, i: number): boolean {
  const std = sigma * Math.sqrt(covariance.variances[i]);
  return std < TOL_X || widening[i] > SETTLED;
}

/** How many past generations the criteria on costs use. */
function windows(n: number, lambda: number): { short: number; long: number } {
  const share = Math.ceil((30 * n) / lambda);
  return { short: 10 + share, long: 120 + share };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
