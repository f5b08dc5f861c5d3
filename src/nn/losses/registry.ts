/** Losses by name and alias. The definitions are elsewhere; this file only finds them. */
import { must } from "../../errors.js";
import { Names } from "../../namespace.js";
import { recipeOf } from "../../recipe.js";
import * as crossentropy from "./crossentropy.js";
import type { BuiltInLoss, LossFunction } from "./loss.js";
import * as regression from "./regression.js";

/** Every built-in loss by name, in the order of lists. The compiler refuses a list that lacks one. */
export const losses = {
  meanSquaredError: regression.meanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  binaryCrossentropy: crossentropy.binaryCrossentropy,
  categoricalCrossentropy: crossentropy.categoricalCrossentropy,
} satisfies Record<keyof typeof crossentropy | keyof typeof regression, BuiltInLoss<never>>;

type BuiltIn = keyof typeof losses;

const table: Readonly<Record<BuiltIn, BuiltInLoss<never>>> = losses;

/** The name of a built-in loss, or an alias that Keras uses for it. */
export type LossName = keyof typeof losses | (typeof losses)[keyof typeof losses]["aliases"][number];

/**
 * A loss: a name or alias, a function of the namespace `losses`, with options or without, or a custom {@link LossFunction}.
 */
export type Loss = LossName | LossFunction;

const names = new Names("losses", losses);

/**
 * One form for each loss: the name of a built-in one with default options, or a function.
 *
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a loss, such as a metric
 */
export function canonicalLoss(loss: Loss): BuiltIn | LossFunction {
  if (typeof loss === "string") return names.canonical(loss);
  must(
    typeof loss === "function",
    "loss",
    "a name, a function such as losses.meanSquaredError, or a function (yTrue, yPred) => Value",
    loss,
  );
  names.refuseOthers(loss);
  const recipe = recipeOf(loss);
  if (recipe === undefined) return loss;
  return (Object.keys(losses) as BuiltIn[]).find((name) => recipeOf(table[name]) === recipe) ?? loss;
}

/**
 * The function of a loss.
 *
 * @throws FettleError as {@link canonicalLoss}
 */
export function getLoss(loss: Loss): LossFunction {
  const canonical = canonicalLoss(loss);
  return typeof canonical === "string" ? table[canonical]() : canonical;
}
