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
 * What a loss reads in predictions: any numbers; none below 0; from 0 to 1; rows that sum to 1; scores, or
 * logits, which are not probabilities.
 */
export type LossInput = "numbers" | "counts" | "probabilities" | "distributions" | "scores" | "logits";

/**
 * What predictions are, if they are no estimates of the targets: `moments`, the means of as many targets,
 * then their variances; `levels`, chances that the class of a line is above 0, above 1 and so on; `times`,
 * scores of how early an event is; `alignments`, logits of the label or blank of each step. See `forms.ts`.
 */
export type Form = "moments" | "levels" | "times" | "alignments";

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
  /** What predictions are, if they are no estimates of the targets. */
  readonly form?: Form;
}

const quantities: LossRow = { truths: "quantities", predictions: "numbers" };
const binary: LossRow = { truths: "probabilities", predictions: "probabilities" };
const shares: LossRow = { truths: "distributions", predictions: "distributions", several: true };
/** The means may be negative, but a last layer of any numbers would give variances below 0. */
const moments: LossRow = { truths: "quantities", predictions: "counts", form: "moments" };
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
  gaussianNll: moments,
  gaussianCrps: moments,
  coxPartialLikelihood: { truths: "times", predictions: "scores", form: "times" },
  cosineSimilarity: { ...quantities, several: true },
  binaryCrossentropy: { ...binary, logits: true },
  categoricalCrossentropy: { ...shares, logits: true },
  sparseCategoricalCrossentropy: { ...shares, logits: true, ids: true },
  categoricalGeneralizedCrossEntropy: { ...shares, ids: true },
  binaryFocalCrossentropy: { ...binary, logits: true },
  categoricalFocalCrossentropy: { ...shares, logits: true },
  ordinalCrossentropy: { ...binary, logits: true, form: "levels" },
  klDivergence: shares,
  hinge: margins,
  squaredHinge: margins,
  categoricalHinge: { truths: "oneHotSigns", predictions: "scores", several: true },
  softF1: binary,
  dice: binary,
  tversky: binary,
  ctc: { truths: "classes", predictions: "logits", form: "alignments" },
};

/** The row of a built-in loss with its options. */
export interface JudgedLoss extends LossRow {
  readonly name: BuiltInLossName;
  readonly fromLogits: boolean;
  /** The most labels of a row, if the loss bounds them. */
  readonly maxLabels: number | null;
}

/** The row of a loss; undefined for a custom one. */
export function rowOfLoss(loss: CheckedLoss): JudgedLoss | undefined {
  const { name, options }: Pick<Made, "name" | "options"> =
    typeof loss === "string" ? { name: loss, options: {} } : (madeOf(loss) ?? { name: "", options: {} });
  if (!Object.hasOwn(lossRows, name)) return undefined;
  const known = name as BuiltInLossName;
  return {
    ...lossRows[known],
    ...(options.fromLogVariance === true && { predictions: "numbers" as const }),
    name: known,
    fromLogits: options.fromLogits === true,
    maxLabels: typeof options.maxLabels === "number" ? options.maxLabels : null,
  };
}
