/**
 * Strategies that move from generation to generation keep no state between calls: they fold the history, block
 * by block, each time. This remembers what the fold gave after each block, so that only a new block costs
 * anything. Forgetting it changes no result.
 */

import type { SearchSpace } from "./space.js";
import type { Direction, TrialRecord } from "./trial.js";

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

interface Entry<S> {
  readonly block: readonly TrialRecord[];
  /** The entry of the block before. */
  readonly before: Entry<S> | undefined;
  readonly state: S;
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
  const memory = new WeakMap<SearchSpace, Map<string, WeakMap<TrialRecord, Entry<S>>>>();
  return (history, search) => {
    const ofSpace = memory.get(search.space) ?? new Map<string, WeakMap<TrialRecord, Entry<S>>>();
    memory.set(search.space, ofSpace);
    const key = search.directions.join();
    const entries = ofSpace.get(key) ?? new WeakMap<TrialRecord, Entry<S>>();
    ofSpace.set(key, entries);
    let before: Entry<S> | undefined;
    let state = start(search);
    let used = 0;
    for (;;) {
      const end = used + size(state, search);
      if (end > history.length) return { state, used };
      let entry = entries.get(history[end - 1]);
      if (entry === undefined || entry.before !== before || !isAt(entry.block, history, used, end)) {
        const block = history.slice(used, end);
        entry = { block, before, state: step(state, block, search) };
        entries.set(history[end - 1], entry);
      }
      before = entry;
      state = entry.state;
      used = end;
    }
  };
}

function isAt(
  block: readonly TrialRecord[],
  history: readonly TrialRecord[],
  from: number,
  end: number,
): boolean {
  return block.length === end - from && block.every((record, i) => record === history[from + i]);
}
