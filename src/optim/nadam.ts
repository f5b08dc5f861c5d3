/** Nadam. */

import { add, constant, div, mul, neg, pow, sqrt, square, sub, zerosLike } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { defineBuiltIn } from "./define.js";
import { gatheredWeight, movingAverage } from "./terms.js";

/**
 * Nadam: Adam with Nesterov's momentum, which grows over the first steps.
 *
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², both from 0. With μₜ = β₁(1 − ½·0.96^(tψ)) at step t and
 * Πₜ = μ₁μ₂…μₜ:
 *
 * w ← w − lr · (μₜ₊₁m/(1 − Πₜ₊₁) + (1 − μₜ)g/(1 − Πₜ)) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * Both conventions follow it and differ in the defaults only: Keras has no ψ, which is ψ = 1.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.002); `beta1`, `beta2` in [0, 1), default 0.9
 * and 0.999; `epsilon` ε in [0, ∞), default 1e-7 (torch 1e-8); `momentumDecay` ψ in [0, ∞), default 1 (torch
 * 0.004, as in the paper); `weightDecay` in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop
 * @example
 * ```ts
 * const optimizer = nadam({ learningRate: 0.002 });
 * optimizer.hyperparameters.momentumDecay; // 1
 * ```
 */
export const nadam = defineBuiltIn({
  name: "nadam",
  hyperparameters: (convention) =>
    convention === "keras"
      ? { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, momentumDecay: 1 }
      : { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004 },
  ranges: { beta1: "[0, 1)", beta2: "[0, 1)", epsilon: "[0, ∞)", momentumDecay: "[0, ∞)" },
  init: ({ parameter }) => ({
    m: zerosLike(parameter),
    v: zerosLike(parameter),
    product: constant(parameter.graph, 1),
  }),
  update({ gradient: g, slots, hyperparameters, step }) {
    const { learningRate, beta1, beta2, epsilon, momentumDecay } = hyperparameters;
    const momentum = (t: Value): Value => mul(beta1, sub(1, mul(0.5, pow(0.96, mul(t, momentumDecay)))));
    const [now, next] = [momentum(step), momentum(add(step, 1))];
    const product = mul(slots.product, now);
    const m = movingAverage(slots.m, g, beta1);
    const v = movingAverage(slots.v, square(g), beta2);
    const ahead = add(
      mul(div(next, sub(1, mul(product, next))), m),
      mul(div(sub(1, now), sub(1, product)), g),
    );
    const root = sqrt(div(v, gatheredWeight(beta2, step)));
    return { update: neg(mul(learningRate, div(ahead, add(root, epsilon)))), slots: { m, v, product } };
  },
});
