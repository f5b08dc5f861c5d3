/**
 * The posterior of a Gaussian process: μ and σ² at any point, and their gradients; for the notation see the
 * header of `gp.ts`. Hyperparameters come from `fit.ts`, points from `maximize.ts`.
 */
import type { Vectors } from "../../space/vectors.js";
import { type Belief, type Hyperparameters, Process } from "./kernel.js";

/** Points and the factor of their covariances, which grows by rows. */
export interface Factored {
  readonly hyperparameters: Hyperparameters;
  readonly points: readonly Float64Array[];
  /** L, packed. */
  readonly factor: Float64Array;
}

/** See the header of this file. */
export interface Posterior {
  /** The posterior at an encoded point; overwritten by the next call. */
  predict(point: Float64Array, withGradient?: boolean): Belief;
}

/**
 * Adds points to a factor, in O(n²) for each. The bits are the same whether points are added one by one or
 * together.
 */
export function extend(vectors: Vectors, before: Factored, points: readonly Float64Array[]): Factored {
  const { hyperparameters } = before;
  const all = [...before.points, ...points];
  const model = new Process(vectors, all).assume(hyperparameters, before.factor);
  const factor = model.factor().factored();
  model.leave();
  return { hyperparameters, points: all, factor };
}

/**
 * The posterior given the values of the first points. Further points, such as those of running trials, count
 * as observed with exactly their expected value ("kriging believer", Ginsbourger et al. 2010): they lower the
 * variance around them and leave the mean unchanged.
 *
 * @param values - y of the first points, [at most n]
 */
export function condition(
  vectors: Vectors,
  { hyperparameters, points, factor }: Factored,
  values: Float64Array,
): Posterior {
  const model = new Process(vectors, points).assume(hyperparameters, factor);
  model.solve(values);
  const belief: Belief = {
    mean: 0,
    variance: 0,
    meanGradient: new Float64Array(vectors.size),
    varianceGradient: new Float64Array(vectors.size),
  };
  return {
    predict(point, withGradient = false) {
      model.predict(point, belief, withGradient);
      return belief;
    },
  };
}
