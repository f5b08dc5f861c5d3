/**
 * What the model is taught in place of costs: numbers of mean 0 and variance 1, in the order of the costs, of which
 * the worse half is drawn together. Any finite costs will do, also 1e308.
 */
import { log1p } from "../../../numerics/special.js";

/** Costs as the model sees them. */
export interface Targets {
  /** [costs.length] */
  readonly values: Float64Array;
  /** The cost that one unit of the values stands for, among the better half. */
  readonly unit: number;
}

/**
 * Standardised costs. First, costs above the median m become m + s·ln(1 + (c − m)/s), with s the distance from
 * the least cost to m: how bad bad points are says little about good ones, and a stationary model fitted to both
 * would learn about the bad. Where half of the costs or more are the least, none is changed.
 *
 * @returns values of 0, and a unit of 0, where costs do not differ
 */
export function targetsOf(costs: Float64Array): Targets {
  const n = costs.length;
  let largest = 0;
  for (const cost of costs) largest = Math.max(largest, Math.abs(cost));
  if (largest === 0) return { values: new Float64Array(n), unit: 0 };
  const drawn = drawTogether(costs.map((cost) => cost / largest)); // scaled, so that no square overflows
  let mean = 0;
  for (const value of drawn) mean += value / n;
  let variance = 0;
  for (const value of drawn) variance += ((value - mean) * (value - mean)) / n;
  const deviation = Math.sqrt(variance);
  // less is rounding
  if (deviation < 1e-12) return { values: new Float64Array(n), unit: 0 };
  return { values: drawn.map((value) => (value - mean) / deviation), unit: deviation * largest };
}

function drawTogether(costs: Float64Array): Float64Array {
  const sorted = costs.toSorted();
  const median = sorted[Math.floor((costs.length - 1) / 2)];
  const scale = median - sorted[0];
  if (!(scale > 0)) return costs;
  return costs.map((cost) =>
    cost > median ? median + scale * log1p(Math.min((cost - median) / scale, Number.MAX_VALUE)) : cost,
  );
}
