/**
 * Losses of the overlap of truths and predictions, counted over the entire batch: not means over rows. A
 * row's weight is how often it counts. Every export is a loss of the namespace `losses`.
 *
 * Counts are soft: for a truth y and a probability p, y p is a hit, (1 − p) y a miss and p (1 − y) a false
 * alarm.
 */
import { must } from "../../errors.js";
import { add, div, mean, mul, sub, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { defineLoss, EPSILON, type LossFunction, NO_OPTIONS, weightsBeside } from "./loss.js";
import { complement } from "./probabilities.js";

/**
 * Hits, and errors: `alpha` times false alarms and `beta` times misses; summed over `axis`, all axes if it is
 * left out.
 */
function count(
  [yTrue, yPred, weights]: readonly [Value, Value, Value | undefined],
  alpha: number,
  beta: number,
  axis?: number,
): [hits: Value, errors: Value] {
  const total = (x: Value): Value => sum(weights ? mul(weightsBeside(weights, x), x) : x, axis);
  const falseAlarms = mul(mul(alpha, sub(1, yTrue)), yPred);
  const misses = mul(mul(beta, yTrue), complement(yPred));
  return [total(mul(yTrue, yPred)), total(add(falseAlarms, misses))];
}

/** Options of `softF1`. */
export interface SoftF1Options {
  /** `"macro"`: the mean of F1 over units; `"micro"`: the F1 of all units together. Default `"macro"`. */
  readonly average?: "macro" | "micro";
}

const SOFT_F1: Required<SoftF1Options> = { average: "macro" };

/**
 * 1 − F1 with soft counts, so that it has a gradient: 1 − 2 Σ y p / Σ (y + p), the sums over the rows of the
 * batch. `yTrue`: 0 and 1, [rows, units], or one-hot rows; `yPred`: probabilities. A unit without truths and
 * predictions has 0.
 *
 * It is computed per batch, not as a mean over rows: a batch should have several rows of each class.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.softF1, [3, 1], [3, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [1], [0]], [[1], [0.5], [0.5]]); // 0.25
 * ```
 * @see scikit-learn, `f1_score`; G. Bénédict and others, "sigmoidF1", arXiv:2108.10566, 2021
 */
export const softF1 = defineLoss({
  name: "softF1",
  defaults: SOFT_F1,
  make({ average }) {
    must(average === "macro" || average === "micro", "average", '"macro" or "micro"', average);
    const loss: LossFunction = (yTrue, yPred, weights) => {
      const axis = average === "macro" ? 0 : undefined;
      const [hits, errors] = count([yTrue, yPred, weights], 0.5, 0.5, axis);
      return mean(div(errors, add(add(hits, errors), EPSILON / 2)));
    };
    return loss;
  },
});

/** Options of `tversky`. */
export interface TverskyOptions {
  /** How much false alarms count, at least 0. Default 0.5. */
  readonly alpha?: number;
  /** How much misses count, at least 0. Default 0.5. */
  readonly beta?: number;
}

const TVERSKY: Required<TverskyOptions> = { alpha: 0.5, beta: 0.5 };

/** 1 − hits / (hits + errors + epsilon) */
const tverskyLoss =
  ({ alpha, beta }: Required<TverskyOptions>, epsilon: number): LossFunction =>
  (yTrue, yPred, weights) => {
    const [hits, errors] = count([yTrue, yPred, weights], alpha, beta);
    const wrong = add(errors, epsilon);
    return div(wrong, add(hits, wrong));
  };

/**
 * 1 − T / (T + alpha F + beta M + 1e-7), T being hits Σ y p, F false alarms Σ (1 − y) p and M misses Σ y (1 −
 * p), over all elements of the batch. `yTrue`: 0 and 1; `yPred`: probabilities.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.tversky({ alpha: 0.25, beta: 0.75 }), [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [0]], [[1], [1]]); // 0.20000...
 * ```
 * @see S. Salehi and others, arXiv:1706.05721, 2017; Keras, `Tversky`
 */
export const tversky = defineLoss({
  name: "tversky",
  defaults: TVERSKY,
  ranges: { alpha: "[0, ∞)", beta: "[0, ∞)" },
  make: (options) => tverskyLoss(options, EPSILON),
});

/**
 * 1 − 2 Σ y p / (Σ y + Σ p + 1e-7) over all elements of the batch. `yTrue`: 0 and 1; `yPred`: probabilities.
 *
 * @example
 * ```ts
 * const loss = compile(losses.dice, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [0]], [[1], [1]]); // 0.33333...
 * ```
 * @see Keras, `Dice`
 */
export const dice = defineLoss({
  name: "dice",
  defaults: NO_OPTIONS,
  make: () => tverskyLoss(TVERSKY, EPSILON / 2),
});
