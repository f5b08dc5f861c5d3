/** Adagrad. */
import { must } from "../errors.js";
import { add, div, fullLike, mul, neg, sqrt, square, sub } from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";

/**
 * Adagrad: the gradient over the root of the sum of all its past squares, a ← a + g².
 *
 * | convention | rule |
 * |---|---|
 * | `"keras"` | w ← w − lr·g/√(a + ε) |
 * | `"torch"` | w ← w − lrₜ·g/(√a + ε), lrₜ = lr/(1 + (t − 1)·learningRateDecay) at step t |
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.01); `initialAccumulatorValue`, the start of
 * a, in [0, ∞), default 0.1 (torch 0); `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-10); `learningRateDecay`
 * in [0, ∞), default 0, torch only; `weightDecay` in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range,
 * or a learningRateDecay in convention `"keras"`
 * @see J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
 * optimization", JMLR 12, 2011
 * @example
 * ```ts
 * const optimizer = adagrad({ learningRate: 0.1 });
 * optimizer.hyperparameters.initialAccumulatorValue; // 0.1
 * ```
 */
export const adagrad = defineBuiltIn({
  name: "adagrad",
  hyperparameters: (convention) =>
    convention === "keras"
      ? { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7, learningRateDecay: 0 }
      : { learningRate: 0.01, initialAccumulatorValue: 0, epsilon: 1e-10, learningRateDecay: 0 },
  ranges: { initialAccumulatorValue: "[0, ∞)", epsilon: "[0, ∞)", learningRateDecay: "[0, ∞)" },
  validate({ learningRateDecay }, { convention }) {
    must(
      learningRateDecay === 0 || convention === "torch",
      "learningRateDecay of adagrad",
      '0 unless convention is "torch"',
      learningRateDecay,
    );
  },
  init: ({ parameter, hyperparameters }) => ({
    accumulator: fullLike(parameter, hyperparameters.initialAccumulatorValue),
  }),
  update({ gradient: g, slots, hyperparameters, options, step }) {
    const { learningRate, epsilon, learningRateDecay } = hyperparameters;
    const accumulator = add(slots.accumulator, square(g));
    if (options.convention === "keras") {
      const update = neg(div(mul(learningRate, g), sqrt(add(accumulator, epsilon))));
      return { update, slots: { accumulator } };
    }
    const rate = div(learningRate, add(1, mul(sub(step, 1), learningRateDecay)));
    return { update: neg(div(mul(rate, g), add(sqrt(accumulator), epsilon))), slots: { accumulator } };
  },
});
