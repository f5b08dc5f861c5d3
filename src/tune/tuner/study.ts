/** The study and the budget of a search, over models or any objective, from the options of `tune`. */

import { platform } from "#platform";
import { check, checkSignal, must, mustBeInteger, show } from "../../errors.js";
import { defined } from "../../options.js";
import { jobCount } from "../../rules.js";
import { mustBeScheduler } from "../../search/schedulers/scheduler.js";
import type { Constraint, Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { OptimizeOptions, Study } from "../../search/study/contract.js";
import { checkLimits } from "../../search/study/control.js";
import { checkStopRules } from "../../search/study/stopping.js";
import { beginStudy } from "../../search/study/study.js";
import { type Direction, mustBeTrials } from "../../search/trial/trial.js";
import type { SearchOptions } from "./options.js";

const DEFAULT_TRIALS = 30;
/**
 * For objectives that run in parallel: one number, so that the results are the same for any number of jobs.
 */
const LAG = 7;
/**
 * For models, the same for any number of jobs: with five folds, 15 trainings in parallel. See
 * docs/strategies.md.
 */
const LAG_OF_MODELS = 2;
/** If only time ends a search. */
const MOST_TRIALS = 2 ** 31;

/** What a study is made from. */
export interface Making {
  readonly strategy: Strategy;
  /** Reads a saved study, if there is one to resume; loaded only then. */
  readonly restore?: typeof import("../../search/study/checkpoint.js").reopenStudy;
}

/** The options with a strategy, by default or given, and the reader of a study if they have one. */
export async function withStrategy<O extends { readonly strategy?: Strategy; readonly study?: unknown }>(
  options: O,
  objectives: number,
): Promise<O & Making> {
  return {
    ...options,
    strategy:
      options.strategy ?? (await import("../../search/strategies/default.js")).defaultStrategy(objectives),
    ...(options.study !== undefined && {
      restore: (await import("../../search/study/checkpoint.js")).reopenStudy,
    }),
  };
}

/** The study of an objective: if nothing runs in parallel, its strategy learns from every trial. */
export function studyOfObjective<S extends Space>(
  options: SearchOptions<S> & Making,
  direction: Direction | readonly Direction[],
): Study<S> {
  return studyFor(options, direction, (options.jobs ?? 1) === 1 ? 0 : LAG);
}

/** The study of a model. */
export function studyOfModel<S extends Space>(
  options: SearchOptions<S> & Making,
  directions: readonly Direction[],
): Study<S> {
  return studyFor(options, directions, LAG_OF_MODELS);
}

/**
 * A new study, with the trials of `warmStart` and the points of `enqueue`; or the saved one, which keeps its
 * lag.
 */
function studyFor<S extends Space>(
  options: SearchOptions<S> & Making,
  direction: Direction | readonly Direction[],
  defaultLag: number,
): Study<S> {
  checkSearchOptions(options, [direction].flat().length);
  const { constraint, space, strategy, seed = 0, warmStart = [], enqueue = [] } = options;
  const clock = options.clock ?? (() => platform.now());
  if (options.study !== undefined && options.restore) {
    const restored = options.restore<S>(options.study, defined({ space, strategy, clock, constraint }));
    mustContinue(options, direction, restored);
    for (const [name, list] of Object.entries({ warmStart, enqueue }))
      check(list.length === 0, `${name} must be left out with study, which has its trials`);
    return restored;
  }
  const study = beginStudy({
    space,
    strategy,
    seed,
    direction,
    lag: lagOf(options, defaultLag),
    clock,
    ...(constraint && { constraint }),
  });
  check(
    strategy.resume === undefined || warmStart.length === 0,
    () =>
      `strategy ${show(strategy.name)} continues trainings, and the trials of warmStart have none; enqueue their parameters`,
  );
  mustBeTrials(warmStart, "warmStart");
  for (const { params, status, value, values, constraints } of warmStart) {
    study.add(params, {
      status,
      ...(value !== null && { value }),
      ...(values && { values }),
      ...(constraints && { constraints: constraints.map((each) => each ?? Number.POSITIVE_INFINITY) }),
    });
  }
  for (const params of enqueue) study.enqueue(params);
  return study;
}

/** The lag of a study: trials that wait for each other must all have been asked for. */
function lagOf<S extends Space>({ lag, scheduler, steps }: SearchOptions<S>, defaultLag: number): number {
  const width = scheduler && steps !== undefined ? scheduler.width(steps) : 1;
  return Math.max(lag ?? defaultLag, width - 1);
}

/** Refuses options that differ from those with which a study started. */
export function mustContinue<S extends Space>(
  options: SearchOptions<S>,
  direction: Direction | readonly Direction[],
  study: Pick<Study, "seed" | "lag" | "directions">,
): void {
  const saved = { seed: study.seed, lag: study.lag, direction: study.directions.join() };
  const given = {
    seed: options.seed ?? 0,
    lag: options.lag === undefined ? saved.lag : lagOf(options, options.lag),
    direction: [direction].flat().join(),
  };
  for (const name of ["seed", "lag", "direction"] as const)
    must(given[name] === saved[name], name, `${show(saved[name])}, as in study`, given[name]);
}

/** Refuses values that a study would not see, or would see too late. */
function checkSearchOptions<S extends Space>(options: SearchOptions<S>, objectives: number): void {
  const { trials, jobs, queue, lag, steps, stop, onEvent, signal, constraint, scheduler } = options;
  const { warmStart, enqueue, clock } = options;
  if (trials !== undefined) mustBeInteger("trials", trials);
  if (jobs !== undefined) jobCount(queue === undefined ? 1 : 0)("jobs", jobs);
  if (lag !== undefined) mustBeInteger("lag", lag, 0);
  if (steps !== undefined) mustBeInteger("steps", steps);
  for (const [name, value] of Object.entries({ onEvent, constraint, clock })) {
    must(value === undefined || typeof value === "function", name, "a function", value);
  }
  checkLimits(options);
  if (stop !== undefined) checkStopRules(stop, objectives);
  if (scheduler !== undefined) mustBeScheduler(scheduler);
  checkSignal(signal);
  for (const [name, value] of Object.entries({ warmStart, enqueue })) {
    must(value === undefined || Array.isArray(value), name, "a list", value);
  }
}

export function budgetFor<S extends Space>(
  options: SearchOptions<S>,
): Omit<OptimizeOptions<S>, "concurrency"> {
  const { space, strategy, onEvent, signal, stop, scheduler, steps, warmStart = [], enqueue = [] } = options;
  const { timeout, trialTimeout, clock } = options;
  const whole = strategy?.size?.(space, options.constraint as Constraint | undefined);
  must(whole !== 0, "constraint", "true for some point of the space", false, "invalid_space");
  const usual = timeout === undefined ? DEFAULT_TRIALS : MOST_TRIALS;
  // points that did not come from the strategy, now and before a saved study was resumed
  const given = enqueue.length + (options.study?.trials.filter((trial) => trial.given).length ?? 0);
  const trials = options.trials ?? (whole === undefined ? usual : whole + given);
  return {
    trials: trials + warmStart.length,
    ...defined({ onEvent, signal, stop, scheduler, steps, timeout, trialTimeout, clock }),
  };
}
