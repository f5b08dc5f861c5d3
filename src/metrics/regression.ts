/**
 * Metrics of quantities, as scikit-learn defines them, each the unweighted mean
 * over the outputs. Every export is a metric of the namespace `metrics`.
 */
import { quantityMetric } from "./define.js";
import {
  absoluteError,
  explained,
  mean,
  meanOf,
  median,
  pinball,
  quantile,
  rootOf,
  skill,
  squaredError,
  squaredLogError,
  tweedie,
  worst,
} from "./scores.js";

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
export const meanSquaredError = quantityMetric("meanSquaredError", () => squaredError);

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
export const rootMeanSquaredError = quantityMetric("rootMeanSquaredError", () => rootOf(squaredError));

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
export const meanAbsoluteError = quantityMetric("meanAbsoluteError", () => absoluteError);

/**
 * Median of |y − ŷ| over rows, averaged over outputs. With weights, each row counts as often as it weighs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.medianAbsoluteError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.5
 * ```
 * @see scikit-learn, `median_absolute_error`, weighted as from 1.7; `sample_weight`
 */
export const medianAbsoluteError = quantityMetric(
  "medianAbsoluteError",
  () => (yTrue, yPred, weightOf) =>
    median(
      yTrue.map((y, i) => Math.abs(y - yPred[i])),
      weightOf,
    ),
);

/**
 * Largest |y − ŷ| over rows, averaged over outputs. Weights do not change it, but a row of weight 0 does not
 * count.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.maxError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 1
 * ```
 * @see scikit-learn, `max_error`
 */
export const maxError = quantityMetric(
  "maxError",
  () => (yTrue, yPred, weightOf) =>
    yTrue.reduce((most, y, i) => (weightOf(i) > 0 ? worst(most, Math.abs(y - yPred[i])) : most), 0),
);

/**
 * Mean of |y − ŷ| / |y| over rows and outputs: a share, not a percentage as in Keras. If y is 0, the error is
 * divided by 2⁻⁵².
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up; 1 is 100 %
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.meanAbsolutePercentageError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.32738...
 * ```
 * @see scikit-learn, `mean_absolute_percentage_error`
 */
export const meanAbsolutePercentageError = quantityMetric("meanAbsolutePercentageError", () =>
  mean((y, guess) => Math.abs(y - guess) / Math.max(Math.abs(y), 2 ** -52)),
);

/**
 * Mean of (log(1 + y) − log(1 + ŷ))² over rows and outputs, for quantities of at least 0. NaN if a prediction
 * is below 0.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up
 * @throws FettleError as {@link meanSquaredError}, and `invalid_data` for a truth below 0
 * @example
 * ```ts
 * metrics.meanSquaredLogError([3, 5, 2.5, 7], [2.5, 5, 4, 8]); // 0.03973...
 * ```
 * @see scikit-learn, `mean_squared_log_error`
 */
export const meanSquaredLogError = quantityMetric("meanSquaredLogError", () => squaredLogError);

/**
 * Root of {@link meanSquaredLogError} of each output, averaged over outputs.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up
 * @throws FettleError as {@link meanSquaredLogError}
 * @example
 * ```ts
 * metrics.rootMeanSquaredLogError([3, 5, 2.5, 7], [2.5, 5, 4, 8]); // 0.19932...
 * ```
 * @see scikit-learn, `root_mean_squared_log_error`
 */
export const rootMeanSquaredLogError = quantityMetric("rootMeanSquaredLogError", () =>
  rootOf(squaredLogError),
);

/** The options of {@link meanPinballLoss} and {@link d2Pinball}. */
export interface PinballOptions {
  /** Which quantile is predicted, from 0 to 1. @defaultValue 0.5 */
  readonly alpha?: number;
}

const ALPHA = {
  alpha: { initial: 0.5, rule: "a number from 0 to 1", holds: (value: number) => value >= 0 && value <= 1 },
};

/**
 * Mean over rows and outputs of α·(y − ŷ) if ŷ is too low and (1 − α)·(ŷ − y) if it is too high: minimal for
 * the quantile α. For the median, half of the mean absolute error.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up, in the target's unit
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.meanPinballLoss({ alpha: 0.9 })([1, 2, 3], [0, 2, 4]); // 1 / 3
 * ```
 * @see scikit-learn, `mean_pinball_loss`
 */
