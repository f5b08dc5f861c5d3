/** Schedule-free AdamW. */
import {
  add,
  constant,
  div,
  maximum,
  minimum,
  mul,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";
import { EVALUATION } from "./ema.js";
import { gatheredWeight, movingAverage, noTerms, runningSum, totalOf } from "./terms.js";

/**
 * Schedule-free AdamW: AdamW without momentum takes steps z, gradients are taken at points y between z and
 * the average x of all z, and x is the model. It needs neither a schedule nor the number of steps in advance.
 *
 * At step t: γ = lr·min(1, t/`warmupSteps`); v ← β₂v + (1 − β₂)g² from 0, u = g/(√(v/(1 − β₂ᵗ)) + ε) + wd·y;
 * z ← z − γu; x ← (1 − c)x + cz; y ← (1 − β₁)z + β₁x. Gradients g are those at y; `evaluate`, `predict`,
 * validation and `getWeights` see x.
 *
 * | convention | weight c of z |
 * |---|---|
 * | `"keras"` | 1/t |
 * | `"torch"`, as the authors' code | Γ²/ΣΓ² over all steps, Γ being the largest γ so far |
 *
 * They agree while γ is constant. In Keras, weight decay changes only y; here it acts on z in both
 * conventions, as in the authors' code.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.0025; `beta1` in [0, 1), default 0.9; `beta2` in [0, 1),
 * default 0.999; `epsilon` ε in [0, ∞), default 1e-8; `warmupSteps` in [0, ∞), default 0; `weightDecay` wd in
 * [0, ∞), default 0. `useEma` is refused when training starts.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see A. Defazio and others, "The road less scheduled", NeurIPS 2024,
 * https://github.com/facebookresearch/schedule_free
 * @example
 * ```ts
 * const optimizer = scheduleFreeAdamW({ learningRate: 0.01, warmupSteps: 100 });
 * optimizer.hyperparameters.beta1; // 0.9
 * ```
 */
export const scheduleFreeAdamW = defineBuiltIn({
  name: "scheduleFreeAdamW",
  hyperparameters: { learningRate: 0.0025, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmupSteps: 0 },
  ranges: { beta1: "[0, 1)", beta2: "[0, 1)", epsilon: "[0, ∞)", warmupSteps: "[0, ∞)" },
  decoupledWeightDecay: true,
  appliesWeightDecay: true,
  // z is stored as z − x, so that new weights replace only x and y
  init({ parameter }) {
    const [zeros, zero] = [zerosLike(parameter), constant(parameter.graph, 0)];
    return {
      [EVALUATION]: parameter,
      offset: zeros,
      v: zeros,
      largestRate: zero,
      weightSum: noTerms(parameter.graph),
    };
  },
  update({ parameter: y, gradient: g, slots, hyperparameters, options, step, decay }) {
    const { learningRate, beta1, beta2, epsilon, warmupSteps } = hyperparameters;
    const rate = mul(learningRate, minimum(1, div(step, maximum(1, warmupSteps))));
    const largestRate = maximum(slots.largestRate, rate);
    const weight = options.convention === "keras" ? 1 : square(largestRate);
    const weightSum = runningSum(slots.weightSum, weight);
    // 0 while all rates were 0
    const c = div(weight, maximum(totalOf(weightSum), 1e-37));
    const v = movingAverage(slots.v, square(g), beta2);
    const adam = div(g, add(sqrt(div(v, gatheredWeight(beta2, step))), epsilon));
    const u = decay ? add(adam, mul(decay, y)) : adam;
    const x = slots[EVALUATION];
    // new z from old x
    const z = sub(slots.offset, mul(rate, u));
    const average = add(x, mul(c, z));
    const offset = mul(sub(1, c), z);
    const next = add(average, mul(sub(1, beta1), offset));
    return { update: sub(next, y), slots: { [EVALUATION]: average, offset, v, largestRate, weightSum } };
  },
});
