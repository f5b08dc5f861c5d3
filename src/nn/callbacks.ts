/** What may happen between epochs. A callback sees the numbers of the epoch and may stop the training. */

import { check, checkOptions, show, unknownName } from "../errors.js";
import type { Floats } from "../ndarray.js";

/** The numbers of an epoch: `loss`, each metric by name, and with validation `valLoss`, `valAccuracy`… */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may do. */
export interface TrainingControl {
  /** Ends the training after this epoch. */
  stop(): void;
  /** A copy of all parameters, end to end. */
  getParameters(): Floats;
  /** Puts parameters in, as `getParameters` gave them. */
  setParameters(parameters: Floats): void;
}

/** What is called during `model.fit`; promises are awaited. Every method may be left out. */
export interface Callback {
  /** Before the first epoch. */
  onTrainBegin?(control: TrainingControl): void | Promise<void>;
  /** After epoch number `epoch`, from 0. */
  onEpochEnd?(epoch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After the last epoch, stopped or not. */
  onTrainEnd?(control: TrainingControl): void | Promise<void>;
}

/** When `earlyStopping` stops, and what it leaves. */
export interface EarlyStoppingOptions {
  /** A number of the logs. Default `valLoss`. */
  readonly monitor?: string;
  /** Whether less or more is better. Default `auto`: less for losses and errors, more for the rest. */
  readonly mode?: "auto" | "min" | "max";
  /** How many epochs in a row without improvement stop the training, as in Keras; 0 is as 1. Default 0. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Whether the parameters of the best epoch are put back. Default true. */
  readonly restoreBestWeights?: boolean;
}

/** Early stopping of one training, and what it has seen. */
export interface EarlyStopping extends Callback {
  /** The best epoch so far, from 0; undefined while there is none. */
  readonly bestEpoch: number | undefined;
  /** The parameters of that epoch, which are put back at the end; undefined if none will be. */
  readonly bestParameters: Floats | undefined;
}

const OPTIONS = ["monitor", "mode", "patience", "minDelta", "restoreBestWeights"];

/**
 * Stops when a monitored number no longer improves, and puts the best parameters back (L. Prechelt, "Early
 * stopping — but when?", 1998). As Keras' `EarlyStopping`, but `restoreBestWeights` is true by default.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for options that do not exist or values outside their
 * range; when training, `unknown_name` if the logs have no such number
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
export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  checkOptions(options, "earlyStopping", OPTIONS);
  const {
    monitor = "valLoss",
    mode = "auto",
    patience = 0,
    minDelta = 0,
    restoreBestWeights = true,
  } = options;
  check(["auto", "min", "max"].includes(mode), () => `mode is "auto", "min" or "max", got ${show(mode)}`);
  check(
    Number.isSafeInteger(patience) && patience >= 0,
    () => `patience is a number of epochs, got ${show(patience)}`,
  );
  check(minDelta >= 0, () => `minDelta is a number of 0 or more, got ${show(minDelta)}`);
  const smaller = mode === "min" || (mode === "auto" && /loss|error/i.test(monitor));
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
