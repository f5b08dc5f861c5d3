/** Laws that relate optimizers to each other and to themselves, for any gradients. In float64, but for what is about float32. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import { add, dot, mul, step, type Value } from "../../src/graph/functions.js";
import { adagrad } from "../../src/optim/adagrad.js";
import { adam } from "../../src/optim/adam.js";
import { adamax } from "../../src/optim/adamax.js";
import { adamw } from "../../src/optim/adamw.js";
import { lion } from "../../src/optim/lion.js";
import { nadam } from "../../src/optim/nadam.js";
import { applyOptimizer, type Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, type OptimizerName, optimizers } from "../../src/optim/registry.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { reference, trajectory, wasm } from "./drive.js";
import { quadratic } from "./problems.js";

const STEPS = 12;
const names = Object.keys(optimizers) as OptimizerName[];
const conventions = ["keras", "torch"] as const;

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

function path(optimizer: Optimizer, gradients: readonly (readonly number[])[], start = [0, 0]): number[][] {
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

  it("moves once with all of its momentum: after one gradient g, t steps sum to lr·g·(1 − μᵗ)/(1 − μ)", () => {
    const [learningRate, momentum] = [0.1, 0.75];
    const list = [[2, -3], ...Array.from({ length: STEPS - 1 }, () => [0, 0])];
    const expected = list.map((_, t) => {
      const total = (learningRate * (1 - momentum ** (t + 1))) / (1 - momentum);
      return [-2 * total, 3 * total];
    });
    for (const convention of conventions)
      expectClose(path(sgd({ learningRate, momentum, convention }), list), expected);
  });

  it("takes the first gradient whole whatever the dampening", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fractions, (list, learningRate, momentum, dampening) => {
        const [first] = path(sgd({ learningRate, momentum, dampening, convention: "torch" }), list);
        expect(first).toEqual(list[0].map((g) => 0 - learningRate * g));
      }),
      { numRuns: cases(20) },
    );
  });
});

describe("adam", () => {
  it("begins with a step of lr · sign(g) when ε is 0", () => {
    fc.assert(
      fc.property(
        gradientLists,
        rates,
        fractions,
        fractions,
        fc.constantFrom(...conventions),
        (list, ...rest) => {
          const [learningRate, beta1, beta2, convention] = rest;
          const [first] = path(adam({ learningRate, beta1, beta2, epsilon: 0, convention }), list);
          expectClose([first], [list[0].map((g) => -learningRate * Math.sign(g))]);
        },
      ),
      { numRuns: cases(20) },
    );
  });

  it("with β₁ = 0 and ε = 0 is RMSProp, each step times √(1 − β₂ᵗ)", () => {
    fc.assert(
      fc.property(gradientLists, fractions, fc.constantFrom(...conventions), (list, rho, convention) => {
        const common = { learningRate: 1, epsilon: 0, convention };
        const corrected = increments(path(adam({ ...common, beta1: 0, beta2: rho }), list));
        const plain = increments(path(rmsprop({ ...common, rho }), list));
        const expected = plain.map((point, t) => point.map((x) => x * Math.sqrt(1 - rho ** (t + 1))));
        expectClose(corrected, expected);
      }),
      { numRuns: cases(20) },
    );
  });

  it("with amsgrad never divides by less than before, so equal gradients after a large one take smaller steps", () => {
    const list = [[100, 1], ...Array.from({ length: STEPS - 1 }, () => [1, 1])];
    const common = { learningRate: 1, beta1: 0, beta2: 0.5, epsilon: 0 };
    const last = (optimizer: Optimizer): number[] => increments(path(optimizer, list))[STEPS - 1];
    const correction = Math.sqrt(1 - 0.5 ** STEPS);
    for (const convention of conventions) {
      // the largest v was (1 − β₂)·100², at the first step
      const [frozen] = last(adam({ ...common, convention, amsgrad: true }));
      expectClose([[frozen]], [[-correction / Math.sqrt(0.5 * 100 * 100)]]);
      const [free] = last(adam({ ...common, convention }));
      expect(free).toBeLessThan(10 * frozen);
    }
  });
});

describe("adamw", () => {
  it("without weight decay is adam, bit for bit", () => {
    fc.assert(
      fc.property(gradientLists, rates, fc.boolean(), fc.constantFrom(...conventions), (list, ...rest) => {
        const [learningRate, amsgrad, convention] = rest;
        const common = { learningRate, amsgrad, convention };
        expect(path(adamw({ ...common, weightDecay: 0 }), list)).toEqual(path(adam(common), list));
      }),
      { numRuns: cases(20) },
    );
  });

  it("takes adam's steps from weights that shrank: decay moves each step's start and nothing else", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fc.constantFrom(...conventions), (list, ...rest) => {
        const [learningRate, weightDecay, convention] = rest;
        const plain = increments(path(adam({ learningRate, convention }), list));
        let w = [3, -1];
        const expected = plain.map((move) => {
          w = w.map((x, i) => x * (1 - learningRate * weightDecay) + move[i]);
          return w;
        });
        expectClose(path(adamw({ learningRate, weightDecay, convention }), list, [3, -1]), expected);
      }),
      { numRuns: cases(20) },
    );
  });
});

describe("nadam", () => {
  it("with β₁ = 0 is adam with β₁ = 0 whose ε is added after the correction", () => {
    fc.assert(
      fc.property(gradientLists, rates, fractions, fc.constantFrom(...conventions), (list, ...rest) => {
        const [learningRate, beta2, convention] = rest;
        const common = { learningRate, beta1: 0, beta2, epsilon: 1e-3 };
        expectClose(
          path(nadam({ ...common, convention }), list),
          path(adam({ ...common, convention: "torch" }), list),
        );
      }),
      { numRuns: cases(20) },
    );
  });

  it("with ψ = 0 has the momentum ½β₁ from the first step on, so that Π is a power of it", () => {
    const [learningRate, beta1, beta2] = [0.1, 0.8, 0.5];
    const list = Array.from({ length: STEPS }, () => [2, -3]);
    // of a constant gradient g: m = (1 − β₁ᵗ)g, √v̂ = |g|
    const expected = list.map((_, i) => {
      const [t, mu] = [i + 1, beta1 / 2];
      return (mu * (1 - beta1 ** t)) / (1 - mu ** (t + 1)) + (1 - mu) / (1 - mu ** t);
    });
    const points = path(nadam({ learningRate, beta1, beta2, epsilon: 0, momentumDecay: 0 }), list);
    expectClose(
      increments(points),
      expected.map((size) => [-learningRate * size, learningRate * size]),
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
      { numRuns: cases(20) },
    );
  });

  it("is the limit of an adam with p-th powers: u is the largest of what gradients faded to", () => {
    const beta2 = 0.9;
    const list = [5, -1, 2, 0.5, -4, 1].map((g) => [g, g / 2]);
    const optimizer = adamax({ learningRate: 1, beta1: 0, beta2, epsilon: 0 });
    const expected = list.map((pair, t) =>
      pair.map((g, i) => {
        const faded = list.slice(0, t + 1).map((past, s) => Math.abs(past[i]) * beta2 ** (t - s));
        return -g / Math.max(...faded);
      }),
    );
    expectClose(increments(path(optimizer, list)), expected);
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
      { numRuns: cases(20) },
    );
  });

  it("with β₁ = β₂ = 0 follows the sign of each gradient alone", () => {
    fc.assert(
      fc.property(gradientLists, (list) => {
        const moves = increments(path(lion({ learningRate: 0.25, beta1: 0, beta2: 0 }), list));
        expect(moves).toEqual(list.map((pair) => pair.map((g) => -0.25 * Math.sign(g))));
      }),
      { numRuns: cases(20) },
    );
  });

  it("stays where it is while all gradients are 0", () => {
    expect(path(lion(), [[0, 0]], [3, -1])).toEqual([[3, -1]]);
  });
});

describe("rmsprop", () => {
  it("when centered stays finite while the gradient is constant and rounding could make its variance negative", () => {
    const gradient = Array.from({ length: 64 }, (_, i) => 100 + 0.37 * i);
    const zeros = gradient.map(() => 0);
    const list = Array.from({ length: 300 }, () => gradient);
    for (const convention of conventions) {
      const points = trajectory(
        wasm,
        rmsprop({ centered: true, rho: 0.9, convention }),
        zeros,
        list,
        list.length,
      );
      expect(points.flat().every(Number.isFinite)).toBe(true);
    }
  });
});

describe("scale", () => {
  const scaleFree: [string, (convention: "keras" | "torch") => Optimizer][] = [
    ["adagrad", (convention) => adagrad({ initialAccumulatorValue: 0, epsilon: 0, convention })],
    ["adam", (convention) => adam({ epsilon: 0, convention })],
    ["adam with amsgrad", (convention) => adam({ epsilon: 0, amsgrad: true, convention })],
    ["nadam", (convention) => nadam({ epsilon: 0, convention })],
    ["adamax", (convention) => adamax({ epsilon: 0, convention })],
    ["lion", (convention) => lion({ convention })],
    ["rmsprop", (convention) => rmsprop({ epsilon: 0, convention })],
    ["rmsprop with momentum", (convention) => rmsprop({ epsilon: 0, momentum: 0.9, convention })],
  ];

  it.each(scaleFree)(
    "of gradients does not matter to %s without ε: bit for bit, by powers of two",
    (_, make) => {
      fc.assert(
        fc.property(
          gradientLists,
          fc.integer({ min: -20, max: 20 }),
          fc.constantFrom(...conventions),
          (list, k, c) => {
            const scaled = list.map((g) => g.map((x) => x * 2 ** k));
            expect(path(make(c), scaled)).toEqual(path(make(c), list));
          },
        ),
        { numRuns: cases(20) },
      );
    },
  );

  it("of gradients scales the steps of sgd", () => {
    fc.assert(
      fc.property(gradientLists, fc.integer({ min: -20, max: 20 }), (list, k) => {
        const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
        const scaled = path(
          optimizer,
          list.map((g) => g.map((x) => x * 2 ** k)),
        );
        expect(scaled).toEqual(path(optimizer, list).map((point) => point.map((x) => x * 2 ** k)));
      }),
      { numRuns: cases(20) },
    );
  });
});

describe.each(names)("weight decay of %s", (name) => {
  it("that is not decoupled is the penalty ½ wd ‖w‖² in the loss", () => {
    const weightDecay = 0.3;
    const penalised = (w: Value): Value => add(quadratic.loss(w), mul(weightDecay / 2, dot(w, w)));
    const common = { convention: "torch", decoupledWeightDecay: false };
    const decayed = getOptimizer(name, { ...common, weightDecay });
    const plain = getOptimizer(name, { ...common, weightDecay: 0 });
    expectClose(
      trajectory(reference, decayed, [3, 1, -2, 1, 2], quadratic.loss, STEPS),
      trajectory(reference, plain, [3, 1, -2, 1, 2], penalised, STEPS),
    );
  });

  it("in convention keras shrinks weights by 1 − lr·wd a step where the gradient is 0", () => {
    const optimizer = getOptimizer(name, { learningRate: 0.5, weightDecay: 0.1 });
    const nothing = Array.from({ length: STEPS }, () => [0, 0]);
    expectClose(
      path(optimizer, nothing, [4, -1]),
      nothing.map((_, t) => [4 * 0.95 ** (t + 1), -(0.95 ** (t + 1))]),
    );
  });

  it("in convention keras leaves the slots as they are without it", () => {
    // decoupled: the path with decay differs from the path without by the decay alone, gradients being the same
    const list = Array.from({ length: 2 }, (_, t) => [t + 1, -2]);
    const [decayed, plain] = [0.1, 0]
      .map((weightDecay) => ({ learningRate: 0.5, weightDecay }))
      .map((config) => path(getOptimizer(name, config), list, [4, -1]));
    const move = increments([[4, -1], ...plain]).slice(1);
    const first = [4, -1].map((w, i) => w * 0.95 + move[0][i]);
    expectClose(decayed, [first, first.map((w, i) => w * 0.95 + move[1][i])]);
  });
});

describe("slots of a parameter without gradient", () => {
  it("decay to 0 and not into denormal numbers", () => {
    const optimizer = adam({ learningRate: 0.01 });
    const inputs = Object.fromEntries(Object.keys(optimizer.hyperparameters).map((name) => [name, []]));
    const program = compileStep(
      { inputs: { ...inputs, g: [2] }, state: { w: [2], m: [2], v: [2] } },
      1,
      ({ graph, inputs: { g, ...hyperparameters }, state: { w, m, v } }) => {
        const context = { parameter: w, gradient: g, slots: { m, v }, hyperparameters, step: step(graph) };
        const next = applyOptimizer(optimizer, context);
        return { state: { w: next.parameter, m: next.slots.m, v: next.slots.v } };
      },
    );
    const run = createEngine().start(program);
    for (const [name, value] of Object.entries(optimizer.hyperparameters)) run.write(name, value);
    run.write("g", [1, 1]);
    run.advance(1);
    run.write("g", [0, 1]);
    // 0.9^k falls below 2^-126 after 829 steps; without flushing, m would stay at some multiple of 2^-149
    run.advance(900);
    expect(run.read("m")[0]).toBe(0);
    expect(run.read("m")[1]).toBeCloseTo(1, 5);
  });
});
