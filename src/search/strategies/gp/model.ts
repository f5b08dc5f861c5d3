/**
 * The Gaussian process of a history of trials; for the notation see the header of `gp.ts`. The
 * hyperparameters θ are refitted whenever the history has grown by an eighth, or beyond 256 trials has
 * doubled, starting from the last fit. In between, trials are added to L, and after every 256 of them the
 * trials in the model are chosen again. θ is fitted under each warp of the costs, and the most probable warp
 * is used until the next fit. If trials failed or diverged, each fit also starts at a steep function, and the
 * more probable result counts. If that would take seconds, as with a thousand parameters, the fit is shorter,
 * and covers only the warp in use.
 *
 * All of this follows from the history: refits happen at fixed counts of trials, and each starts from the fit
 * at the count before, however a study was interrupted. Fits are remembered (`memo/generations.ts`), so that
 * only new ones cost time; a restored study repeats them all, which costs a few times as much as the last
 * one, since the counts grow geometrically.
 */

import { memoizeGenerations, type SearchProblem } from "../../memo/generations.js";
import { type Params, resolveSpace, type SearchSpace, type Space } from "../../space/space.js";
import { type Vectors, vectorsOf } from "../../space/vectors.js";
import { costsOf } from "../../trial/costs.js";
import type { TrialRecord } from "../../trial/trial.js";
import { fitHyperparameters } from "./fit.js";
import { defaultHyperparameters, type Hyperparameters } from "./kernel.js";
import { condition, extend, type Factored, type Posterior } from "./posterior.js";
import { targetsOf, type Warp, warps } from "./targets.js";

/** The w_p of a length scale of a tenth of a range. */
const STEEP = 100;
/** Trials before the first fit. */
const FIRST_FIT = 4;
/** Up to this many trials, all are in the model; of more, only some (see `choose`). */
const EXACT_TRIALS = 256;
/** The most trials that are added to those chosen, before they are chosen again. */
const MOST_ADDED = 256;
/** The most finished trials in the model. */
export const MOST_TRIALS = EXACT_TRIALS + MOST_ADDED;
/** The largest number of likelihood evaluations in a fit. */
const FIT_EVALUATIONS = 20;
/** Approximate multiplications of a fit: a second. No fit of up to 60 numbers needs so many. */
const FIT_WORK = 4.1e8;
/** The prior log odds of the first warp over each other. */
const FAVOUR = 3;

/** What a history reveals about the function. */
export interface Model {
  readonly posterior: Posterior;
  /** The points of the trials in the model, including running ones, by ascending μ. */
  readonly ranked: readonly Float64Array[];
  /** f*: the least μ at any of them, which is less noisy than the least y. */
  readonly incumbent: number;
  /** The y of a cost. */
  readonly targetOf: (cost: number) => number;
  /** The cost that equals one unit of y, at the best trial and below; 0 if all costs are equal. */
  readonly unit: number;
}

interface State {
  readonly records: readonly TrialRecord[];
  /** How many of them there were at the last fit. */
  readonly fitted: number;
  /** Numbers of the trials in the factor. */
  readonly chosen: readonly number[];
  readonly factored: Factored;
  /** How costs are warped. */
  readonly warp: Warp;
  /** The last fit under each of `warps`, from which its next starts. */
  readonly fits: readonly Hyperparameters[];
}

const stateAfter = memoizeGenerations<State>({
  start: ({ space }) => ({
    records: [],
    fitted: 0,
    chosen: [],
    factored: unfactored(defaultHyperparameters(vectorsOf(space))),
    warp: warps[0],
    fits: warps.map(() => defaultHyperparameters(vectorsOf(space))),
  }),
  size: ({ records }) => (records.length === 0 ? FIRST_FIT : Math.min(MOST_ADDED, eighthOf(records.length))),
  step(state, generation, { space, direction }) {
    const { fitted } = state;
    const vectors = vectorsOf(space);
    const records = [...state.records, ...generation];
    const costs = costsOf(records, direction);
    const chosen = choose(costs, EXACT_TRIALS);
    const points = chosen.map((i) => vectors.encode(records[i].params));
    if (records.length < fitted + growthOf(fitted)) {
      const factored = extend(vectors, unfactored(state.factored.hyperparameters), points);
      return { ...state, records, chosen, factored };
    }
    const evaluations = evaluationsWithin(vectors, points.length);
    const tried = evaluations < FIT_EVALUATIONS ? [state.warp] : warps;
    const starts = [...state.fits];
    const hasFailed = chosen.some((i) => hasNoValue(records[i]));
    const fits = tried.map((warp) => {
      const i = warps.indexOf(warp);
      const { values, logSlopes } = targetsOf(costs, warp);
      const known = Float64Array.from(chosen, (number) => values[number]);
      const fitFrom = (start: Hyperparameters) =>
        fitHyperparameters(vectors, points, known, start, evaluations);
      const found = fitFrom(starts[i]);
      const steeper = hasFailed ? fitFrom(steep(vectors)) : found;
      const { hyperparameters, cost } = steeper.cost < found.cost ? steeper : found;
      starts[i] = hyperparameters;
      // the density of the costs themselves: that of y times ∂y/∂c at each
      let improbability = cost - (i === 0 ? FAVOUR : 0);
      for (const number of chosen) improbability -= logSlopes[number];
      return { warp, hyperparameters, improbability };
    });
    const { warp, hyperparameters } = fits.reduce((a, b) => (b.improbability < a.improbability ? b : a));
    const factored = extend(vectors, unfactored(hyperparameters), points);
    return { records, fitted: records.length, chosen, factored, warp, fits: starts };
  },
});

