/** What the predictions of a fold are scored against, and their score. */
import type { Dataset } from "../../data/dataset.js";
import { takeRows } from "../../data/matrix.js";
import { isUnchanged, restored, type TargetTransform } from "../../data/pipeline/target.js";
import { type MaskedPrediction, scoreMasked, type Truths } from "../../metrics/lines.js";
import type { Metric } from "../../metrics/metric.js";
import type { Floats } from "../../ndarray.js";

/** What the predictions of one fold are scored against. */
export interface Fold extends Truths {
  /** The targets of the validation rows in their own units, [rows, outputs]. */
  readonly yTrue: Float64Array;
  /** What the network learns in place of the target. */
  readonly target: TargetTransform;
  /** [rows]: how much each counts in metrics; undefined if all count equally. */
  readonly weights?: Float64Array;
}

/** @param rows - the validation rows */
export function foldOf(
  { outputs, y, sampleWeight }: Pick<Dataset, "outputs" | "y" | "sampleWeight">,
  rows: Int32Array,
  target: TargetTransform,
): Fold {
  const weights = sampleWeight && takeRows(sampleWeight, 1, rows);
  return { outputs, yTrue: takeRows(y, outputs, rows), target, ...(weights && { weights }) };
}

/** The score of a network's predictions for the validation rows of a fold, in the units of the target. */
export function scoreOn(fold: Fold, metric: Metric, { prediction, mask }: MaskedPrediction): number {
  return scoreMasked(metric, fold, { prediction: inUnitsOf(fold, prediction), mask });
}

/** Predictions of a network in the units of the target. */
export function inUnitsOf({ target }: Fold, prediction: Floats): Floats {
  return isUnchanged(target) ? prediction : restored(target, prediction);
}
