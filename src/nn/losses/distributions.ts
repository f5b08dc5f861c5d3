/**
 * Losses of predicted normal distributions. The last axis of predictions holds the means, then as many
 * variances; truths have a number for each mean. Every export is a loss of the namespace `losses`.
 */
import { check } from "../../errors.js";
import {
  add,
  constant,
  div,
  erf,
  exp,
  greaterEqual,
  log,
  maximum,
  mul,
  select,
  slice,
  sqrt,
  square,
  stopGradient,
  sub,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { meanLoss } from "./loss.js";

/** Options of `gaussianCrps`. */
export interface GaussianOptions {
  /**
   * Whether predictions hold logarithms of variances, which may be any numbers, instead of variances.
   * Default false.
   */
  readonly fromLogVariance?: boolean;
  /** Smaller variances count as this one, above 0. Default 1e-6. */
  readonly epsilon?: number;
}

/** Options of `gaussianNll`. */
export interface GaussianNllOptions extends GaussianOptions {
  /** Whether the constant ½ log 2π is added. Default false. */
  readonly full?: boolean;
}

const GAUSSIAN: Required<GaussianOptions> = { fromLogVariance: false, epsilon: 1e-6 };
const GAUSSIAN_NLL: Required<GaussianNllOptions> = { ...GAUSSIAN, full: false };
const RANGES = { epsilon: "(0, ∞)" } as const;

/** ½ log 2π */
const HALF_LOG_TWO_PI = 0.9189385332046728;
const SQRT_TWO_OVER_PI = 0.7978845608028654;
const ONE_OVER_SQRT_PI = 0.5641895835477563;

/**
 * Mean over the batch and its means μ of ½ (log σ² + (y − μ)² / σ²): the negative log-likelihood of normal
 * distributions. Predictions hold k means, then k variances σ², [rows, 2k]; `yTrue` k numbers, [rows, k]. As
 * in PyTorch, a variance below `epsilon` counts as `epsilon`, and keeps its gradient there; a negative one,
 * which PyTorch refuses, gives NaN.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` for predictions
 * of an odd number of columns, and for truths of another number than half of it
 * @example
 * ```ts
 * const loss = compile(losses.gaussianNll, [2, 1], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[0, 1], [4, 4]]); // 0.84657...
 * ```
 * @see D. Nix and A. Weigend, "Estimating the mean and variance of the target probability distribution",
 * ICNN 1994; PyTorch, `GaussianNLLLoss`
 */
export const gaussianNll = meanLoss({
  name: "gaussianNll",
  defaults: GAUSSIAN_NLL,
  ranges: RANGES,
  of(yTrue, yPred, { full, ...options }) {
    const { error, variance, logVariance } = moments(yTrue, yPred, options);
    const loss = mul(0.5, add(logVariance, div(square(error), variance)));
    return full ? add(loss, HALF_LOG_TWO_PI) : loss;
  },
});

/**
 * Mean over the batch and its means μ of the continuous ranked probability score of a normal distribution,
 * ∫ (Φ((t − μ)/σ) − [t ≥ y])² dt = e erf(z/√2) + σ (√(2/π) exp(−z²/2) − 1/√π), e = y − μ, z = e/σ. It has the
 * unit of the targets, is |y − μ| for a variance near 0, and depends less on outliers than
 * {@link gaussianNll}. Predictions and truths are as there.
 *
 * @throws FettleError as {@link gaussianNll}
 * @example
 * ```ts
 * const loss = compile(losses.gaussianCrps, [2, 1], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[0], [2]], [[0, 1], [4, 4]]); // 0.71928...
 * ```
 * @see T. Gneiting and A. Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007,
 * equation 21; T. Gneiting and others, "Calibrated probabilistic forecasting using ensemble model output
 * statistics and minimum CRPS estimation", 2005, equation 5
 */
export const gaussianCrps = meanLoss({
  name: "gaussianCrps",
  defaults: GAUSSIAN,
  ranges: RANGES,
  of(yTrue, yPred, options) {
    const { error, variance } = moments(yTrue, yPred, options);
    const deviation = sqrt(variance);
    const z = div(error, deviation);
    const spread = sub(mul(SQRT_TWO_OVER_PI, exp(mul(-0.5, square(z)))), ONE_OVER_SQRT_PI);
    return add(mul(error, erf(mul(z, Math.SQRT1_2))), mul(deviation, spread));
  },
});

/** The errors of predicted means, and their variances. */
function moments(
  yTrue: Value,
  yPred: Value,
  { fromLogVariance, epsilon }: Required<GaussianOptions>,
): Record<"error" | "variance" | "logVariance", Value> {
  const { shape, graph } = yPred;
  const [last, columns] = [shape.length - 1, shape[shape.length - 1]];
  const half = columns / 2;
  check(
    Number.isInteger(half),
    () => `yPred of a loss of means and variances must have an even number of columns; received ${columns}`,
    "invalid_shape",
  );
  const halfOf = (x: Value, which: 0 | 1): Value =>
    slice(
      x,
      shape.map((_, axis) => (axis === last ? which * half : 0)),
      shape.with(last, half),
    );
  // the targets of `fit` are as wide as predictions
  const truth = yTrue.shape[last] === columns ? halfOf(yTrue, 0) : yTrue;
  check(
    truth.shape[last] === half,
    () => `yTrue must have ${half} columns, half as many as yPred; received ${truth.shape[last]}`,
    "invalid_shape",
  );
  const [error, given] = [sub(truth, halfOf(yPred, 0)), halfOf(yPred, 1)];
  const least = constant(graph, epsilon);
  if (fromLogVariance) {
    const logVariance = atLeast(given, log(least));
    return { error, logVariance, variance: exp(logVariance) };
  }
  const variance = atLeast(select(greaterEqual(given, 0), given, Number.NaN), least);
  return { error, variance, logVariance: log(variance) };
}

/** The larger of both, with the gradient of x, so that training leaves what is too small. */
const atLeast = (x: Value, least: Value): Value =>
  add(stopGradient(maximum(x, least)), sub(x, stopGradient(x)));
