/** Adam and AMSGrad. */
import { add, div, maximum, mul, neg, sqrt, square, zerosLike } from "../graph/functions.js";
import { defineBuiltIn, type OptimizerDefinition } from "./define.js";
import { gatheredWeight, movingAverage } from "./terms.js";

/** The definition of Adam; AdamW differs only in its weight decay. */
export const adamDefinition: OptimizerDefinition<"learningRate" | "beta1" | "beta2" | "epsilon", "amsgrad"> =
  {
    name: "adam",
    hyperparameters: (convention) => ({
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: convention === "keras" ? 1e-7 : 1e-8,
    }),
    ranges: { beta1: "[0, 1)", beta2: "[0, 1)", epsilon: "[0, ∞)" },
    flags: { amsgrad: false },
    init({ parameter, options }) {
      const [m, v] = [zerosLike(parameter), zerosLike(parameter)];
      return options.amsgrad ? { m, v, vMax: zerosLike(parameter) } : { m, v };
    },
    update({ gradient: g, slots, hyperparameters, options, step }) {
      const { learningRate, beta1, beta2, epsilon } = hyperparameters;
      const m = movingAverage(slots.m, g, beta1);
      const v = movingAverage(slots.v, square(g), beta2);
      const vMax = options.amsgrad ? maximum(slots.vMax, v) : v;
      const rate = div(learningRate, gatheredWeight(beta1, step));
      const correction = sqrt(gatheredWeight(beta2, step));
      const update =
        options.convention === "keras"
          ? neg(mul(mul(rate, correction), div(m, add(sqrt(vMax), epsilon))))
          : neg(mul(rate, div(m, add(div(sqrt(vMax), correction), epsilon))));
      return { update, slots: options.amsgrad ? { m, v, vMax } : { m, v } };
    },
  };

/**
 * Adam: a step of about the learning rate in each coordinate, along the mean gradient over its root mean
 * square.
 *
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², both from 0, with a correction for it at step t:
 *
 * | convention | rule |
 * |---|---|
 * | `"keras"` | w ← w − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε), the form before the paper's section 2.1 |
 * | `"torch"` | w ← w − lr · m̂/(√v/√(1 − β₂ᵗ) + ε), m̂ = m/(1 − β₁ᵗ), the paper's algorithm 1 |
 *
 * They differ in where ε is added. With `amsgrad`, v in the rule is the largest v so far, which is not
 * corrected before the maximum is taken, in either convention.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001; `beta1`, `beta2` in [0, 1), default 0.9 and 0.999;
 * `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-8); `weightDecay` in [0, ∞), default 0. Flags: `amsgrad`,
 * default false.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; S. Reddi, S. Kale and S.
 * Kumar, "On the convergence of Adam and beyond", ICLR 2018
 * @example
 * ```ts
 * const optimizer = adam({ learningRate: 3e-4, amsgrad: true });
 * optimizer.hyperparameters.beta1; // 0.9
 * ```
 */
export const adam = defineBuiltIn(adamDefinition);
