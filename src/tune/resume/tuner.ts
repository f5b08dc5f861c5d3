/**
 * Tuning in slices: as much work at a time as the caller allows, down to one step of a training, saved in between as
 * bytes and gone on with elsewhere to the same result as without. It runs in its caller's thread, starts no timers and
 * keeps nothing outside itself.
 */

import { platform } from "#platform";
import { check, checkOptions, FettleError, show } from "../../errors.js";
import type { Space } from "../../search/space/space.js";
import type { Study } from "../../search/study/study.js";
import { Stepper } from "../jobs/stepper.js";
import type { TuneResult, TunerOptions } from "../tuner/options.js";
import { foldsOf } from "../tuner/search.js";
import { openSession, type Prepared, prepareTuning } from "./session.js";

/** How much work a slice is. */
export interface SliceOptions {
  /** The most steps: one a batch of a training, and one for each trial that begins. Default no bound. */
  readonly steps?: number;
  /**
   * Milliseconds of `clock` after which no step is begun; one is always done. What comes between steps is not
   * divided: suggesting a trial, and predicting a fold. Default no bound.
   */
  readonly maxMilliseconds?: number;
  /** A clock in milliseconds. Default the host's; where that stands still during computation, bound the steps. */
  readonly clock?: () => number;
}

/** A tuning that is done in slices. Made by `createTuner` or `restoreTuner`. */
export interface Tuner<S extends Space> {
  /** The trials so far. */
  readonly study: Study<S>;
  /** What came of it, once all is done; the last fit is part of that. */
  readonly result: TuneResult<S> | undefined;
  /**
   * Does a slice of the work.
   *
   * @returns the steps that were done; fewer than allowed, or none, once there is a result
   * @throws FettleError `invalid_argument` for bounds that are none; `invalid_state` while another slice is at work;
   * `invalid_checkpoint` where trainings that were saved are not of this data and model; and what `onEvent` and strategies throw, as `tune` does
   */
  advance(slice?: SliceOptions): Promise<{ readonly steps: number }>;
  /**
   * Everything there is to go on elsewhere. Trials in progress, with their trainings, are a section of their own
   * beside the history.
   *
   * @throws FettleError `invalid_state` while a slice is at work; `invalid_checkpoint` if what it was restored from was
   * refused meanwhile
   */
  save(): Uint8Array;
}

/**
 * Prepares a tuning that is done in slices, with the same result as `tune` to the bit, however it is cut. No trial is
 * begun.
 *
 * @throws FettleError for options, spaces and data that do not fit
 * @example
 * ```ts
 * const x = Array.from({ length: 90 }, (_, i) => [i / 90]);
 * const space = { learningRate: float(0.01, 0.5, { log: true }) };
 * const options: TunerOptions<typeof space> = {
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space,
 *   model: ({ learningRate }) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   trials: 3,
 * };
 * let tuner = await createTuner(options);
 * await tuner.advance({ steps: 100 });
 * const bytes = tuner.save(); // into a file, a database, another runtime
 * tuner = await restoreTuner(bytes, options);
 * while (!tuner.result) await tuner.advance({ maxMilliseconds: 10 });
 * tuner.result.best?.status; // "complete"
 * ```
 */
export async function createTuner<const S extends Space>(options: TunerOptions<S>): Promise<Tuner<S>> {
  return openTuner(await prepareTuning("createTuner", options, null));
}

/**
 * Goes on with a tuning where it was saved, on this runtime or another, to the same result as if it had never stopped.
 *
 * @param bytes - from `save()`
 * @param options - those it began with: the data and the code are not in the bytes. `trials`, `stop` and `onEvent` may
 * differ. Events of trials that were in progress are told again.
 * @throws FettleError `invalid_checkpoint` for bytes that are damaged, foreign, of a newer release or of other kernels;
 * `invalid_argument` if data or settings are not those that it began with
 * @example
 * ```ts
 * const options = {
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [0, 2, 4, 6, 8, 10],
 *   space: { units: choice([1, 2]) },
 *   model: ({ units }: { units: number }) => {
 *     const model = sequential([dense(units), dense(1)]);
 *     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *     return model;
 *   },
 *   strategy: grid(),
 *   validation: { folds: 2 },
 * };
 * const bytes = (await createTuner(options)).save();
 * const tuner = await restoreTuner(bytes, options);
 * await tuner.advance();
 * tuner.result?.trials.map(({ params }) => params); // [{ units: 1 }, { units: 2 }]
 * ```
 */
export async function restoreTuner<const S extends Space>(
  bytes: Uint8Array,
  options: TunerOptions<S>,
): Promise<Tuner<S>> {
  return openTuner(await prepareTuning("restoreTuner", options, bytes));
}

/** The steps of a slice that is bounded by time are taken so many at once, at most. */
const MOST_AT_ONCE = 64;

function openTuner<S extends Space>(prepared: Prepared<S>): Tuner<S> {
  let wake = (): void => {};
  const stepper = new Stepper(foldsOf(prepared.search.work.folds), () => wake());
  const session = openSession(prepared, stepper, 1, () => wake());
  let busy = false;
  /** Until there is a step to take, or nothing left to do. */
  const moreToDo = async (): Promise<boolean> => {
    while (stepper.idle && !session.isOver()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return !session.isOver();
  };

  return {
    study: session.study,
    get result() {
      return session.result;
    },
    async advance(slice = {}) {
      checkSlice(slice);
      checkFree(busy, "advance");
      const { steps = Number.POSITIVE_INFINITY, maxMilliseconds, clock = () => platform.now() } = slice;
      busy = true;
      try {
        session.begin();
        const start = maxMilliseconds === undefined ? 0 : clock();
        let taken = 0;
        let next = maxMilliseconds === undefined ? steps : 1;
        while ((await moreToDo()) && taken < steps && next > 0) {
          taken += stepper.advance(Math.min(next, steps - taken));
          if (maxMilliseconds !== undefined) next = stepsFor(maxMilliseconds, clock() - start, taken);
        }
        return { steps: taken };
      } finally {
        busy = false;
      }
    },
    save() {
      checkFree(busy, "save");
      return session.save();
    },
  };
}

/** How many steps to take at once, in half of the time that is left, by what steps have cost so far; 0 if none is left. */
function stepsFor(allowed: number, elapsed: number, taken: number): number {
  if (elapsed >= allowed) return 0;
  const half = ((allowed - elapsed) * taken) / (2 * elapsed); // infinite where the clock stood still
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(half)));
}

function checkSlice(slice: SliceOptions): void {
  checkOptions(slice, "advance", ["steps", "maxMilliseconds", "clock"]);
  const { steps, maxMilliseconds, clock } = slice;
  check(
    steps === undefined || (Number.isSafeInteger(steps) && steps > 0),
    () => `steps of advance is a positive integer, received ${show(steps)}`,
  );
  check(
    maxMilliseconds === undefined || maxMilliseconds > 0,
    () => `maxMilliseconds of advance is a positive number, received ${show(maxMilliseconds)}`,
  );
  check(
    clock === undefined || typeof clock === "function",
    () => `clock of advance is a function that returns milliseconds, received ${show(clock)}`,
  );
}

function checkFree(busy: boolean, what: string): void {
  if (busy) {
    throw new FettleError("invalid_state", `${what} was called while a slice is at work; await it first`);
  }
}
