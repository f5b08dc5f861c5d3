/** Laws that relate optimizers to each other and to themselves, for any gradients. In float64, but for what is about float32. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import { add, dot, mul, step, type Value } from "../../src/graph/functions.js";
import { adagrad } from "../../src/optim/adagrad.js";
import { adam } from "../../src/optim/adam.js";
import { applyOptimizer, type Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, type OptimizerName, optimizers } from "../../src/optim/registry.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
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
      { numRuns: 30 },
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
      { numRuns: 20 },
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
      { numRuns: 20 },
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
      { numRuns: 20 },
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
        { numRuns: 20 },
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
      { numRuns: 20 },
    );
  });
});

describe.each(names)("weight decay of %s", (name) => {
  it("in convention torch is the penalty ½ wd ‖w‖² in the loss", () => {
    const weightDecay = 0.3;
    const penalised = (w: Value): Value => add(quadratic.loss(w), mul(weightDecay / 2, dot(w, w)));
    const decayed = getOptimizer(name, { convention: "torch", weightDecay });
    const plain = getOptimizer(name, { convention: "torch" });
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
    const common = { learningRate: 0.5 };
    const [decayed, plain] = [{ ...common, weightDecay: 0.1 }, common].map((config) =>
      path(getOptimizer(name, config), list, [4, -1]),
    );
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
