/**
 * The table of metrics: the kind of truths that each built-in metric accepts, and what it reads in
 * predictions. `inputs.ts` checks the arrays of a call by it; `fit`, `evaluate` and `tune` check their
 * targets by it before training.
 */
import { checkTruths, type TruthKind, type TruthPlace } from "../data/truths.js";
import type { Metric, PredictionKind } from "./metric.js";
import type { BuiltInMetric } from "./names.js";

/** A row of the table. */
export interface MetricRow {
  /** For deviances, by their power. Metrics with `multiLabel` accept `labels` instead. */
  readonly truths: TruthKind | ((power: number) => TruthKind);
  readonly predictions: PredictionKind;
}

const quantities: MetricRow = { truths: "quantities", predictions: "quantities" };
const counts: MetricRow = { ...quantities, truths: "counts" };
const deviance: MetricRow = {
  ...quantities,
  truths: (power) => (power >= 2 ? "positive" : power > 0 ? "counts" : "quantities"),
};
const decided: MetricRow = { truths: "likelyClasses", predictions: "decisions" };
const scored: MetricRow = { truths: "classes", predictions: "scores" };
const probable: MetricRow = { truths: "classes", predictions: "probabilities" };

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
  meanTweedieDeviance: deviance,
  explainedVariance: quantities,
  r2: quantities,
  d2AbsoluteError: quantities,
  d2Pinball: quantities,
  d2Tweedie: deviance,
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
