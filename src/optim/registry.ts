/**
 * Optimizers by name, for the command line and for `compile({ optimizer: "adam" })`. Code that
 * knows its optimizer calls `adam()` itself, and bundles only that one.
 */
import { must } from "../errors.js";
import { type AliasOf, byNameOrAlias } from "../names.js";
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

type BuiltIn = keyof typeof optimizers;

/** The names of Keras' classes. */
const aliases = {
  sgd: ["SGD"],
  adam: ["Adam"],
  adamw: ["AdamW"],
  nadam: ["Nadam"],
  adamax: ["Adamax"],
  rmsprop: ["RMSprop"],
  adagrad: ["Adagrad"],
  adadelta: ["Adadelta"],
  lion: ["Lion"],
} as const satisfies Record<BuiltIn, readonly string[]>;

type Factory = (config?: Readonly<Record<string, unknown>>) => Optimizer;

/** The name of a built-in optimizer, or of Keras' class. */
export type OptimizerName = keyof typeof optimizers | AliasOf<typeof aliases>;

/**
 * The built-in optimizer of that name with `config`, or an optimizer as it is.
 *
 * @param optimizer - `"sgd"`, `"adam"`, `"adamw"`, `"nadam"`, `"adamax"`, `"rmsprop"`, `"adagrad"`, `"adadelta"`, `"lion"`,
 * the name of Keras' class, such as `"RMSprop"`, or the result of a factory
 * @param config - the options of the factory of that name; not allowed with the result of a factory
 * @throws FettleError `unknown_name` for an unknown name or option; `invalid_argument` for anything that is not an
 * optimizer, and for values outside their range
 * @example
 * ```ts
 * getOptimizer("adam", { learningRate: 3e-4 }).hyperparameters.learningRate; // 3e-4
 * ```
 */
export function getOptimizer(
  optimizer: string | Optimizer,
  config?: Readonly<Record<string, unknown>>,
): Optimizer {
  if (typeof optimizer === "string")
    return byNameOrAlias<Factory>("optimizer", optimizers, aliases, optimizer)(config);
  must(
    typeof optimizer?.update === "function" && typeof optimizer.init === "function",
    "optimizer",
    "a name or the result of a factory, such as adam()",
    optimizer,
  );
  must(
    config === undefined,
    `the options of ${optimizer.name}`,
    `given to its factory, as ${optimizer.name}({ … })`,
    config,
  );
  return optimizer;
}
