import { atLeastZero, integer, number, type OptionRules, readOptions } from "../../rules.js";
import type { Callback } from "./callback.js";
import { BEST, DELTA, MONITOR_RULES, type MonitorOptions, monitorBest } from "./monitor.js";
import { perTraining } from "./perTraining.js";

/**
 * When `reduceLROnPlateau` reduces the learning rate, and how far.
 *
 * @typeParam Custom - numbers of custom metrics that can be monitored, such as `"valLargestError"`
 */
export interface ReduceLROnPlateauOptions<Custom extends string = never> extends MonitorOptions<Custom> {
  /** The factor of the learning rate, in (0, 1). Default 0.1. */
  readonly factor?: number;
  /** How many epochs in a row without improvement reduce it, as in Keras; 0 means 1. Default 10. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default 1e-4. */
  readonly minDelta?: number;
  /** How many epochs after a reduction do not count. Default 0. */
  readonly cooldown?: number;
  /** The learning rate is not reduced below this. Default 0. */
  readonly minLearningRate?: number;
}

const RULES = {
  ...MONITOR_RULES,
  factor: [number("(0, 1)"), 0.1],
  patience: [integer(0), 10],
  minDelta: [DELTA, 1e-4],
  cooldown: [integer(0), 0],
  minLearningRate: [atLeastZero, 0],
} satisfies OptionRules<ReduceLROnPlateauOptions>;

/** The state of a training. */
interface State {
  /** Epochs in a row without improvement. */
  waited: number;
  /** Epochs that do not count yet. */
  cooling: number;
  best?: number;
}

const STATE = {
  waited: [integer(0)],
  cooling: [integer(0)],
  best: BEST,
} satisfies OptionRules<State>;

/**
 * Multiplies the learning rate by `factor` when a monitored number has stopped improving: Keras'
 * `ReduceLROnPlateau`, with its defaults. `learningRate` of the history has the rate of each epoch.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; when training, `unknown_name`
 * if the logs do not have the monitored number, `invalid_state` if the optimizer has a schedule
 * @example
 * ```ts
 * const x = Array.from({ length: 100 }, (_, i) => i / 100);
 * const y = x.map((value) => Number(value > 0.5)); // a line fits it badly, and soon as well as it can
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
 * const plateau = reduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 3 });
 * const { history } = await model.fit(x, y, { epochs: 60, callbacks: [plateau] });
 * history.learningRate[0]; // 0.5
 * history.learningRate[59] < 0.1; // true
 * ```
 */
export function reduceLROnPlateau<Custom extends string = never>(
  options: ReduceLROnPlateauOptions<NoInfer<Custom>> = {},
): Callback {
  const read = readOptions<ReduceLROnPlateauOptions<string>, typeof RULES>(
    options,
    "reduceLROnPlateau",
    RULES,
  );
  const { factor, patience, cooldown, minLearningRate } = read;
  const better = monitorBest(read);
  const [callback] = perTraining<State>(
    "reduceLROnPlateau",
    read,
    STATE,
    { waited: 0, cooling: 0 },
    (own, begun) => {
      // refuses a schedule at once, and starts the list of rates in the history
      begun.setLearningRate(begun.getLearningRate());
      return {
        onEpochEnd(_, logs, control) {
          if (own.cooling > 0) own.cooling--;
          const value = better(logs, own.best);
          if (value !== undefined) {
            own.best = value;
            own.waited = 0;
          } else if (own.cooling === 0 && ++own.waited >= patience) {
            const rate = control.getLearningRate();
            if (rate <= minLearningRate) return;
            control.setLearningRate(Math.max(rate * factor, minLearningRate));
            own.cooling = cooldown;
            own.waited = 0;
          }
        },
      };
    },
  );
  return { ...callback, monitor: read.monitor };
}
