/** The order of trials, for strategies that use only ranks. */

import { costsOf } from "./costs.js";
import type { Direction, TrialRecord } from "./trial.js";

/**
 * Trials from the best to the worst. Of equal trials the earlier comes first; trials without a value come
 * last.
 */
export function ranked(trials: readonly TrialRecord[], direction: Direction): readonly TrialRecord[] {
  const costs = costsOf(trials, direction);
  const fails = trials.map(({ value }) => (value === null ? 1 : 0));
  const order = trials.map((_, i) => i);
  order.sort((i, j) => fails[i] - fails[j] || costs[i] - costs[j] || i - j);
  return order.map((i) => trials[i]);
}
