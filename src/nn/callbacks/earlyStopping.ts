import { must } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { integer, type OptionRules, readOptions, rule } from "../../rules.js";
import type { Callback } from "./callback.js";
import { BEST, DELTA, MONITOR_RULES, type MonitorOptions, monitorBest } from "./monitor.js";
import { perTraining } from "./perTraining.js";

/**
 * When `earlyStopping` stops, and which parameters remain.
 *
 * @typeParam Custom - numbers of custom metrics that can be monitored, such as `"valLargestError"`
 */
export interface EarlyStoppingOptions<Custom extends string = never> extends MonitorOptions<Custom> {
  /** How many epochs in a row without improvement stop the training, as in Keras; 0 means 1. Default 0. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Whether the parameters of the best epoch are restored at the end. Default true. */
  readonly restoreBestWeights?: boolean;
}

/** Early stopping, and its state in the last training. */
export interface EarlyStopping extends Callback {
  /** The best epoch so far, from 0; undefined before the first. */
  readonly bestEpoch: number | undefined;
  /**
   * The parameters of that epoch, which are restored at the end; undefined with `restoreBestWeights: false`.
   */
  readonly bestParameters: Floats | undefined;
}

const RULES = {
  ...MONITOR_RULES,
  patience: [integer(0), 0],
  minDelta: [DELTA, 0],
  restoreBestWeights: [rule("a boolean", (value) => typeof value === "boolean"), true],
} satisfies OptionRules<EarlyStoppingOptions>;

/** The state of a training. */
interface State {
  /** Epochs in a row without improvement. */
  waited: number;
  best?: number;
  bestEpoch?: number;
  bestParameters?: Floats;
}

const STATE = {
  waited: [integer(0)],
  best: BEST,
  bestEpoch: integer(0),
  bestParameters: rule("parameters", (value) => ArrayBuffer.isView(value)),
} satisfies OptionRules<State>;

/**
 * Stops when a monitored number no longer improves, and restores the best parameters (L. Prechelt, "Early
 * stopping — but when?", 1998). As Keras' `EarlyStopping`, but `restoreBestWeights` is true by default.
 *
 * A custom metric needs its name as a type argument:
 * `earlyStopping<"valLargestError">({ monitor: "valLargestError" })`.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; when training, `unknown_name`
 * if the logs do not have the monitored number
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
  const read = readOptions<EarlyStoppingOptions<string>, typeof RULES>(options, "earlyStopping", RULES);
  const { patience, restoreBestWeights } = read;
  const better = monitorBest(read);
  const [callback, state] = perTraining<State>("earlyStopping", read, STATE, { waited: 0 }, (own) => ({
    onEpochEnd(epoch, logs, control) {
      const value = better(logs, own.best);
      if (value !== undefined) {
        own.best = value;
        own.bestEpoch = epoch;
        own.waited = 0;
        if (restoreBestWeights) own.bestParameters = control.getParameters();
      } else if (++own.waited >= patience) {
        control.stop();
      }
    },
    onTrainEnd(control) {
      if (own.bestParameters) control.setParameters(own.bestParameters);
    },
  }));
  return {
    get bestEpoch() {
      return state()?.bestEpoch;
    },
    get bestParameters() {
      return state()?.bestParameters;
    },
    ...callback,
    monitor: read.monitor,
    restore(saved, control) {
      callback.restore?.(saved, control);
      const numbers = control.getParameters().length;
      const { length = numbers } = state()?.bestParameters ?? {};
      must(length === numbers, "the best parameters", `${numbers} numbers`, length, "invalid_checkpoint");
    },
  };
}