function hasNoValue({ status }: TrialRecord): boolean {
  return status === "failed" || status === "diverged";
}

/**
 * Hyperparameters of a function that changes within a tenth of each range, nearly without noise. If trials
 * fail beyond some edge, a fit that starts from a smooth function ends with one that treats the few good
 * trials as noise.
 */
function steep(vectors: Vectors): Hyperparameters {
  const { weights, ...others } = defaultHyperparameters(vectors);
  return { ...others, weights: weights.map(() => STEEP), noise: 1e-3 };
}

/** How many evaluations a fit may use: each step of its search takes two. */
function evaluationsWithin({ size, axes }: Vectors, n: number): number {
  const each = n * n * (n / 2 + 2 * axes.length + size);
  return Math.min(FIT_EVALUATIONS, Math.max(2, Math.floor(FIT_WORK / each)));
}

/** By how many trials a history must grow before a refit: once not all are in the model, it must double. */
function growthOf(fitted: number): number {
  return fitted < EXACT_TRIALS ? eighthOf(fitted) : fitted;
}

function eighthOf(trials: number): number {
  return Math.max(1, Math.floor(trials / 8));
}

/**
 * The checked spaces of parameters that models were made for, so that callers with the same parameters share
 * their fits.
 */
const spaces = new WeakMap<Space, SearchSpace>();

/**
 * The checked space of a study's parameters: the object that its strategy received, if that has used a model.
 */
export function spaceOf(space: Space): SearchSpace {
  return spaces.get(space) ?? resolveSpace(space);
}

function unfactored(hyperparameters: Hyperparameters): Factored {
  return { hyperparameters, points: [], factor: new Float64Array(0) };
}

/**
 * The model after finished trials.
 *
 * @param history - at least one trial
 * @param pending - the parameters of trials that still run
 */
export function modelOf(
  history: readonly TrialRecord[],
  pending: readonly Params[],
  problem: SearchProblem,
): Model {
  const vectors = vectorsOf(problem.space);
  spaces.set(problem.space.parameters, problem.space);
  const { state, used } = stateAfter(history, problem);
  const added = [...history.slice(used).map(({ params }) => params), ...pending];
  const factored = extend(vectors, state.factored, added.map(vectors.encode));
  const { values, targetOf, unit } = targetsOf(costsOf(history, problem.direction), state.warp);
  const known = Float64Array.of(...state.chosen.map((i) => values[i]), ...values.subarray(used));
  const posterior = condition(vectors, factored, known);
  // running trials count too: the next trial must improve on their expected value
  const believed = factored.points.map((vector) => ({
    vector,
    mean: posterior.predict(vector).mean,
  }));
  believed.sort((a, b) => a.mean - b.mean);
  return {
    posterior,
    ranked: believed.map(({ vector }) => vector),
    incumbent: believed[0].mean,
    targetOf,
    unit,
  };
}

/**
 * Which trials are in the model: all, up to `limit`. Of more, the best limit/2 by cost, the most recent
 * limit/4 of the others, and limit/4 spread evenly over the rest by number.
 *
 * @returns indices, ascending
 */
export function choose(costs: Float64Array, limit: number): number[] {
  const all = Array.from(costs, (_, i) => i);
  if (all.length <= limit) return all;
  const best = all.toSorted((a, b) => costs[a] - costs[b] || a - b).slice(0, Math.floor(limit / 2));
  const left = new Set(all);
  for (const i of best) left.delete(i);
  const others = [...left];
  const latest = others.splice(others.length - Math.floor(limit / 4));
  const rest = limit - best.length - latest.length;
  const spread = Array.from({ length: rest }, (_, k) => others[Math.floor((k * others.length) / rest)]);
  return [...best, ...latest, ...spread].sort((a, b) => a - b);
}
