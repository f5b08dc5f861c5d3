import { must } from "../../errors.js";
import type { Callback } from "./callback.js";

/**
 * Sets the learning rate before each epoch: Keras' `LearningRateScheduler`. A schedule of the optimizer, such
 * as
 * `cosineDecay()`, changes it with each step, can be tuned, and is saved with the model.
 *
 * @param schedule - returns the rate of an epoch, numbered from 0, from the previous rate
 * @throws FettleError `invalid_argument` unless it is a function; when training, `invalid_argument` for a
 * rate that is not a finite number of at least 0, `invalid_state` if the optimizer has a schedule
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
 * const halving = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
 * const { history } = await model.fit([[0], [1]], [1, 3], { epochs: 3, callbacks: [halving] });
 * history.learningRate; // [0.5, 0.25, 0.125]
 * ```
 */
export function learningRateScheduler(schedule: (epoch: number, learningRate: number) => number): Callback {
  must(typeof schedule === "function", "schedule", "a function of epoch and learning rate", schedule);
  return {
    name: "learningRateScheduler",
    onEpochBegin: (epoch, control) => control.setLearningRate(schedule(epoch, control.getLearningRate())),
  };
}
