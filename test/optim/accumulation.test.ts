/** Gradient accumulation: the mean gradient of several batches makes an update, of any rule. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { chain, networkOf } from "../../src/nn/network/network.js";
import { architectureOf, hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { TrainingRun } from "../../src/nn/training/trainer.js";
import { l2 } from "../../src/nn/weights/regularizers.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { piecewiseConstantDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { drive, followed } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { randomRows } from "../nn/support.js";
import { reference, stepProgram, wasm } from "./drive.js";

/** The weights after each of `steps` steps of a small network with penalties, in the order of its rows. */
function trained(
  executor: typeof wasm,
  optimizer: Optimizer,
  rows: number,
  batchSize: number,
  steps: number,
) {
  const layers = [dense(4, { activation: "tanh", kernelRegularizer: l2(0.05) }), dense(2)];
  const architecture = architectureOf(networkOf(chain(layers), 3), "meanSquaredError", optimizer);
  const x = executor.matrix(rows, 3, randomRows(rows, 3, 1).flat());
  const y = executor.matrix(rows, 2, randomRows(rows, 2, 2).flat());
  const training = new TrainingRun(
    executor,
    {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", batchSize),
    },
    { x, y },
    {
      hyperparameters: hyperparametersOf(architecture),
      epochs: steps,
      batchSize,
      shuffle: false,
      seed: 3,
    },
  );
  const points = Array.from({ length: steps }, () => {
    training.advance(1);
    const { arrays } = training.save();
    return {
      parameters: Array.from(arrays.parameters),
      evaluated: Array.from(training.control.getParameters()),
    };
  });
  for (const held of [training, x, y]) held.free();
  return points;
}

describe.each(Object.keys(optimizers))("%s", (name) => {
  const extras = name === "scheduleFreeAdamW" ? {} : { useEma: true, emaMomentum: 0.75 };

  it("of n batches of b rows is at the weights of batches of n · b rows, in float64 to 1e-9", () => {
    fc.assert(
      fc.property(
        ...[
          fc.integer({ min: 2, max: 4 }),
          fc.integer({ min: 1, max: 3 }),
          fc.constantFrom("keras", "torch"),
        ],
        (n, b, convention) => {
          const options = { convention, learningRate: 0.03, weightDecay: 0.1, clipNorm: 0.5, ...extras };
          const rows = n * b * 2;
          const whole = trained(reference, getOptimizer(name, options), rows, n * b, 4);
          const parts = trained(
            reference,
            getOptimizer(name, { ...options, gradientAccumulationSteps: n }),
            rows,
            b,
            4 * n,
          );
          whole.forEach((point, k) => {
            const found = parts[n * (k + 1) - 1];
            for (const kind of ["parameters", "evaluated"] as const)
              point[kind].forEach((w, i) => {
                expect(Math.abs(found[kind][i] - w)).toBeLessThan(1e-9);
              });
            // nothing moves in between
            for (let m = 0; m < n - 1; m++)
              expect(parts[n * k + m]).toEqual(k === 0 ? parts[0] : parts[n * k - 1]);
          });
          expect(parts[n - 1]).not.toEqual(parts[0]);
        },
      ),
      { numRuns: cases(4) },
    );
  });

  it("of equal gradients, whose sum is exact, is the step of one, to the bit", () => {
    const gradient = [0.5, -1.25, 0, 2];
    const start = [1, -0.5, 0.25, 3];
    const steps = (options: object, count: number) =>
      followed(
        wasm,
        getOptimizer(name, { learningRate: 0.125, ...options }),
        start,
        Array.from({ length: count }, () => gradient),
        { layout: [[2, 2]] },
      );
    const [single, four] = [steps({}, 3), steps({ gradientAccumulationSteps: 4 }, 12)];
    expect([four[3], four[7], four[11]]).toEqual(single);
    expect([four[0], four[2]]).toEqual([start, start]);
  });
});

it("is at the points of Keras' own test", () => {
  // keras/src/optimizers/optimizer_test.py, test_gradient_accumulation: SGD of rate 1, three steps
  const optimizer = sgd({ learningRate: 1, gradientAccumulationSteps: 3 });
  const { run, follow, point } = drive(wasm, optimizer, [1, 2, 3, 4], { layout: [[2, 2]] });
  const seen = [1, 2, 3, 4].map(() => {
    follow([1, 1, 1, 1]);
    return [...point(), ...run.read("slot gradientSum")];
  });
  run.free();
  expect(seen).toEqual([
    [1, 2, 3, 4, 1, 1, 1, 1],
    [1, 2, 3, 4, 2, 2, 2, 2],
    [0, 1, 2, 3, 0, 0, 0, 0],
    [0, 1, 2, 3, 1, 1, 1, 1],
  ]);
});

it("carries the batches that are left at the end of an epoch over to the next", () => {
  // 3 batches an epoch: updates after batches 2, 4 and 6, the second of which is in the next epoch
  const points = trained(wasm, sgd({ learningRate: 0.1, gradientAccumulationSteps: 2 }), 6, 2, 6);
  const moved = points.map(
    ({ parameters }, t) => t > 0 && String(parameters) !== String(points[t - 1].parameters),
  );
  expect(moved).toEqual([false, true, false, true, false, true]);
});

it("lets schedules count updates", () => {
  const learningRate = piecewiseConstantDecay({ boundaries: [1], values: [1, 0.25] });
  const optimizer = sgd({ learningRate, gradientAccumulationSteps: 2 });
  const points = followed(wasm, optimizer, [0], [[1], [1], [1], [1], [1], [1]]);
  // Keras' boundary 1 is the last step of its value
  expect(points.flat()).toEqual([0, -1, -1, -2, -2, -2.25]);
});

it("uses what there is if its number falls below the batches that are counted", () => {
  const optimizer = sgd({ learningRate: 1, gradientAccumulationSteps: 5 });
  const { run, follow, point } = drive(wasm, optimizer, [0]);
  for (const gradient of [1, 2, 3]) follow([gradient]);
  run.write("gradientAccumulationSteps", 2);
  follow([6]);
  expect(point()).toEqual([-3]);
  run.free();
});

describe("gradientAccumulationSteps", () => {
  it("is an input of the program, and 1 is the program without it", () => {
    const program = (options: object) => stepProgram(adam(options));
    expect(program({ gradientAccumulationSteps: 1 })).toBe(program({}));
    expect(program({ gradientAccumulationSteps: 2 })).toBe(program({ gradientAccumulationSteps: 8 }));
    expect(program({ gradientAccumulationSteps: 2 })).not.toBe(program({}));
    expect(adam({ gradientAccumulationSteps: 1 }).hyperparameters).toEqual(adam().hyperparameters);
  });

  it.each([
    [0, "a finite number in [1, 16777216]"],
    [-3, "a finite number in [1, 16777216]"],
    [2 ** 25, "a finite number in [1, 16777216]"],
    [Number.NaN, "a finite number in [1, 16777216]"],
    ["2", "a finite number in [1, 16777216]"],
    [2.5, "a positive integer"],
  ])("is refused as %s", (steps, rule) => {
    expect(() => adam({ gradientAccumulationSteps: steps as number })).toThrow(
      `gradientAccumulationSteps of adam must be ${rule}; received `,
    );
  });
});
