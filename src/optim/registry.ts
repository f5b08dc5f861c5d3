/**
 * Optimizers by name, for the command line and for `compile({ optimizer: "adam" })`. Code that
 * knows its optimizer calls `adam()` itself, and bundles only that one.
 */
import { byName, check, show } from "../errors.js";
import { adadelta } from "./adadelta.js";
import { adagrad } from "./adagrad.js";
import { adam } from "./adam.js";
import { adamax } from "./adamax.js";
import { adamw } from "./adamw.js";
import { lion } from "./lion.js";
import { nadam } from "./nadam.js";
import type { Optimizer } from "./optimizer.js";
import { rmsprop } from "./rmsprop.js";
import { sgd } from "./sgd.js";

/** The factory of every built-in optimizer, by name. */
export const optimizers = { sgd, adam, adamw, nadam, adamax, rmsprop, adagrad, adadelta, lion };

const makers: Readonly<Record<string, (config?: Readonly<Record<string, unknown>>) => Optimizer>> =
  optimizers;

/** The name of a built-in optimizer. */
export type OptimizerName = keyof typeof optimizers;

/**
 * The built-in optimizer of that name with `config`, or an optimizer as it is.
 *
 * @param optimizer - `"sgd"`, `"adam"`, `"adamw"`, `"nadam"`, `"adamax"`, `"rmsprop"`, `"adagrad"`, `"adadelta"`, `"lion"`,
 * or what a factory made
 * @param config - what the factory of that name takes; not for an optimizer already made
 * @throws FettleError `unknown_name` for a name or an option that does not exist; `invalid_argument` for anything
 * that is no optimizer, and for values outside their range
 * @example
 * ```ts
 * getOptimizer("adam", { learningRate: 3e-4 }).hyperparameters.learningRate; // 3e-4
 * ```
 */
export function getOptimizer(
  optimizer: string | Optimizer,
  config?: Readonly<Record<string, unknown>>,
): Optimizer {
  if (typeof optimizer === "string") return byName("optimizer", makers, optimizer)(config);
  check(
    typeof optimizer?.update === "function" && typeof optimizer.init === "function",
    () => `an optimizer is a name or what a factory such as adam() made, got ${show(optimizer)}`,
  );
  check(
    config === undefined,
    () => `${optimizer.name} is made already and takes no options, got ${show(config)}`,
  );
  return optimizer;
}
