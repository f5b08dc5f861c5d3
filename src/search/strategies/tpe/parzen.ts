/**
 * A Parzen estimator: a density over a group of parameters, the weighted mean of products of kernels, one
 * around each observation, and the uniform density. `tpe.ts` chooses the observations, and the point to
 * suggest.
 */

import { logDensities } from "../../../numerics/mixture.js";
import type { RandomStream } from "../../../numerics/random.js";
import { log, pow } from "../../../numerics/special.js";
import { type Column, type Coordinate, cellRounding, createKernels } from "./kernels.js";

/** See the header of this file. */
export interface Parzen {
  /**
   * Draws a point: its coordinates become row `row` of `columns`, discrete ones at the middle of their cells.
   */
  sample(random: RandomStream, columns: readonly Float64Array[], row: number): void;
  /**
   * [points], ln of the density at each: a density in units for continuous coordinates, a probability for
   * discrete ones.
   */
  logDensities(columns: readonly Column[]): Float64Array;
}

/** How wide kernels are. */
export interface Bandwidth {
  /** The factor of the spread of the observations. */
  readonly scale: number;
  /** Widths are at least 1/min(100, (n + 2)^power). */
  readonly power: number;
}

/** The parts of an estimator. */
export interface ParzenOptions {
  readonly coordinates: readonly Coordinate[];
  /** The units of each coordinate's observations, [coordinates] of [n]. */
  readonly observations: readonly Float64Array[];
  /** [n], positive. */
  readonly weights: Float64Array;
  /** The weight of the uniform density, positive. */
  readonly priorWeight: number;
  readonly bandwidth: Bandwidth;
}

/**
 * The estimator of some observations.
 *
 * The kernels of a number have the width of Scott's rule, σ = scale · s · n^(−1/(d + 4)), with n observations
 * of d coordinates and s² their variance, in which the uniform density counts as one more observation: s² =
 * (Σ(x − x̄)² + 1/12) / (n + 1). It is clipped to between 1/min(100, (n + 2)^power) ("magic clipping") and 1.
 * A kernel on one of c choices spreads the probability cp/(n + 1 + cp) over all choices equally, where p is
 * the prior's weight.
 *
 * @see D. W. Scott, "Multivariate density estimation", Wiley, 1992, section 6.3
 * @see S. Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and their roles
 * for better empirical performance", arXiv:2304.11127, 2023, section 3.3 (bandwidths, clipping, choices)
 */
export function createParzen({
  coordinates,
  observations,
  weights,
  priorWeight,
  bandwidth,
}: ParzenOptions): Parzen {
  const n = weights.length;
  const shrink = bandwidth.scale * pow(Math.max(1, n), -1 / (coordinates.length + 4));
  const least = 1 / Math.min(100, pow(n + 2, bandwidth.power));
  const kernels = coordinates.map((coordinate, i) => {
    const units = observations[i];
    const sigma = Math.min(1, Math.max(least, shrink * deviation(units)));
    const even = coordinate.count * priorWeight;
    return createKernels(coordinate, units, sigma, even / (n + 1 + even));
  });
  const round = coordinates.map(cellRounding);
  let total = priorWeight;
  for (const weight of weights) total += weight;
  const logPrior = log(priorWeight / total);
  const logWeights = weights.map((weight) => log(weight / total));

  return {
    sample(random, columns, row) {
      let rest = random.uniform() * total;
      let k = 0;
      while (k < n && rest >= weights[k]) rest -= weights[k++];
      for (let i = 0; i < coordinates.length; i++) {
        const u = random.uniform();
        columns[i][row] = round[i](k < n ? kernels[i].draw(k, u) : u);
      }
    },
    logDensities(columns) {
      const uniform = new Float64Array(columns[0].units.length).fill(logPrior);
      columns.forEach(({ distinct, places }, i) => {
        const logs = distinct.map(kernels[i].logUniform);
        for (let p = 0; p < places.length; p++) uniform[p] += logs[places[p]];
      });
      return logDensities(
        logWeights,
        uniform,
        columns.map((column, i) => kernels[i].factorAt(column)),
      );
    },
  };
}

/** The standard deviation of observations plus one uniform observation. */
function deviation(units: Float64Array): number {
  let sum = 0;
  for (const x of units) sum += x;
  const mean = sum / Math.max(1, units.length);
  let squares = 1 / 12;
  for (const x of units) squares += (x - mean) * (x - mean);
  return Math.sqrt(squares / (units.length + 1));
}
