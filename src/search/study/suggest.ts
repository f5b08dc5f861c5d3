/**
 * How a study calls its strategy: what the strategy may see for each trial, and what it may return.
 * `ledger.ts` keeps the trials.
 */

import { check, show } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { type Params, type SearchSpace, whyOutside } from "../space/space.js";
import type { Strategy, SuggestContext } from "../strategies/strategy.js";
import type { Direction, TrialRecord } from "../trial/trial.js";

/** What a study draws random numbers for; each purpose has a separate stream. */
export const streams = { suggestion: 0, trial: 1, study: 2 } as const;

/** The checked settings of a study. */
export interface StudySettings {
  readonly space: SearchSpace;
  readonly strategy: Strategy;
  readonly seed: number;
  readonly directions: readonly Direction[];
  readonly lag: number;
  readonly clock?: () => number;
}

/** The trials of a study before the one to suggest. */
interface EarlierTrials {
  /** How many trials there are, finished or not. */
  readonly size: number;
  /** How many of them came from the strategy. */
  readonly suggested: number;
  readonly points: readonly Params[];
  history(count: number): readonly TrialRecord[];
}

/**
 * How many of the first trials an adaptive strategy sees, and so waits for, before it suggests trial
 * `number`.
 */
export function visibleTo(number: number, { strategy, lag }: StudySettings): number {
  return strategy.generation ? number - (number % strategy.generation) : Math.max(0, number - lag);
}

/**
 * The strategy's next trial; undefined if it has nothing left to suggest.
 *
 * @throws FettleError `invalid_argument` if the strategy leaves the space, or resumes a trial that has no
 * value
 */
export function suggest(
  settings: StudySettings,
  trials: EarlierTrials,
): { readonly params: Params; readonly parent?: number } | undefined {
  const { space, strategy } = settings;
  const context = contextOf(settings, trials);
  const resumed = strategy.resume?.(context);
  if (resumed) {
    const parent = context.history[resumed.parent];
    check(
      parent?.status === "complete" || parent?.status === "pruned",
      () =>
        `strategy ${show(strategy.name)} must resume a finished trial that has a value; received trial ${show(resumed.parent)}`,
    );
  }
  const params = resumed ? resumed.params : strategy.suggest(context);
  if (params === undefined) return undefined;
  const wrong = whyOutside(space, params);
  check(
    wrong === undefined,
    () => `strategy ${show(strategy.name)} left the space at trial ${trials.size}: ${wrong}`,
  );
  return { ...(resumed && { parent: resumed.parent }), params: Object.freeze({ ...params }) };
}

/** The history of a strategy that sees no trials. */
const NONE: readonly TrialRecord[] = Object.freeze([]);

function contextOf(settings: StudySettings, trials: EarlierTrials): SuggestContext {
  const { space, strategy, seed, directions } = settings;
  const number = trials.size;
  return {
    space,
    number,
    suggested: trials.suggested,
    history: strategy.adaptive ? trials.history(visibleTo(number, settings)) : NONE,
    earlier: trials.points,
    direction: directions[0],
    directions,
    random: new RandomStream(seed, streams.suggestion, number),
    studyRandom: new RandomStream(seed, streams.study),
  };
}
