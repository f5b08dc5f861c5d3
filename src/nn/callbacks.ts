/** Callbacks: they see the numbers of each epoch and may stop the training. */

import { checkOptions, isRecord, must, mustBeInteger, type OptionNames, unknownName } from "../errors.js";
import { type BuiltInMetric, type ConfiguredMetric, findMetric } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";

/** The numbers of an epoch: `loss`, each metric by name, and with validation `valLoss`, `valAccuracy`… */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may do. */
export interface TrainingControl {
  /** Ends the training after this epoch. */
  stop(): void;
  /** A copy of all parameters in one vector. */
  getParameters(): Floats;
  /** Replaces all parameters by a vector that `getParameters` returned. */
  setParameters(parameters: Floats): void;
}

/**
 * Methods that `model.fit` calls while it trains; promises are awaited. Each may be left out.
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
  /** Before the first epoch. */
  onTrainBegin?(control: TrainingControl): void | Promise<void>;
  /** After epoch number `epoch`, from 0. */
  onEpochEnd?(epoch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After the last epoch, stopped or not. */
  onTrainEnd?(control: TrainingControl): void | Promise<void>;
}

const HOOKS: OptionNames<Callback> = { onTrainBegin: true, onEpochEnd: true, onTrainEnd: true };

/**
 * Refuses anything but a list of callbacks, and methods that would never be called: names that begin with `on`, and any in a
 * callback without a method that is called.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function checkCallbacks(callbacks: unknown): asserts callbacks is readonly Callback[] {
  must(Array.isArray(callbacks), "callbacks", "an array of callbacks", callbacks);
  callbacks.forEach((callback: unknown, i) => {
    const hooks = Object.keys(HOOKS);
    must(
      isRecord(callback),
      `callbacks[${i}]`,
      `an object with methods such as ${hooks.join(", ")}`,
      callback,
    );
    const names = namesIn(callback);
    const given = hooks.filter((name) => callback[name] !== undefined);
    for (const name of names) {
      const isMeant = given.length === 0 || /^on/i.test(name);
      if (isMeant && !hooks.includes(name)) throw unknownName("callback method", name, hooks);
    }
    for (const name of given) {
      must(typeof callback[name] === "function", `${name} of callbacks[${i}]`, "a function", callback[name]);
    }
  });
}

/** The names of an object's properties, with those that its classes define. */
function namesIn(callback: object): string[] {
  const names: string[] = [];
  for (let at = callback; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter((name) => name !== "constructor"));
  }
  return names;
}

/** A number of the logs that can be monitored: a loss, or a built-in metric, such as `valAccuracy` or `valF1Macro`. */
export type Monitor =
  | "loss"
  | "valLoss"
  | BuiltInMetric
  | ConfiguredMetric
  | `val${Capitalize<BuiltInMetric | ConfiguredMetric>}`;

/**
 * When `earlyStopping` stops, and what it leaves.
 *
 * @typeParam Custom - numbers of custom metrics that can be monitored, such as `"valLargestError"`
 */
export interface EarlyStoppingOptions<Custom extends string = never> {
  /** A number of the logs. Default `valLoss`. */
  readonly monitor?: Monitor | Custom;
  /**
   * Whether smaller or larger values are better. Default `auto`: smaller for a loss, the metric's direction for a built-in
   * metric, and for a custom metric smaller if its name contains "loss" or "error".
   */
  readonly mode?: "auto" | "min" | "max";
  /** How many epochs in a row without improvement stop the training, as in Keras; 0 means 1. Default 0. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Whether the parameters of the best epoch are restored at the end. Default true. */
  readonly restoreBestWeights?: boolean;
}

/** Early stopping of one training, and its state. */
export interface EarlyStopping extends Callback {
  /** The best epoch so far, from 0; undefined before the first. */
  readonly bestEpoch: number | undefined;
  /** The parameters of that epoch, which are restored at the end; undefined with `restoreBestWeights: false`. */
  readonly bestParameters: Floats | undefined;
}

const OPTIONS: OptionNames<EarlyStoppingOptions> = {
  monitor: true,
  mode: true,
  patience: true,
  minDelta: true,
  restoreBestWeights: true,
};

/**
 * Stops when a monitored number no longer improves, and restores the best parameters (L. Prechelt, "Early
 * stopping — but when?", 1998). As Keras' `EarlyStopping`, but `restoreBestWeights` is true by default.
 *
 * The number of a custom metric is named by type too: `earlyStopping<"valLargestError">({ monitor: "valLargestError" })`.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; when training, `unknown_name` if the logs
 * do not have the monitored number
 * @example
 * ```ts
 * const x = Array.from({ length: 100 }, (_, i) => i / 100);
 * const y = x.map((value) => 2 * value + 1);
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
 * const stopping = earlyStopping({ patience: 3, minDelta: 1e-3 });
 * const { epoch } = await model.fit(x, y, { epochs: 1000, validationSplit: 0.2, callbacks: [stopping] });
 * epoch.length < 100; // true
 * ```
 */
export function earlyStopping<Custom extends string = never>(
  options: EarlyStoppingOptions<NoInfer<Custom>> = {},
): EarlyStopping {
  checkOptions(options, "earlyStopping", OPTIONS);
  const {
    monitor = "valLoss",
    mode = "auto",
    patience = 0,
    minDelta = 0,
    restoreBestWeights = true,
  } = options;
  must(typeof monitor === "string", "monitor", "the name of a number of the logs", monitor);
  must(["auto", "min", "max"].includes(mode), "mode", '"auto", "min" or "max"', mode);
  mustBeInteger("patience", patience, 0);
  must(typeof minDelta === "number" && minDelta >= 0, "minDelta", "a number of at least 0", minDelta);
  must(typeof restoreBestWeights === "boolean", "restoreBestWeights", "a boolean", restoreBestWeights);
  const smaller = mode === "min" || (mode === "auto" && isBetterSmaller(monitor));
  let best: number | undefined;
  let bestEpoch: number | undefined;
  let waited = 0;
  let parameters: Floats | undefined;
  return {
    get bestEpoch() {
      return bestEpoch;
    },
    get bestParameters() {
      return parameters;
    },
    onTrainBegin() {
      best = undefined;
      bestEpoch = undefined;
      waited = 0;
      parameters = undefined;
    },
    onEpochEnd(epoch, logs, control) {
      const value = logs[monitor];
      if (value === undefined) throw unknownName("number to monitor", monitor, Object.keys(logs));
      const gain = best === undefined ? Number.POSITIVE_INFINITY : smaller ? best - value : value - best;
      if (gain > minDelta && !Number.isNaN(value)) {
        best = value;
        bestEpoch = epoch;
        waited = 0;
        if (restoreBestWeights) parameters = control.getParameters();
      } else if (++waited >= patience) {
        control.stop();
      }
    },
    onTrainEnd(control) {
      if (parameters) control.setParameters(parameters);
    },
  };
}

/** Whether less of a monitored number is better: by its metric's direction, or for a custom metric by its name. */
function isBetterSmaller(monitor: string): boolean {
  const metric = findMetric(monitor.replace(/^val([A-Z])/, (_, letter) => letter.toLowerCase()));
  return metric ? metric.direction === "minimize" : /loss|error/i.test(monitor);
}
