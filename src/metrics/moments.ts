/** Metrics of predicted normal distributions: the losses of that kind, in float64. */
import { check } from "../errors.js";
import { erf, exp, log } from "../numerics/special.js";
import type { Metric } from "./metric.js";

const HALF_LOG_TWO_PI = 0.9189385332046727;
const SQRT_TWO_OVER_PI = 0.7978845608028654;
const ONE_OVER_SQRT_PI = 0.5641895835477563;

/** The score of one number. */
type Term = (error: number, variance: number) => number;

/** ½ (log σ² + e²/σ²) */
const nll: Term = (error, variance) => (log(variance) + (error * error) / variance) / 2;

/** e erf(z/√2) + σ (√(2/π) exp(−z²/2) − 1/√π), z = e/σ */
const crps: Term = (error, variance) => {
  const deviation = Math.sqrt(variance);
  const z = error / deviation;
  const spread = SQRT_TWO_OVER_PI * exp((-z * z) / 2) - ONE_OVER_SQRT_PI;
  return error * erf(z * Math.SQRT1_2) + deviation * spread;
};

/** Metrics by the names of their losses. */
const TERMS = { gaussianNll: nll, gaussianCrps: crps };

/**
 * The metric of a loss of distributions: its mean over rows and outputs, in the units of the target.
 *
 * @param full - whether the constant ½ log 2π is added to `gaussianNll`
 * @see `src/nn/losses/distributions.ts`
 */
export function momentsMetric(name: keyof typeof TERMS, full: boolean): Metric {
  const term = TERMS[name];
  const constant = full ? HALF_LOG_TWO_PI : 0;
  return {
    name,
    direction: "minimize",
    tasks: ["regression"],
    truths: "quantities",
    predictions: "moments",
    compute(yTrue, yPred, outputs, weights) {
      check(
        yPred.length === 2 * yTrue.length,
        () =>
          `predictions for ${name} must be ${2 * outputs} numbers a row; received ${yPred.length} numbers`,
        "invalid_shape",
      );
      let [sum, all] = [0, 0];
      for (let row = 0; row < yTrue.length / outputs; row++) {
        const weight = weights?.[row] ?? 1;
        if (weight === 0) continue;
        all += weight * outputs;
        for (let j = 0; j < outputs; j++) {
          const mean = 2 * row * outputs + j;
          sum += weight * term(yTrue[row * outputs + j] - yPred[mean], yPred[mean + outputs]);
        }
      }
      return sum / all + constant;
    },
  };
}
