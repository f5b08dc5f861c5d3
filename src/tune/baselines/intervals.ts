/**
 * How far chance in the choice of test rows may move a score, and the difference of two scores on the same rows. Rows count as drawn
 * independently.
 */
import type { Metric } from "../../metrics/metric.js";
import type { BuiltInMetric } from "../../metrics/names.js";
import type { Floats } from "../../ndarray.js";

/** The ends of an interval that holds the value sought in 95 of 100 cases. */
export type ScoreInterval = readonly [low: number, high: number];

/** Predictions with the truth. */
export interface Predicted {
  /** [rows, outputs] */
  readonly yTrue: Floats;
  readonly yPred: Floats;
  readonly outputs: number;
  /** [rows] */
  readonly weights?: Floats;
}

/** The normal quantile of 0.975. */
const Z = 1.959963984540054;

/**
 * Wilson's interval of a share.
 *
 * @param rows - of how many; with weights, the effective number
 * @see E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927
 */
export function wilson(share: number, rows: number): ScoreInterval {
  const square = (Z * Z) / rows;
  const middle = share + square / 2;
  const reach = Z * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows));
  return [Math.max(0, (middle - reach) / (1 + square)), Math.min(1, (middle + reach) / (1 + square))];
}

/** How a score follows from its rows, for metrics whose interval is known. */
const FORMS: Partial<Record<BuiltInMetric, "mean" | "root" | "ratio">> = {
  ...{ accuracy: "mean", logLoss: "mean", brierScore: "mean" },
  ...{ meanSquaredError: "mean", meanAbsoluteError: "mean", rootMeanSquaredError: "root", r2: "ratio" },
};

/** Whether scores by a metric have intervals. */
export function hasInterval({ name }: Pick<Metric, "name">): boolean {
  return Object.hasOwn(FORMS, name);
}

/**
 * By how much each row moves a score from where it is, to first order (the delta method): of a mean, what its own score differs from it.
 * Their weighted mean is 0.
 *
 * @param metric - one that {@link hasInterval}
 * @returns [rows]
 */
export function influences(metric: Metric, { yTrue, yPred, outputs, weights }: Predicted): Float64Array {
  const rows = yTrue.length / outputs;
  const form = FORMS[metric.name as BuiltInMetric];
  const influence = new Float64Array(rows);
  if (form === "mean") {
    const part = (values: Floats, i: number): Floats => values.subarray(i * outputs, (i + 1) * outputs);
    for (let i = 0; i < rows; i++) influence[i] = metric.compute(part(yTrue, i), part(yPred, i), outputs);
    const mean = weightedMean(influence, weights);
    return influence.map((score) => score - mean);
  }
  // root mean squared error and r2, the means over the outputs
  for (let k = 0; k < outputs; k++) {
    const truth = Float64Array.from(influence, (_, i) => yTrue[i * outputs + k]);
    const errors = truth.map((y, i) => (y - yPred[i * outputs + k]) * (y - yPred[i * outputs + k]));
    const error = weightedMean(errors, weights);
    const mean = weightedMean(truth, weights);
    const spreads = truth.map((y) => (y - mean) * (y - mean));
    const spread = weightedMean(spreads, weights);
    for (let i = 0; i < rows; i++) {
      influence[i] +=
        (form === "root"
          ? (errors[i] - error) / (2 * Math.sqrt(error))
          : ((error / spread) * spreads[i] - errors[i]) / spread) / outputs;
    }
  }
  return influence;
}

/** The interval of a score: of accuracy Wilson's, of others the normal one. */
export function intervalOf(metric: Metric, score: number, predicted: Predicted): ScoreInterval {
  const { yTrue, outputs, weights } = predicted;
  if (metric.name === "accuracy") return wilson(score, effectiveRows(yTrue.length / outputs, weights));
  const [low, high] = around(score, influences(metric, predicted), weights);
  return metric.direction === "minimize" ? [Math.max(0, low), high] : [low, Math.min(1, high)];
}

/** The normal interval of a number that rows move by so much. */
export function around(value: number, influence: Float64Array, weights?: Floats): ScoreInterval {
  const rows = influence.length;
  let squares = 0;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights?.[i] ?? 1;
    squares += weight * influence[i] * (weight * influence[i]);
    sum += weight;
  }
  const reach = (Z * Math.sqrt((squares * rows) / (rows - 1))) / sum;
  return [value - reach, value + reach];
}

/** How many rows of one weight tell as much (Kish): (Σ w)² / Σ w². */
function effectiveRows(rows: number, weights: Floats | undefined): number {
  if (!weights) return rows;
  let [sum, squares] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return (sum * sum) / squares;
}

function weightedMean(values: Float64Array, weights: Floats | undefined): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * values[i];
    total += weight;
  }
  return sum / total;
}