export const meanPinballLoss = quantityMetric(
  "meanPinballLoss",
  ({ alpha = 0.5 }: PinballOptions) => pinball(alpha),
  ALPHA,
);

/** The options of {@link meanTweedieDeviance} and {@link d2Tweedie}. */
export interface TweedieOptions {
  /**
   * 0 for normal, 1 for Poisson, 2 for gamma, 3 for inverse Gaussian distributions; any number except those
   * between 0 and 1.
   * @defaultValue 0, which is the squared error
   */
  readonly power?: number;
}

const POWER = {
  power: {
    initial: 0,
    rule: "a number of at most 0, or of at least 1",
    holds: (value: number) => value <= 0 || value >= 1,
  },
};

/**
 * Mean deviance of Tweedie distributions over rows and outputs: that of Poisson with `power` 1, of gamma with
 * 2. NaN if `power` is not 0 and a prediction is not above 0.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns from 0 up
 * @throws FettleError as {@link meanSquaredError}, and `invalid_data` for a truth outside the distribution's
 * support: below 0 from power 1, and 0 from power 2
 * @example
 * ```ts
 * const poisson = metrics.meanTweedieDeviance({ power: 1 });
 * poisson([2, 0, 1, 4], [0.5, 0.5, 2, 2]); // 1.42601...
 * getMetric("mean_poisson_deviance").name; // "meanTweedieDeviance1"
 * ```
 * @see scikit-learn, `mean_tweedie_deviance`, `mean_poisson_deviance`, `mean_gamma_deviance`
 */
export const meanTweedieDeviance = quantityMetric(
  "meanTweedieDeviance",
  ({ power = 0 }: TweedieOptions) => tweedie(power),
  POWER,
);

/**
 * Share of the variance of the truth that predictions explain, 1 − Var(y − ŷ) / Var(y), averaged over
 * outputs. Unlike {@link r2}, it ignores an error that is the same in all rows. For a constant truth, as
 * {@link r2}.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.explainedVariance([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.95717...
 * ```
 * @see scikit-learn, `explained_variance_score`
 */
export const explainedVariance = quantityMetric("explainedVariance", () => explained);

/**
 * Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over outputs. 1 is perfect, 0 as good as
 * the mean, negative worse. For a constant truth, such as a single row: 1 if every prediction is exact,
 * otherwise 0.
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
export const r2 = quantityMetric("r2", () => skill(squaredError, meanOf));

/**
 * Share of the absolute error that predictions save against the median, 1 − Σ|y − ŷ| / Σ|y − median|,
 * averaged over outputs. For a constant truth, as {@link r2}.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.d2AbsoluteError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.76470...
 * ```
 * @see scikit-learn, `d2_absolute_error_score`
 */
export const d2AbsoluteError = quantityMetric("d2AbsoluteError", () => skill(absoluteError, median));

/**
 * Share of the {@link meanPinballLoss} that predictions save against the truth's quantile α, averaged over
 * outputs; {@link d2AbsoluteError} for the median. For a constant truth, as {@link r2}.
 *
 * The quantile is the middle of the numbers with the least loss. scikit-learn 1.4 interpolates between two
 * rows without weights, and with weights takes the lower one, which may be worse.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanSquaredError}
 * @example
 * ```ts
 * metrics.d2Pinball({ alpha: 0.9 })([1, 2, 3], [1, 2, 4]); // 0.66666...
 * ```
 * @see scikit-learn, `d2_pinball_score`
 */
export const d2Pinball = quantityMetric(
  "d2Pinball",
  ({ alpha = 0.5 }: PinballOptions) => skill(pinball(alpha), quantile(alpha)),
  ALPHA,
);

/**
 * Share of the deviance that predictions save against the mean, averaged over outputs. For a constant truth,
 * as {@link r2}.
 *
 * @param yTrue - as {@link meanSquaredError}
 * @param yPred - as {@link meanSquaredError}
 * @returns at most 1
 * @throws FettleError as {@link meanTweedieDeviance}
 * @example
 * ```ts
 * metrics.d2Tweedie({ power: 1 })([1, 2, 4], [1, 3, 3]); // 0.66033...
 * ```
 * @see scikit-learn, `d2_tweedie_score`
 */
export const d2Tweedie = quantityMetric(
  "d2Tweedie",
  ({ power = 0 }: TweedieOptions) => skill(tweedie(power), meanOf),
  POWER,
);
