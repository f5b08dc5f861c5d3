import type { Callback } from "./callback.js";

/**
 * Ends the training after an epoch whose loss is NaN or infinite: Keras' `TerminateOnNaN`, which looks after each batch. A loss
 * that was not finite in any batch is not in its epoch.
 *
 * The model keeps the parameters of that epoch. `earlyStopping()` beside it restores those of the best one.
 *
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: sgd({ learningRate: 1e6 }), loss: "meanSquaredError" });
 * const { epoch } = await model.fit([[1], [2]], [1, 2], { epochs: 100, callbacks: [terminateOnNaN()] });
 * epoch.length < 100; // true
 * ```
 */
export function terminateOnNaN(): Callback {
  return {
    name: "terminateOnNaN",
    onEpochEnd(_, { loss }, control) {
      if (!Number.isFinite(loss)) control.stop();
    },
  };
}
