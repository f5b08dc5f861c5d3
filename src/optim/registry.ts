/**
 * Optimizers by name, for the command line and for `compile({ optimizer: "adam" })`. Code that
 * knows its optimizer calls `adam()` itself, and bundles only that one.
 */
import { FettleError, must, show } from "../errors.js";
import { type AliasOf, byNameOrAlias } from "../names.js";
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
import type { Optimizer } from "./optimizer.js";
import { rmsprop } from "./rmsprop.js";
import { scheduleFreeAdamW } from "./scheduleFree.js";
import { sgd } from "./sgd.js";

/** The factory of every built-in optimizer, by name. */
export const optimizers = {
  ...{ sgd, adam, adamw, nadam, adamax, rmsprop, adagrad, adadelta, lion },
  ...{ adafactor, lamb, muon, scheduleFreeAdamW },
};

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
  adafactor: ["Adafactor"],
  lamb: ["Lamb"],
  muon: ["Muon"],
  scheduleFreeAdamW: ["ScheduleFreeAdamW", "schedulefreeadamw", "AdamWScheduleFree"],
} as const satisfies Record<BuiltIn, readonly string[]>;

/** What serves in place of Keras' other optimizers. */
const ABSENT: Readonly<Record<string, string>> = {
  ftrl: 'The nearest is "adagrad" with layers that have kernelRegularizer: "l1".',
  lossscaleoptimizer: "Use the optimizer inside it: training in float32 needs no scaled loss.",
};

type Factory = (config?: Readonly<Record<string, unknown>>) => Optimizer;

/** The name of a built-in optimizer, or of Keras' class. */
export type OptimizerName = keyof typeof optimizers | AliasOf<typeof aliases>;

/**
 * The built-in optimizer of that name with `config`, or an optimizer as it is.
 *
 * @param optimizer - `"sgd"`, `"adam"`, `"adamw"`, `"nadam"`, `"adamax"`, `"rmsprop"`, `"adagrad"`, `"adadelta"`, `"lion"`,
 * `"adafactor"`, `"lamb"`, `"muon"`, `"scheduleFreeAdamW"`, the name of Keras' class, such as `"RMSprop"`, or the result of a factory
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
  if (typeof optimizer === "string") {
    const keras = optimizer.toLowerCase();
    if (Object.hasOwn(ABSENT, keras))
      throw new FettleError("unknown_name", `unknown optimizer ${show(optimizer)}. ${ABSENT[keras]}`);
    return byNameOrAlias<Factory>("optimizer", optimizers, aliases, optimizer)(config);
  }
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
