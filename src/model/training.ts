/** `fit` in slices: stopped, saved and resumed between any two steps. */
import { check, FettleError, must, show } from "../errors.js";
import type { ModelData } from "../nn/arguments/modelData.js";
import type { FitOptions } from "../nn/arguments/options.js";
import { type Callback, failureOf, type TrainingControl } from "../nn/callbacks/callback.js";
import type { History } from "../nn/callbacks/history.js";
import { LayersModel } from "../nn/models/layersModel.js";
import type { CheckedFit, Gate, Resumed } from "../nn/training/gate.js";
import type { TrainingRun } from "../nn/training/trainer.js";
import { type SliceOptions, Slices } from "../platform/slices.js";
import type { SavedFingerprint } from "../workers/saved.js";
import {
  isPlainState,
  nameOf,
  packTraining,
  readTraining,
  type SavedTraining,
  statefulOf,
  trainingFingerprint,
  unpackTraining,
} from "./trainingState.js";

/** A training in slices. Made by `createTraining` or `restoreTraining`. */
export interface Training {
  /** What `fit` returns; undefined until the training has ended. */
  readonly result: History | undefined;
  /**
   * Runs a slice of the training. After the last step of an epoch it also measures the epoch, and calls
   * callbacks.
   *
   * @returns the number of completed steps; fewer than allowed, or 0, once there is a result
   * @throws FettleError `invalid_argument` for invalid bounds; `invalid_state` while another slice is
   * running; `invalid_checkpoint` if the saved state of a callback is corrupted; as `fit`, for a callback
   * that fails and for a signal. After an error of the training the model is as it was before it
   */
  advance(slice?: SliceOptions): Promise<{ readonly steps: number }>;
  /**
   * The training as bytes: the state of the run, the history so far, and the states of callbacks.
   *
   * @throws FettleError `invalid_state` while a slice is running; `invalid_argument` for a callback whose
   * `save` returns anything but plain data; the error that ended the training, if there is one
   */
  save(): Uint8Array;
  /**
   * Ends a training that is not needed any more, and frees its memory: the model is as it was before, and may
   * be trained again. No effect once the training has ended.
   *
   * @throws FettleError `invalid_state` while a slice is running; end that with `signal`
   */
  free(): Promise<void>;
}

/**
 * Creates a training that works in slices. Weights, history and the state of the optimizer equal those of
 * `model.fit` bit for bit, wherever it is cut. No step runs yet, and no callback is called.
 *
 * Until the training ends, the model has its current weights, for `predict`, `evaluate` and `saveModel`. It
 * must not be trained otherwise meanwhile.
 *
 * @param x - inputs, y - targets, as in `fit`. They are copied
 * @throws FettleError as `fit`, for arrays and options that do not fit
 * @example
 * ```ts
 * const x = Array.from({ length: 64 }, (_, i) => [i / 64]);
 * const y = x.map(([a]) => 2 * a + 1);
 * const build = () => {
 *   const model = sequential([dense(1)]);
 *   model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 *   return model;
 * };
 * const options = { epochs: 20, batchSize: 16 };
 * let training = await createTraining(build(), x, y, options);
 * await training.advance({ steps: 7 });
 * const bytes = training.save(); // into a file, a database, another runtime
 * const model = build();
 * training = await restoreTraining(bytes, model, x, y, options);
 * while (!training.result) await training.advance({ maxMilliseconds: 10 });
 * training.result.epoch.length; // 20
 * ```
 */
export function createTraining(
  model: LayersModel,
  x: ModelData,
  y: ModelData,
  options: FitOptions = {},
): Promise<Training> {
  return opened(undefined, model, x, y, options);
}

/**
 * Resumes a training from saved bytes, on this runtime or another, with the same result as if it had never
 * stopped.
 *
 * Callbacks get `onTrainBegin` again, and each other method once for each epoch and batch: those before the
 * save are not repeated. `earlyStopping` and the like have their state in the bytes; a custom callback with a
 * state needs `save` and `restore`.
 *
 * @param bytes - from `save()`
 * @param model - with the same layers and compile options; its weights are replaced by the saved ones
 * @param x - inputs, y - targets and options as those with which it was created: data and code are not in the
 * bytes. `verbose`, `signal` and callbacks without `save` may differ
 * @throws FettleError `invalid_checkpoint` for bytes that are corrupted, foreign, of a newer release or of
 * other kernels; `invalid_argument` if model, data or options differ from those with which it was created; as
 * `fit`
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const bytes = (await createTraining(model, [[0], [1]], [1, 3], { epochs: 2 })).save();
 * const other = sequential([dense(1)]);
 * other.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const training = await restoreTraining(bytes, other, [[0], [1]], [1, 3], { epochs: 2 });
 * await training.advance(); // { steps: 2 }
 * training.result?.epoch; // [0, 1]
 * ```
 */
export async function restoreTraining(
  bytes: Uint8Array,
  model: LayersModel,
  x: ModelData,
  y: ModelData,
  options: FitOptions = {},
): Promise<Training> {
  return opened(unpackTraining(bytes), model, x, y, options);
}

