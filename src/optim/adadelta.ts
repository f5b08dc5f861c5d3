/** Adadelta. */
import { add, div, flushRoot, mul, neg, sqrt, square, zerosLike } from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";
import { movingAverage } from "./terms.js";

/**
 * Adadelta: the size of a step follows from the steps before it, so that no learning rate is needed.
 *
 * E ← ρE + (1 − ρ)g²; Δ = √((u + ε)/(E + ε)) · g; u ← ρu + (1 − ρ)Δ²; w ← w − lr·Δ, with E and u from 0.
 * Both conventions follow it and differ in the defaults only.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 1, as in the paper); `rho` ρ in [0, 1), default
 * 0.95 (torch 0.9); `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-6); `weightDecay` in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see M. Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, 2012
 * @example
 * ```ts
 * const optimizer = adadelta({ learningRate: 1 });
 * optimizer.hyperparameters.rho; // 0.95
 * ```
 */
export const adadelta = defineBuiltIn({
  name: "adadelta",
  hyperparameters: (convention) =>
    convention === "keras"
      ? { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 }
      : { learningRate: 1, rho: 0.9, epsilon: 1e-6 },
  ranges: { rho: "[0, 1)", epsilon: "[0, ∞)" },
  init: ({ parameter }) => ({ gradients: zerosLike(parameter), updates: zerosLike(parameter) }),
  update({ gradient: g, slots, hyperparameters: { learningRate, rho, epsilon } }) {
    const gradients = movingAverage(slots.gradients, square(g), rho);
    const delta = flushRoot(mul(sqrt(div(add(slots.updates, epsilon), add(gradients, epsilon))), g));
    const updates = movingAverage(slots.updates, square(delta), rho);
    return { update: neg(mul(learningRate, delta)), slots: { gradients, updates } };
  },
});
