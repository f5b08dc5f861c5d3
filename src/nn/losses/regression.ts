/** Losses of quantities. Every export is a loss of the namespace `losses`. */
import {
  abs,
  add,
  div,
  expm1,
  log,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  sqrt,
  square,
  sub,
  sum,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { EPSILON, meanLoss, NO_OPTIONS } from "./loss.js";

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
export const meanSquaredError = meanLoss({
  name: "meanSquaredError",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => square(sub(yPred, yTrue)),
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
export const meanAbsoluteError = meanLoss({
  name: "meanAbsoluteError",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => abs(sub(yPred, yTrue)),
});

/**
 * Mean of 100 |ŷ − y| / |y| over the batch and its units. A truth nearer to 0 than 1e-7 counts as 1e-7.
 *
 * @example
 * ```ts
 * const loss = compile(losses.meanAbsolutePercentageError, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[1], [4]]); // 50
 * ```
 * @see Keras, `MeanAbsolutePercentageError`
 */
export const meanAbsolutePercentageError = meanLoss({
  name: "meanAbsolutePercentageError",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => mul(100, div(abs(sub(yPred, yTrue)), maximum(abs(yTrue), EPSILON))),
});

/**
 * Mean of (log(1 + ŷ) − log(1 + y))² over the batch and its units. Truths and predictions below 1e-7 count as
 * 1e-7.
 *
 * @example
 * ```ts
 * const loss = compile(losses.meanSquaredLogarithmicError, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [0]], [[1], [Math.E - 1]]); // 0.49999...
 * ```
 * @see Keras, `MeanSquaredLogarithmicError`
 */
export const meanSquaredLogarithmicError = meanLoss({
  name: "meanSquaredLogarithmicError",
  defaults: NO_OPTIONS,
  of(yTrue, yPred) {
    const [y, p] = [maximum(yTrue, EPSILON), maximum(yPred, EPSILON)];
    // |log(1 + p) − log(1 + y)|, without the cancellation of two logarithms
    return square(log1p(div(abs(sub(p, y)), add(minimum(p, y), 1))));
  },
});

/** Options of `huber`. */
export interface HuberOptions {
  /** The size of an error above which the loss is linear, above 0. Default 1. */
  readonly delta?: number;
}

const HUBER: Required<HuberOptions> = { delta: 1 };

/**
 * Mean of ½e² for errors e = ŷ − y up to `delta` in size, and of delta (|e| − ½ delta) for larger ones, so
 * that outliers count less than in a squared error.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.huber, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[0], [5]]); // 1.5
 * ```
 * @see P. Huber, "Robust estimation of a location parameter", 1964; Keras, `Huber`
 */
export const huber = meanLoss({
  name: "huber",
  defaults: HUBER,
  ranges: { delta: "(0, ∞)" },
  of(yTrue, yPred, { delta }) {
    const error = abs(sub(yPred, yTrue));
    const within = minimum(error, delta);
    return mul(within, sub(error, mul(0.5, within)));
  },
});

/** From here, log cosh x equals x − log 2, also in float64. */
const LINEAR = 20;

/**
 * Mean of log cosh(ŷ − y) over the batch and its units: about ½e² for small errors, |e| − log 2 for large
 * ones.
 *
 * @example
 * ```ts
 * const loss = compile(losses.logCosh, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[1], [3]]); // 0.21689...
 * ```
 * @see Keras, `LogCosh`
 */
export const logCosh = meanLoss({
  name: "logCosh",
  defaults: NO_OPTIONS,
  of(yTrue, yPred) {
    const error = abs(sub(yPred, yTrue));
    // cosh x = 1 + t²/2(1 + t), t = eˣ − 1
    const t = expm1(minimum(error, LINEAR));
    return add(log1p(mul(0.5, mul(t, div(t, add(t, 1))))), sub(maximum(error, LINEAR), LINEAR));
  },
});

/** Options of `quantile`. */
export interface QuantileOptions {
  /** Which quantile to predict, in (0, 1). Default 0.5, the median. */
  readonly quantile?: number;
}

const QUANTILE: Required<QuantileOptions> = { quantile: 0.5 };

/**
 * Mean of q (y − ŷ) if the truth is above the prediction and of (1 − q) (ŷ − y) if it is below, over the
 * batch and its units: the pinball loss. The prediction that minimizes it is the q-quantile of the truths.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.quantile({ quantile: 0.75 }), [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[3], [0]]); // 1
 * ```
 * @see R. Koenker and G. Bassett, "Regression quantiles", 1978; scikit-learn, `mean_pinball_loss`
 */
export const quantile = meanLoss({
  name: "quantile",
  defaults: QUANTILE,
  ranges: { quantile: "(0, 1)" },
  of(yTrue, yPred, { quantile: q }) {
    const above = sub(yTrue, yPred);
    return add(mul(q, relu(above)), mul(1 - q, relu(neg(above))));
  },
});

/**
 * Mean of ŷ − y log(ŷ + 1e-7) over the batch and its units: the negative log-likelihood of counts, up to a
 * number that does not depend on the prediction. Predictions must be at least 0, as from `softplus`.
 *
 * @example
 * ```ts
 * const loss = compile(losses.poisson, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[0], [3]], [[2], [1]]); // 1.49999...
 * ```
 * @see Keras, `Poisson`
 */
export const poisson = meanLoss({
  name: "poisson",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => sub(yPred, mul(yTrue, log(add(yPred, EPSILON)))),
});

/**
 * Mean over rows of −cos of the angle between truth and prediction: −1 if they point in the same direction, 1
 * if in opposite ones. A row of zeros gives 0. The length of a prediction does not matter.
 *
 * @example
 * ```ts
 * const loss = compile(losses.cosineSimilarity, [2, 2], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[1, 0], [0, 2]], [[3, 0], [1, 0]]); // -0.5
 * ```
 * @see Keras, `CosineSimilarity`
 */
export const cosineSimilarity = meanLoss({
  name: "cosineSimilarity",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => neg(sum(mul(unit(yTrue), unit(yPred)), -1)),
});

/** Rows of length 1; shorter than 1e-7, they are divided by that. */
const unit = (x: Value): Value => div(x, sqrt(maximum(sum(square(x), -1, true), EPSILON * EPSILON)));
