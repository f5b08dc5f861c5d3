/**
 * The names of built-in optimizers. They are data, so that compiling a model loads no optimizer; the training
 * code has them all.
 */
import { FettleError, must, show, unknownName } from "../errors.js";
import { type AliasOf, canonical } from "../names.js";
import type { Optimizer } from "./optimizer.js";

/** By optimizer, in the order of lists, the names of Keras' classes. */
const ALIASES = {
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
} as const;

/** The name under which a built-in optimizer is exported. */
export type BuiltInOptimizer = keyof typeof ALIASES;

/** The replacements of Keras' other optimizers. */
const ABSENT: Readonly<Record<string, string>> = {
  ftrl: 'The nearest is "adagrad" with layers that have kernelRegularizer: "l1".',
  lossscaleoptimizer: "Use the optimizer inside it: training in float32 needs no scaled loss.",
};

/** The name of a built-in optimizer, or of Keras' class. */
export type OptimizerName = BuiltInOptimizer | AliasOf<typeof ALIASES>;

/**
 * The name of a built-in optimizer, from a name or alias; an optimizer is returned unchanged.
 *
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything that is not an
 * optimizer
 */
export function checkedOptimizer(optimizer: string | Optimizer): BuiltInOptimizer | Optimizer {
  if (typeof optimizer !== "string") {
    must(
      typeof optimizer?.update === "function" && typeof optimizer.init === "function",
      "optimizer",
      "a name or the result of a factory, such as adam()",
      optimizer,
    );
    return optimizer;
  }
  const keras = optimizer.toLowerCase();
  if (Object.hasOwn(ABSENT, keras))
    throw new FettleError("unknown_name", `unknown optimizer ${show(optimizer)}. ${ABSENT[keras]}`);
  const name = canonical(ALIASES, optimizer);
  if (Object.hasOwn(ALIASES, name)) return name as BuiltInOptimizer;
  throw unknownName("optimizer", optimizer, Object.keys(ALIASES));
}
