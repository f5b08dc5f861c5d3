/**
 * The table of metrics: the direction of each built-in metric, the kind of truths that it accepts, and what
 * it reads in predictions. `inputs.ts` checks the arrays of a call by it; `fit`, `evaluate` and `tune` check
 * their targets by it before training.
 */
import { checkTruths, type TruthKind, type TruthPlace } from "../data/truths.js";
import type { Direction } from "../direction.js";
import type { Metric, PredictionKind } from "./metric.js";
import type { BuiltInMetric } from "./names.js";

/** A row of the table. */
export interface MetricRow {
  readonly direction: Direction;
  /** For deviances, by their power. Metrics with `multiLabel` accept `labels` instead. */
  readonly truths: TruthKind | ((power: number) => TruthKind);
  readonly predictions: PredictionKind;
}

const quantities: MetricRow = { direction: "minimize", truths: "quantities", predictions: "quantities" };
const skill: MetricRow = { ...quantities, direction: "maximize" };
const counts: MetricRow = { ...quantities, truths: "counts" };
const ofPower = (power: number): TruthKind => (power >= 2 ? "positive" : power > 0 ? "counts" : "quantities");
const decided: MetricRow = { direction: "maximize", truths: "likelyClasses", predictions: "decisions" };
const scored: MetricRow = { direction: "maximize", truths: "classes", predictions: "scores" };
const probable: MetricRow = { direction: "minimize", truths: "classes", predictions: "probabilities" };

/** Every built-in metric. The compiler refuses a table that lacks one. */
export const metricRows: Readonly<Record<BuiltInMetric, MetricRow>> = {
  accuracy: decided,
  balancedAccuracy: decided,
  precision: decided,
  recall: decided,
  f1: decided,
  fBeta: decided,
  jaccard: decided,
  matthewsCorrcoef: decided,
  cohenKappa: decided,
  rocAuc: scored,
  averagePrecision: scored,
  logLoss: probable,
  brierScore: probable,
  expectedCalibrationError: probable,
  topKAccuracy: scored,
  meanSquaredError: quantities,
  rootMeanSquaredError: quantities,
  meanAbsoluteError: quantities,
  medianAbsoluteError: quantities,
  maxError: quantities,
  meanAbsolutePercentageError: quantities,
  meanSquaredLogError: counts,
  rootMeanSquaredLogError: counts,
  meanPinballLoss: quantities,
  meanTweedieDeviance: { ...quantities, truths: ofPower },
  explainedVariance: skill,
  r2: skill,
  d2AbsoluteError: skill,
  d2Pinball: skill,
  d2Tweedie: { ...skill, truths: ofPower },
};

/**
 * Refuses truths that a metric does not accept; a custom one without `truths` accepts all.
 *
 * @param y - `[rows, columns]`
 * @throws FettleError `invalid_data`
 */
export function checkMetricTruths(
  { name, truths = "quantities" }: Metric,
  y: ArrayLike<number>,
  place: Omit<TruthPlace, "of">,
): void {
  checkTruths(truths, y, { ...place, of: name });
}
