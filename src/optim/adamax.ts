/** Adamax. */
import { abs, add, div, maximum, mul, neg, zerosLike } from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";
import { gatheredWeight, movingAverage } from "./terms.js";

/**
 * Adamax: Adam with a decaying maximum of |g| in place of the root mean square.
 *
 * m ← β₁m + (1 − β₁)g from 0 and, at step t:
 *
 * | convention | largest gradient u, from 0 | rule |
 * |---|---|---|
 * | `"keras"` | u ← max(β₂u, \|g\|) | w ← w − lr/(1 − β₁ᵗ) · m/(u + ε) |
 * | `"torch"` | u ← max(β₂u, \|g\| + ε) | w ← w − lr/(1 − β₁ᵗ) · m/u |
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.002, as in the paper); `beta1`, `beta2` in [0,
 * 1), default 0.9 and 0.999; `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-8); `weightDecay` in [0, ∞),
 * default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see D. Kingma and J. Ba, "Adam: a method for stochastic optimization", section 7.1, ICLR 2015
 * @example
 * ```ts
 * const optimizer = adamax({ learningRate: 0.002 });
 * optimizer.hyperparameters.beta2; // 0.999
 * ```
 */
export const adamax = defineBuiltIn({
  name: "adamax",
  hyperparameters: (convention) =>
    convention === "keras"
      ? { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }
      : { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ranges: { beta1: "[0, 1)", beta2: "[0, 1)", epsilon: "[0, ∞)" },
  init: ({ parameter }) => ({ m: zerosLike(parameter), u: zerosLike(parameter) }),
  update({ gradient: g, slots, hyperparameters, options, step }) {
    const { learningRate, beta1, beta2, epsilon } = hyperparameters;
    const inside = options.convention === "torch";
    const m = movingAverage(slots.m, g, beta1);
    const u = maximum(mul(beta2, slots.u), inside ? add(abs(g), epsilon) : abs(g));
    const rate = div(learningRate, gatheredWeight(beta1, step));
    return { update: neg(mul(rate, div(m, inside ? u : add(u, epsilon)))), slots: { m, u } };
  },
});
