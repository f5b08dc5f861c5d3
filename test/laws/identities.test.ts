/**
 * Identities that follow from the optimizers' equations alone, for any gradients: which of them are equal at
 * certain hyperparameters, and the sums of their steps. In float64; each law has its derivation, or is one
 * line of algebra. Changes of units are in `units.test.ts`.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { add, dot, mul } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { adam } from "../../src/optim/adam.js";
import { adamax } from "../../src/optim/adamax.js";
import { adamw } from "../../src/optim/adamw.js";
import { lion } from "../../src/optim/lion.js";
import { nadam } from "../../src/optim/nadam.js";
import type { OptimizerName } from "../../src/optim/names.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { reference, trajectory, wasm } from "../optim/drive.js";
import { quadratic } from "../optim/problems.js";

const STEPS = 12;
const names = Object.keys(optimizers) as OptimizerName[];
const conventions = ["keras", "torch"] as const;
const anyConvention = fc.constantFrom(...conventions);

/** STEPS gradients of two coordinates, none of them 0, so that ε may be. */
const gradientLists = fc.array(
  fc.tuple(nonZero(), nonZero()).map((pair): readonly number[] => pair),
  { minLength: STEPS, maxLength: STEPS },
);
const rates = fc.double({ min: 1e-4, max: 1, noNaN: true });
const fractions = fc.double({ min: 0.01, max: 0.99, noNaN: true });

function nonZero(): fc.Arbitrary<number> {
  const sizes = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
  return fc.tuple(sizes, fc.boolean()).map(([size, negative]) => (negative ? -size : size));
}

function path(
  optimizer: Optimizer,
  gradients: readonly (readonly number[])[],
  start: readonly number[] = [0, 0],
): number[][] {
  return trajectory(reference, optimizer, start, gradients, gradients.length);
}

/** What each step adds. */
function increments(points: readonly number[][]): number[][] {
  return points.map((point, t) => point.map((x, i) => x - (t === 0 ? 0 : points[t - 1][i])));
}

/**
 * Equal but for rounding: paths sum at most STEPS terms, each a few operations, so the error is
 * below 1e-14 of the farthest point; 1e-12 leaves room for the terms' own conditions.
 */
function expectClose(actual: readonly number[][], expected: readonly number[][], tolerance = 1e-12): void {
  const size = Math.max(...expected.flat().map(Math.abs));
  const error = Math.max(...expected.flat().map((x, i) => Math.abs(actual.flat()[i] - x)));
  expect(error).toBeLessThanOrEqual(tolerance * size);
}

