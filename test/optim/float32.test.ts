/**
 * Where float32 could lead optimizers astray, and does not: variances that rounding makes negative, and
 * denormal numbers.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { step } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { applyOptimizer } from "../../src/optim/apply.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { numbers } from "../../src/testing/arbitraries/tensors.js";
import { followed } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference, trajectory, wasm } from "./drive.js";
import { oracleEquations } from "./oracle.js";

describe("rmsprop", () => {
  it("when centered stays finite while the gradient is constant and rounding could make its variance negative", () => {
    const gradient = Array.from({ length: 64 }, (_, i) => 100 + 0.37 * i);
    const zeros = gradient.map(() => 0);
    const list = Array.from({ length: 300 }, () => gradient);
    for (const convention of ["keras", "torch"] as const) {
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
    const run = wasm.start(program);
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

describe("flushing what vanishes", () => {
  const STEPS = 8;
  /** Of any size down to the smallest of float32, half of them far below what is flushed. */
  const anySize = fc
    .tuple(numbers.nonZero, fc.oneof(fc.constant(0), fc.integer({ min: -148, max: -40 })))
    .map(([x, power]) => x * 2 ** power);
  const rules = Object.keys(optimizers)
    // lion moves by the sign of the smallest gradient
    .filter((name) => name !== "lion" && !getOptimizer(name).perArray)
    .flatMap((name) => (["keras", "torch"] as const).map((convention) => [name, convention] as const));

  it.each(rules)(
    "moves weights of %s, %s, no further from exact equations than it states",
    (name, convention) => {
      const optimizer = getOptimizer(name, { convention });
      const { learningRate, epsilon = 1 } = optimizer.hyperparameters;
      const equations = oracleEquations(name, convention, { learningRate });
      // a weight below 2^-63 becomes 0; a gradient below it moves one by less than rate / epsilon of it
      const bound = STEPS * 2 ** -63 * (1 + learningRate / epsilon) + 1e-14;
      fc.assert(
        fc.property(
          anySize,
          fc.array(anySize, { minLength: STEPS, maxLength: STEPS }),
          (start, gradients) => {
            const points = followed(
              reference,
              optimizer,
              [start],
              gradients.map((g) => [g]),
            );
            const rule = equations();
            let w = start;
            gradients.forEach((g, t) => {
              w = rule(w, g, t + 1);
              expect(Math.abs(points[t][0] - w)).toBeLessThanOrEqual(bound);
            });
          },
        ),
        { numRuns: cases(50) },
      );
    },
  );
});
