/**
 * Clipping by value, by norm and by global norm: against the formulas of Keras 3 and PyTorch, and by its
 * laws.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, compileStep } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { constant, zerosLike } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { applyOptimizer } from "../../src/optim/apply.js";
import { CLIPPINGS, type Clipping, clip } from "../../src/optim/clip.js";
import { defineOptimizer } from "../../src/optim/define.js";
import type { OptimizerName } from "../../src/optim/names.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { reference, stepProgram, trajectory, wasm } from "./drive.js";

/** The rule sees nothing but the gradient, and moves by it: w ← w + g. */
const show = defineOptimizer({
  name: "show",
  hyperparameters: { learningRate: 1 },
  update: ({ gradient }) => ({ update: gradient }),
});

/** What an optimizer makes of one gradient, at w = 0. */
function seen(executor: Executor, optimizer: Optimizer, gradient: number[], sizes?: number[]): number[] {
  const numbers = Object.keys(optimizer.hyperparameters);
  const inputs = Object.fromEntries(numbers.map((name) => [name, []]));
  const size = gradient.length;
  const arrays = sizes?.map((length, i) => ({ path: `array_${i}`, shape: [length] }));
  const program = compileStep({ inputs: { ...inputs, gradient: [size] } }, 1, ({ graph, inputs }) => {
    const { gradient, ...hyperparameters } = inputs;
    const context = {
      gradient,
      hyperparameters,
      slots: {},
      parameter: zerosLike(gradient),
      step: constant(graph, 1),
    };
    return { outputs: { w: applyOptimizer(optimizer, context, arrays).parameter } };
  });
  const run = executor.start(program);
  for (const [name, value] of Object.entries(optimizer.hyperparameters)) run.write(name, value);
  run.write("gradient", gradient);
  run.advance(1);
  const w = Array.from(run.read("w"));
  run.free();
  return w;
}

const norm = (g: readonly number[]): number => Math.sqrt(g.reduce((total, x) => total + x * x, 0));

/** Splits into arrays of these sizes. */
function split(g: readonly number[], sizes: readonly number[]): number[][] {
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return g.slice(from - size, from);
  });
}

/** keras/src/optimizers/base_optimizer.py and torch/nn/utils/clip_grad.py, on finite gradients. */
const formulas: Record<"keras" | "torch", Record<Clipping, (arrays: number[][], c: number) => number[][]>> = {
  keras: {
    clipValue: (arrays, c) => arrays.map((g) => g.map((x) => Math.min(Math.max(x, -c), c))),
    clipNorm: (arrays, c) => arrays.map((g) => g.map((x) => (x * c) / Math.max(norm(g), c))),
    globalClipNorm(arrays, c) {
      const scale = c * Math.min(1 / norm(arrays.flat()), 1 / c);
      return arrays.map((g) => g.map((x) => x * scale));
    },
  },
  torch: {
    clipValue: (arrays, c) => arrays.map((g) => g.map((x) => Math.min(Math.max(x, -c), c))),
    clipNorm: (arrays, c) => arrays.map((g) => g.map((x) => x * Math.min(1, c / (norm(g) + 1e-6)))),
    globalClipNorm(arrays, c) {
      const scale = Math.min(1, c / (norm(arrays.flat()) + 1e-6));
      return arrays.map((g) => g.map((x) => x * scale));
    },
  },
};

const numbers = fc.integer({ min: -(2 ** 12), max: 2 ** 12 }).map((n) => n / 1024);
const bounds = fc.integer({ min: 1, max: 8192 }).map((n) => n / 1024);
const sizeLists = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
const anyClipping = sizeLists.chain((sizes) => {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return fc.record({
    sizes: fc.constant(sizes),
    gradient: fc.array(numbers, { minLength: total, maxLength: total }),
    bound: bounds,
    clipping: fc.constantFrom(...CLIPPINGS),
    convention: fc.constantFrom("keras" as const, "torch" as const),
  });
});

