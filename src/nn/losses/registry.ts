/** Losses by name and alias. The definitions are elsewhere; this file only finds them. */
import { check, must, show } from "../../errors.js";
import { Names } from "../../namespace.js";
import { madeOf, recipeOf } from "../../recipe.js";
import * as crossentropy from "./crossentropy.js";
import type { BuiltInLoss, LossFunction } from "./loss.js";
import * as margin from "./margin.js";
import * as overlap from "./overlap.js";
import * as regression from "./regression.js";

/** Every built-in loss by name, in the order of lists. The compiler refuses a list that lacks one. */
export const losses = {
  meanSquaredError: regression.meanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  meanAbsolutePercentageError: regression.meanAbsolutePercentageError,
  meanSquaredLogarithmicError: regression.meanSquaredLogarithmicError,
  huber: regression.huber,
  logCosh: regression.logCosh,
  quantile: regression.quantile,
  poisson: regression.poisson,
  cosineSimilarity: regression.cosineSimilarity,
  binaryCrossentropy: crossentropy.binaryCrossentropy,
  categoricalCrossentropy: crossentropy.categoricalCrossentropy,
  sparseCategoricalCrossentropy: crossentropy.sparseCategoricalCrossentropy,
  categoricalGeneralizedCrossEntropy: crossentropy.categoricalGeneralizedCrossEntropy,
  binaryFocalCrossentropy: crossentropy.binaryFocalCrossentropy,
  categoricalFocalCrossentropy: crossentropy.categoricalFocalCrossentropy,
  klDivergence: crossentropy.klDivergence,
  hinge: margin.hinge,
  squaredHinge: margin.squaredHinge,
  categoricalHinge: margin.categoricalHinge,
  softF1: overlap.softF1,
  dice: overlap.dice,
  tversky: overlap.tversky,
} satisfies Record<
  keyof typeof crossentropy | keyof typeof margin | keyof typeof overlap | keyof typeof regression,
  BuiltInLoss<never>
>;

type BuiltIn = keyof typeof losses;

const table: Readonly<Record<BuiltIn, BuiltInLoss<never>>> = losses;

/** The name of a built-in loss, or an alias that Keras uses for it. */
export type LossName = keyof typeof losses | (typeof losses)[keyof typeof losses]["aliases"][number];

/**
 * A loss: a name or alias, a function of the namespace `losses`, with options or without, or a custom {@link LossFunction}.
 */
export type Loss = LossName | LossFunction;

const names = new Names("losses", losses);

/** Losses of Keras that no model here can use, and the nearest that it can: of pairs of rows, and of sequences. */
const NEAREST: ReadonlyMap<string, BuiltIn> = new Map([
  ["circle", "cosineSimilarity"],
  ["ctc", "sparseCategoricalCrossentropy"],
]);

/**
 * One form for each loss: the name of a built-in one with default options, or a function.
 *
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a loss, such as a metric
 */
export function canonicalLoss(loss: Loss): BuiltIn | LossFunction {
  if (typeof loss === "string") {
    const nearest = NEAREST.get(loss.toLowerCase());
    check(
      nearest === undefined,
      () => `unknown loss ${show(loss)}. The nearest is losses.${nearest}.`,
      "unknown_name",
    );
    return names.canonical(loss);
  }
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

/** Whether truths of a loss may be class ids, one a row, where predictions have a column for each class. */
export function takesClassIds(loss: Loss): boolean {
  const name = madeOf(getLoss(loss))?.name;
  return name === "sparseCategoricalCrossentropy" || name === "categoricalGeneralizedCrossEntropy";
}
