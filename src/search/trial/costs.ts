/**
 * What a search minimises: the values of trials, negated if larger ones are better, with a cost for trials
 * that have no value.
 */

import { type Direction, isFeasible, type TrialRecord } from "./trial.js";

/**
 * The cost of each trial (less is better): its value, or its negative if values are maximised. A pruned trial
 * has the value that it had reached.
 *
 * - An infeasible trial, which breaks a soft constraint, costs more than any feasible one: the worst cost of
 *   those, plus a fraction of their spread (or of 1 without a spread) that grows with the violation, at least
 *   1e-9. This leads the search back. Values of such trials do not matter, and constraints should have
 *   similar units (Deb's rule). Only `gp` models constraints instead.
 * - A failed or diverged trial costs as much as the worst of all others (0 if there are none), so that no
 *   search returns
 *   there and no model is distorted by an infinity.
 *
 * @see K. Deb, "An efficient constraint handling method for genetic algorithms", Comput. Methods Appl. Mech.
 * Eng. 186, 2000
 */
export function costsOf(history: readonly TrialRecord[], direction: Direction): Float64Array {
  const sign = direction === "maximize" ? -1 : 1;
  const costs = Float64Array.from(history, (record) =>
    record.value === null || !isFeasible(record) ? Number.NaN : sign * record.value,
  );
  punish(costs, history);
  const worst = extremesOf(costs)?.[1] ?? 0;
  return costs.map((cost) => (Number.isNaN(cost) ? worst : cost));
}

/** The total violation of a trial's soft constraints: 0 if it satisfies them all, possibly infinite. */
export function violationOf({ constraints = [] }: Pick<TrialRecord, "constraints">): number {
  let sum = 0;
  for (const constraint of constraints) sum += Math.max(0, constraint ?? Number.POSITIVE_INFINITY);
  return sum;
}

/** Sets the costs of infeasible trials, relative to those of feasible ones. */
function punish(costs: Float64Array, history: readonly TrialRecord[]): void {
  if (history.every(isFeasible)) return;
  const violations = history.map((record) => (record.value === null ? 0 : violationOf(record)));
  const most = extremesOf(violations.filter((violation) => violation < Number.POSITIVE_INFINITY))?.[1] ?? 0;
  const [best, worst] = extremesOf(costs) ?? [0, 0];
  const spread = worst - best;
  const scale = spread > 0 && spread < Number.POSITIVE_INFINITY ? spread : 1;
  violations.forEach((violation, i) => {
    if (violation === 0) return;
    // infinite: twice as bad as the worst finite violation
    const share = most === 0 ? 1 : violation === Number.POSITIVE_INFINITY ? 2 : violation / most;
    costs[i] = Math.min(worst + scale * Math.max(1e-9, share), Number.MAX_VALUE);
  });
}

/** The least and the largest number, without NaN; undefined if there is none. */
function extremesOf(numbers: ArrayLike<number>): [number, number] | undefined {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] < least) least = numbers[i];
    if (numbers[i] > largest) largest = numbers[i];
  }
  return largest >= least ? [least, largest] : undefined;
}
