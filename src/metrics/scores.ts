/** Scores of one output of quantities, which the metrics of quantities average, and their parts. */
import { log, log1p, pow } from "../numerics/special.js";
import { ranked } from "./curve.js";
import type { Score } from "./define.js";

type WeightOf = Parameters<Score>[2];

/** The weighted mean over rows of a term, which may be NaN in a row of weight 0. */
export function mean(term: (y: number, guess: number) => number): Score {
  return (yTrue, yPred, weightOf) => {
    let [sum, all] = [0, 0];
    for (let row = 0; row < yTrue.length; row++) {
      const weight = weightOf(row);
      if (weight === 0) continue;
      sum += weight * term(yTrue[row], yPred[row]);
      all += weight;
    }
    return sum / all;
  };
}

export const squaredError = mean((y, guess) => (y - guess) * (y - guess));
export const absoluteError = mean((y, guess) => Math.abs(y - guess));
export const meanOf = (values: Float64Array, weightOf: WeightOf): number =>
  mean((y) => y)(values, values, weightOf);

export const rootOf =
  (score: Score): Score =>
  (...of) =>
    Math.sqrt(score(...of));

/** The larger; NaN if one is. */
export const worst = (a: number, b: number): number => (b > a || Number.isNaN(b) ? b : a);

/**
 * The weighted quantile α of the rows: the middle of the numbers with the least {@link pinball} error. NaN if
 * one is.
 */
export const quantile =
  (alpha: number) =>
  (values: Float64Array, weightOf: WeightOf): number => {
    if (values.includes(Number.NaN)) return Number.NaN;
    const { levels, places } = ranked(values);
    const weights = new Float64Array(levels.length);
    let all = 0;
    for (const [row, place] of places.entries()) {
      weights[place] += weightOf(row);
      all += weightOf(row);
    }
    // a sum in another order may be slightly below the total, by rounding
    let [sum, k] = [weights[0], 0];
    while (sum < alpha * all && k < levels.length - 1) sum += weights[++k];
    const next = sum > alpha * all ? k : weights.findIndex((weight, at) => at > k && weight > 0);
    return next < 0 ? levels[k] : (levels[k] + levels[next]) / 2;
  };

export const median = quantile(0.5);

/** α·(y − ŷ) if ŷ is too low, (1 − α)·(ŷ − y) if it is too high. */
export const pinball = (alpha: number): Score =>
  mean((y, guess) => (y > guess ? alpha : alpha - 1) * (y - guess));

export const squaredLogError = mean((y, guess) => {
  const error = log1p(y) - (guess < 0 ? Number.NaN : log1p(guess));
  return error * error;
});

/** @see scikit-learn, `mean_tweedie_deviance` */
export function tweedie(power: number): Score {
  if (power === 0) return squaredError;
  const [a, b] = [1 - power, 2 - power];
  return mean((y, guess) => {
    if (!(guess > 0)) return Number.NaN;
    if (power === 1) return 2 * ((y === 0 ? 0 : y * log(y / guess)) - y + guess);
    if (power === 2) return 2 * (log(guess / y) + y / guess - 1);
    return 2 * (pow(Math.max(y, 0), b) / (a * b) - (y * pow(guess, a)) / a + pow(guess, b) / b);
  });
}

export const explained: Score = (yTrue, yPred, weightOf) => {
  const variance = (values: Float64Array): number =>
    squaredError(values, constant(values, meanOf(values, weightOf)), weightOf);
  return share(variance(yTrue.map((y, i) => y - yPred[i])), variance(yTrue));
};

/** 1 − the error / that of the best constant. */
export function skill(error: Score, best: (yTrue: Float64Array, weightOf: WeightOf) => number): Score {
  return (yTrue, yPred, weightOf) =>
    share(error(yTrue, yPred, weightOf), error(yTrue, constant(yTrue, best(yTrue, weightOf)), weightOf));
}

const constant = (like: Float64Array, value: number): Float64Array =>
  new Float64Array(like.length).fill(value);

/** 1 − part / total; if the total is 0: 1 if the part is 0 too, otherwise 0. */
function share(part: number, whole: number): number {
  if (whole > 0 || Number.isNaN(part)) return 1 - part / whole;
  return part === 0 ? 1 : 0;
}
