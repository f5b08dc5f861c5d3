/**
 * What a search minimises: the values of trials, turned round where larger ones are better, with a cost for
 * trials that have none. It ranks nothing.
 */

import { type Direction, isFeasible, type TrialRecord } from "./trial.js";

/**
 * The cost of each trial, less being better: its value, or its negative when values are maximised. A pruned trial has
 * the value that it had reached.
 *
 * - One that breaks a soft constraint costs more than any that keeps all: the worst of those and, in parts of their
 *   spread (at least 1e-9 of it, and 1 where they have none), how far it breaks them, so that a search is led back.
 *   Values of such trials do not matter, and constraints should have like units (Deb's rule).
 * - A failed or diverged trial costs as much as the worst of all others (0 if there are none), so that no search goes
 *   back there and no model is bent by an infinity.
 *
 * @see K. Deb, "An efficient constraint handling method for genetic algorithms", Comput. Methods Appl. Mech. Eng.
 * 186, 2000
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

/** How far a trial breaks its soft constraints in all: 0 where it keeps them, infinite where that has no measure. */
export function violationOf({ constraints = [] }: Pick<TrialRecord, "constraints">): number {
  let sum = 0;
  for (const constraint of constraints) sum += Math.max(0, constraint ?? Number.POSITIVE_INFINITY);
  return sum;
}

/** Sets the costs of trials with a value that break constraints, from those that break none. */
function punish(costs: Float64Array, history: readonly TrialRecord[]): void {
  if (history.every(isFeasible)) return;
  const violations = history.map((record) => (record.value === null ? 0 : violationOf(record)));
  const most = extremesOf(violations.filter((violation) => violation < Number.POSITIVE_INFINITY))?.[1] ?? 0;
  const [best, worst] = extremesOf(costs) ?? [0, 0];
  const spread = worst - best;
  const scale = spread > 0 && spread < Number.POSITIVE_INFINITY ? spread : 1;
  violations.forEach((violation, i) => {
    if (violation === 0) return;
    // without measure: twice as bad as the worst that has one
    const share = most === 0 ? 1 : violation === Number.POSITIVE_INFINITY ? 2 : violation / most;
    costs[i] = Math.min(worst + scale * Math.max(1e-9, share), Number.MAX_VALUE);
  });
}

/** The least and the largest of numbers, NaN left out; undefined without any. */
function extremesOf(numbers: ArrayLike<number>): [number, number] | undefined {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] < least) least = numbers[i];
    if (numbers[i] > largest) largest = numbers[i];
  }
  return largest >= least ? [least, largest] : undefined;
}
