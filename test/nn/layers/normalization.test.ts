/**
 * State that a step updates: running means, in training, in slices, in files, beside averages of weights, and
 * frozen; and noise.
 */
import { describe, expect, it } from "vitest";
import { sub } from "../../../src/graph/functions.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import {
  batchNormalization,
  defineLayer,
  dense,
  freeze,
  gaussianNoise,
  type Layer,
  layerNormalization,
} from "../../../src/nn/layers/index.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { initializers } from "../../../src/nn/weights/initializers.js";
import { adam } from "../../../src/optim/adam.js";
import { muon } from "../../../src/optim/muon.js";
import type { Optimizer } from "../../../src/optim/optimizer.js";
import { sgd } from "../../../src/optim/sgd.js";
import { compiled, randomRows, refusal, weightsOf } from "../support.js";

const x = randomRows(20, 3, 1);
const y = randomRows(20, 2, 2);
const layers = (): Layer[] => [dense(4), batchNormalization({ momentum: 0.75 }), dense(2)];
const build = (optimizer: Optimizer = adam({ learningRate: 0.01 }), stack = layers()): LayersModel =>
  compiled(stack, { optimizer, loss: "meanSquaredError" });
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const variance = (values: readonly number[]): number => mean(values.map((v) => (v - mean(values)) ** 2));

describe("batchNormalization", () => {
  it("follows mean and variance of the batches, and uses them where nothing is trained", async () => {
    const model = build(sgd({ learningRate: 0 }), [
      batchNormalization({ momentum: 0.75, epsilon: 0.125 }),
      dense(1),
    ]);
    await model.fit(
      x,
      y.map(([first]) => first),
      { epochs: 3, batchSize: 20 },
    );
    const weights = weightsOf(model);
    for (let j = 0; j < 3; j++) {
      const column = x.map((row) => row[j]);
      const [average, spread] = [mean(column), variance(column)];
      const kept = 0.75 ** 3;
      // three steps in float32, from 0 and 1
      expect(weights["batchNormalization_1.movingMean"][j]).toBeCloseTo((1 - kept) * average, 6);
      expect(weights["batchNormalization_1.movingVariance"][j]).toBeCloseTo(kept + (1 - kept) * spread, 6);
    }
    const { "dense_1.kernel": kernel } = weights;
    const expected = (row: readonly number[]): number =>
      row.reduce((sum, value, j) => {
        const [m, v] = ["movingMean", "movingVariance"].map(
          (name) => weights[`batchNormalization_1.${name}`][j],
        );
        return sum + (kernel[j] * (value - m)) / Math.sqrt(v + 0.125);
      }, 0);
    const result = model.predict(x);
    for (const [i, row] of x.entries()) expect(result.get(i, 0)).toBeCloseTo(expected(row), 5);
    // one row is not its own batch
    expect(model.predict([x[7]]).get(0, 0)).toBe(result.get(7, 0));
  });

  it.each([
    ["adam", adam({ learningRate: 0.01 })],
    ["an average of weights", adam({ learningRate: 0.01, useEma: true })],
    ["an optimizer that sees arrays", muon({ learningRate: 0.01 })],
    ["accumulated gradients", adam({ learningRate: 0.01, gradientAccumulationSteps: 2 })],
  ])(
    "with %s resumes to the bits of one training, in one process and through a file",
    async (_, optimizer) => {
      const whole = build(optimizer);
      await whole.fit(x, y, { epochs: 4, batchSize: 8, seed: 3 });
      const parts = build(optimizer);
      await parts.fit(x, y, { epochs: 2, batchSize: 8, seed: 3 });
      const { model: loaded } = await loadModel(saveModel(parts, { optimizer: true }));
      expect(Array.from(loaded.predict(x).data)).toEqual(Array.from(parts.predict(x).data));
      await parts.fit(x, y, { epochs: 2, batchSize: 8 });
      await loaded.fit(x, y, { epochs: 2, batchSize: 8 });
      expect(weightsOf(parts)).toEqual(weightsOf(whole));
      expect(weightsOf(loaded)).toEqual(weightsOf(whole));
      expect(whole.evaluate(x, y)).toEqual(loaded.evaluate(x, y));
    },
  );

  it("keeps running means beside an average of weights as without one", async () => {
    const means = async (optimizer: Optimizer) => {
      const model = build(optimizer, [batchNormalization({ momentum: 0.5 }), dense(2)]);
      await model.fit(x, y, { epochs: 2, batchSize: 8, seed: 3 });
      return weightsOf(model);
    };
    const [plain, averaged] = [await means(sgd()), await means(sgd({ useEma: true }))];
    for (const name of ["movingMean", "movingVariance"])
      expect(averaged[`batchNormalization_1.${name}`]).toEqual(plain[`batchNormalization_1.${name}`]);
    expect(averaged["dense_1.kernel"]).not.toEqual(plain["dense_1.kernel"]);
  });

  it("that is frozen normalizes by its running numbers in training too, and keeps them", async () => {
    const model = build(sgd({ learningRate: 0 }), [freeze(batchNormalization()), dense(2)]);
    const { history } = await model.fit(x, y, { epochs: 1, batchSize: 20 });
    expect(weightsOf(model)["batchNormalization_1.movingMean"]).toEqual([0, 0, 0]);
    // in float32, of the same rows in another order
    expect(history.loss[0]).toBeCloseTo(model.evaluate(x, y).loss, 5);
  });

  it("has its running numbers among the weights, which setWeights replaces", async () => {
    const model = build();
    await model.fit(x, y, { epochs: 0 });
    const weights = model.getWeights();
    expect(Object.keys(weights)).toEqual([
      "dense_1.kernel",
      "dense_1.bias",
      "batchNormalization_1.gamma",
      "batchNormalization_1.beta",
      "batchNormalization_1.movingMean",
      "batchNormalization_1.movingVariance",
      "dense_2.kernel",
      "dense_2.bias",
    ]);
    model.setWeights({ ...weights, "batchNormalization_1.movingMean": [1, 2, 3, 4] });
    expect(weightsOf(model)["batchNormalization_1.movingMean"]).toEqual([1, 2, 3, 4]);
    expect(weightsOf(model)["dense_2.kernel"]).toEqual(Array.from(weights["dense_2.kernel"].data));
  });
});

