/**
 * The most probable hyperparameters θ: ln p(y | θ) (GPML 2.30) plus the logarithm of their priors, with its gradient
 * (GPML 5.9), is maximised by L-BFGS over the logarithms of θ. The notation is at the head of `gp.ts`.
 *
 * The priors are those of Optuna's GPSampler (`_gp/prior.py`), chosen there by experience with few trials:
 * −0.1·(w + 1/w) for each w_p, Gamma(2, 1) for s and Gamma(1.1, 30) for σ_n², each without its constant.
 */
import { minimize } from "../../../numerics/lbfgs.js";
import {
  cholesky,
  invert,
  logDeterminant,
  packedSize,
  solveLower,
  solveUpper,
} from "../../../numerics/linalg.js";
import { exp, log } from "../../../numerics/special.js";
import type { Vectors } from "../../space/vectors.js";
import { covariances, type Hyperparameters, stretched, stretchOf } from "./kernel.js";

/** The least σ_n², which keeps A invertible. */
const LEAST_NOISE = 1e-8;
/** The least σ_n² with which a fit starts: near 0, its logarithm has no slope that leads back to more noise. */
const FIRST_NOISE = 1e-4;
const LOG_2PI = 1.8378770664093453;

/** The hyperparameters before the first fit. */
export function defaultHyperparameters(vectors: Vectors): Hyperparameters {
  return { weights: new Float64Array(vectors.axes.length).fill(1), signal: 1, noise: 1e-2 };
}

/** θ as a vector without bounds, [axes + 2]: the logarithms of the w_p, of s, and of σ_n² above its least value. */
export function toLogs({ weights, signal, noise }: Hyperparameters): Float64Array {
  return Float64Array.of(...weights.map(log), log(signal), log(noise - LEAST_NOISE));
}

/** The inverse of `toLogs`. */
export function fromLogs(logs: Float64Array): Hyperparameters {
  const p = logs.length - 2;
  return {
    weights: logs.subarray(0, p).map(exp),
    signal: exp(logs[p]),
    noise: exp(logs[p + 1]) + LEAST_NOISE,
  };
}

/**
 * The function to minimise: minus the log posterior density of θ, up to a constant.
 *
 * @param points - x, [n] of [d]
 * @param values - y, [n]
 * @returns a function of `toLogs(θ)` that writes its gradient
 */
export function negativeLogPosterior(
  vectors: Vectors,
  points: readonly Float64Array[],
  values: Float64Array,
): (logs: Float64Array, gradient: Float64Array) => number {
  const n = points.length;
  const size = vectors.size;
  const [kernel, slopes, factor, inverse, work] = Array.from(
    { length: 5 },
    () => new Float64Array(packedSize(n)),
  );
  const sums = new Float64Array(size);
  return (logs, gradient) => {
    const { weights, signal, noise } = fromLogs(logs);
    const axes = weights.length;
    const x = stretched(points, stretchOf(vectors, weights));
    for (let i = 0; i < n; i++) {
      const row = packedSize(i);
      covariances(size, signal, x, i * size, x, i, kernel, slopes, row);
      kernel[row + i] = signal;
    }
    factor.set(kernel);
    for (let i = 0; i < n; i++) factor[packedSize(i) + i] += noise;
    cholesky(factor, n);
    const alpha = values.slice();
    solveLower(factor, n, alpha);
    let fit = 0;
    for (let i = 0; i < n; i++) fit += alpha[i] * alpha[i];
    solveUpper(factor, n, alpha);
    let value = 0.5 * (fit + logDeterminant(factor, n) + n * LOG_2PI);

    // ∂/∂θ = ½ tr((A⁻¹ − α·αᵀ) · ∂A/∂θ)
    invert(factor, n, inverse, work);
    sums.fill(0);
    let [bySignal, byNoise] = [0, 0];
    for (let i = 0, at = 0; i < n; i++, at++) {
      for (let j = 0; j < i; j++, at++) {
        const m = inverse[at] - alpha[i] * alpha[j];
        bySignal += m * kernel[at];
        const slope = m * slopes[at];
        for (let c = 0, a = i * size, b = j * size; c < size; c++, a++, b++) {
          const difference = x[a] - x[b];
          sums[c] -= slope * difference * difference;
        }
      }
      byNoise += 0.5 * (inverse[at] - alpha[i] * alpha[i]);
    }
    bySignal += byNoise * signal;
    vectors.axes.forEach(({ offset, width }, p) => {
      let sum = 0;
      for (let c = offset; c < offset + width; c++) sum += sums[c];
      const w = weights[p];
      value += 0.1 * (1 / w + w);
      gradient[p] = sum + 0.1 * (w - 1 / w);
    });
    value += signal - logs[axes];
    gradient[axes] = bySignal + signal - 1;
    value += 30 * noise - 0.1 * log(noise);
    gradient[axes + 1] = (noise - LEAST_NOISE) * (byNoise + 30 - 0.1 / noise);
    return value;
  };
}

/**
 * The most probable hyperparameters near `start`.
 *
 * @param maxEvaluations - of the likelihood, each O(n³)
 */
export function fitHyperparameters(
  vectors: Vectors,
  points: readonly Float64Array[],
  values: Float64Array,
  start: Hyperparameters,
  maxEvaluations: number,
): Hyperparameters {
  const logs = toLogs({ ...start, noise: Math.max(start.noise, FIRST_NOISE) });
  const bound = (weight: number, rest: number, noise: number) =>
    logs.map((_, i) => (i < logs.length - 2 ? weight : i === logs.length - 2 ? rest : noise));
  const { x } = minimize(negativeLogPosterior(vectors, points, values), logs, {
    // length scales from 0.003 to 300 times the edge of the unit cube
    lower: bound(-11.5, -7, -25),
    upper: bound(11.5, 7, 2),
    maxEvaluations,
    gradientTolerance: 1e-2,
    valueTolerance: 1e-4,
  });
  return fromLogs(x);
}
