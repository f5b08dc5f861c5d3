/**
 * The targets y of the model (see `gp.ts`): costs, warped and standardised to mean 0 and variance 1. Any
 * finite costs are accepted, even 1e308.
 */
import { log, log1p } from "../../../numerics/special.js";

/**
 * A warp of costs, increasing: with b the distance from the least cost to the median, times `distance`, and m
 * the median or the least cost, a cost c above m becomes m + b·ln(1 + (c − m)/b), and others stay unchanged.
 */
export interface Warp {
  readonly from: "median" | "least";
  readonly distance: number;
}

/**
 * The warps among which the likelihood chooses, the first favoured: the worse half compressed, because how
 * bad the bad points are says little about the good ones; no warp; all compressed, mildly and strongly, for
 * costs over orders of magnitude.
 */
export const warps: readonly [Warp, ...Warp[]] = [
  { from: "median", distance: 1 },
  { from: "median", distance: Number.POSITIVE_INFINITY },
  { from: "least", distance: 1 },
  { from: "least", distance: 0.1 },
];

/** Costs as the model uses them. */
export interface Targets {
  /** y, [n]. */
  readonly values: Float64Array;
  /** ln ∂y/∂c at each cost, [n], up to a constant that all warps of the same costs share. */
  readonly logSlopes: Float64Array;
  /** The y of any cost. */
  readonly targetOf: (cost: number) => number;
  /** The cost that equals one unit of y, at the least cost and below. */
  readonly unit: number;
}

/**
 * Standardised costs. If at least half of the costs equal the least, none is warped.
 *
 * @returns values of 0 and a unit of 0 if all costs are equal
 */
export function targetsOf(costs: Float64Array, warp: Warp): Targets {
  const n = costs.length;
  const equal = { values: new Float64Array(n), logSlopes: new Float64Array(n), targetOf: () => 0, unit: 0 };
  let largest = 0;
  for (const cost of costs) largest = Math.max(largest, Math.abs(cost));
  if (largest === 0) return equal;
  const scaled = costs.map((cost) => cost / largest); // so that no square overflows
  const { from, distance } = placeOf(scaled, warp);
  const isWarped = distance > 0 && distance < Number.POSITIVE_INFINITY;
  /** ln(1 + (c − m)/b): the logarithm of the divisor of the slope */
  const bendOf = (cost: number): number =>
    isWarped && cost > from ? log1p(Math.min((cost - from) / distance, Number.MAX_VALUE)) : 0;
  const bent = (cost: number, bend: number): number => (bend > 0 ? from + distance * bend : cost);
  const bends = scaled.map(bendOf);
  const warped = scaled.map((cost, i) => bent(cost, bends[i]));
  let mean = 0;
  for (const value of warped) mean += value / n;
  let variance = 0;
  for (const value of warped) variance += ((value - mean) * (value - mean)) / n;
  const deviation = Math.sqrt(variance);
  // a smaller deviation is rounding
  if (deviation < 1e-12) return equal;
  const logDeviation = log(deviation);
  return {
    values: warped.map((value) => (value - mean) / deviation),
    logSlopes: bends.map((bend) => -bend - logDeviation),
    targetOf: (cost) => (bent(cost / largest, bendOf(cost / largest)) - mean) / deviation,
    unit: deviation * largest,
  };
}

/** m and b. */
function placeOf(costs: Float64Array, warp: Warp): { readonly from: number; readonly distance: number } {
  const sorted = costs.toSorted();
  const median = sorted[Math.floor((costs.length - 1) / 2)];
  return {
    from: warp.from === "median" ? median : sorted[0],
    distance: warp.distance * (median - sorted[0]),
  };
}
