/** The five optimizers, ours and TensorFlow.js's, with their defaults and one learning rate. */
import type { Optimizer as TfOptimizer } from "@tensorflow/tfjs-core";
import { adadelta, adagrad, adam, type Optimizer, rmsprop, sgd } from "fettle";
import type { Tf } from "./peers.js";

export const LEARNING_RATE = 0.001;

export const optimizerNames = ["sgd", "adagrad", "rmsprop", "adam", "adadelta"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

const factories = { sgd, adagrad, rmsprop, adam, adadelta };

export function ourOptimizer(name: OptimizerName): Optimizer {
  return factories[name]({ learningRate: LEARNING_RATE });
}

export function tfOptimizer(tf: Tf, name: OptimizerName): TfOptimizer {
  return tf.train[name](LEARNING_RATE);
}
