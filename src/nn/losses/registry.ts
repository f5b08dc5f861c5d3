/** Losses by name. The definitions are elsewhere; this file only finds them. */
import * as alignments from "./alignments.js";
import * as crossentropy from "./crossentropy.js";
import * as distributions from "./distributions.js";
import { checkedLoss, type Loss } from "./given.js";
import type { BuiltInLoss, LossFunction } from "./loss.js";
import * as margin from "./margin.js";
import type { BuiltInLossName } from "./names.js";
import * as overlap from "./overlap.js";
import * as regression from "./regression.js";
import * as survival from "./survival.js";

/** Every built-in loss by name. The compiler refuses a list that lacks one. */
export const losses = {
  meanSquaredError: regression.meanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  meanAbsolutePercentageError: regression.meanAbsolutePercentageError,
  meanSquaredLogarithmicError: regression.meanSquaredLogarithmicError,
  huber: regression.huber,
  logCosh: regression.logCosh,
  quantile: regression.quantile,
  poisson: regression.poisson,
  gaussianNll: distributions.gaussianNll,
  gaussianCrps: distributions.gaussianCrps,
  coxPartialLikelihood: survival.coxPartialLikelihood,
  cosineSimilarity: regression.cosineSimilarity,
  binaryCrossentropy: crossentropy.binaryCrossentropy,
  categoricalCrossentropy: crossentropy.categoricalCrossentropy,
  sparseCategoricalCrossentropy: crossentropy.sparseCategoricalCrossentropy,
  categoricalGeneralizedCrossEntropy: crossentropy.categoricalGeneralizedCrossEntropy,
  binaryFocalCrossentropy: crossentropy.binaryFocalCrossentropy,
  categoricalFocalCrossentropy: crossentropy.categoricalFocalCrossentropy,
  ordinalCrossentropy: crossentropy.ordinalCrossentropy,
  klDivergence: crossentropy.klDivergence,
  hinge: margin.hinge,
  squaredHinge: margin.squaredHinge,
  categoricalHinge: margin.categoricalHinge,
  softF1: overlap.softF1,
  dice: overlap.dice,
  tversky: overlap.tversky,
  ctc: alignments.ctc,
} satisfies Record<
  | BuiltInLossName
  | keyof typeof alignments
  | keyof typeof crossentropy
  | keyof typeof distributions
  | keyof typeof margin
  | keyof typeof overlap
  | keyof typeof regression
  | keyof typeof survival,
  BuiltInLoss<never>
>;

const table: Readonly<Record<BuiltInLossName, BuiltInLoss<never>>> = losses;

/** The function of a loss. @throws FettleError as `checkedLoss` */
export function getLoss(given: Loss): LossFunction {
  const loss = checkedLoss(given);
  return typeof loss === "string" ? table[loss]() : loss;
}
