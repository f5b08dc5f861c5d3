/**
 * Strategies that move from generation to generation keep no state between calls: they fold the history, block
 * by block, each time. This remembers what the fold gave after each block, so that only a new block costs
 * anything. Forgetting it changes no result.
 */

import type { SearchSpace } from "../space/space.js";
import type { Direction, TrialRecord } from "../trial/trial.js";
import { commonLength } from "./growing.js";

/** What all states of one search have in common. */
export interface Search {
  readonly space: SearchSpace;
  /** Of the first objective, which strategies for one look at. */
  readonly direction: Direction;
  readonly directions: readonly Direction[];
}

/** How a state follows from the trials before it. */
export interface Fold<S> {
  /** The state before the first trial. */
  start(search: Search): S;
  /** How many trials the state waits for, a positive integer. */
  size(state: S, search: Search): number;
  /** The state after those trials; a function of its arguments alone. */
  step(state: S, block: readonly TrialRecord[], search: Search): S;
}

/** The blocks that a history was folded into. */
interface Chain<S> {
  readonly records: TrialRecord[];
  /** The state after the first `ends[i]` records, i from 0: the state before the first trial. */
  readonly ends: number[];
  readonly states: S[];
}

/**
 * Folds the whole blocks of a history; the trials of a last, unfinished block are left for later.
 *
 * @returns a function that gives the state for a history, and how many trials of it are in whole blocks
 */
export function createFold<S>({
  start,
  size,
  step,
}: Fold<S>): (
  history: readonly TrialRecord[],
  search: Search,
) => { readonly state: S; readonly used: number } {
  const memory = new WeakMap<SearchSpace, Map<string, Chain<S>>>();
  return (history, search) => {
    const chains = memory.get(search.space) ?? new Map<string, Chain<S>>();
    memory.set(search.space, chains);
    const key = search.directions.join();
    const chain = chains.get(key) ?? { records: [], ends: [0], states: [start(search)] };
    chains.set(key, chain);
    const { records, ends, states } = chain;
    const same = commonLength(records, history);
    let last = ends.length - 1;
    while (ends[last] > same) last--;
    for (;;) {
      const [state, used] = [states[last], ends[last]];
      const end = used + size(state, search);
      if (end > history.length) return { state, used };
      // history has parted from what was folded, or goes on from its end
      const block = history.slice(used, end);
      const next = step(state, block, search);
      records.splice(used, records.length, ...block);
      ends.splice(++last, ends.length, end);
      states.splice(last, states.length, next);
    }
  };
}
