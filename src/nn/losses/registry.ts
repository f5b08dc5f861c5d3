/** Losses by name. The definitions are elsewhere; this file only finds them. */
import { checkedLoss, type Loss } from "./given.js";
import * as all from "./index.js";
import type { BuiltInLoss, LossFunction } from "./loss.js";
import type { BuiltInLossName } from "./names.js";

/** Every built-in loss by name. The compiler refuses a list that lacks one. */
export const losses = {
  meanSquaredError: all.meanSquaredError,
  meanAbsoluteError: all.meanAbsoluteError,
  meanAbsolutePercentageError: all.meanAbsolutePercentageError,
  meanSquaredLogarithmicError: all.meanSquaredLogarithmicError,
  huber: all.huber,
  logCosh: all.logCosh,
  quantile: all.quantile,
  poisson: all.poisson,
  gaussianNll: all.gaussianNll,
  gaussianCrps: all.gaussianCrps,
  coxPartialLikelihood: all.coxPartialLikelihood,
  cosineSimilarity: all.cosineSimilarity,
  binaryCrossentropy: all.binaryCrossentropy,
  categoricalCrossentropy: all.categoricalCrossentropy,
  sparseCategoricalCrossentropy: all.sparseCategoricalCrossentropy,
  categoricalGeneralizedCrossEntropy: all.categoricalGeneralizedCrossEntropy,
  binaryFocalCrossentropy: all.binaryFocalCrossentropy,
  categoricalFocalCrossentropy: all.categoricalFocalCrossentropy,
  ordinalCrossentropy: all.ordinalCrossentropy,
  klDivergence: all.klDivergence,
  hinge: all.hinge,
  squaredHinge: all.squaredHinge,
  categoricalHinge: all.categoricalHinge,
  softF1: all.softF1,
  dice: all.dice,
  tversky: all.tversky,
  ctc: all.ctc,
} satisfies Record<BuiltInLossName | keyof typeof all, BuiltInLoss<never>>;

const table: Readonly<Record<BuiltInLossName, BuiltInLoss<never>>> = losses;

/** The function of a loss. @throws FettleError as `checkedLoss` */
export function getLoss(given: Loss): LossFunction {
  const loss = checkedLoss(given);
  return typeof loss === "string" ? table[loss]() : loss;
}
