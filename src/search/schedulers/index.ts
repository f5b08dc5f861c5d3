/**
 * Schedulers by name, for the command line. Code that knows its scheduler calls `asha()` or another directly.
 */

import { byName } from "../../errors.js";
import { asha } from "./asha.js";
import { halving } from "./halving.js";
import { hyperband } from "./hyperband.js";
import { medianStopping } from "./median.js";
import type { Scheduler } from "./scheduler.js";

const makers: Readonly<Record<string, (options: Readonly<Record<string, unknown>>) => Scheduler>> = {
  halving,
  hyperband,
  asha,
  median: medianStopping,
};

/** The names that {@link createScheduler} knows. */
export const schedulerNames: readonly string[] = Object.freeze(Object.keys(makers));

/**
 * A scheduler by its name.
 *
 * @param name - one of {@link schedulerNames}
 * @param options - the options of the scheduler's own function, as `scheduler.options` has them
 * @throws FettleError `unknown_name` for a scheduler or an option that does not exist, and whatever the
 * scheduler's own function throws
 * @example
 * ```ts
 * createScheduler("asha", { reduction: 4 }).options; // { reduction: 4, leastSteps: 1 }
 * ```
 */
export function createScheduler(name: string, options: Readonly<Record<string, unknown>> = {}): Scheduler {
  return byName("scheduler", makers, name)(options);
}
