/**
 * The targets y of the model (see `gp.ts`): costs with the worse half compressed, standardised to mean 0 and variance 1.
 * Any finite costs are accepted, even 1e308.
 */
import { log1p } from "../../../numerics/special.js";

/** Costs as the model uses them. */
export interface Targets {
  /** y, [n]. */
  readonly values: Float64Array;
  /** The cost that equals one unit of y, in the better half. */
  readonly unit: number;
}

/**
 * Standardised costs. First, a cost c above the median m becomes m + b·ln(1 + (c − m)/b), with b the distance from the
 * least cost to m: how bad the bad points are says little about the good ones, and a stationary model fitted to both would
 * learn mostly about the bad. If at least half of the costs equal the least, none is changed.
 *
 * @returns values of 0 and a unit of 0 if all costs are equal
 */
export function targetsOf(costs: Float64Array): Targets {
  const n = costs.length;
  let largest = 0;
  for (const cost of costs) largest = Math.max(largest, Math.abs(cost));
  if (largest === 0) return { values: new Float64Array(n), unit: 0 };
  const compressed = compress(costs.map((cost) => cost / largest)); // scaled, so that no square overflows
  let mean = 0;
  for (const value of compressed) mean += value / n;
  let variance = 0;
  for (const value of compressed) variance += ((value - mean) * (value - mean)) / n;
  const deviation = Math.sqrt(variance);
  // a smaller deviation is rounding
  if (deviation < 1e-12) return { values: new Float64Array(n), unit: 0 };
  return { values: compressed.map((value) => (value - mean) / deviation), unit: deviation * largest };
}

function compress(costs: Float64Array): Float64Array {
  const sorted = costs.toSorted();
  const median = sorted[Math.floor((costs.length - 1) / 2)];
  const scale = median - sorted[0];
  if (!(scale > 0)) return costs;
  return costs.map((cost) =>
    cost > median ? median + scale * log1p(Math.min((cost - median) / scale, Number.MAX_VALUE)) : cost,
  );
}
