/**
 * A tuner that works in slices, as small as one step of a training. Between slices it can be saved as bytes
 * and resumed elsewhere, with the same result. It runs its jobs in the caller's thread, starts no timers and
 * keeps no external state.
 */

import { type SliceOptions, Slices } from "../../platform/slices.js";
import type { Space } from "../../search/space/space.js";
import type { Study } from "../../search/study/contract.js";
import type { StoredTrial } from "../../store/storage.js";
import { SteppedBackend } from "../jobs/steppedBackend.js";
import type { TuneResult, TunerOptions } from "../tuner/options.js";
import { largestTraining } from "./memory.js";
import { createTunerCore, type ResumableSetup, setUpResumable } from "./tunerCore.js";

/** A tuner that works in slices. Made by `createTuner` or `restoreTuner`. */
export interface Tuner<S extends Space> {
  /** The trials so far. */
  readonly study: Study<S>;
  /** The result, after the last trial and the final fit. */
  readonly result: TuneResult<S> | undefined;
  /**
   * Runs a slice of the work.
   *
   * @returns the number of completed steps; fewer than allowed, or 0, once there is a result
   * @throws FettleError `invalid_argument` for invalid bounds; `invalid_state` while another slice is
   * running;
   * `invalid_checkpoint` if saved trainings do not fit this data and model; and as `tune`, `trial_failed` if
   * no trial gave a value, and whatever `onEvent` and strategies throw
   */
  advance(slice?: SliceOptions): Promise<{ readonly steps: number }>;
  /**
   * The tuner as bytes: its study, and the unfinished trials with their trainings.
   *
   * @throws FettleError `invalid_state` while a slice is running; `invalid_checkpoint` if the bytes from
   * which it was restored were refused later
   */
  save(): Uint8Array;
}

/**
 * Creates a tuner that works in slices. Its result equals that of `tune` bit for bit, wherever it is cut. No
 * trial starts yet.
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
 * tuner.result.best.status; // "complete"
 * ```
 */
export async function createTuner<const S extends Space>(options: TunerOptions<S>): Promise<Tuner<S>> {
  return slicedTuner(await setUpResumable("createTuner", options, null));
}

/**
 * Resumes a tuner from saved bytes, on this runtime or another, with the same result as if it had never
 * stopped.
 *
 * @param bytes - from `save()`
 * @param options - those with which it was created: data and code are not in the bytes. `trials`, `stop` and
 * `onEvent` may differ. Events of unfinished trials are reported again.
 * @throws FettleError `invalid_checkpoint` for bytes that are corrupted, foreign, of a newer release or of
 * other kernels;
 * `invalid_argument` if data or settings differ from those with which it was created
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
  return slicedTuner(await setUpResumable("restoreTuner", options, bytes));
}

/** A tuner for a server: with a known memory requirement, and without trials that the storage has. */
export interface ServedTuner<S extends Space> extends Tuner<S> {
  /**
   * As `save`, without finished trials that are kept elsewhere.
   *
   * @param isElsewhere - by number
   */
  saveRest(isElsewhere: (number: number) => boolean): Uint8Array;
  /** Bytes of the kernels' memory that its largest training needs, if known; see `largestTraining`. */
  largestTraining(): number;
}

/**
 * A tuner for a server, which bounds its memory.
 *
 * @param bytes - from `save`; null for a new one
 * @param memoryLimit - of the kernels' memory, in bytes: a training that needs more fails
 * @param elsewhere - the finished trials that `saveRest` left out, among others
 * @throws as `createTuner` and `restoreTuner`; FettleError `damaged_record` if a trial is missing
 */
export async function openBoundedTuner<S extends Space>(
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
  memoryLimit?: number,
  elsewhere?: readonly StoredTrial[],
): Promise<ServedTuner<S>> {
  const what = bytes ? "restoreTuner" : "createTuner";
  return slicedTuner(await setUpResumable(what, options, bytes, elsewhere), memoryLimit);
}

function slicedTuner<S extends Space>(resumable: ResumableSetup<S>, memoryLimit?: number): ServedTuner<S> {
  let wake = (): void => {};
  const backend = new SteppedBackend(resumable.setup.trialSetup.rows, () => wake(), memoryLimit);
  const core = createTunerCore(resumable, backend, backend.concurrency, () => wake());
  const slices = new Slices();
  /** Waits for a step to run. @returns false if the tuner has ended */
  const moreToDo = async (): Promise<boolean> => {
    core.start();
    while (backend.idle && !core.isOver()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return !core.isOver();
  };

  return {
    study: core.study,
    get result() {
      return core.result;
    },
    advance: (slice = {}) => slices.advance(slice, moreToDo, (steps) => backend.advance(steps)),
    save() {
      slices.mustBeIdle("save");
      return core.save();
    },
    saveRest(isElsewhere) {
      slices.mustBeIdle("save");
      return core.save(isElsewhere);
    },
    largestTraining: () => largestTraining(resumable),
  };
}
