/** The optimizers, ours and those that TensorFlow.js has, with their defaults and one learning rate. */
import type { Optimizer as TfOptimizer } from "@tensorflow/tfjs-core";
import { adadelta, adagrad, adam, adamax, adamw, lion, nadam, type Optimizer, rmsprop, sgd } from "fettle";
import type { Tf } from "./peers.js";

export const LEARNING_RATE = 0.001;

const factories = { sgd, adagrad, rmsprop, adam, adadelta, adamw, nadam, adamax, lion };
export type OptimizerName = keyof typeof factories;
export const optimizerNames = Object.keys(factories) as readonly OptimizerName[];

export function ourOptimizer(name: OptimizerName): Optimizer {
  return factories[name]({ learningRate: LEARNING_RATE });
}

/** Undefined for those that TensorFlow.js lacks. */
export function tfOptimizer(tf: Tf, name: OptimizerName): TfOptimizer | undefined {
  if (name === "adamw" || name === "nadam" || name === "lion") return undefined;
  return tf.train[name](LEARNING_RATE);
}
