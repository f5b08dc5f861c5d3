/**
 * What a search minimises: the values of trials, turned round where larger ones are better, with a cost for
 * trials that have none. It ranks nothing.
 */

import type { Direction, TrialRecord } from "./trial.js";

/**
 * The cost of each trial, less being better: its value, or its negative when values are maximised. A failed or
 * diverged trial costs as much as the worst of the others (0 if there are none), so that no search goes
 * back there and no model is bent by an infinity. A pruned trial has the value that it had reached.
 */
export function costsOf(history: readonly TrialRecord[], direction: Direction): Float64Array {
  const sign = direction === "maximize" ? -1 : 1;
  const costs = Float64Array.from(history, ({ value }) => (value === null ? Number.NaN : sign * value));
  let worst = Number.NEGATIVE_INFINITY;
  for (const cost of costs) if (cost > worst) worst = cost;
  if (worst === Number.NEGATIVE_INFINITY) worst = 0;
  return costs.map((cost) => (Number.isNaN(cost) ? worst : cost));
}
