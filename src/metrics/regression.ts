/**
 * Metrics of quantities, as scikit-learn defines them, each the unweighted mean
 * over the outputs. Every export is a metric of the namespace `metrics`.
 */
import { quantityMetric } from "./define.js";

/**
 * Mean of (y − ŷ)² over rows and outputs.
 *
 * @param yTrue - `[rows]` or `[rows, outputs]`
 * @param yPred - of the same shape; a NaN makes the score NaN
 * @returns from 0 up, in the target's unit squared
 * @throws FettleError `invalid_shape` if the shapes differ; `invalid_data` if `yTrue` is not finite
 * @example
 * ```ts
 * metrics.meanSquaredError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.375
 * ```
 * @see scikit-learn, `mean_squared_error`
 */
export const meanSquaredError = quantityMetric({
  name: "meanSquaredError",
  aliases: ["mse", "MSE", "mean_squared_error", "MeanSquaredError"],
  direction: "minimize",
  score: squaredError,
});

/**
 * Root of the mean squared error of each output, averaged over outputs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.rootMeanSquaredError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.61237...
 * ```
 * @see scikit-learn, `root_mean_squared_error`
 */
export const rootMeanSquaredError = quantityMetric({
  name: "rootMeanSquaredError",
  aliases: ["rmse", "RMSE", "root_mean_squared_error", "RootMeanSquaredError"],
  direction: "minimize",
  score: (yTrue, yPred, weightOf) => Math.sqrt(squaredError(yTrue, yPred, weightOf)),
});

/**
 * Mean of |y − ŷ| over rows and outputs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.meanAbsoluteError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.5
 * ```
 * @see scikit-learn, `mean_absolute_error`
 */
export const meanAbsoluteError = quantityMetric({
  name: "meanAbsoluteError",
  aliases: ["mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"],
  direction: "minimize",
  score: absoluteError,
});

/**
 * Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over outputs. 1 is perfect, 0 as good as the
 * mean, negative worse. Where the truth is constant: 1 if every prediction is right, otherwise 0.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.r2([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.9486...
 * ```
 * @see scikit-learn, `r2_score`
 */
export const r2 = quantityMetric({
  name: "r2",
  aliases: ["r2Score", "r2_score", "R2Score"],
  direction: "maximize",
  score: determination,
});

type WeightOf = (row: number) => number;

/** The mean of `value` over rows, each counting as much as it weighs. */
function meanOver(rows: number, weightOf: WeightOf, value: (row: number) => number): number {
  let sum = 0;
  let all = 0;
  for (let row = 0; row < rows; row++) {
    sum += weightOf(row) * value(row);
    all += weightOf(row);
  }
  return sum / all;
}

function squaredError(yTrue: Float64Array, yPred: Float64Array, weightOf: WeightOf): number {
  return meanOver(yTrue.length, weightOf, (i) => (yTrue[i] - yPred[i]) * (yTrue[i] - yPred[i]));
}

function absoluteError(yTrue: Float64Array, yPred: Float64Array, weightOf: WeightOf): number {
  return meanOver(yTrue.length, weightOf, (i) => Math.abs(yTrue[i] - yPred[i]));
}

/** R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; for a constant truth 1 if every prediction is right and 0 if not. */
function determination(yTrue: Float64Array, yPred: Float64Array, weightOf: WeightOf): number {
  const mean = meanOver(yTrue.length, weightOf, (i) => yTrue[i]);
  const error = squaredError(yTrue, yPred, weightOf);
  const variance = meanOver(yTrue.length, weightOf, (i) => (yTrue[i] - mean) * (yTrue[i] - mean));
  if (variance > 0 || Number.isNaN(error)) return 1 - error / variance;
  return error === 0 ? 1 : 0;
}
