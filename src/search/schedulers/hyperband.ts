/** Hyperband: successive halving, in brackets that range from many short trials to few long ones. */

import { checkHalving, type HalvingOptions } from "./halving.js";
import { amongBest, geometricRungs, ofBudget, type Scheduler } from "./scheduler.js";

interface Bracket {
  readonly size: number;
  readonly rungs: readonly number[];
}

/**
 * Hyperband: successive halving does not know how many steps it takes to tell good trials from bad ones, so
 * brackets with different first rungs take turns. With s_max rungs in all, bracket s has s of them, skips the
 * first s_max − s, and starts with ⌈(s_max + 1)/(s + 1) · η^s⌉ trials; s falls from s_max to 0, whose trials
 * all run to the end.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const scheduler = hyperband({ reduction: 3 });
 * scheduler.rungs(0, 9); // [1, 3]
 * scheduler.rungs(9, 9); // [3]
 * ```
 * @see L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh and A. Talwalkar, "Hyperband: a novel bandit-based
 * approach to hyperparameter optimization", JMLR 18, 2018
 */
export function hyperband(options: HalvingOptions = {}): Scheduler {
  const { reduction, leastSteps } = checkHalving(options, "hyperband");
  const bracketsOf = ofBudget((steps): Bracket[] => {
    const rungs = geometricRungs(leastSteps, reduction, steps);
    const most = rungs.length;
    return Array.from({ length: most + 1 }, (_, skipped) => {
      const s = most - skipped;
      let power = 1;
      for (let i = 0; i < s; i++) power *= reduction;
      return { size: Math.ceil(((most + 1) / (s + 1)) * power), rungs: Object.freeze(rungs.slice(skipped)) };
    });
  });
  /** The bracket of a trial, and the number of the bracket's first trial. */
  const placeOf = (number: number, steps: number): Bracket & { readonly from: number } => {
    const brackets = bracketsOf(steps);
    const cycle = brackets.reduce((sum, { size }) => sum + size, 0);
    let from = number - (number % cycle);
    for (const bracket of brackets) {
      if (number < from + bracket.size) return { ...bracket, from };
      from += bracket.size;
    }
    return { ...brackets[0], from };
  };
  return {
    name: "hyperband",
    options: { reduction, leastSteps },
    rungs: (number, steps) => placeOf(number, steps).rungs,
    cohort(number, _lag, steps) {
      const { from, size } = placeOf(number, steps);
      return { from, to: from + size };
    },
    width: (steps) => Math.max(...bracketsOf(steps).map(({ size }) => size)),
    promotes: (context) => amongBest(context, reduction),
  };
}