describe("clipping", () => {
  it("follows the formulas of Keras and PyTorch, on one array and on several end to end", () => {
    fc.assert(
      fc.property(anyClipping, ({ sizes, gradient, bound, clipping, convention }) => {
        const optimizer = show({ [clipping]: bound, convention });
        const expected = formulas[convention][clipping](split(gradient, sizes), bound).flat();
        // A square, a sum in float64 that is rounded once, a root, a sum with 1e-6, a quotient and a product:
        // with the bound and 1e-6 as inputs at most 7 roundings, each of 2^-24 of the result in float32 and
        // 2^-53 in float64.
        for (const [executor, unit] of [
          [reference, 2 ** -53],
          [wasm, 2 ** -24],
        ] as const) {
          const actual = seen(executor, optimizer, gradient, sizes);
          // the reference sums naively, over at most 28 numbers, and so does the oracle
          const tolerance = unit * (executor === reference ? 64 : 7);
          actual.forEach((x, i) => {
            expect(Math.abs(x - expected[i])).toBeLessThanOrEqual(tolerance * Math.abs(expected[i]));
          });
        }
      }),
      { numRuns: cases(60) },
    );
  });

  it("leaves gradients within the bound as they are, to the bit", () => {
    fc.assert(
      fc.property(anyClipping, fc.double({ min: 1, max: 3, noNaN: true }), (c, factor) => {
        const { sizes, gradient, clipping, convention } = c;
        const all = norm(gradient);
        fc.pre(all > 0);
        // in convention torch the norm counts as 1e-6 more, in float32 it is rounded
        const optimizer = show({ [clipping]: all * factor * (1 + 1e-6) + 2e-6, convention });
        for (const executor of [reference, wasm]) {
          expect(seen(executor, optimizer, gradient, sizes)).toEqual(gradient.map((x) => x + 0));
        }
      }),
      { numRuns: cases(40) },
    );
  });

  it("keeps the direction: by global norm of all, by norm of each array", () => {
    const gradient = [3, 4, 0, -8, 6];
    expect(seen(reference, show({ globalClipNorm: 1 }), gradient, [2, 3])).toEqual(
      gradient.map((x) => x * (1 / Math.sqrt(125))),
    );
    expect(seen(reference, show({ clipNorm: 5 }), gradient, [2, 3])).toEqual([3, 4, 0, -4, 3]);
    expect(seen(wasm, show({ clipNorm: 2.5 }), gradient, [2, 3])).toEqual([1.5, 2, 0, -2, 1.5]);
    expect(seen(wasm, show({ clipValue: 3 }), gradient, [2, 3])).toEqual([3, 3, 0, -3, 3]);
  });

  it("takes an array as it is, of whatever shape", () => {
    const program = compile((g) => clip("clipNorm", constant(g.graph, 5), g, "keras"), [2, 2]);
    for (const executor of [reference, wasm]) {
      // its norm is 10
      expect([...executor.load(program)([6, 0, 0, -8]).data]).toEqual([3, 0, 0, -4]);
    }
  });

  it("keeps NaN, so that a training that diverged is seen to", () => {
    for (const clipping of CLIPPINGS) {
      for (const executor of [reference, wasm]) {
        expect(seen(executor, show({ [clipping]: 1 }), [0, Number.NaN])[1]).toBeNaN();
      }
    }
  });

  it("comes before weight decay, as in both frameworks", () => {
    const common = { learningRate: 1, weightDecay: 0.5, clipValue: 1 };
    const start = [4];
    // 4 − (1 + ½·4) with the penalty, 4 − ½·4 − 1 decoupled; a penalty that was clipped would give 3
    for (const decoupledWeightDecay of [false, true]) {
      const optimizer = sgd({ ...common, decoupledWeightDecay });
      expect(trajectory(reference, optimizer, start, [[10]], 1)).toEqual([[1]]);
    }
  });

  it.each(Object.keys(optimizers) as OptimizerName[])("of %s is clipping before its rule", (name) => {
    const list = Array.from({ length: 8 }, (_, t) => [3 * Math.cos(t), 4 * Math.sin(2 * t)]);
    const clipped = list.map((g) => g.map((x) => Math.min(Math.max(x, -1.5), 1.5)));
    expect(trajectory(reference, getOptimizer(name, { clipValue: 1.5 }), [1, 2], list, 8)).toEqual(
      trajectory(reference, getOptimizer(name), [1, 2], clipped, 8),
    );
  });
});

describe("the bound", () => {
  it("is an input: its value changes no program, its kind does", () => {
    expect(stepProgram(adam({ clipNorm: 1 }))).toBe(stepProgram(adam({ clipNorm: 2 })));
    const programs = [adam(), ...CLIPPINGS.map((clipping) => adam({ [clipping]: 1 }))].map(stepProgram);
    expect(new Set(programs).size).toBe(4);
    expect(adam({ globalClipNorm: 2 }).hyperparameters.globalClipNorm).toBe(2);
    expect(Object.keys(adam().hyperparameters)).not.toContain("clipNorm");
  });

  it.each([
    [{ clipValue: 0 }, "clipValue of adam must be a finite number in (0, ∞); received 0"],
    [{ clipNorm: -1 }, "clipNorm of adam must be a finite number in (0, ∞); received -1"],
    [
      { globalClipNorm: Infinity },
      "globalClipNorm of adam must be a finite number in (0, ∞); received Infinity",
    ],
    [
      { clipValue: 1, globalClipNorm: 1 },
      "adam must have at most one of clipValue, clipNorm, globalClipNorm; received clipValue and globalClipNorm; leave out all but one",
    ],
  ])("is refused as %o", (config, message) => {
    expect(() => adam(config)).toThrow(expect.objectContaining({ code: "invalid_argument", message }));
  });

  it("is refused unless the sizes of arrays add up to the gradient's", () => {
    expect(() => seen(reference, show({ clipNorm: 1 }), [1, 2, 3], [1, 1])).toThrow(
      expect.objectContaining({
        code: "invalid_shape",
        message: "the sizes of arrays must add up to that of their vector [3]; received [1,1]",
      }),
    );
    expect(() => compile((g) => clip("clipNorm", constant(g.graph, 1), g, "keras", [1, 1]), [2, 3])).toThrow(
      expect.objectContaining({
        code: "invalid_shape",
        message: "the sizes of arrays must add up to that of their vector [2, 3]; received [1,1]",
      }),
    );
  });
});
