/**
 * Optimizers by name, for the command line and for `compile({ optimizer: "adam" })`. Code that
 * knows its optimizer calls `adam()` itself, and bundles only that one.
 */
import { must } from "../errors.js";
import { adadelta } from "./adadelta.js";
import { adafactor } from "./adafactor.js";
import { adagrad } from "./adagrad.js";
import { adam } from "./adam.js";
import { adamax } from "./adamax.js";
import { adamw } from "./adamw.js";
import { lamb } from "./lamb.js";
import { lion } from "./lion.js";
import { muon } from "./muon.js";
import { nadam } from "./nadam.js";
import { type BuiltInOptimizer, checkedOptimizer } from "./names.js";
import type { Optimizer } from "./optimizer.js";
import { rmsprop } from "./rmsprop.js";
import { scheduleFreeAdamW } from "./scheduleFree.js";
import { sgd } from "./sgd.js";

/** The factory of every built-in optimizer, by name. */
export const optimizers = {
  sgd,
  adam,
  adamw,
  nadam,
  adamax,
  rmsprop,
  adagrad,
  adadelta,
  lion,
  adafactor,
  lamb,
  muon,
  scheduleFreeAdamW,
} satisfies Record<BuiltInOptimizer, unknown>;

type Factory = (config?: Readonly<Record<string, unknown>>) => Optimizer;

/**
 * The built-in optimizer of that name with `config`; an optimizer is returned unchanged.
 *
 * @param optimizer - the name of a built-in optimizer or of Keras' class, such as `"RMSprop"`, or the result
 * of a factory
 * @param config - the options of the factory of that name; not allowed with the result of a factory
 * @throws FettleError `unknown_name` for an unknown name or option; `invalid_argument` for anything that is
 * not an optimizer, and for values outside their range
 * @example
 * ```ts
 * getOptimizer("adam", { learningRate: 3e-4 }).hyperparameters.learningRate; // 3e-4
 * ```
 */
export function getOptimizer(
  optimizer: string | Optimizer,
  config?: Readonly<Record<string, unknown>>,
): Optimizer {
  const checked = checkedOptimizer(optimizer);
  if (typeof checked === "string") return (optimizers as Readonly<Record<string, Factory>>)[checked](config);
  must(
    config === undefined,
    `the options of ${checked.name}`,
    `given to its factory, as ${checked.name}({ … })`,
    config,
  );
  return checked;
}
