/**
 * The posterior of a Gaussian process: μ and σ² at any point, and their gradients; for the notation see the
 * header of `gp.ts`. Hyperparameters come from `fit.ts`, points from `maximize.ts`.
 */
import { cholesky, packedSize, solveLower, solveUpper } from "../../../numerics/linalg.js";
import type { Vectors } from "../../space/vectors.js";
import { Covariances, type Hyperparameters, stretched, stretchOf } from "./kernel.js";

/** Points and the factor of their covariances, which grows by rows. */
export interface Factored {
  readonly hyperparameters: Hyperparameters;
  readonly points: readonly Float64Array[];
  /** L, packed. */
  readonly factor: Float64Array;
}

/** The posterior at one point; overwritten by the next `predict`. */
export interface Belief {
  /** μ */
  mean: number;
  /** σ², of f without the noise ε. */
  variance: number;
  /** [d], by the coordinates of the point; valid only if the gradient was asked for. */
  readonly meanGradient: Float64Array;
  readonly varianceGradient: Float64Array;
}

/** See the header of this file. */
export interface Posterior {
  /** The posterior at an encoded point. */
  predict(point: Float64Array, withGradient?: boolean): Belief;
}

/**
 * Adds points to a factor, in O(n²) for each. The bits are the same whether points are added one by one or
 * together.
 */
export function extend(vectors: Vectors, before: Factored, points: readonly Float64Array[]): Factored {
  const { hyperparameters } = before;
  const all = [...before.points, ...points];
  const from = before.points.length;
  const factor = new Float64Array(packedSize(all.length));
  factor.set(before.factor);
  const x = stretched(all, stretchOf(vectors, hyperparameters.weights));
  const row = new Covariances(vectors, all.length);
  for (let i = from; i < all.length; i++) {
    row.measure(hyperparameters, x, i * vectors.size, x, i, false);
    row.values[i] = hyperparameters.signal + hyperparameters.noise;
    factor.set(row.values.subarray(0, i + 1), packedSize(i));
  }
  cholesky(factor, all.length, from);
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
  const { signal, weights } = hyperparameters;
  const { axes, size } = vectors;
  const n = points.length;
  const stretch = stretchOf(vectors, weights);
  const x = stretched(points, stretch);
  const alpha = new Float64Array(n); // A⁻¹·y, 0 for points without a value
  const known = values.slice();
  solveLower(factor, known.length, known);
  solveUpper(factor, known.length, known);
  alpha.set(known);

  const at = new Float64Array(size);
  const covariances = new Covariances(vectors, n);
  const solved = new Float64Array(n);
  const belief: Belief = {
    mean: 0,
    variance: 0,
    meanGradient: new Float64Array(size),
    varianceGradient: new Float64Array(size),
  };
  return {
    predict(point, withGradient = false) {
      for (let c = 0; c < size; c++) at[c] = point[c] * stretch[c];
      covariances.measure(hyperparameters, at, 0, x, n, withGradient);
      const { values } = covariances;
      let mean = 0;
      for (let i = 0; i < n; i++) mean += values[i] * alpha[i];
      solved.set(values);
      solveLower(factor, n, solved);
      let explained = 0;
      for (let i = 0; i < n; i++) explained += solved[i] * solved[i];
      belief.mean = mean;
      belief.variance = Math.max(0, signal - explained);
      if (withGradient) addGradients();
      return belief;
    },
  };

  function addGradients(): void {
    const { meanGradient, varianceGradient } = belief;
    solveUpper(factor, n, solved);
    meanGradient.fill(0);
    varianceGradient.fill(0);
    const { slopes } = covariances;
    axes.forEach(({ offset, width }, p) => {
      for (let i = 0; i < n; i++) {
        // ∂k_i/∂x_c = −2 · slope_i · stretch_c · (difference stretched)
        const byMean = -2 * slopes[p * n + i] * alpha[i];
        const byVariance = 4 * slopes[p * n + i] * solved[i];
        for (let c = offset, other = i * size + offset; c < offset + width; c++, other++) {
          const difference = at[c] - x[other];
          meanGradient[c] += byMean * difference;
          varianceGradient[c] += byVariance * difference;
        }
      }
    });
    for (let c = 0; c < size; c++) {
      meanGradient[c] *= stretch[c];
      varianceGradient[c] *= stretch[c];
    }
  }
}
