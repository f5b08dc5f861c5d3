/**
 * A custom optimizer and a custom problem, compared with the built-in ones: Signum, which follows the sign of a moving
 * average of gradients (J. Bernstein and others, "signSGD: compressed optimisation for non-convex problems", ICML 2018),
 * and the three-hump camel function, 2x² − 1.05x⁴ + x⁶/6 + xy + y², which has two local minima and a global one.
 *
 *     npx fettle benchmark --with examples/own-benchmark.js --optimizers adam,lion,signum
 */
import { defineOptimizer } from "fettle";
import { contestant, defineProblem } from "fettle/benchmark";
import { add, mul, neg, randomUniform, sign, slice, square, sub, sum, zerosLike } from "fettle/ops";

const signum = defineOptimizer({
  name: "signum",
  hyperparameters: { learningRate: 1e-3, momentum: 0.9 },
  ranges: { momentum: "[0, 1)" },
  init: ({ parameter }) => ({ m: zerosLike(parameter) }),
  update({ gradient, slots, hyperparameters: { learningRate, momentum } }) {
    const m = add(mul(momentum, slots.m), mul(sub(1, momentum), gradient));
    return { update: neg(mul(learningRate, sign(m))), slots: { m } };
  },
});

// its learning rate and momentum are tuned like those of the others, since they have the same names
export const optimizers = [contestant("signum", signum)];

const camel = (w) => {
  const [x, y] = [slice(w, [0], [1]), slice(w, [1], [1])];
  const x2 = square(x);
  const inX = add(sub(mul(2, x2), mul(1.05, square(x2))), mul(1 / 6, mul(x2, square(x2))));
  return sum(add(inX, add(mul(x, y), square(y))));
};

export const problems = [
  defineProblem({
    name: "camel",
    title: "Three-hump camel",
    start: (graph) => ({ w: mul(4, sub(randomUniform(graph, [2], 0), 0.5)) }),
    loss: ({ parameters: { w } }) => camel(w),
    steps: 2000,
    target: 1e-4,
    floor: 1e-10,
    plane: { x: [-2.2, 2.2], y: [-2.2, 2.2], minima: [[0, 0]] },
  }),
];
