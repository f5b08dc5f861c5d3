/** Losses of quantities. Every export is a loss of the namespace `losses`. */
import { abs, square, sub } from "../../graph/functions.js";
import { plainLoss, weightedMean } from "./loss.js";

/**
 * Mean of (ŷ − y)² over the batch and its units.
 *
 * @example
 * ```ts
 * const loss = compile(losses.meanSquaredError, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[1], [4]]); // 2
 * ```
 * @see Keras, `MeanSquaredError`
 */
export const meanSquaredError = plainLoss({
  name: "meanSquaredError",
  aliases: ["mse", "MSE", "mean_squared_error", "MeanSquaredError"],
  loss: (yTrue, yPred, weights) => weightedMean(square(sub(yPred, yTrue)), weights),
});

/**
 * Mean of |ŷ − y| over the batch and its units.
 *
 * @example
 * ```ts
 * const loss = compile(losses.meanAbsoluteError, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[1], [4]]); // 1
 * ```
 * @see Keras, `MeanAbsoluteError`
 */
export const meanAbsoluteError = plainLoss({
  name: "meanAbsoluteError",
  aliases: ["mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"],
  loss: (yTrue, yPred, weights) => weightedMean(abs(sub(yPred, yTrue)), weights),
});
