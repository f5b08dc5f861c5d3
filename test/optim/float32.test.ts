/** Where float32 could lead optimizers astray, and does not: variances that rounding makes negative, and denormal slots. */
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { step } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { applyOptimizer } from "../../src/optim/apply.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { trajectory, wasm } from "./drive.js";

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
