/**
 * The most probable hyperparameters θ: ln p(y | θ) (GPML 2.30) plus the logarithm of their priors, with its
 * gradient (GPML 5.9), is maximised by L-BFGS over the logarithms of θ. For the notation see the header of
 * `gp.ts`.
 *
 * The priors are those of Optuna's GPSampler (`_gp/prior.py`), chosen there by experience with few trials:
 * −0.1·(w + 1/w) for each w_p, Gamma(2, 1) for s and Gamma(1.1, 30) for σ_n², each without its constant. The
 * share a has no prior.
 */
import { minimize } from "../../../numerics/lbfgs.js";
import { exp, log } from "../../../numerics/special.js";
import type { Vectors } from "../../space/vectors.js";
import { type Hyperparameters, Process } from "./kernel.js";

/** The least σ_n², which keeps A invertible. */
const LEAST_NOISE = 1e-8;
/** The least σ_n² with which a fit starts: near 0, its logarithm has no gradient back to more noise. */
const FIRST_NOISE = 1e-4;
const LOG_2PI = 1.8378770664093453;

/**
 * θ as a vector without bounds, [axes + 2, or + 3 with shares]: the logarithms of the w_p, of s, of σ_n²
 * above its least value, and of a / (1 − a) if parameters are also modelled separately.
 */
export function toLogs({ weights, signal, alone, noise }: Hyperparameters): Float64Array {
  const share = alone > 0 ? [log(alone / (1 - alone))] : [];
  return Float64Array.of(...weights.map(log), log(signal), log(noise - LEAST_NOISE), ...share);
}

/** The inverse of `toLogs`. @param axes - the parameters of the space */
export function fromLogs(logs: Float64Array, axes: number): Hyperparameters {
  return {
    weights: logs.subarray(0, axes).map(exp),
    signal: exp(logs[axes]),
    alone: logs.length > axes + 2 ? 1 / (1 + exp(-logs[axes + 2])) : 0,
    noise: exp(logs[axes + 1]) + LEAST_NOISE,
  };
}

/**
 * The function to minimise: minus the log posterior density of θ, up to a constant.
 *
 * @param points - x, [n] of [d]
 * @param values - y, [n]
 * @param model - of these points, which the caller may free
 * @returns a function of `toLogs(θ)` that writes its gradient
 */
export function negativeLogPosterior(
  vectors: Vectors,
  points: readonly Float64Array[],
  values: Float64Array,
  model = new Process(vectors, points, true),
): (logs: Float64Array, gradient: Float64Array) => number {
  const n = points.length;
  const axes = vectors.axes.length;
  return (logs, gradient) => {
    const hyperparameters = fromLogs(logs, axes);
    const { weights, signal, alone, noise } = hyperparameters;
    const fit = model.assume(hyperparameters).factor().solve(values);
    let value = 0.5 * (fit + model.logDeterminant() + n * LOG_2PI);
    const { byWeights, bySignal, byShare, byNoise } = model.slopes();
    for (let p = 0; p < axes; p++) {
      const w = weights[p];
      value += 0.1 * (1 / w + w);
      gradient[p] = byWeights[p] + 0.1 * (w - 1 / w);
    }
    value += signal - logs[axes];
    gradient[axes] = bySignal + signal - 1;
    value += 30 * noise - 0.1 * log(noise);
    gradient[axes + 1] = (noise - LEAST_NOISE) * (byNoise + 30 - 0.1 / noise);
    if (alone > 0) gradient[axes + 2] = byShare;
    return value;
  };
}

/** The result of a fit. */
export interface Fit {
  readonly hyperparameters: Hyperparameters;
  /** Minus the logarithm of their posterior density, up to a constant of the space. */
  readonly cost: number;
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
): Fit {
  const logs = toLogs({ ...start, noise: Math.max(start.noise, FIRST_NOISE) });
  const axes = vectors.axes.length;
  const bound = (weight: number, signal: number, noise: number, share: number) =>
    logs.map((_, i) => (i < axes ? weight : [signal, noise, share][i - axes]));
  const model = new Process(vectors, points, true);
  const { x, value } = minimize(negativeLogPosterior(vectors, points, values, model), logs, {
    // length scales from 0.003 to 300 times the edge of the unit cube
    lower: bound(-11.5, -7, -25, -5),
    upper: bound(11.5, 7, 2, 5),
    maxEvaluations,
    gradientTolerance: 1e-2,
    valueTolerance: 1e-4,
  });
  model.leave();
  return { hyperparameters: fromLogs(x, axes), cost: value };
}
