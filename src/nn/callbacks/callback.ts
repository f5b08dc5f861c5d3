/**
 * The contract of a callback: methods that training calls, and what they may do. The other files of this
 * folder are the built-in ones.
 */

import { FettleError, isA, isRecord, messageOf, must, type OptionNames, unknownName } from "../../errors.js";
import type { Floats } from "../../ndarray.js";

/**
 * Numbers by name: `loss`, each metric, and with validation `valLoss`, `valAccuracy`… Once a callback has set
 * the learning rate, they include `learningRate`, that of the epoch's last step.
 */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may do. */
export interface TrainingControl {
  /** The model that is trained, a `LayersModel`. */
  readonly model?: object;
  /** Ends the training: after this epoch, or in `onBatchEnd` after this batch. */
  stop(): void;
  /** A copy of all parameters in one vector: those for evaluation, if the optimizer trains others. */
  getParameters(): Floats;
  /** Replaces all parameters by a vector that `getParameters` returned. */
  setParameters(parameters: Floats): void;
  /**
   * The learning rate of the next step. A model keeps it in float32; this is the shortest decimal number of
   * that value.
   *
   * @throws FettleError `invalid_state` if the optimizer has a schedule
   */
  getLearningRate(): number;
  /**
   * Replaces the learning rate, until it is replaced again or the model is compiled: the next `fit` starts
   * with it.
   *
   * @param learningRate - at least 0
   * @throws FettleError `invalid_argument`; `invalid_state` if the optimizer has a schedule
   */
  setLearningRate(learningRate: number): void;
}

/**
 * Methods that `fit` and `fitDataset` call while they train, callback after callback; promises are awaited.
 * Every method is optional. They can use the model: its `evaluate` and `predict`, and `saveModel`, see the
 * current parameters.
 *
 * An error in a method ends the training, and the model stays as it was before `fit`.
 *
 * @example
 * ```ts
 * // keeps the loss of every tenth epoch, and stops once it is below 0.01
 * const seen: number[] = [];
 * const watch: Callback = {
 *   onEpochEnd(epoch, logs, control) {
 *     if (epoch % 10 === 0) seen.push(logs.loss);
 *     if (logs.loss < 0.01) control.stop();
 *   },
 * };
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
 * const { epoch } = await model.fit([[0], [1], [2]], [1, 3, 5], { epochs: 500, callbacks: [watch] });
 * epoch.length < 500; // true
 * seen[0] > seen[1]; // true
 * ```
 */
export interface Callback {
  /** Its name in errors. Default: its class. */
  readonly name?: string;
  /**
   * The number of the logs that it needs, if it needs one. `tune` leaves a callback that needs a validation
   * number, such as `valLoss`, out of its final fit.
   */
  readonly monitor?: string;
  /** Before the first epoch. */
  onTrainBegin?(control: TrainingControl): void | Promise<void>;
  /** Before epoch number `epoch`, from 0. */
  onEpochBegin?(epoch: number, control: TrainingControl): void | Promise<void>;
  /**
   * After batch number `batch` of an epoch, from 0. `logs.loss` is the mean over the rows of the epoch so
   * far, as in Keras; `logs.size` is the number of rows of the batch.
   *
   * A callback with this method makes each step a separate call, with the same bits but slower for small
   * networks.
   */
  onBatchEnd?(batch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After epoch number `epoch`, from 0. */
  onEpochEnd?(epoch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After the last epoch, stopped or not. */
  onTrainEnd?(control: TrainingControl): void | Promise<void>;
  /**
   * For trainings that are saved, see `createTraining`: the state of the callback in the current training, if
   * it has one. Called between two steps.
   *
   * @returns plain data: numbers, strings, booleans, null, typed arrays, and arrays and objects of these
   */
  save?(control: TrainingControl): unknown;
  /**
   * Receives what `save` returned when a saved training is restored: after `onTrainBegin`, and before the
   * rest of the epoch. Needed with `save`.
   *
   * @param state - read from bytes that anyone may have changed
   */
  restore?(state: unknown, control: TrainingControl): void | Promise<void>;
}

type Methods = Omit<Callback, "name" | "monitor" | "save" | "restore">;

const METHODS: OptionNames<Omit<Callback, "name" | "monitor">> = {
  onTrainBegin: true,
  onEpochBegin: true,
  onBatchEnd: true,
  onEpochEnd: true,
  onTrainEnd: true,
  save: true,
  restore: true,
};

/**
 * Refuses anything but a list of callbacks, and methods that would never be called: unknown names that start
 * with `on`, and callbacks without any known method.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function checkCallbacks(callbacks: unknown): asserts callbacks is readonly Callback[] {
  must(Array.isArray(callbacks), "callbacks", "an array of callbacks", callbacks);
  const methods = Object.keys(METHODS);
  for (const [i, callback] of callbacks.entries()) {
    must(
      isRecord(callback) && callback.then === undefined,
      `callbacks[${i}]`,
      "an object with methods such as onEpochEnd, or made by a function such as earlyStopping()",
      callback,
    );
    const given = methods.filter((name) => callback[name] !== undefined);
    for (const name of namesIn(callback)) {
      const isMeant = /^on/i.test(name) || (given.length === 0 && name !== "name" && name !== "monitor");
      if (isMeant && !methods.includes(name)) throw unknownName("callback method", name, methods);
    }
    for (const name of given) {
      must(typeof callback[name] === "function", `${name} of callbacks[${i}]`, "a function", callback[name]);
    }
  }
}

/** The names of an object's properties, with those that its classes define. */
function namesIn(callback: object): string[] {
  const names: string[] = [];
  for (let at = callback; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter((name) => name !== "constructor"));
  }
  return names;
}

/**
 * Calls a method of every callback that has it, and waits for each.
 *
 * @param epoch - for errors
 * @throws FettleError of the same code, or `callback_failed`, that names the callback, the method and the
 * epoch; the method's error is its `cause`
 */
export async function callEach<Name extends keyof Methods>(
  callbacks: readonly Callback[],
  name: Name,
  epoch: number | undefined,
  ...args: Parameters<Required<Callback>[Name]>
): Promise<void> {
  for (const [i, callback] of callbacks.entries()) {
    const method = callback[name] as ((...args: unknown[]) => void | Promise<void>) | undefined;
    if (method === undefined) continue;
    try {
      await method.apply(callback, args);
    } catch (cause) {
      throw failureOf(callback, i, `${name}${epoch === undefined ? "" : ` of epoch ${epoch}`}`, cause);
    }
  }
}

/**
 * The error of a method of a callback.
 *
 * @param i - its place in the list
 */
export function failureOf(callback: Callback, i: number, method: string, cause: unknown): FettleError {
  const { name = callback.constructor?.name ?? "Object" } = callback;
  const who = name === "Object" ? `callbacks[${i}]` : `callbacks[${i}] (${name})`;
  const code = isA(cause, FettleError) ? cause.code : "callback_failed";
  return new FettleError(code, `${who} failed in ${method}: ${messageOf(cause)}`, { cause });
}
