/**
 * TensorFlow.js's own optimizers, where its rules (tfjs-core 4.22, src/optimizers) coincide with ours:
 *
 * | tf.train | coincides with | because |
 * |---|---|---|
 * | sgd | sgd, either convention | |
 * | momentum | sgd with momentum, torch; keras too at a constant rate | it keeps m ← μm + g and subtracts lr·m, or lr·(g + μm) |
 * | adam | adam, torch | ε is added after v's correction |
 * | rmsprop | rmsprop, keras, with and without momentum | ε is inside the root, lr inside the buffer |
 * | adagrad | adagrad, keras, ε = 1e-7 | ε is inside the root; it is the backend's and cannot be set |
 *
 * Two do not coincide. tf.train.rmsprop with `centered` takes √(v − (ḡ² + ε)), so that ε makes the root
 * smaller, not larger. tf.train.adadelta divides by the accumulated squares *before* this gradient, the paper
 * and Keras after it.
 */
import * as tf from "@tensorflow/tfjs-core";
import { cases } from "../cases.js";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { adagrad } from "../../src/optim/adagrad.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
import { trajectory, wasm } from "./drive.js";

const STEPS = 10;

/**
 * Both sides are float32 and do at most 16 roundings a step, each at most 2^-24 of the numbers in it, which
 * the conditions below amplify by at most 10 (1 − β in one of tfjs's terms): 16 × 10 × 2^-24 < 1e-5 of what
 * moves.
 */
const TOLERANCE = 1e-5;

/** Multiples of 2^-10, so that nothing is subnormal. */
const numbers = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(min * 1024), max: Math.floor(max * 1024) }).map((n) => n / 1024);
const config = fc.record({
  learningRate: numbers(1e-3, 1),
  momentum: numbers(0.1, 0.9),
  decay: numbers(0.1, 0.9),
  second: numbers(0.1, 0.9),
  epsilon: numbers(1e-3, 1),
  nesterov: fc.boolean(),
  convention: fc.constantFrom("keras" as const, "torch" as const),
});
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

const problem = fc.integer({ min: 1, max: 6 }).chain((size) => {
  const point = fc.array(numbers(-2, 2), { minLength: size, maxLength: size });
  return fc.record({ start: point, gradients: fc.array(point, { minLength: STEPS, maxLength: STEPS }) });
});

const pairs: Record<string, [(c: Config) => Optimizer, (c: Config) => tf.Optimizer]> = {
  sgd: [
    ({ learningRate, convention }) => sgd({ learningRate, convention }),
    (c) => tf.train.sgd(c.learningRate),
  ],
  momentum: [
    ({ learningRate, momentum, nesterov, convention }) =>
      sgd({ learningRate, momentum, nesterov, convention }),
    (c) => tf.train.momentum(c.learningRate, c.momentum, c.nesterov),
  ],
  adam: [
    ({ learningRate, decay, second, epsilon }) =>
      adam({ learningRate, beta1: decay, beta2: second, epsilon, convention: "torch" }),
    (c) => tf.train.adam(c.learningRate, c.decay, c.second, c.epsilon),
  ],
  rmsprop: [
    ({ learningRate, decay, epsilon }) => rmsprop({ learningRate, rho: decay, epsilon }),
    (c) => tf.train.rmsprop(c.learningRate, c.decay, 0, c.epsilon),
  ],
  "rmsprop with momentum": [
    ({ learningRate, decay, momentum, epsilon }) => rmsprop({ learningRate, rho: decay, momentum, epsilon }),
    (c) => tf.train.rmsprop(c.learningRate, c.decay, c.momentum, c.epsilon),
  ],
  adagrad: [
    ({ learningRate, second }) => adagrad({ learningRate, initialAccumulatorValue: second, epsilon: 1e-7 }),
    (c) => tf.train.adagrad(c.learningRate, c.second),
  ],
};

beforeAll(async () => {
  await tf.setBackend("cpu");
});

function tfjsTrajectory(optimizer: tf.Optimizer, start: number[], gradients: number[][]): number[][] {
  const w = tf.variable(tf.tensor1d(start));
  const points = gradients.map((gradient) => {
    const tensor = tf.tensor1d(gradient);
    optimizer.applyGradients([{ name: w.name, tensor }]);
    tensor.dispose();
    return Array.from(w.dataSync());
  });
  w.dispose();
  optimizer.dispose();
  return points;
}

describe.each(Object.entries(pairs))("%s", (_, [ours, theirs]) => {
  it("agrees with TensorFlow.js", () => {
    fc.assert(
      fc.property(problem, config, ({ start, gradients }, c) => {
        const expected = tfjsTrajectory(theirs(c), start, gradients);
        const actual = trajectory(wasm, ours(c), start, gradients, STEPS);
        start.forEach((from, i) => {
          let travelled = Math.abs(from);
          expected.forEach((point, t) => {
            travelled += Math.abs(point[i] - (t === 0 ? from : expected[t - 1][i]));
            expect(Math.abs(actual[t][i] - point[i])).toBeLessThanOrEqual(TOLERANCE * travelled);
          });
        });
      }),
      { numRuns: cases(40) },
    );
  });
});
