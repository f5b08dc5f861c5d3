/**
 * Metrics of quantities, as scikit-learn defines them, each the unweighted mean
 * over the outputs.
 */
import type { Floats } from "../ndarray.js";
import type { Metric } from "./metric.js";

export const regressionMetrics = {
  meanSquaredError: quantityMetric("meanSquaredError", "minimize", squaredError),
  rootMeanSquaredError: quantityMetric("rootMeanSquaredError", "minimize", (truth, prediction) =>
    Math.sqrt(squaredError(truth, prediction)),
  ),
  meanAbsoluteError: quantityMetric("meanAbsoluteError", "minimize", absoluteError),
  r2: quantityMetric("r2", "maximize", determination),
};

/** A metric from the score of one output, `[rows]` against `[rows]`. */
function quantityMetric(
  name: string,
  direction: Metric["direction"],
  score: (truth: Float64Array, prediction: Float64Array) => number,
): Metric {
  return {
    name,
    direction,
    tasks: ["regression"],
    compute(truth, prediction, outputs) {
      let sum = 0;
      for (let j = 0; j < outputs; j++)
        sum += score(column(truth, outputs, j), column(prediction, outputs, j));
      return sum / outputs;
    },
  };
}

const column = (values: Floats, outputs: number, j: number): Float64Array =>
  Float64Array.from({ length: values.length / outputs }, (_, i) => values[i * outputs + j]);

function squaredError(truth: Float64Array, prediction: Float64Array): number {
  return (
    truth.reduce((sum, value, i) => sum + (value - prediction[i]) * (value - prediction[i]), 0) / truth.length
  );
}

function absoluteError(truth: Float64Array, prediction: Float64Array): number {
  return truth.reduce((sum, value, i) => sum + Math.abs(value - prediction[i]), 0) / truth.length;
}

/** R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; for a constant truth 1 if every prediction is right and 0 if not. */
function determination(truth: Float64Array, prediction: Float64Array): number {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  const error = squaredError(truth, prediction);
  const variance = truth.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / truth.length;
  if (variance > 0 || Number.isNaN(error)) return 1 - error / variance;
  return error === 0 ? 1 : 0;
}
