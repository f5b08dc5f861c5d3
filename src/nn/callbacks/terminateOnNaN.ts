import type { Callback } from "./callback.js";

/**
 * Ends the training after an epoch whose loss is NaN or infinite: Keras' `TerminateOnNaN`, which checks after
 * each batch. If the loss of any batch is not finite, that of its epoch is not either.
 *
 * The model keeps the parameters of that epoch. Add `earlyStopping()` to restore those of the best one.
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
