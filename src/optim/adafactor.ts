/** Adafactor. */
import {
  add,
  div,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  type Operand,
  pow,
  sqrt,
  square,
  sub,
  sum,
  zerosLike,
} from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { defineBuiltIn } from "./define.js";
import { movingAverage } from "./terms.js";

/** Between them, products of row and column neither overflow nor vanish in float32. */
const [LEAST, MOST] = [1e-37, 2 ** 100];

/**
 * Adafactor: Adam's mean squares, stored for a matrix only as means of its rows r and columns c, and steps in
 * proportion to the size of each array.
 *
 * With β = 1 − t^`beta2Decay` at step t: r ← βr + (1 − β)·(mean of g² over each row), c likewise, both from
 * 0, and v = r cᵀ/(mean of r); for vectors v ← βv + (1 − β)g². Then u = g/√v, and w ← w − α·u/max(1,
 * RMS(u)/`clipThreshold`), where α = max(ε₂, RMS(w)) · min(lr, 1/√t).
 *
 * | convention | where it differs |
 * |---|---|
 * | `"keras"` | ε₁ is added to g²; RMS(w) is taken after weight decay |
 * | `"torch"` | v is at least ε₁², the mean of r at least ε₁; RMS(w) is taken before weight decay |
 *
 * Squares of gradients count as at most 2¹⁰⁰ and v as at least 1e-37, so that float32 neither overflows nor
 * vanishes.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.01); `beta2Decay` in [−1, 0], default −0.8;
 * `epsilon1` ε₁ in (0, ∞), default 1e-30 (torch 2⁻²³); `epsilon2` ε₂ in [0, ∞), default 0.001;
 * `clipThreshold` in (0, ∞), default 1; `weightDecay` in [0, ∞), default 0. Keras' `relative_step` changes
 * nothing in Keras, and is not here.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see N. Shazeer and M. Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018
 * @example
 * ```ts
 * const optimizer = adafactor({ learningRate: 0.01 });
 * optimizer.hyperparameters.beta2Decay; // -0.8
 * ```
 */
export const adafactor = defineBuiltIn({
  name: "adafactor",
  hyperparameters: (convention) => ({
    learningRate: convention === "keras" ? 0.001 : 0.01,
    beta2Decay: -0.8,
    epsilon1: convention === "keras" ? 1e-30 : 2 ** -23,
    epsilon2: 0.001,
    clipThreshold: 1,
  }),
  ranges: {
    beta2Decay: "[-1, 0]",
    epsilon1: "(0, ∞)",
    epsilon2: "[0, ∞)",
    clipThreshold: "(0, ∞)",
  },
  decoupledWeightDecay: true,
  appliesWeightDecay: true,
  perArray: true,
  // r [m, 1] and c [1, n]
  init: ({ parameter: w }): Record<string, Value> =>
    w.shape.length < 2
      ? { v: zerosLike(w) }
      : { r: zerosLike(sum(w, -1, true)), c: zerosLike(sum(w, -2, true)) },
  update({ parameter: w, gradient: g, slots, hyperparameters, options, step, decay }) {
    const { learningRate, beta2Decay, epsilon1, epsilon2, clipThreshold } = hyperparameters;
    const isKeras = options.convention === "keras";
    const beta = sub(1, pow(step, beta2Decay));
    const squares = minimum(isKeras ? add(square(g), epsilon1) : square(g), MOST);
    const followed = (name: string, x: Value): Value => movingAverage(slots[name], x, beta);
    const next: Record<string, Value> = slots.v
      ? { v: followed("v", squares) }
      : { r: followed("r", mean(squares, -1, true)), c: followed("c", mean(squares, -2, true)) };
    const { v = outer(next.r, next.c, isKeras ? 0 : epsilon1) } = next;
    const u = div(g, sqrt(maximum(v, isKeras ? LEAST : maximum(square(epsilon1), LEAST))));
    const rate = minimum(learningRate, div(1, sqrt(step)));
    const lost = decay && mul(mul(learningRate, decay), w);
    const size = rms(lost && isKeras ? sub(w, lost) : w);
    const alpha = mul(maximum(epsilon2, size), rate);
    const moved = mul(div(alpha, maximum(1, div(rms(u), clipThreshold))), u);
    return { update: neg(lost ? add(lost, moved) : moved), slots: next };
  },
});

/** The estimate for each number from the means of rows and columns. */
const outer = (r: Value, c: Value, least: Operand): Value =>
  mul(div(r, maximum(mean(r, -2, true), least)), c);

const rms = (x: Value): Value => sqrt(mean(square(x)));
