/**
 * Where float32 could lead optimizers astray, and does not: variances that rounding makes negative, and
 * denormal numbers.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { step } from "../../src/graph/functions.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { l2 } from "../../src/nn/weights/regularizers.js";
import { adafactor } from "../../src/optim/adafactor.js";
import { adam } from "../../src/optim/adam.js";
import { applyOptimizer } from "../../src/optim/apply.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { cosineDecay, cosineDecayRestarts, piecewiseConstantDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
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

describe("a number that float32 rounds out of its range", () => {
  const nearOne = 1 - 2 ** -26;
  it.each<[string, () => unknown, string]>([
    // v would stay 0, and nothing would be trained
    [
      "beta2",
      () => adam({ beta2: nearOne }),
      "beta2 of adam in float32 must be a finite number in [0, 1); received 1",
    ],
    // the average would stay at the first weights
    [
      "emaMomentum",
      () => sgd({ useEma: true, emaMomentum: nearOne }),
      "emaMomentum of sgd in float32 must be a finite number in [0, 1); received 1",
    ],
    [
      "clipNorm",
      () => sgd({ clipNorm: 2 ** -150 }),
      "clipNorm of sgd in float32 must be a finite number in (0, ∞); received 0",
    ],
    [
      "learningRate",
      () => sgd({ learningRate: 2 ** 128 }),
      "learningRate of sgd in float32 must be a finite number in [0, ∞); received Infinity",
    ],
    [
      "decaySteps",
      () => cosineDecay({ initialLearningRate: 0.1, decaySteps: 2 ** -150 }),
      "decaySteps of cosineDecay in float32 must be a finite number in (0, ∞); received 0",
    ],
    [
      "a value of piecewiseConstantDecay",
      () => piecewiseConstantDecay({ boundaries: [1], values: [1, 1e39] }),
      "value 2 of piecewiseConstantDecay in float32 must be a finite number in [0, ∞); received Infinity",
    ],
  ])("is refused: %s", (_, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: "invalid_argument", message }));
  });

  it("is refused in a layer before it trains", async () => {
    const model = sequential([dense(1, { kernelRegularizer: l2(1e39) })]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await expect(model.fit([[1]], [1])).rejects.toThrow(
      "the hyperparameter dense_1.kernel.l2 in float32 must be a finite number; received Infinity",
    );
  });

  it("does not stop restarts of nearly equal periods, which are equal in float32", () => {
    const [near, equal] = [1 + 2 ** -26, 1].map((tMul) => {
      const learningRate = cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 3, tMul });
      const gradients = Array.from({ length: 8 }, () => [1]);
      return trajectory(wasm, sgd({ learningRate }), [0], gradients, 8).flat();
    });
    expect(near).toEqual(equal);
    expect(near.every(Number.isFinite)).toBe(true);
  });
});

it.each(["keras", "torch"] as const)(
  "adafactor keeps weights without gradient where ε₁² vanishes, in convention %s",
  (convention) => {
    const optimizer = adafactor({ convention, epsilon1: 1e-30 });
    const gradients = Array.from({ length: 3 }, () => [0, 0, 0, 0, 0, 0]);
    for (const layout of [[[6]], [[2, 3]]])
      expect(followed(wasm, optimizer, [1, 2, 3, 4, 5, 6], gradients, { layout }).flat()).toEqual(
        gradients.flatMap(() => [1, 2, 3, 4, 5, 6]),
      );
  },
);

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
