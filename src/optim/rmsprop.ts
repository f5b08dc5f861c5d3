/** RMSProp, plain, centered and with momentum. */

import { add, div, maximum, minimum, mul, neg, sqrt, square, sub, zerosLike } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { defineBuiltIn } from "./define.js";
import { movingAverage } from "./terms.js";

/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * RMSProp: the gradient over its root mean square, v ← ρv + (1 − ρ)g² from 0.
 *
 * | convention | rule | with `momentum` | denominator d | `centered` |
 * |---|---|---|---|---|
 * | `"keras"` | w ← w − lr·g/d | b ← μb + lr·g/d; w ← w − b | √(v + ε) | √(v − ḡ² + ε) |
 * | `"torch"` | w ← w − lr·g/d | b ← μb + g/d; w ← w − lr·b | √v + ε | √(v − ḡ²) + ε |
 *
 * ḡ ← ρḡ + (1 − ρ)g, so v − ḡ² estimates the gradient's variance. If rounding makes
 * it negative, it is 0 here, where Keras and PyTorch give NaN.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.01); `rho` ρ in [0, 1), default 0.9 (torch
 * 0.99, where it is called alpha); `momentum` μ in [0, 1), default 0; `epsilon` ε in [0, ∞), default 1e-7
 * (torch 1e-8); `weightDecay` in [0, ∞), default 0. Flags: `centered`, default false.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012; A.
 * Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850, 2013 (centered)
 * @example
 * ```ts
 * const optimizer = rmsprop({ learningRate: 0.01, momentum: 0.9, centered: true });
 * optimizer.hyperparameters.rho; // 0.9
 * ```
 */
export const rmsprop = defineBuiltIn({
  name: "rmsprop",
  hyperparameters: (convention) =>
    convention === "keras"
      ? { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 }
      : { learningRate: 0.01, rho: 0.99, momentum: 0, epsilon: 1e-8 },
  ranges: { rho: "[0, 1)", momentum: "[0, 1)", epsilon: "[0, ∞)" },
  flags: { centered: false },
  traits: ({ momentum }) => ({ usesMomentum: momentum !== 0 }),
  init: ({ parameter, options }) => ({
    v: zerosLike(parameter),
    ...(options.centered ? { mean: zerosLike(parameter) } : {}),
    ...(options.usesMomentum ? { velocity: zerosLike(parameter) } : {}),
  }),
  update({ gradient: g, slots: old, hyperparameters, options }) {
    const { learningRate, rho, momentum, epsilon } = hyperparameters;
    const slots: Record<string, Value> = { v: movingAverage(old.v, square(g), rho) };
    if (options.centered) slots.mean = movingAverage(old.mean, g, rho);
    // where squares overflow, ∞ − ∞ would be NaN
    const variance = options.centered
      ? maximum(sub(slots.v, minimum(square(slots.mean), LARGEST)), 0)
      : slots.v;

    // keras keeps the learning rate inside the momentum buffer, torch outside
    const inside = options.convention === "keras";
    const step = inside
      ? div(mul(learningRate, g), sqrt(add(variance, epsilon)))
      : div(g, add(sqrt(variance), epsilon));
    if (options.usesMomentum) slots.velocity = add(mul(momentum, old.velocity), step);
    const total = options.usesMomentum ? slots.velocity : step;
    return { update: neg(inside ? total : mul(learningRate, total)), slots };
  },
});
