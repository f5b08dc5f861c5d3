/**
 * The Gaussian process of a history of trials. Its hyperparameters are fitted again whenever the history has
 * grown by an eighth, from where the last fit ended; in between, trials are added to the factor.
 *
 * All of it follows from the history alone: the points of refitting are fixed counts of trials, and each fit
 * begins where that of the count before ended, however a study was interrupted. What was fitted is remembered
 * (`generations.ts`), so that only a new fit costs anything; a study taken up again repeats them all, which costs
 * a few times what the last one does, since counts grow geometrically.
 */

import { createFold, type Search } from "../../memo/generations.js";
import { type Params, resolveSpace, type SearchSpace, type Space } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { costsOf } from "../../trial/costs.js";
import type { TrialRecord } from "../../trial/trial.js";
import { defaultHyperparameters, fitHyperparameters } from "./fit.js";
import { condition, extend, type Factored, type Posterior } from "./posterior.js";
import { targetsOf } from "./targets.js";

/** Trials before the first fit. */
const FIRST_FIT = 4;
/** Up to so many trials all are in the model, beyond it only a choice of them; see `choose`. */
const EXACT_TRIALS = 256;
/** Evaluations of the likelihood that a fit may take. */
const FIT_EVALUATIONS = 20;

/** What is believed after a history. */
export interface Model {
  readonly posterior: Posterior;
  /** The vectors of the trials in the model, running ones too, the least believed cost first. */
  readonly ranked: readonly Float64Array[];
  /** The least believed cost at any of them, which is less noisy than the least cost. */
  readonly incumbent: number;
  /** How many units of cost one of the model's is; 0 where costs do not differ. */
  readonly unit: number;
}

interface State {
  readonly records: readonly TrialRecord[];
  /** Numbers of the trials in the factor. */
  readonly chosen: readonly number[];
  readonly factored: Factored;
}

const fold = createFold<State>({
  start: ({ space }) => ({
    records: [],
    chosen: [],
    factored: unfactored(defaultHyperparameters(vectorsOf(space))),
  }),
  size: ({ records }) => (records.length === 0 ? FIRST_FIT : Math.max(1, Math.floor(records.length / 8))),
  step({ records: before, factored }, block, { space, direction }) {
    const vectors = vectorsOf(space);
    const records = [...before, ...block];
    const costs = costsOf(records, direction);
    const chosen = choose(costs, EXACT_TRIALS);
    const points = chosen.map((i) => vectors.encode(records[i].params));
    const all = targetsOf(costs).values;
    const values = Float64Array.from(chosen, (i) => all[i]);
    const hyperparameters = fitHyperparameters(
      vectors,
      points,
      values,
      factored.hyperparameters,
      FIT_EVALUATIONS,
    );
    return { records, chosen, factored: extend(vectors, unfactored(hyperparameters), points) };
  },
});

/** Spaces that models were made for, so that whoever has only the parameters shares what was fitted. */
const spaces = new WeakMap<Space, SearchSpace>();

/** The checked space of a study's parameters: the same object as its strategy received, if that asked for a model. */
export function spaceOf(space: Space): SearchSpace {
  return spaces.get(space) ?? resolveSpace(space);
}

function unfactored(hyperparameters: Factored["hyperparameters"]): Factored {
  return { hyperparameters, points: [], factor: new Float64Array(0) };
}

/**
 * The model after finished trials.
 *
 * @param history - at least one trial
 * @param pending - the parameters of trials that still run
 */
export function modelOf(history: readonly TrialRecord[], pending: readonly Params[], search: Search): Model {
  const vectors = vectorsOf(search.space);
  spaces.set(search.space.parameters, search.space);
  const { state, used } = fold(history, search);
  const added = [...history.slice(used).map(({ params }) => params), ...pending];
  const factored = extend(vectors, state.factored, added.map(vectors.encode));
  const { values, unit } = targetsOf(costsOf(history, search.direction));
  const known = Float64Array.of(...state.chosen.map((i) => values[i]), ...values.subarray(used));
  const posterior = condition(vectors, factored, known);
  // trials that still run count too: whoever comes next must improve on what is expected of them
  const believed = factored.points.map((vector) => ({
    vector,
    mean: posterior.predict(vector).mean,
  }));
  believed.sort((a, b) => a.mean - b.mean);
  return { posterior, ranked: believed.map(({ vector }) => vector), incumbent: believed[0].mean, unit };
}

/**
 * Which trials the model is made of: all, up to `limit`; beyond it the better half of `limit` by cost, the latest
 * quarter of the others, and a quarter spread evenly over the rest by number.
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
