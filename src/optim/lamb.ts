/** LAMB. */
import { add, div, greater, mul, neg, select, sqrt, square, sum, zerosLike } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { defineBuiltIn } from "./define.js";
import { gatheredWeight, movingAverage } from "./terms.js";

/**
 * LAMB: Adam's step u for each array, such as the kernel of a layer, scaled to the size of the array.
 *
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², both from 0; u = m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ =
 * v/(1 − β₂ᵗ); w ← w − lr · ‖w‖/‖u‖ · u. The ratio is 1 if either norm is 0, so that biases can leave 0.
 *
 * Both conventions follow Keras 3, whose weight decay comes before the step; the paper adds wd·w to u.
 * PyTorch has no LAMB:
 * `"torch"` has the ε of the authors' code.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001; `beta1`, `beta2` in [0, 1), default 0.9 and 0.999;
 * `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-6); `weightDecay` in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see Y. You and others, "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR
 * 2020
 * @example
 * ```ts
 * const optimizer = lamb({ learningRate: 0.01 });
 * optimizer.perArray; // true
 * ```
 */
export const lamb = defineBuiltIn({
  name: "lamb",
  hyperparameters: (convention) => ({
    learningRate: 0.001,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: convention === "keras" ? 1e-7 : 1e-6,
  }),
  ranges: { beta1: "[0, 1)", beta2: "[0, 1)", epsilon: "[0, ∞)" },
  decoupledWeightDecay: true,
  perArray: true,
  init: ({ parameter }) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update({ parameter, gradient: g, slots, hyperparameters, step }) {
    const { learningRate, beta1, beta2, epsilon } = hyperparameters;
    const m = movingAverage(slots.m, g, beta1);
    const v = movingAverage(slots.v, square(g), beta2);
    const root = add(sqrt(div(v, gatheredWeight(beta2, step))), epsilon);
    const u = div(div(m, gatheredWeight(beta1, step)), root);
    const [w, size] = [norm(parameter), norm(u)];
    const ratio = select(greater(w, 0), select(greater(size, 0), div(w, size), 1), 1);
    return { update: neg(mul(mul(ratio, learningRate), u)), slots: { m, v } };
  },
});

const norm = (x: Value): Value => sqrt(sum(square(x)));
