/**
 * Acquisition functions a(x): the merit of a point (more is better), from the posterior there; for the
 * notation see the header of `gp.ts`. Logarithms are exact far from the incumbent, where the plain formulas
 * round to 0.
 *
 * With h(z) = φ(z) + z·Φ(z):
 *
 *     logEi  ln σ + ln h(z)    the logarithm of the expected improvement (Ament et al. 2023)
 *     ei     σ·h(z)            the expected improvement itself (Jones, Schonlau and Welch 1998)
 *     pi     ln Φ(z − ξ/σ)     the logarithm of the probability of improvement (Kushner 1964)
 *     lcb    κ·σ − μ           minus the lower confidence bound (Srinivas et al. 2010)
 *
 * ξ is 0.01 (y has variance 1): without it, improvement would be most probable right next to the incumbent.
 */
import { exp, log, logNormCdf, normCdf } from "../../../numerics/special.js";

const LOG_SQRT_2PI = 0.9189385332046727;
/** ξ */
const MARGIN = 0.01;
/** Below this z, ln h comes from continued fractions. */
const FAR = -3;
/** Terms of the fractions: exact to the last bit at `FAR`. */
const TERMS = 40;

/** a, ∂a/∂μ and ∂a/∂σ. */
export interface Merit {
  readonly value: number;
  readonly byMean: number;
  readonly byDeviation: number;
}

/** @param mean - μ; @param deviation - σ > 0; @param best - f* */
export type Acquisition = (mean: number, deviation: number, best: number) => Merit;

/** The acquisition functions by name; only `lcb` uses `kappa`. */
export const acquisitions = {
  logEi: () => logEi,
  ei: () => ei,
  pi: () => pi,
  lcb: (kappa) => (mean, deviation) => ({ value: kappa * deviation - mean, byMean: -1, byDeviation: kappa }),
} as const satisfies Record<string, (kappa: number) => Acquisition>;

/** The name of an acquisition function. */
export type AcquisitionName = keyof typeof acquisitions;

function logEi(mean: number, deviation: number, best: number): Merit {
  const { value, cdf, density } = logH((best - mean) / deviation);
  return { value: log(deviation) + value, byMean: -cdf / deviation, byDeviation: density / deviation };
}

function ei(mean: number, deviation: number, best: number): Merit {
  const { value, byMean, byDeviation } = logEi(mean, deviation, best);
  const plain = exp(value);
  return { value: plain, byMean: plain * byMean, byDeviation: plain * byDeviation };
}

const pi: Acquisition = (mean, deviation, best) => logBelow(mean, deviation, best - MARGIN);

/** ln Φ(z) with z = (bound − μ)/σ: the logarithm of the probability of less than `bound`. */
export function logBelow(mean: number, deviation: number, bound: number): Merit {
  const z = (bound - mean) / deviation;
  const value = logNormCdf(z);
  // φ / Φ
  const slope = z < FAR ? 1 / millsRatios(-z).first : exp(-0.5 * z * z - LOG_SQRT_2PI - value);
  return { value, byMean: -slope / deviation, byDeviation: (-slope * z) / deviation };
}

/** ln h(z), with Φ/h (its derivative) and φ/h, which is 1 − z·Φ/h without the cancellation. */
export function logH(z: number): { value: number; cdf: number; density: number } {
  if (z < FAR) {
    const { first, second } = millsRatios(-z);
    const product = first * second;
    return { value: log(product) - 0.5 * z * z - LOG_SQRT_2PI, cdf: 1 / second, density: 1 / product };
  }
  const density = exp(-0.5 * z * z - LOG_SQRT_2PI);
  const cdf = normCdf(z);
  const h = density + z * cdf;
  return { value: log(h), cdf: cdf / h, density: density / h };
}

/**
 * I₀/I₋₁ and I₁/I₀ at x ≥ 3, where I₋₁ = φ and Iₙ is the integral of Iₙ₋₁ from x to ∞, so that I₀ = Φ(−x) and
 * I₁ = h(−x). Since n·Iₙ = Iₙ₋₂ − x·Iₙ₋₁ (Abramowitz and Stegun 7.2.5), each ratio is a fraction of the next,
 * rₙ = 1 / (x + (n + 1)·rₙ₊₁), in which nothing cancels.
 */
function millsRatios(x: number): { first: number; second: number } {
  let ratio = 2 / (x + Math.sqrt(x * x + 4 * TERMS)); // the value for which two successive ratios are equal
  for (let n = TERMS; n > 1; n--) ratio = 1 / (x + n * ratio);
  return { first: 1 / (x + ratio), second: ratio };
}