async function opened(
  saved: Readonly<Record<string, unknown>> | undefined,
  model: LayersModel,
  x: ModelData,
  y: ModelData,
  options: FitOptions,
): Promise<Training> {
  must(model instanceof LayersModel, "model", "made by sequential() or functional()", model);
  const fit = new SlicedFit(saved);
  await fit.start(model, x, y, options);
  const slices = new Slices();
  return {
    get result() {
      return fit.result;
    },
    advance: (slice = {}) =>
      slices.advance(
        slice,
        async () => !fit.isOver(),
        (steps) => fit.run(steps),
      ),
    save() {
      slices.mustBeIdle("save");
      return fit.save();
    },
    async free() {
      slices.mustBeIdle("free");
      await fit.abandon();
    },
  };
}

/** A call of `fit` that waits before its steps, and what it is at while it waits. */
class SlicedFit implements Gate {
  result: History | undefined;
  private failure: { readonly error: unknown } | undefined;
  private plan: SavedFingerprint | undefined;
  private saved: SavedTraining | undefined;
  private training: TrainingRun | undefined;
  /** The callbacks and their control, once they were called. */
  private begun: { readonly control: TrainingControl; readonly callbacks: readonly Callback[] } | undefined;
  /** After the end. */
  private final: SavedTraining | undefined;
  private steps = 0;
  /** Continues `fit` where it waits. */
  private waiting: { resolve(steps: number): void; reject(error: FettleError): void } | undefined;
  /** Called when `fit` waits or has ended. */
  private arrive = (): void => {};

  constructor(private readonly sections: Readonly<Record<string, unknown>> | undefined) {}

  /** Starts `fit`, until it waits or has ended. @throws FettleError as `fit` */
  async start(
    model: LayersModel,
    ...given: [x: ModelData, y: ModelData, options: FitOptions]
  ): Promise<void> {
    const end = async (): Promise<void> => {
      try {
        this.result = await model.fitThrough(this, ...given);
        const { logs, setsRate } = this.training ?? (this.saved as SavedTraining);
        const { saved: run } = model.trained();
        this.final = { run, logs, setsRate, phase: "ended", stopped: false, states: [] };
      } catch (error) {
        this.failure = { error };
      }
      this.waiting = undefined;
      this.arrive();
    };
    await this.until(() => void end());
    this.isOver();
  }

  /** Whether there is a result. @throws the error that ended the training without one */
  isOver(): boolean {
    if (this.failure) throw this.failure.error;
    return this.result !== undefined;
  }

  /** Lets at most `steps` steps run. @returns how many ran */
  async run(steps: number): Promise<number> {
    const before = this.steps;
    await this.until(() => this.waiting?.resolve(steps));
    return this.steps - before;
  }

  async abandon(): Promise<void> {
    if (this.waiting === undefined) return;
    const error = new FettleError("aborted", "the training was freed; the model is as it was before");
    await this.until(() => this.waiting?.reject(error));
  }

  save(): Uint8Array {
    const { begun, plan } = this;
    if (this.isOver()) return packTraining(plan as SavedFingerprint, this.final as SavedTraining);
    const run = this.training as TrainingRun;
    const { logs, setsRate, stopped } = run;
    const at = begun
      ? { phase: "epoch" as const, setsRate, stopped, states: statesOf(begun.callbacks, begun.control) }
      : (this.saved ?? { phase: "new" as const, setsRate, stopped, states: [] });
    return packTraining(plan as SavedFingerprint, { ...at, run: run.save(), logs });
  }

  enter(fit: CheckedFit): Resumed | undefined {
    statefulOf(fit.settings.callbacks);
    this.plan = trainingFingerprint(fit);
    if (this.sections === undefined) return undefined;
    this.saved = readTraining(this.sections, this.plan, fit);
    return { ...this.saved, ended: this.saved.phase === "ended" };
  }

  wait(training: TrainingRun): Promise<number> {
    this.training = training;
    // not before its epoch is entered, which then ends as it would have
    if (this.begun && this.saved?.stopped) training.stopped = true;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.arrive();
    });
  }

  async begin(control: TrainingControl, callbacks: readonly Callback[]): Promise<boolean> {
    const { training, saved } = this;
    this.begun = { control, callbacks };
    if (saved?.phase !== "epoch") return false;
    // `onTrainBegin` may have changed weights or the rate, as it did the first time
    training?.restore(saved.run);
    if (training) training.setsRate = saved.setsRate;
    for (const [i, { callback, place }] of statefulOf(callbacks).entries()) {
      try {
        await callback.restore(saved.states[i].state, control);
      } catch (cause) {
        throw failureOf(callback, place, "restore", cause);
      }
    }
    return true;
  }

  ran(steps: number): void {
    this.steps += steps;
  }

  /** Does something that lets `fit` run, until it waits again or has ended. */
  private until(start: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.arrive = resolve;
      start();
    });
  }
}

/** @throws FettleError of a callback that fails, or whose state is not plain data */
function statesOf(callbacks: readonly Callback[], control: TrainingControl): SavedTraining["states"] {
  return statefulOf(callbacks).map((stateful) => {
    const { callback, place } = stateful;
    try {
      const state = callback.save(control);
      check(
        isPlainState(state),
        () => `its state must be plain data and typed arrays; received ${show(state)}`,
      );
      return { name: nameOf(stateful), state };
    } catch (cause) {
      throw failureOf(callback, place, "save", cause);
    }
  });
}