describe("sgd", () => {
  it("follows one path in both conventions at a constant rate, as v = −lr·b", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fc.boolean(), (list, learningRate, momentum, nesterov) => {
        const [keras, torch] = conventions.map((convention) =>
          path(sgd({ learningRate, momentum, nesterov, convention }), list),
        );
        expectClose(keras, torch);
      }),
      { numRuns: cases(30) },
    );
  });

  // the steps are lr·g·μᵏ, a geometric series
  it("moves once with all of its momentum: after one gradient g, t steps sum to lr·g·(1 − μᵗ)/(1 − μ)", () => {
    fc.assert(
      fc.property(
        gradientLists,
        rates,
        fractions,
        anyConvention,
        ([g], learningRate, momentum, convention) => {
          const list = [g, ...Array.from({ length: STEPS - 1 }, () => [0, 0])];
          const expected = list.map((_, t) => {
            const total = (learningRate * (1 - momentum ** (t + 1))) / (1 - momentum);
            return g.map((gi) => -gi * total);
          });
          expectClose(path(sgd({ learningRate, momentum, convention }), list), expected);
        },
      ),
      { numRuns: cases(10) },
    );
  });

  it("takes the first gradient whole whatever the dampening", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fractions, (list, learningRate, momentum, dampening) => {
        const [first] = path(sgd({ learningRate, momentum, dampening, convention: "torch" }), list);
        expect(first).toEqual(list[0].map((g) => 0 - learningRate * g));
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("adam", () => {
  it("begins with a step of lr · sign(g) when ε is 0", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fractions, anyConvention, (list, ...rest) => {
        const [learningRate, beta1, beta2, convention] = rest;
        const [first] = path(adam({ learningRate, beta1, beta2, epsilon: 0, convention }), list);
        expectClose([first], [list[0].map((g) => -learningRate * Math.sign(g))]);
      }),
      { numRuns: cases(10) },
    );
  });

  it("with β₁ = 0 and ε = 0 is RMSProp, each step times √(1 − β₂ᵗ)", () => {
    fc.assert(
      fc.property(gradientLists, fractions, anyConvention, (list, rho, convention) => {
        const common = { learningRate: 1, epsilon: 0, convention };
        const corrected = increments(path(adam({ ...common, beta1: 0, beta2: rho }), list));
        const plain = increments(path(rmsprop({ ...common, rho }), list));
        const expected = plain.map((point, t) => point.map((x) => x * Math.sqrt(1 - rho ** (t + 1))));
        expectClose(corrected, expected);
      }),
      { numRuns: cases(10) },
    );
  });

  // Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018, algorithm 2, but for the
  // correction, which is of this step's t
  it("with amsgrad and β₁ = 0 divides by the root of the largest v so far", () => {
    fc.assert(
      fc.property(gradientLists, fractions, anyConvention, (list, beta2, convention) => {
        const optimizer = adam({ learningRate: 1, beta1: 0, beta2, epsilon: 0, convention, amsgrad: true });
        const [v, most] = [
          [0, 0],
          [0, 0],
        ];
        const expected = list.map((gradient, t) =>
          gradient.map((g, i) => {
            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
            most[i] = Math.max(most[i], v[i]);
            return -g * Math.sqrt((1 - beta2 ** (t + 1)) / most[i]);
          }),
        );
        expectClose(increments(path(optimizer, list)), expected);
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("adamw", () => {
  it("without weight decay is adam, bit for bit", () => {
    fc.assert(
      fc.property(gradientLists, rates, fc.boolean(), anyConvention, (list, ...rest) => {
        const [learningRate, amsgrad, convention] = rest;
        const common = { learningRate, amsgrad, convention };
        expect(path(adamw({ ...common, weightDecay: 0 }), list)).toEqual(path(adam(common), list));
      }),
      { numRuns: cases(10) },
    );
  });

  it("takes adam's steps from weights that shrank, in both conventions", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, anyConvention, (list, ...rest) => {
        const [learningRate, weightDecay, convention] = rest;
        const plain = increments(path(adam({ learningRate, convention }), list));
        let w = [3, -1];
        const expected = plain.map((move) => {
          w = w.map((x, i) => x * (1 - learningRate * weightDecay) + move[i]);
          return w;
        });
        expectClose(path(adamw({ learningRate, weightDecay, convention }), list, [3, -1]), expected);
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("nadam", () => {
  it("with β₁ = 0 is adam with β₁ = 0 whose ε is added after the correction", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, anyConvention, (list, ...rest) => {
        const [learningRate, beta2, convention] = rest;
        const common = { learningRate, beta1: 0, beta2, epsilon: 1e-3 };
        expectClose(
          path(nadam({ ...common, convention }), list),
          path(adam({ ...common, convention: "torch" }), list),
        );
      }),
      { numRuns: cases(10) },
    );
  });

  // of a constant gradient g: m = (1 − β₁ᵗ)g, √v̂ = |g|
  it("with ψ = 0 has the momentum ½β₁ from the first step on, so that Π is a power of it", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fractions, ([g], learningRate, beta1, beta2) => {
        const list = Array.from({ length: STEPS }, () => g);
        const expected = list.map((_, i) => {
          const [t, mu] = [i + 1, beta1 / 2];
          const size = (mu * (1 - beta1 ** t)) / (1 - mu ** (t + 1)) + (1 - mu) / (1 - mu ** t);
          return g.map((gi) => -learningRate * size * Math.sign(gi));
        });
        const points = path(nadam({ learningRate, beta1, beta2, epsilon: 0, momentumDecay: 0 }), list);
        expectClose(increments(points), expected);
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("adamax", () => {
  it("with β₁ = 0 moves by exactly the rate while gradients do not shrink", () => {
    fc.assert(
      fc.property(
        fc.array(nonZero(), { minLength: STEPS, maxLength: STEPS }),
        rates,
        (sizes, learningRate) => {
          const growing = sizes.sort((a, b) => Math.abs(a) - Math.abs(b)).map((g) => [g, -g]);
          for (const convention of conventions) {
            const optimizer = adamax({ learningRate, beta1: 0, epsilon: 0, convention });
            const expected = growing.map((pair) => pair.map((g) => -learningRate * Math.sign(g)));
            expectClose(increments(path(optimizer, growing)), expected);
          }
        },
      ),
      { numRuns: cases(10) },
    );
  });

  // the p-norm of what the gradients faded to becomes their largest (Kingma and Ba, "Adam: a method for
  // stochastic optimization", 2015, section 7.1)
  it("is the limit of an adam with p-th powers: u is the largest of what gradients faded to", () => {
    fc.assert(
      fc.property(gradientLists, fractions, anyConvention, (list, beta2, convention) => {
        const optimizer = adamax({ learningRate: 1, beta1: 0, beta2, epsilon: 0, convention });
        const expected = list.map((pair, t) =>
          pair.map((g, i) => {
            const faded = list.slice(0, t + 1).map((past, s) => Math.abs(past[i]) * beta2 ** (t - s));
            return -g / Math.max(...faded);
          }),
        );
        expectClose(increments(path(optimizer, list)), expected);
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("lion", () => {
  it("moves every weight by exactly the rate, whatever the gradients", () => {
    fc.assert(
      fc.property(gradientLists, fractions, fractions, (list, beta1, beta2) => {
        for (const executor of [reference, wasm]) {
          // 2^-7 is exact, and so are its sums
          const points = trajectory(
            executor,
            lion({ learningRate: 2 ** -7, beta1, beta2 }),
            [0, 0],
            list,
            STEPS,
          );
          expect(new Set(increments(points).flat().map(Math.abs))).toEqual(new Set([2 ** -7]));
        }
      }),
      { numRuns: cases(10) },
    );
  });

  it("with β₁ = β₂ = 0 follows the sign of each gradient alone", () => {
    fc.assert(
      fc.property(gradientLists, (list) => {
        const moves = increments(path(lion({ learningRate: 0.25, beta1: 0, beta2: 0 }), list));
        expect(moves).toEqual(list.map((pair) => pair.map((g) => -0.25 * Math.sign(g))));
      }),
      { numRuns: cases(10) },
    );
  });
});

describe.each(names)("weight decay of %s", (name) => {
  const decays = fc.double({ min: 0.01, max: 0.5, noNaN: true });
  const starts = fc.tuple(nonZero(), nonZero()).map((pair): readonly number[] => pair);

  it("that is not decoupled is the penalty ½ wd ‖w‖² in the loss", () => {
    const start = [3, 1, -2, 1, 2];
    fc.assert(
      fc.property(decays, (weightDecay) => {
        const penalised = (w: Value): Value => add(quadratic.loss(w), mul(weightDecay / 2, dot(w, w)));
        const common = { convention: "torch", decoupledWeightDecay: false };
        const decayed = getOptimizer(name, { ...common, weightDecay });
        const plain = getOptimizer(name, { ...common, weightDecay: 0 });
        expectClose(
          trajectory(reference, decayed, start, quadratic.loss, STEPS),
          trajectory(reference, plain, start, penalised, STEPS),
        );
      }),
      { numRuns: cases(5) },
    );
  });

  // the steps of others depend on the size of the weights, or the rule itself decays them
  const { perArray, appliesWeightDecay } = getOptimizer(name);
  if (perArray || appliesWeightDecay) return;

  it("in convention keras shrinks weights by 1 − lr·wd a step where the gradient is 0", () => {
    const nothing = Array.from({ length: STEPS }, () => [0, 0]);
    fc.assert(
      fc.property(starts, rates, decays, (start, learningRate, weightDecay) => {
        const points = path(getOptimizer(name, { learningRate, weightDecay }), nothing, start);
        const kept = 1 - learningRate * weightDecay;
        expectClose(
          points,
          nothing.map((_, t) => start.map((w) => w * kept ** (t + 1))),
        );
      }),
      { numRuns: cases(10) },
    );
  });

  it("in convention keras moves each step's start and nothing else: slots are as without it", () => {
    fc.assert(
      fc.property(gradientLists, starts, rates, decays, (list, start, learningRate, weightDecay) => {
        let w = start;
        const expected = increments(path(getOptimizer(name, { learningRate, weightDecay: 0 }), list)).map(
          (move) => {
            w = w.map((x, i) => x * (1 - learningRate * weightDecay) + move[i]);
            return [...w];
          },
        );
        expectClose(path(getOptimizer(name, { learningRate, weightDecay }), list, start), expected);
      }),
      { numRuns: cases(10) },
    );
  });
});
