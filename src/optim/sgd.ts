/** Stochastic gradient descent with momentum. `apply.ts` has weight decay, for every optimizer. */
import { must } from "../errors.js";
import { add, equal, flush, mul, neg, select, sub, zerosLike } from "../graph/functions.js";
import { defineBuiltIn } from "./define.js";

/**
 * Stochastic gradient descent, with momentum and Nesterov's momentum.
 *
 * | convention | rule |
 * |---|---|
 * | `"keras"` | v ← μv − lr·g; w ← w + v, with `nesterov` w ← w + μv − lr·g |
 * | `"torch"` | b ← μb + (1 − dampening)g, but b = g at the first step; w ← w − lr·b, with `nesterov` w ← w − lr·(g + μb) |
 *
 * While the learning rate is constant and dampening is 0, the two follow the same path (v = −lr·b).
 * Without momentum both are w ← w − lr·g, and `nesterov` changes nothing.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.01 (torch 0.001); `momentum` μ in [0, 1), default 0;
 * `dampening` in [0, 1], default 0, torch only; `weightDecay` in [0, ∞), default 0. Flags: `nesterov`,
 * default false.
 *
 * PyTorch refuses `nesterov` without momentum; here it is allowed, so that momentum can be tuned from 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range,
 * dampening in convention `"keras"` or together with `nesterov`
 * @see B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; I. Sutskever, J.
 * Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep learning", ICML
 * 2013
 * @example
 * ```ts
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true });
 * optimizer.hyperparameters.momentum; // 0.9
 * ```
 */
export const sgd = defineBuiltIn({
  name: "sgd",
  hyperparameters: (convention) => ({
    learningRate: convention === "keras" ? 0.01 : 0.001,
    momentum: 0,
    dampening: 0,
  }),
  ranges: { momentum: "[0, 1)", dampening: "[0, 1]" },
  flags: { nesterov: false },
  validate({ dampening }, { convention, nesterov }) {
    must(
      dampening === 0 || convention === "torch",
      "dampening of sgd",
      '0 unless convention is "torch"',
      dampening,
    );
    must(dampening === 0 || !nesterov, "dampening of sgd", "0 if nesterov is true", dampening);
  },
  traits: ({ momentum, dampening }) => ({ usesMomentum: momentum !== 0, usesDampening: dampening !== 0 }),
  init: ({ parameter, options }) => (options.usesMomentum ? { velocity: zerosLike(parameter) } : {}),
  update({ gradient: g, slots, hyperparameters, options, step }) {
    const { learningRate, momentum, dampening } = hyperparameters;
    if (!options.usesMomentum) return { update: neg(mul(learningRate, g)) };
    if (options.convention === "keras") {
      const velocity = flush(sub(mul(momentum, slots.velocity), mul(learningRate, g)));
      const update = options.nesterov ? sub(mul(momentum, velocity), mul(learningRate, g)) : velocity;
      return { update, slots: { velocity } };
    }
    // b starts at 0, so without dampening the first b is g.
    const share = options.usesDampening ? select(equal(step, 1), 1, sub(1, dampening)) : 1;
    const velocity = flush(add(mul(momentum, slots.velocity), mul(share, g)));
    const direction = options.nesterov ? add(g, mul(momentum, velocity)) : velocity;
    return { update: neg(mul(learningRate, direction)), slots: { velocity } };
  },
});
