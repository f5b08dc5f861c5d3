/** How a search begins, of models or of anything else: its strategy, its study and its budget, from what was given. */

import { platform } from "#platform";
import { check, show } from "../../errors.js";
import type { Constraint, Space } from "../../search/space/space.js";
import { defaultStrategy } from "../../search/strategies/default.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { OptimizeOptions } from "../../search/study/optimize.js";
import { createStudy, type Study } from "../../search/study/study.js";
import type { Direction } from "../../search/trial/trial.js";
import type { SearchOptions } from "./options.js";

const DEFAULT_TRIALS = 30;
const DEFAULT_LAG = 7;

/** The options with the default strategy where they have none. */
export async function withStrategy<O extends { readonly strategy?: Strategy }>(
  options: O,
  objectives: number,
): Promise<O & { readonly strategy: Strategy }> {
  return { ...options, strategy: options.strategy ?? (await defaultStrategy(objectives)) };
}

export function studyOf<S extends Space>(
  options: SearchOptions<S> & { readonly strategy: Strategy },
  direction: Direction | readonly Direction[],
): Study<S> {
  const { jobs, constraint } = options;
  check(
    jobs === undefined || (Number.isSafeInteger(jobs) && jobs > 0),
    () => `jobs is a positive number of threads, got ${show(jobs)}`,
  );
  const { space, strategy, seed = 0, warmStart = [], enqueue = [], scheduler, steps } = options;
  // Trials that wait for each other must all have been asked.
  const width = scheduler && steps !== undefined ? scheduler.width(steps) : 1;
  const lag = Math.max(options.lag ?? DEFAULT_LAG, width - 1);
  const study = createStudy({
    ...{ space, strategy, seed, direction, lag, clock: () => platform.now() },
    ...(constraint && { constraint }),
  });
  for (const [name, list] of Object.entries({ warmStart, enqueue })) {
    check(Array.isArray(list), () => `${name} is a list, got ${show(list)}`);
  }
  check(
    strategy.proceed === undefined || warmStart.length === 0,
    () =>
      `strategy ${show(strategy.name)} goes on with trainings, and warmStart has none; enqueue the parameters of its trials`,
  );
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

export function budgetOf<S extends Space>(
  options: SearchOptions<S>,
): Omit<OptimizeOptions<S>, "concurrency"> {
  const { space, strategy, onEvent, signal, stop, scheduler, steps, warmStart = [], enqueue = [] } = options;
  const whole = strategy?.size?.(space, options.constraint as Constraint | undefined);
  const trials = options.trials ?? (whole === undefined ? DEFAULT_TRIALS : whole + enqueue.length);
  return {
    trials: trials + warmStart.length,
    ...(onEvent ? { onEvent } : {}),
    ...(signal ? { signal } : {}),
    ...(stop ? { stop } : {}),
    ...(scheduler ? { scheduler } : {}),
    ...(steps === undefined ? {} : { steps }),
  };
}
