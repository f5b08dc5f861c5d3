/** What training computes, against a float64 loop written here, and what it reaches. */
import { describe, expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { l2 } from "../../src/nn/weights/regularizers.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, randomRows, weightsOf } from "./support.js";

const [ROWS, INPUTS, HIDDEN, CLASSES] = [23, 4, 5, 3];
const x = randomRows(ROWS, INPUTS, 1);
const y = x.map((_, i) => Array.from({ length: CLASSES }, (_, j) => Number(j === i % CLASSES)));

interface Weights {
  kernel1: number[][]; // [inputs, hidden]
  bias1: number[]; // [hidden]
  kernel2: number[][]; // [hidden, classes]
  bias2: number[]; // [classes]
}

/** One step of gradient descent on mean cross-entropy + λ Σ kernel1², tanh inside, softmax outside. */
function descend(
  w: Weights,
  batch: readonly number[],
  rate: number,
  lambda: number,
): { next: Weights; loss: number } {
  const share = 1 / batch.length;
  const next: Weights = {
    kernel1: w.kernel1.map((row) => row.map((v) => v - rate * 2 * lambda * v)),
    bias1: [...w.bias1],
    kernel2: w.kernel2.map((row) => [...row]),
    bias2: [...w.bias2],
  };
  let loss = lambda * w.kernel1.flat().reduce((sum, v) => sum + v * v, 0);
  for (const row of batch) {
    const h = w.bias1.map((b, j) => Math.tanh(x[row].reduce((sum, v, i) => sum + v * w.kernel1[i][j], b)));
    const z = w.bias2.map((b, k) => h.reduce((sum, v, j) => sum + v * w.kernel2[j][k], b));
    const scale = z.reduce((sum, v) => sum + Math.exp(v), 0);
    const p = z.map((v) => Math.exp(v) / scale);
    loss -= share * y[row].reduce((sum, v, k) => sum + v * Math.log(p[k]), 0);
    const dz = p.map((v, k) => share * (v - y[row][k]));
    for (let j = 0; j < HIDDEN; j++) {
      const dh = dz.reduce((sum, v, k) => sum + v * w.kernel2[j][k], 0) * (1 - h[j] * h[j]);
      for (let k = 0; k < CLASSES; k++) next.kernel2[j][k] -= rate * dz[k] * h[j];
      next.bias1[j] -= rate * dh;
      for (let i = 0; i < INPUTS; i++) next.kernel1[i][j] -= rate * dh * x[row][i];
    }
    dz.forEach((v, k) => {
      next.bias2[k] -= rate * v;
    });
  }
  return { next, loss };
}

const chunk = (flat: readonly number[], width: number): number[][] =>
  Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));

describe("training", () => {
  it("follows the equations of gradient descent, a ragged last batch included", async () => {
    const [rate, lambda, batchSize, epochs] = [0.5, 0.01, 8, 4]; // 8, 8 and 7 rows
    const model = compiled(
      [
        dense(HIDDEN, { activation: "tanh", kernelRegularizer: l2(lambda) }),
        dense(CLASSES, { activation: "softmax" }),
      ],
      { optimizer: sgd({ learningRate: rate }), loss: "categoricalCrossentropy" },
    );
    await model.fit(x, y, { epochs: 0, seed: 3 });
    const start = weightsOf(model);
    let w: Weights = {
      kernel1: chunk(start["dense_1.kernel"], HIDDEN),
      bias1: start["dense_1.bias"],
      kernel2: chunk(start["dense_2.kernel"], CLASSES),
      bias2: start["dense_2.bias"],
    };
    const { history } = await model.fit(x, y, { epochs, batchSize, shuffle: false });

    // 12 steps; in each, a gradient of at most 1 with some 30 roundings, and the rounding of a weight of at
    // most 2
    const bound = 12 * (rate * 30 + 2) * 2 ** -24;
    for (let epoch = 0; epoch < epochs; epoch++) {
      let lossOfRows = 0;
      for (let first = 0; first < ROWS; first += batchSize) {
        const batch = Array.from({ length: Math.min(batchSize, ROWS - first) }, (_, i) => first + i);
        const { next, loss } = descend(w, batch, rate, lambda);
        lossOfRows += loss * batch.length;
        w = next;
      }
      expect(Math.abs(history.loss[epoch] - lossOfRows / ROWS)).toBeLessThanOrEqual(bound);
    }
    const end = weightsOf(model);
    const expected = {
      "dense_1.kernel": w.kernel1.flat(),
      "dense_1.bias": w.bias1,
      "dense_2.kernel": w.kernel2.flat(),
      "dense_2.bias": w.bias2,
    };
    for (const [path, values] of Object.entries(expected)) {
      values.forEach((value, i) => {
        expect(Math.abs(end[path][i] - value), `${path}[${i}]`).toBeLessThanOrEqual(bound);
      });
      const moved = values.some((value, i) => Math.abs(value - start[path][i]) > 100 * bound);
      expect(moved, `${path} moved far more than the bound`).toBe(true);
    }
  });

  it("visits each row once an epoch, in a new order from the seed unless told not to", async () => {
    const targets = x.map(([a, b]) => a - b);
    const fitted = async (seed: number, shuffle: boolean, learningRate: number) => {
      const model = compiled([dense(1, { kernelInitializer: "ones" })], {
        optimizer: sgd({ learningRate }),
        loss: "meanSquaredError",
      });
      const { history } = await model.fit(x, targets, { epochs: 3, batchSize: 4, seed, shuffle });
      return { loss: history.loss, whole: model.evaluate(x, targets).loss, weights: weightsOf(model) };
    };
    // with a rate of 0 nothing moves, so the mean over an epoch is the mean over all rows, in any order
    const still = await fitted(1, true, 0);
    for (const loss of still.loss) {
      expect(Math.abs(loss - still.whole)).toBeLessThanOrEqual(ROWS * 2 ** -24 * still.whole * 4);
    }
    const ordered = await fitted(1, false, 0.1);
    expect((await fitted(2, false, 0.1)).weights).toEqual(ordered.weights);
    const shuffled = await fitted(1, true, 0.1);
    expect((await fitted(1, true, 0.1)).weights).toEqual(shuffled.weights);
    expect(shuffled.weights).not.toEqual(ordered.weights);
    expect((await fitted(2, true, 0.1)).weights).not.toEqual(shuffled.weights);
  });

  it("learns XOR", async () => {
    const model = compiled([dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })], {
      optimizer: adam({ learningRate: 0.05 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    const corners = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const { history } = await model.fit(corners, [0, 1, 1, 0], { epochs: 300 });
    expect(history.accuracy.at(-1)).toBe(1);
    expect(history.loss.at(-1)).toBeLessThan(0.05);
    expect([...model.predict(corners).data].map(Math.round)).toEqual([0, 1, 1, 0]);
  });
});
