/**
 * Soft constraints: one Gaussian process for the objective and one for each constraint g_k, which is
 * satisfied if at most 0. For the notation see the header of `gp.ts`; each process has its own y, μ and σ,
 * and is assumed to be independent of the others given a point. The search maximises the logarithmic
 * acquisition function, for an improvement on the best feasible trial, plus the logarithms of the
 * probabilities that the constraints are satisfied (J. Gardner et al., "Bayesian optimization with inequality
 * constraints", ICML 2014),
 *
 *     a(x) + Σ_k ln Φ((0_k − μ_k) / σ_k),    0_k: the y of a constraint of 0
 *
 * and only the latter while no trial is feasible. So the values of infeasible trials count, and the objective
 * has no cliff at the edge of the feasible region.
 */
import { memoized } from "../../../memo.js";
import type { SearchProblem } from "../../memo/generations.js";
import type { Params } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { costsOf } from "../../trial/costs.js";
import { isFeasible, type TrialRecord } from "../../trial/trial.js";
import { type Acquisition, logBelow } from "./acquisition.js";
import { type MeritAt, meritOf } from "./maximize.js";
import { modelOf } from "./model.js";
import { spacesOf } from "./several.js";

/** The most constraints that are modelled, each separately. */
const MOST_CONSTRAINTS = 8;

/**
 * Whether some trials break constraints, and all trials with constraints have the same number of them, not
 * too many for models.
 */
export function areConstrained(history: readonly TrialRecord[]): boolean {
  if (history.every(isFeasible)) return false;
  const counts = new Set(history.filter(isTold).map(({ constraints = [] }) => constraints.length));
  return counts.size === 1 && Math.max(...counts) <= MOST_CONSTRAINTS;
}

/** Whether the constraint values of a trial are known: not if it failed. */
const isTold = ({ constraints = [] }: TrialRecord): boolean => constraints.length > 0;

/** The merit of points under constraints. */
export interface Constrained {
  readonly merit: MeritAt;
  /** The points of the trials, including running ones, the best first. */
  readonly ranked: readonly Float64Array[];
  /** How many models there are. */
  readonly models: number;
}

/**
 * The merit of points after finished trials, some of which break constraints (see `areConstrained`). Running
 * trials count with their expected values.
 *
 * @param acquire - an acquisition function in logarithms
 */
export function constrained(
  history: readonly TrialRecord[],
  pending: readonly Params[],
  problem: SearchProblem,
  acquire: Acquisition,
): Constrained {
  const { space, direction } = problem;
  const { encode } = vectorsOf(space);
  const told = history.filter(isTold);
  const untold = history.filter((record) => !isTold(record)).map(({ params }) => params);
  const count = told[0].constraints?.length as number;
  const spaces = spacesOf(space, 1 + count);
  const objective = modelOf(
    history.map((record) => partsOf(record)[0]),
    pending,
    { ...problem, space: spaces[0] },
  );
  const terms: MeritAt[] = [];
  const kept = history.filter((record) => record.value !== null && isFeasible(record));
  if (kept.length > 0) {
    const means = kept.map(({ params }) => objective.posterior.predict(encode(params)).mean);
    const incumbent = means.reduce((a, b) => Math.min(a, b));
    terms.push(meritOf(objective.posterior, (mean, deviation) => acquire(mean, deviation, incumbent)));
  }
  for (let k = 1; k <= count; k++) {
    const { posterior, targetOf, unit } = modelOf(
      told.map((record) => partsOf(record)[k]),
      [...untold, ...pending],
      { space: spaces[k], direction: "minimize", directions: ["minimize"] },
    );
    // if all are equal, nothing is known about where it is satisfied
    if (unit > 0) {
      const zero = targetOf(0);
      terms.push(meritOf(posterior, (mean, deviation) => logBelow(mean, deviation, zero)));
    }
  }
  const costs = costsOf(history, direction);
  const order = [...history.keys()].sort((i, j) => costs[i] - costs[j] || i - j);
  return {
    merit: sumOf(terms),
    ranked: [...order.map((i) => history[i].params), ...pending].map(encode),
    models: 1 + count,
  };
}

function sumOf(terms: readonly MeritAt[]): MeritAt {
  let part = new Float64Array(0);
  return (vector, gradient) => {
    if (part.length !== vector.length) part = new Float64Array(vector.length);
    gradient?.fill(0);
    let sum = 0;
    for (const term of terms) {
      sum += term(vector, gradient && part);
      if (gradient) for (let c = 0; c < gradient.length; c++) gradient[c] += part[c];
    }
    return sum;
  };
}

/** A trial divided into one for the objective and one for each constraint. */
const partsOf = /* @__PURE__ */ memoized(({ constraints = [], ...objective }: TrialRecord): TrialRecord[] => [
  objective,
  ...constraints.map((value) => ({ ...objective, value })),
]);
