/**
 * The update of CMA-ES: the state after a generation, from the state before it and its trials. Equation
 * numbers are those of N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, 2023.
 * `restart.ts` decides when to restart.
 */

import { exp } from "../../../numerics/special.js";
import type { Params } from "../../space/space.js";
import { sameValue } from "../../space/value.js";
import { coordinateOf, type Layout } from "./coordinates.js";
import { identity, type Outer } from "./covariance.js";
import { createDistribution, type Distribution, marginOf } from "./distribution.js";
import { type Rates, ratesOf } from "./rates.js";

/** The state after a generation. */
export interface State {
  readonly distribution: Distribution;
  readonly rates: Rates;
  /** p_c and p_σ, [n]. */
  readonly pathC: Float64Array;
  readonly pathSigma: Float64Array;
  /** Generations since the start or the last restart. */
  readonly generation: number;
}

/** A point in the form that the update uses. */
interface Step {
  /** y = S^-1 (x - m) / σ. */
  readonly y: Float64Array;
  /** ‖C^-½ y‖. */
  readonly norm: number;
}

/** The state of a search that starts at `mean`, with C = I and equal probabilities for choices. */
export function begin(layout: Layout, mean: Float64Array, sigma: number, lambda: number): State {
  const n = mean.length;
  const covariance = identity(n);
  const shares = layout.categories.map(({ count }) => new Float64Array(count).fill(1 / count));
  return {
    distribution: createDistribution(layout, marginOf(layout, lambda), { mean, sigma, covariance, shares }),
    rates: ratesOf(Math.max(1, n), lambda),
    pathC: new Float64Array(n),
    pathSigma: new Float64Array(n),
    generation: 0,
  };
}

/**
 * The state after a generation.
 *
 * @param ranked - its points, best first, λ of them
 */
export function learn(state: State, layout: Layout, ranked: readonly Params[]): State {
  const { distribution, rates } = state;
  const { mean, covariance: before } = distribution;
  const { weights, muEff, cSigma, dSigma, cc, c1, cMu, chi } = rates;
  const n = mean.length;
  const generation = state.generation + 1;
  const steps = ranked.map((params) => stepTo(distribution, layout, params));

  // ⟨y⟩_w, equation 41, and C^-½ ⟨y⟩_w = B D^-1 Bᵀ ⟨y⟩_w
  const shift = new Float64Array(n);
  for (const [k, { y }] of steps.entries()) {
    if (weights[k] > 0) for (let i = 0; i < n; i++) shift[i] += weights[k] * y[i];
  }
  const turned = before.turn(before.whiten(shift));

  // step size, equations 43 and 44; at most e-fold a generation, since some points come from elsewhere
  const gainSigma = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pathSigma = state.pathSigma.map((p, i) => (1 - cSigma) * p + gainSigma * turned[i]);
  const length = normOf(pathSigma);
  const growth = exp(Math.min(1, (cSigma / dSigma) * (length / chi - 1)));

  // covariance, equations 45 to 47
  let fade = 1;
  for (let g = 0; g < 2 * generation && fade > 0; g++) fade *= 1 - cSigma;
  const stalled = length >= Math.sqrt(1 - fade) * (1.4 + 2 / (n + 1)) * chi;
  const gainC = stalled ? 0 : Math.sqrt(cc * (2 - cc) * muEff);
  const pathC = state.pathC.map((p, i) => (1 - cc) * p + gainC * shift[i]);
  let kept = 1 - c1 + (stalled ? c1 * cc * (2 - cc) : 0);
  for (const w of weights) kept -= cMu * w;
  const outers: Outer[] = [{ share: c1, vector: pathC }];
  for (const [k, { y, norm }] of steps.entries()) {
    if (weights[k] >= 0) outers.push({ share: cMu * weights[k], vector: y });
    // a negative weight removes √n standard deviations, whatever the step's length, so that C stays positive
    // definite
    else if (norm > 0) outers.push({ share: cMu * weights[k] * n, vector: y.map((yi) => yi / norm) });
  }
  const covariance = before.plus(kept, outers);
  const widest = covariance.variances.reduce((most, variance) => Math.max(most, Math.sqrt(variance)), 0);
  const moments = {
    mean: mean.map((m, i) => m + distribution.sigma * distribution.widening[i] * shift[i]),
    // wider than the cube is effectively uniform
    sigma: n === 0 ? distribution.sigma : Math.min(distribution.sigma * growth, 1 / widest),
    covariance,
    shares: learnShares(distribution, layout, ranked, rates),
  };
  const margin = marginOf(layout, rates.lambda);
  return { rates, pathC, pathSigma, generation, distribution: createDistribution(layout, margin, moments) };
}

/**
 * The step to a point. A step longer than this distribution would ever draw is cut to a Mahalanobis length of
 * √n + 2n/(n+2): it was drawn from an older distribution, moved to a bound, or chosen because nearer points
 * were exhausted (N. Hansen, "Injecting external solutions into CMA-ES", 2011).
 */
function stepTo(distribution: Distribution, { coordinates }: Layout, params: Params): Step {
  const { mean, sigma, covariance, widening } = distribution;
  const n = mean.length;
  const y = mean.map((m, i) => {
    const std = sigma * widening[i] * Math.sqrt(covariance.variances[i]);
    return (coordinateOf(coordinates[i], params, m, std) - m) / (sigma * widening[i]);
  });
  const norm = normOf(covariance.whiten(y));
  const limit = Math.sqrt(n) + (2 * n) / (n + 2);
  return norm <= limit ? { y, norm } : { y: y.map((yi) => (yi * limit) / norm), norm: limit };
}

/**
 * The probabilities of choices: each moves towards the frequencies in the better half, with the weights of
 * recombination and the rate μ_eff / (μ_eff + values - 1), the natural gradient of the expected rank; then
 * each is raised to its margin. Points to which a choice does not apply move nothing.
 */
function learnShares(
  { shares }: Distribution,
  layout: Layout,
  ranked: readonly Params[],
  { weights, muEff, lambda }: Rates,
): Float64Array[] {
  return layout.categories.map(({ name, parameter, count }, c) => {
    const rate = muEff / (muEff + count - 1);
    const next = shares[c].slice();
    for (const [k, params] of ranked.entries()) {
      if (weights[k] <= 0 || !Object.hasOwn(params, name)) continue;
      for (let i = 0; i < count; i++) {
        const taken = sameValue(parameter.values[i], params[name]) ? 1 : 0;
        next[i] += rate * weights[k] * (taken - shares[c][i]);
      }
    }
    return withLeast(next, marginOf(layout, lambda) / (count - 1));
  });
}

/** Probabilities raised to at least `least`, which is below their mean, at the expense of the larger ones. */
function withLeast(shares: Float64Array, least: number): Float64Array {
  let excess = 0;
  for (const share of shares) excess += Math.max(0, share - least);
  const scale = (1 - least * shares.length) / excess;
  return shares.map((share) => least + scale * Math.max(0, share - least));
}

function normOf(v: Float64Array): number {
  let sum = 0;
  for (const x of v) sum += x * x;
  return Math.sqrt(sum);
}
