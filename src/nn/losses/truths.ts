/**
 * The table of losses: what truths each built-in loss takes, and what the last layer must give it. `fit`, `evaluate` and `tune` judge a
 * loss, the activation of the last layer and the targets by it before anything trains. A custom loss has no row, and takes anything.
 */
import type { TruthKind } from "../../data/truths.js";
import { type Made, madeOf } from "../../recipe.js";
import type { CheckedLoss } from "./given.js";
import type { BuiltInLossName } from "./names.js";

/** What a loss reads of predictions: any numbers; none below 0; from 0 to 1; rows that sum to 1; scores or logits, which are no probabilities. */
export type LossInput = "numbers" | "counts" | "probabilities" | "distributions" | "scores";

/** A row of the table. */
export interface LossRow {
  readonly truths: TruthKind;
  readonly predictions: LossInput;
  /** Whether `fit` takes class ids for it, one a line. */
  readonly ids?: true;
  /** Whether it says nothing of a single unit, since it compares units with each other. */
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

/** What is known of a built-in loss with its options. */
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