it("layerNormalization brings each row to mean 0 and variance 1", async () => {
  const model = build(sgd({ learningRate: 0 }), [
    layerNormalization({ epsilon: 1e-6 }),
    dense(3, { kernelInitializer: "zeros" }),
  ]);
  await model.fit(x, x, { epochs: 0 });
  const identity = [0, 1, 2].map((i) => [0, 1, 2].map((j) => Number(i === j)));
  model.setWeights({ ...model.getWeights(), "dense_1.kernel": identity });
  const result = model.predict(x);
  for (const i of x.keys()) {
    const row = [0, 1, 2].map((j) => result.get(i, j));
    expect(mean(row)).toBeCloseTo(0, 5);
    expect(variance(row)).toBeCloseTo(1, 2);
  }
});

it("gaussianNoise adds normal numbers in training alone", async () => {
  const [rows, units, deviation] = [400, 50, 0.5];
  const zeros = Array.from({ length: rows }, () => Array(units).fill(0) as number[]);
  // the loss of a network of zeros is the mean square of the noise, since the dense layer after it is the
  // identity
  const stack = [gaussianNoise(deviation), dense(units, { kernelInitializer: "zeros", useBias: false })];
  const model = build(sgd({ learningRate: 0 }), stack);
  await model.fit(zeros, zeros, { epochs: 0 });
  const identity = zeros
    .slice(0, units)
    .map((_, i) => Array.from({ length: units }, (_, j) => Number(i === j)));
  model.setWeights({ "dense_1.kernel": identity });
  const { history } = await model.fit(zeros, zeros, { epochs: 2, batchSize: rows });
  const [first, second] = history.loss;
  // five standard deviations of a mean of 20,000 squares of normal numbers
  for (const loss of [first, second])
    expect(Math.abs(loss / deviation ** 2 - 1)).toBeLessThanOrEqual(5 * Math.sqrt(2 / (rows * units)));
  expect(second).not.toBe(first);
  expect(model.evaluate(zeros, zeros).loss).toBe(0);
});

describe("a custom layer with state", () => {
  const counter = (call: Parameters<typeof defineLayer>[0]["call"]): Layer =>
    defineLayer({
      type: "counter",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: () => [{ name: "steps", shape: [], initializer: initializers.zeros, trainable: false }],
      call,
    });

  it("may not update in prediction, what it does not have, or to another shape", async () => {
    const tried = (layer: Layer) =>
      refusal(async () => {
        const model = build(sgd(), [layer, dense(2)]);
        await model.fit(x, y);
        model.predict(x);
      });
    const always = counter(({ x, update, parameters: { steps } }) => {
      update("steps", sub(steps, 1));
      return x;
    });
    expect(await tried(always)).toBe("invalid_state: update of counter_1 must be called only in training");
    const inTraining = (name: string): Layer =>
      counter(({ x, update, training }) => {
        if (training) update(name, x);
        return x;
      });
    expect(await tried(inTraining("count"))).toBe(
      'invalid_argument: update of counter_1 must name a parameter that is not trainable; received "count"',
    );
    expect(await tried(inTraining("steps"))).toBe(
      "invalid_shape: the update of counter_1.steps must return a scalar value; received shape [rows, 3]",
    );
  });
});
