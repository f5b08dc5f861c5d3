/** Slices of long work: bounded by steps or by time, one at a time. It knows nothing of the work itself. */
import { platform } from "#platform";
import { clockOf, FettleError } from "../errors.js";
import { integer, number, type OptionRules, readOptions } from "../rules.js";

/** The bounds of a slice. */
export interface SliceOptions {
  /**
   * The most steps. A batch of a training is a step, and in a tuner so is the start of a trial. Default no
   * bound.
   */
  readonly steps?: number;
  /**
   * Milliseconds of `clock` after which no step starts; at least one step runs. What happens between steps is
   * not divided: callbacks and the scores of an epoch, in a tuner suggesting a trial and predicting a fold.
   * Default no bound.
   */
  readonly maxMilliseconds?: number;
  /**
   * A clock in milliseconds. Default the host's. If that stands still during computation, bound the steps
   * instead.
   */
  readonly clock?: () => number;
}

const RULES = {
  steps: integer(),
  maxMilliseconds: number("(0, ∞]", "a positive number"),
  clock: true,
} satisfies OptionRules<SliceOptions>;

/** The most steps between two readings of the clock. */
const MOST_AT_ONCE = 64;

/** The slices of one piece of work. */
export class Slices {
  private busy = false;

  /**
   * @param isMore - whether there is a step to run, once that is known
   * @param run - runs at most so many steps, and returns how many
   * @returns the number of completed steps
   * @throws FettleError `invalid_argument` for invalid bounds; `invalid_state` while another slice is
   * running; what the functions throw
   */
  async advance(
    slice: SliceOptions,
    isMore: () => Promise<boolean>,
    run: (steps: number) => number | Promise<number>,
  ): Promise<{ readonly steps: number }> {
    const { steps = Number.POSITIVE_INFINITY, maxMilliseconds } = readOptions(
      slice,
      "advance",
      RULES,
      " of advance",
    );
    this.mustBeIdle("advance");
    const clock = clockOf(slice.clock, () => platform.now());
    this.busy = true;
    try {
      const start = maxMilliseconds === undefined ? 0 : clock();
      let taken = 0;
      let next = maxMilliseconds === undefined ? steps : 1;
      while ((await isMore()) && taken < steps && next > 0) {
        taken += await run(Math.min(next, steps - taken));
        if (maxMilliseconds !== undefined && taken > 0)
          next = stepsFor(maxMilliseconds, clock() - start, taken);
      }
      return { steps: taken };
    } finally {
      this.busy = false;
    }
  }

  /** @param what - the method that was called @throws FettleError `invalid_state` while a slice is running */
  mustBeIdle(what: string): void {
    if (!this.busy) return;
    throw new FettleError(
      "invalid_state",
      `${what} was called while a slice is running; await the slice first`,
    );
  }
}

/** How many steps fit in half of the time left, by the cost of steps so far; 0 if no time is left. */
function stepsFor(allowed: number, elapsed: number, taken: number): number {
  if (elapsed >= allowed) return 0;
  const half = ((allowed - elapsed) * taken) / (2 * elapsed); // infinite if the clock stood still
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(half)));
}
