/** Lion. */
import { mul, neg, sign, zerosLike } from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";
import { movingAverage } from "./terms.js";

/**
 * Lion: every weight moves by exactly the learning rate, in the direction of the sign of an average of
 * gradients.
 *
 * w ← w − lr·sign(β₁m + (1 − β₁)g); m ← β₂m + (1 − β₂)g, with m from 0. Weight decay is decoupled in both
 * conventions, as in the paper. PyTorch has no Lion: `"torch"` has the default of the authors' code.
 *
 * The authors advise a rate 3 to 10 times smaller than Adam's, and a weight decay larger by the same factor.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001 (torch 0.0001); `beta1`, `beta2` in [0, 1), default 0.9
 * and 0.99; `weightDecay` in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see X. Chen and others, "Symbolic discovery of optimization algorithms", NeurIPS 2023
 * @example
 * ```ts
 * const optimizer = lion({ learningRate: 1e-4, weightDecay: 0.1 });
 * optimizer.hyperparameters.beta2; // 0.99
 * ```
 */
export const lion = defineBuiltIn({
  name: "lion",
  hyperparameters: (convention) => ({
    learningRate: convention === "keras" ? 0.001 : 0.0001,
    beta1: 0.9,
    beta2: 0.99,
  }),
  ranges: { beta1: "[0, 1)", beta2: "[0, 1)" },
  decoupledWeightDecay: true,
  init: ({ parameter }) => ({ m: zerosLike(parameter) }),
  update({ gradient: g, slots: { m }, hyperparameters: { learningRate, beta1, beta2 } }) {
    const direction = sign(movingAverage(m, g, beta1));
    return { update: neg(mul(learningRate, direction)), slots: { m: movingAverage(m, g, beta2) } };
  },
});
