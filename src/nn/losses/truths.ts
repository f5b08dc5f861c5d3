/**
 * The table of losses: the kind of truths that each built-in loss accepts, and the range that the last layer
 * must have. `fit`, `evaluate` and `tune` check a loss, the activation of the last layer and the targets by
 * it before training. A custom loss has no row, and accepts anything.
 */
import type { TruthKind } from "../../data/truths.js";
import { type Made, madeOf } from "../../recipe.js";
import type { CheckedLoss } from "./given.js";
import type { BuiltInLossName } from "./names.js";

/**
 * What a loss reads in predictions: any numbers; none below 0; from 0 to 1; rows that sum to 1; scores or
 * logits, which are not probabilities.
 */
export type LossInput = "numbers" | "counts" | "probabilities" | "distributions" | "scores";

/** A row of the table. */
export interface LossRow {
  readonly truths: TruthKind;
  readonly predictions: LossInput;
  /** Whether `fit` accepts class ids for it, one per line. */
  readonly ids?: true;
  /** Whether it needs several units, because it compares them. */
  readonly several?: true;
  /** Whether it has the option `fromLogits`. */
  readonly logits?: true;
}

const quantities: LossRow = { truths: "quantities", predictions: "numbers" };
const binary: LossRow = { truths: "probabilities", predictions: "probabilities" };
const shares: LossRow = { truths: "distributions", predictions: "distributions", several: true };
const margins: LossRow = { truths: "signs", predictions: "scores" };

/** Every built-in loss. The compiler refuses a table that lacks one. */
export const lossRows: Readonly<Record<BuiltInLossName, LossRow>> = {
  meanSquaredError: quantities,
  meanAbsoluteError: quantities,
  meanAbsolutePercentageError: quantities,
  meanSquaredLogarithmicError: { truths: "counts", predictions: "numbers" },
  huber: quantities,
  logCosh: quantities,
  quantile: quantities,
  poisson: { truths: "counts", predictions: "counts" },
  cosineSimilarity: { ...quantities, several: true },
  binaryCrossentropy: { ...binary, logits: true },
  categoricalCrossentropy: { ...shares, logits: true },
  sparseCategoricalCrossentropy: { ...shares, logits: true, ids: true },
  categoricalGeneralizedCrossEntropy: { ...shares, ids: true },
  binaryFocalCrossentropy: { ...binary, logits: true },
  categoricalFocalCrossentropy: { ...shares, logits: true },
  klDivergence: shares,
  hinge: margins,
  squaredHinge: margins,
  categoricalHinge: { truths: "oneHotSigns", predictions: "scores", several: true },
  softF1: binary,
  dice: binary,
  tversky: binary,
};

/** The row of a built-in loss with its options. */
export interface JudgedLoss extends LossRow {
  readonly name: BuiltInLossName;
  readonly fromLogits: boolean;
}

/** The row of a loss; undefined for a custom one. */
export function rowOfLoss(loss: CheckedLoss): JudgedLoss | undefined {
  const { name, options }: Pick<Made, "name" | "options"> =
    typeof loss === "string" ? { name: loss, options: {} } : (madeOf(loss) ?? { name: "", options: {} });
  if (!Object.hasOwn(lossRows, name)) return undefined;
  const known = name as BuiltInLossName;
  return { ...lossRows[known], name: known, fromLogits: options.fromLogits === true };
}
