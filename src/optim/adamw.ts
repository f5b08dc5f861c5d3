/** AdamW: Adam with decoupled weight decay. */
import { adamDefinition } from "./adam.js";
import { defineBuiltIn } from "./define.js";

/**
 * AdamW: weights shrink directly, w ← w − lr·wd·w, and then take Adam's step. Adam's L2 penalty would go
 * through the root mean square, so that weights with large gradients would hardly shrink.
 *
 * The rule is {@link adam}'s, in both conventions; without weight decay they are identical.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001; `beta1`, `beta2` in [0, 1), default 0.9 and 0.999;
 * `epsilon` in [0, ∞), default 1e-7 (torch 1e-8); `weightDecay` wd in [0, ∞), default 0.004 (torch 0.01).
 * Flags: `amsgrad`, default false.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019
 * @example
 * ```ts
 * const optimizer = adamw({ learningRate: 3e-4, weightDecay: 0.1 });
 * optimizer.decay; // "decoupled"
 * ```
 */
export const adamw = defineBuiltIn({
  ...adamDefinition,
  name: "adamw",
  weightDecay: (convention) => (convention === "keras" ? 0.004 : 0.01),
  decoupledWeightDecay: true,
});
