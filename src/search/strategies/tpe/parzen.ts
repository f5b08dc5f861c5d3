/**
 * A Parzen estimator: a density over a group of parameters, the weighted mean of a product of kernels around each
 * observation and of the uniform density. It draws points and gives their densities; what the observations have in
 * common, and which point to take, is `tpe.ts`.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { exp, log, pow } from "../../../numerics/special.js";
import { type Coordinate, createKernels, toCell } from "./kernels.js";

/** See the head of this file. Points are vectors of units, of which it touches its own coordinates alone. */
export interface Parzen {
  /** Draws a point into `point`, discrete coordinates at the middle of their cells. */
  sample(random: RandomStream, point: Float64Array): void;
  /** ln of the density at `point`: of the density in units for continuous coordinates, of the probability for discrete ones. */
  logDensity(point: Float64Array): number;
}

/** How wide kernels are. */
export interface Bandwidth {
  /** The factor before the spread of the observations. */
  readonly scale: number;
  /** Widths are at least 1/min(100, (n + 2)^power). */
  readonly power: number;
}

/** What an estimator is made of. */
export interface ParzenOptions {
  readonly coordinates: readonly Coordinate[];
  /** [n] vectors of units. */
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
 * The kernels of a number have the width of Scott's rule, σ = scale · s · n^(−1/(d + 4)), with n observations of
 * d coordinates and s² their variance, to which the uniform density counts as one more observation:
 * s² = (Σ(x − x̄)² + 1/12) / (n + 1). It is held between 1/min(100, (n + 2)^power) ("magic clipping") and 1.
 * Of a kernel on one of c choices, the share cp/(n + 1 + cp) falls on all choices alike, p being the prior's weight.
 *
 * @see D. W. Scott, "Multivariate density estimation", Wiley, 1992, section 6.3
 * @see S. Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and their roles for
 * better empirical performance", arXiv:2304.11127, 2023, section 3.3 (bandwidths, clipping, choices)
 */
export function createParzen({
  coordinates,
  observations,
  weights,
  priorWeight,
  bandwidth,
}: ParzenOptions): Parzen {
  const n = observations.length;
  const shrink = bandwidth.scale * pow(Math.max(1, n), -1 / (coordinates.length + 4));
  const least = 1 / Math.min(100, pow(n + 2, bandwidth.power));
  const kernels = coordinates.map((coordinate) => {
    const units = new Float64Array(n);
    for (let k = 0; k < n; k++) units[k] = observations[k][coordinate.at];
    const sigma = Math.min(1, Math.max(least, shrink * deviation(units)));
    const even = coordinate.count * priorWeight;
    return createKernels(coordinate, units, sigma, even / (n + 1 + even));
  });
  let total = priorWeight;
  for (const weight of weights) total += weight;
  const logPrior = log(priorWeight / total);
  // [n], ln of all in a kernel's density that does not depend on the point
  const fixed = weights.map((weight) => log(weight / total));
  for (const { logScale } of kernels) for (let k = 0; k < n; k++) fixed[k] += logScale[k];
  const logs = new Float64Array(n);

  return {
    sample(random, point) {
      let rest = random.uniform() * total;
      let k = 0;
      while (k < n && rest >= weights[k]) rest -= weights[k++];
      for (const [i, coordinate] of coordinates.entries()) {
        const u = random.uniform();
        point[coordinate.at] = toCell(coordinate, k < n ? kernels[i].draw(k, u) : u);
      }
    },
    logDensity(point) {
      logs.set(fixed);
      let uniform = logPrior;
      for (const [i, { at }] of coordinates.entries()) {
        kernels[i].addLogs(point[at], logs);
        uniform += kernels[i].logUniform(point[at]);
      }
      return logSumExp(logs, uniform);
    },
  };
}

/** The standard deviation of observations and of one more that is uniform. */
function deviation(units: Float64Array): number {
  let sum = 0;
  for (const x of units) sum += x;
  const mean = sum / Math.max(1, units.length);
  let squares = 1 / 12;
  for (const x of units) squares += (x - mean) * (x - mean);
  return Math.sqrt(squares / (units.length + 1));
}

/** ln(Σ e^logs + e^last). Terms below e^−40 of the largest are left out: a thousand of them are lost in rounding. */
function logSumExp(logs: Float64Array, last: number): number {
  let largest = last;
  for (let k = 0; k < logs.length; k++) if (logs[k] > largest) largest = logs[k];
  let sum = exp(last - largest);
  for (let k = 0; k < logs.length; k++) if (logs[k] > largest - 40) sum += exp(logs[k] - largest);
  return largest + log(sum);
}
