/**
 * The constants of CMA-ES: recombination weights and learning rates, from just the dimension and the
 * population size (N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, 2023, table 1).
 */

import { log } from "../../../numerics/special.js";
import { isSeparable } from "./covariance.js";

/** Names as in the tutorial. */
export interface Rates {
  /** λ, the trials of a generation. */
  readonly lambda: number;
  /** [λ], best first: the first half positive with sum 1, the others negative or 0. */
  readonly weights: Float64Array;
  /** μ_eff, the number of equally weighted points to which the positive weights are equivalent. */
  readonly muEff: number;
  /** c_σ and d_σ, of the step size. */
  readonly cSigma: number;
  readonly dSigma: number;
  /** c_c, c_1 and c_μ, of the covariance. */
  readonly cc: number;
  readonly c1: number;
  readonly cMu: number;
  /** E‖N(0, I)‖. */
  readonly chi: number;
}

/**
 * λ = 4 + ⌊1.5 ln n⌋, for a search of n parameters. The tutorial's 3 ln n suits thousands of evaluations;
 * over searches of 100 and of 300 trials the smaller one came closer to the optimum on most functions tried.
 */
export function defaultLambda(n: number): number {
  return 4 + Math.floor(1.5 * log(Math.max(1, n)));
}

/**
 * σ at the start, as a fraction of each range, for `n` coordinates: 0.2, but not more than ½ / √n. A step of
 * N(0, σ²) is σ √n long, and the longer it is, the less likely it leads nearer to the optimum: with 0.2 in 20
 * and 50 dimensions, the first hundred trials would go into making σ smaller.
 */
export function defaultSigma(n: number): number {
  return Math.min(0.2, 0.5 / Math.sqrt(Math.max(1, n)));
}

/**
 * The constants for `n` coordinates and populations of `lambda`.
 *
 * @param n - at least 1
 * @param lambda - at least 4
 */
export function ratesOf(n: number, lambda: number): Rates {
  const raw = Float64Array.from({ length: lambda }, (_, i) => log((lambda + 1) / 2) - log(i + 1));
  const mu = Math.floor(lambda / 2);
  const [muEff, sumPlus] = effective(raw.subarray(0, mu));
  const [muEffMinus, sumMinus] = effective(raw.subarray(mu));
  // a diagonal C has n elements to learn instead of n²/2: it learns faster (Ros and Hansen, 2008)
  const speed = isSeparable(n) ? (n + 2) / 3 : 1;
  const c1 = (speed * 2) / ((n + 1.3) * (n + 1.3) + muEff);
  const cMu = Math.min(1 - c1, (speed * 2 * (0.25 + muEff + 1 / muEff - 2)) / ((n + 2) * (n + 2) + muEff));
  // the three bounds on the sum of negative weights (equations 50 to 52); the last keeps the covariance
  // positive
  const minus = Math.min(1 + c1 / cMu, 1 + (2 * muEffMinus) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
  const cSigma = (muEff + 2) / (n + muEff + 5);
  return {
    lambda,
    weights: raw.map((w, i) => (i < mu ? w / sumPlus : (minus * w) / -sumMinus)),
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cc: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    c1,
    cMu,
    chi: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** (Σw)² / Σw², and Σw. */
function effective(weights: Float64Array): [size: number, sum: number] {
  let sum = 0;
  let squares = 0;
  for (const w of weights) {
    sum += w;
    squares += w * w;
  }
  return [(sum * sum) / squares, sum];
}
