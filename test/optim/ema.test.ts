/** The moving average of weights: around any rule, beside the weights or over them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FettleError } from "../../src/errors.js";
import { neg, zerosLike } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { scheduleFreeAdamW } from "../../src/optim/scheduleFree.js";
import { sgd } from "../../src/optim/sgd.js";
import { drive } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference, stepProgram, wasm } from "./drive.js";

const averaging = Object.keys(optimizers).filter((name) => name !== "scheduleFreeAdamW");
const LAYOUT = [[2, 3], [2]];
const SIZE = 8;
const vectors = fc.array(
  fc.integer({ min: -64, max: 64 }).map((n) => n / 16),
  { minLength: SIZE, maxLength: SIZE },
);
const descents = fc.tuple(vectors, fc.array(vectors, { minLength: 6, maxLength: 6 }));

type Descent = readonly [start: readonly number[], gradients: readonly (readonly number[])[]];

/** Weights and averages after each step. */
function paths(
  executor: typeof wasm,
  optimizer: Optimizer,
  [start, gradients]: Descent,
): { weights: number[][]; averages: number[][] } {
  const { run, follow, point } = drive(executor, optimizer, start, { layout: LAYOUT, joined: true });
  const [weights, averages]: number[][][] = [[], []];
  for (const gradient of gradients) {
    follow(gradient);
    weights.push(point());
    averages.push(Array.from(run.read("slot evaluation")));
  }
  run.free();
  return { weights, averages };
}

/** The path of an optimizer without an average. */
function plain(executor: typeof wasm, optimizer: Optimizer, [start, gradients]: Descent) {
  const { run, follow, point } = drive(executor, optimizer, start, { layout: LAYOUT, joined: true });
  const weights = gradients.map((gradient) => {
    follow(gradient);
    return point();
  });
  run.free();
  return weights;
}

describe.each(averaging)("%s", (name) => {
  it("trains as without an average, to the bit, which is that of its weights; with momentum 0 it is the weights", () => {
    fc.assert(
      fc.property(
        ...[descents, fc.constantFrom("keras", "torch"), fc.constantFrom(0, 0.5, 0.99)],
        (descent, convention, emaMomentum) => {
          const options = { convention, learningRate: 0.125 };
          const optimizer = getOptimizer(name, { ...options, useEma: true, emaMomentum });
          const { weights, averages } = paths(wasm, optimizer, descent);
          expect(weights).toEqual(plain(wasm, getOptimizer(name, options), descent));
          if (emaMomentum === 0) expect(averages).toEqual(weights);
          // the first average is the first weights, as in Keras
          expect(averages[0]).toEqual(weights[0]);
          const exact = paths(reference, optimizer, descent);
          let average = exact.weights[0];
          exact.weights.forEach((w, t) => {
            if (t > 0) average = average.map((a, i) => emaMomentum * a + (1 - emaMomentum) * w[i]);
            average.forEach((a, i) => {
              expect(Math.abs(exact.averages[t][i] - a)).toBeLessThan(1e-12 * Math.max(1, Math.abs(a)));
            });
          });
        },
      ),
      { numRuns: cases(10) },
    );
  });

  it("is put back to the average after every second step, if asked, and trains on from there", () => {
    const options = { learningRate: 0.125, useEma: true, emaMomentum: 0.75 };
    const optimizer = getOptimizer(name, { ...options, emaOverwriteFrequency: 2 });
    const gradients = Array.from({ length: 5 }, (_, t) =>
      Array.from({ length: SIZE }, (_, i) => 1 + t - i / 4),
    );
    const { weights, averages } = paths(wasm, optimizer, [gradients[0], gradients]);
    expect(weights[1]).toEqual(averages[1]);
    expect(weights[3]).toEqual(averages[3]);
    expect(weights[2]).not.toEqual(averages[2]);
    expect(weights[0]).toEqual(averages[0]);
    expect(weights[4]).not.toEqual(averages[4]);
  });
});

it("is at the points of Keras' own test", () => {
  // keras/src/optimizers/optimizer_test.py, test_ema: w = 3 for two weights, gradients of 1, SGD of rate 1,
  // momentum 0.9, every 3rd step
  const optimizer = sgd({ learningRate: 1, useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 3 });
  const { run, follow, point } = drive(reference, optimizer, [3, 4]);
  const seen = [1, 2, 3].map(() => {
    follow([1, 1]);
    return [...point(), ...run.read("slot evaluation")].map((x) => Math.round(x * 1e6) / 1e6);
  });
  run.free();
  expect(seen).toEqual([
    [2, 3, 2, 3],
    [1, 2, 1.9, 2.9],
    [1.71, 2.71, 1.71, 2.71],
  ]);
});

function caught(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return `${(error as FettleError).code}: ${(error as Error).message}`;
  }
  return "nothing";
}

describe("options", () => {
  it("are inputs of the program, but for whether there is an average and whether it overwrites", () => {
    const program = (options: object) => stepProgram(adam(options));
    const one = program({ useEma: true });
    expect(program({ useEma: true, emaMomentum: 0.5 })).toBe(one);
    expect(program({ useEma: false })).toBe(program({}));
    expect(program({})).not.toBe(one);
    const over = program({ useEma: true, emaOverwriteFrequency: 3 });
    expect(over).not.toBe(one);
    expect(program({ useEma: true, emaOverwriteFrequency: 100 })).toBe(over);
    expect(adam({ useEma: true }).hyperparameters.emaMomentum).toBe(0.99);
    expect(adam().hyperparameters).not.toHaveProperty("emaMomentum");
  });

  it.each([
    [
      () => adam({ emaMomentum: 0.9 }),
      "emaMomentum of adam must be left out unless useEma is true; received 0.9",
    ],
    [
      () => adam({ useEma: false, emaOverwriteFrequency: 2 }),
      "emaOverwriteFrequency of adam must be left out unless useEma is true; received 2",
    ],
    [
      () => adam({ useEma: true, emaMomentum: 1 }),
      "emaMomentum of adam must be a finite number in [0, 1); received 1",
    ],
    [
      () => adam({ useEma: true, emaOverwriteFrequency: 1.5 }),
      "emaOverwriteFrequency of adam must be a positive integer; received 1.5",
    ],
    [
      () => adam({ useEma: true, emaOverwriteFrequency: 0 }),
      "emaOverwriteFrequency of adam must be a finite number in [1, 16777216]; received 0",
    ],
    [() => adam({ useEma: 1 as never }), "useEma of adam must be true or false; received 1"],
    [
      () => stepProgram(scheduleFreeAdamW({ useEma: true })),
      'optimizer "scheduleFreeAdamW" must not have a slot "evaluation" of its own with useEma',
    ],
  ])("are refused: %s", (run, message) => {
    expect(caught(run)).toBe(`invalid_argument: ${message}`);
  });
});

it("a rule that is called for each array is refused evaluation weights of its own", () => {
  const own = defineOptimizer({
    name: "own",
    hyperparameters: { learningRate: 1 },
    perArray: true,
    init: ({ parameter }) => ({ evaluation: zerosLike(parameter) }),
    update: ({ gradient, slots }) => ({ update: neg(gradient), slots }),
  });
  expect(caught(() => stepProgram(own()))).toBe(
    'invalid_argument: a rule that is perArray must not have a slot "evaluation"; useEma gives it one',
  );
});
