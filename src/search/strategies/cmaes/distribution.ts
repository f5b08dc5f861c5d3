/**
 * The distribution that CMA-ES draws points from: a normal one over the numbers, kept within the unit cube
 * and wide enough for the steps of discrete ones, and a table of probabilities for each choice. `update.ts`
 * learns it.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { normQuantile } from "../../../numerics/special.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { type Coordinate, cellAt, edgeOf, type Layout, layoutOf } from "./coordinates.js";
import type { Covariance } from "./covariance.js";

/** What is learned: N(mean, sigma² C) over numbers, and the probabilities of choices. */
export interface Moments {
  /** [n], in the unit cube. */
  readonly mean: Float64Array;
  readonly sigma: number;
  /** C */
  readonly covariance: Covariance;
  /** The probability of each value of each choice. */
  readonly shares: readonly Float64Array[];
}

/** The moments and derived values: points are drawn from N(mean, sigma² S C S), with S diagonal. */
export interface Distribution extends Moments {
  /** The diagonal of S: the factor that widens a coordinate to keep its margin; 1 for continuous ones. [n] */
  readonly widening: Float64Array;
}

/** After this many draws of all numbers together, those outside the bounds are moved to them. */
const ATTEMPTS = 20;

/** α of Hamano et al.: on average, one trial of a generation leaves the mean's value in one parameter. */
export function marginOf({ coordinates, categories }: Layout, lambda: number): number {
  return 1 / (lambda * (coordinates.length + categories.length));
}

/** A distribution from its moments. */
export function createDistribution({ coordinates }: Layout, margin: number, moments: Moments): Distribution {
  const { mean, sigma, covariance } = moments;
  const widening = Float64Array.from(coordinates, (coordinate, i) => {
    const std = sigma * Math.sqrt(covariance.variances[i]);
    return Math.max(1, leastStd(coordinate, mean[i], margin) / std);
  });
  return { ...moments, widening };
}

/**
 * The standard deviation that a discrete coordinate needs for its margin: it leaves the value at the mean
 * downwards with probability at least `margin / 2`, and upwards too; or with `margin`, if there is only one
 * side. Hamano et al. (2022) also move the mean, to make both probabilities equal to that; here the
 * distribution is only widened.
 *
 * @returns 0 for a continuous coordinate
 */
export function leastStd(coordinate: Coordinate, mean: number, margin: number): number {
  const { count } = coordinate;
  if (count === Number.POSITIVE_INFINITY) return 0;
  const cell = cellAt(coordinate, mean);
  const below = cell === 0 ? 0 : mean - edgeOf(coordinate, cell);
  const above = cell === count - 1 ? 0 : edgeOf(coordinate, cell + 1) - mean;
  const bothSides = cell > 0 && cell < count - 1;
  return Math.max(below, above) / -normQuantile(bothSides ? margin / 2 : margin);
}

/**
 * A point at random.
 *
 * @param widen - at least 1: stretches the distribution of numbers about the mean, and mixes 1 - 1/widen of
 * equal probabilities into the choices
 */
export function draw(
  distribution: Distribution,
  space: SearchSpace,
  random: RandomStream,
  widen: number,
): Params {
  const { coordinates, categories } = layoutOf(space);
  const { size, decode } = vectorsOf(space);
  const vector = new Float64Array(size);
  const numbers = drawNumbers(distribution, random, widen);
  for (const [i, { offset }] of coordinates.entries()) vector[offset] = numbers[i];
  for (const [i, { offset, count }] of categories.entries()) {
    let rest = random.uniform();
    let index = 0;
    for (; index < count - 1; index++) {
      rest -= distribution.shares[i][index] / widen + (1 - 1 / widen) / count;
      if (rest < 0) break;
    }
    vector[offset + index] = 1;
  }
  return decode(vector);
}

/**
 * x = m + σ S B D z: drawn again while any number is outside the unit cube, and finally moved to the bound.
 */
function drawNumbers(
  { mean, sigma, covariance, widening }: Distribution,
  random: RandomStream,
  widen: number,
): Float64Array {
  let x = mean;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const z = mean.map(() => random.normal());
    const step = covariance.stretch(z, sigma, widen);
    x = mean.map((m, i) => m + widening[i] * step[i]);
    if (x.every((value) => value >= 0 && value <= 1)) return x;
  }
  return x.map((value) => Math.min(1, Math.max(0, value)));
}
