/** What `fit`, `evaluate` and `predict` promise beside the arithmetic. */

import ndarray from "ndarray";
import { describe, expect, it, vi } from "vitest";
import { defaultEngine } from "../../src/engine/wasmEngine.js";
import { accuracy, rootMeanSquaredError } from "../../src/metrics/index.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import * as training from "../../src/nn/training/training.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, randomRows, startFrom, weightsOf } from "./support.js";

const x = randomRows(50, 4, 1);
const y = x.map(([a, b]) => Number(a > b));

const classifier = (learningRate = 0.01) =>
  compiled([dense(6, { activation: "relu" }), dropout(0.25), dense(1, { activation: "sigmoid" })], {
    optimizer: adam({ learningRate }),
    loss: "binaryCrossentropy",
    metrics: ["accuracy", "logLoss"],
  });

describe("fit", () => {
  it("names its history as Keras does", async () => {
    const plain = await classifier().fit(x, y, { epochs: 3 });
    expect(plain.epoch).toEqual([0, 1, 2]);
    expect(Object.keys(plain.history)).toEqual(["loss", "accuracy", "logLoss"]);
    const validated = await classifier().fit(x, y, { epochs: 2, validationSplit: 0.2 });
    expect(Object.keys(validated.history)).toEqual([
      ...["loss", "accuracy", "logLoss"],
      ...["valLoss", "valAccuracy", "valLogLoss"],
    ]);
    for (const values of Object.values(validated.history)) expect(values.length).toBe(2);
    expect(await classifier().fit(x, y, { epochs: 0 })).toEqual({ epoch: [], history: { loss: [] } });
  });

  it("weighs the rows that it keeps for validation by the last weights", async () => {
    const weights = x.map((_, i) => 1 + (i % 3));
    const options = { epochs: 2, batchSize: 8, seed: 3 };
    const split = await classifier().fit(x, y, { ...options, sampleWeight: weights, validationSplit: 0.25 });
    const given = await classifier().fit(x.slice(0, 37), y.slice(0, 37), {
      ...options,
      sampleWeight: weights.slice(0, 37),
      validationData: [x.slice(37), y.slice(37), weights.slice(37)],
    });
    expect(split.history).toEqual(given.history);
    const unweighted = await classifier().fit(x, y, { ...options, validationSplit: 0.25 });
    expect(split.history.valLoss[1]).not.toBe(unweighted.history.valLoss[1]);
  });

  it("keeps the last rows for validation, and trains as if they were not there", async () => {
    // 50 · (1 − 0.25) = 37.5: the first 37 rows are trained on
    const options = { epochs: 4, batchSize: 8, seed: 3 };
    const split = classifier();
    const { history } = await split.fit(x, y, { ...options, validationSplit: 0.25 });
    const given = classifier();
    const same = await given.fit(x.slice(0, 37), y.slice(0, 37), {
      ...options,
      validationData: [x.slice(37), y.slice(37)],
    });
    expect(weightsOf(split)).toEqual(weightsOf(given));
    expect(history).toEqual(same.history);
    // and what it reported is what the model says of these rows
    const { loss, ...scores } = split.evaluate(x.slice(37), y.slice(37));
    expect(history.valLoss.at(-1)).toBe(loss);
    expect(history.valAccuracy.at(-1)).toBe(scores.accuracy);
    expect(history.accuracy.at(-1)).toBe(split.evaluate(x.slice(0, 37), y.slice(0, 37)).accuracy);
  });

  it("evaluates the rows that it trains on for metrics, and those of validation, and nothing else", async () => {
    await classifier().fit(x, y, { epochs: 0 });
    const starts = vi.spyOn(defaultEngine(), "start");
    const runs = async (metrics: readonly "r2"[], validationSplit: number): Promise<number> => {
      starts.mockClear();
      const model = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError", metrics });
      await model.fit(x, y, { epochs: 3, validationSplit });
      return starts.mock.calls.length;
    };
    // one for the first parameters, and one that trains
    expect(await runs([], 0)).toBe(2);
    expect(await runs(["r2"], 0)).toBe(2 + 3);
    expect(await runs([], 0.2)).toBe(2 + 3);
    expect(await runs(["r2"], 0.2)).toBe(2 + 6);
    starts.mockRestore();
  });

  it("goes on with other batches and other rows", async () => {
    const model = classifier();
    await model.fit(x, y, { batchSize: 8 });
    const before = weightsOf(model);
    const { history } = await model.fit(x.slice(0, 10), y.slice(0, 10), { batchSize: 10 });
    expect(weightsOf(model)).not.toEqual(before);
    expect(history.loss[0]).toBeGreaterThan(0);
  });

  it("keeps the parameters when compiled anew, and begins the optimizer again", async () => {
    const model = compiled([dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 3 });
    const kept = weightsOf(model);
    model.compile({ optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }), loss: "meanSquaredError" });
    expect(weightsOf(model)).toEqual(kept);
    await model.fit(x, y, { epochs: 2, seed: 4 });
    const fresh = compiled([dense(1)], {
      optimizer: sgd({ learningRate: 0.5, momentum: 0.5 }),
      loss: "meanSquaredError",
    });
    const start = startFrom(Object.values(kept).flat());
    await fresh.fit(x, y, { epochs: 2, seed: 4, callbacks: [start] });
    expect(weightsOf(model)).toEqual(weightsOf(fresh));
  });

  it("by the seed alone decides everything random", async () => {
    const fitted = async (seed: number) => {
      const model = classifier();
      await model.fit(x, y, { epochs: 2, batchSize: 8, seed });
      return weightsOf(model);
    };
    expect(await fitted(1)).toEqual(await fitted(1));
    expect(await fitted(2)).not.toEqual(await fitted(1));
    expect(await fitted(2 ** 40)).not.toEqual(await fitted(0)); // the upper bits count
  });

  it("resumes with the learning rate that a callback set, and be it 0", async () => {
    const model = classifier();
    await model.fit(x, y, { callbacks: [{ onTrainBegin: (control) => control.setLearningRate(0) }] });
    const before = weightsOf(model);
    await model.fit(x, y);
    expect(weightsOf(model)).toEqual(before);
  });

  it("calls its callbacks in order, waits for them, and lets them stop", async () => {
    const calls: string[] = [];
    const watch = (name: string): Callback => ({
      onTrainBegin: () => void calls.push(`${name} begin`),
      async onEpochEnd(epoch, { loss }, control) {
        await Promise.resolve();
        calls.push(`${name} ${epoch} ${loss > 0}`);
        if (name === "a" && epoch === 1) control.stop();
      },
      onTrainEnd: () => void calls.push(`${name} end`),
    });
    const { epoch } = await classifier().fit(x, y, { epochs: 9, callbacks: [watch("a"), {}, watch("b")] });
    expect(epoch).toEqual([0, 1]);
    expect(calls).toEqual([
      ...["a begin", "b begin"],
      ...["a 0 true", "b 0 true"],
      ...["a 1 true", "b 1 true"],
      ...["a end", "b end"],
    ]);
  });
});

describe("evaluate and predict", () => {
  it("agree: the metrics are those of the predictions", async () => {
    const model = classifier();
    await model.fit(x, y, { epochs: 3 });
    const scores = model.evaluate(x, y);
    const prediction = model.predict(x);
    expect(Object.keys(scores)).toEqual(["loss", "accuracy", "logLoss"]);
    expect(scores.accuracy).toBe(accuracy(y, prediction));
    // the loss is in float32, behind the sigmoid; the metric in float64 of probabilities rounded to float32
    const logLoss = y.reduce((sum, v, i) => {
      const p = prediction.get(i, 0);
      return sum - Math.log(v === 1 ? p : 1 - p) / y.length;
    }, 0);
    expect(Math.abs(scores.loss - logLoss)).toBeLessThanOrEqual(y.length * 4 * 2 ** -24);
    expect(Math.abs(scores.logLoss - logLoss)).toBeLessThanOrEqual(1e-12);

    const regression = compiled([dense(1)], {
      optimizer: "sgd",
      loss: "meanSquaredError",
      metrics: ["rootMeanSquaredError"],
    });
    await regression.fit(x, y);
    const { loss, rootMeanSquaredError: rmse } = regression.evaluate(x, y);
    expect(rmse).toBe(rootMeanSquaredError(y, regression.predict(x)));
    expect(Math.abs(rmse * rmse - loss)).toBeLessThanOrEqual(y.length * 2 ** -24 * 4 * loss);
  });

  it("take 1 row and 1000 rows, each row by itself", async () => {
    const model = classifier();
    await model.fit(x, y);
    const many = randomRows(1000, 4, 5);
    const all = model.predict(many);
    expect(all.shape).toEqual([1000, 1]);
    for (const row of [0, 255, 256, 999]) {
      const alone = model.predict([many[row]]);
      expect(alone.shape).toEqual([1, 1]);
      // other tiles of the product may add in another order: 4 terms, then 6
      expect(Math.abs(alone.get(0, 0) - all.get(row, 0)), `row ${row}`).toBeLessThanOrEqual(16 * 2 ** -24);
    }
  });

  it("take nested arrays, typed arrays with a shape, and ndarrays of any strides", async () => {
    const flat = x.flat();
    const columns = Float64Array.from({ length: flat.length }, (_, k) => x[k % 50][Math.floor(k / 50)]);
    const padded = Float32Array.from(
      { length: 1 + 2 * flat.length },
      (_, k) => flat[(k - 1) / 2] ?? Number.NaN,
    );
    const forms = {
      nested: x,
      "rows of typed arrays": x.map((row) => Float32Array.from(row)),
      "data and shape": { data: Float64Array.from(flat), shape: [50, 4] },
      ndarray: ndarray(Float32Array.from(flat), [50, 4]),
      "column by column": ndarray(columns, [50, 4], [1, 50]),
      "every other, with an offset": ndarray(padded, [50, 4], [8, 2], 1),
    };
    const results = [];
    for (const form of Object.values(forms)) {
      const model = classifier();
      await model.fit(form, y, { epochs: 2 });
      results.push({
        weights: weightsOf(model),
        scores: model.evaluate(form, y),
        p: [...model.predict(form).data],
      });
    }
    for (const result of results) expect(result).toEqual(results[0]);
    const targets = classifier();
    await targets.fit(x, ndarray(Int32Array.from(y), [50, 1]), { epochs: 2 });
    expect(weightsOf(targets)).toEqual(results[0].weights);
  });
});

describe("weights", () => {
  it("are copies, of the parameters' shapes", async () => {
    const model = classifier();
    await model.fit(x, y);
    const weights = model.getWeights();
    expect(Object.fromEntries(Object.entries(weights).map(([path, { shape }]) => [path, shape]))).toEqual({
      "dense_1.kernel": [4, 6],
      "dense_1.bias": [6],
      "dense_2.kernel": [6, 1],
      "dense_2.bias": [1],
    });
    const before = weightsOf(model);
    weights["dense_1.kernel"].data.fill(0);
    expect(weightsOf(model)).toEqual(before);
  });

  it("come back by restore, and training goes on from there", async () => {
    const model = classifier();
    let parameters = new Float32Array();
    const keep: Callback = {
      onTrainEnd(control) {
        parameters = Float32Array.from(control.getParameters());
      },
    };
    await model.fit(x, y, { epochs: 2, callbacks: [keep] });
    const other = classifier();
    other.restore({
      training,
      row: 4,
      saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
    });
    expect(weightsOf(other)).toEqual(weightsOf(model));
    expect(other.evaluate(x, y)).toEqual(model.evaluate(x, y));
    expect(other.predict(x).data).toEqual(model.predict(x).data);
  });

  it("are counted in the summary", async () => {
    const model = classifier();
    const lines: string[] = [];
    model.summary((line) => lines.push(line), 4);
    expect(lines).toEqual([
      "Layer      Output shape  Parameters",
      "dense_1    [rows, 6]     30",
      "dropout_1  [rows, 6]     0",
      "dense_2    [rows, 1]     7",
      "Total parameters: 37",
    ]);
    const early: string[] = [];
    model.summary((line) => early.push(line));
    expect(early[1]).toBe("dense_1    unknown before fit");
    await model.fit(x, y, { epochs: 0 });
    const later: string[] = [];
    model.summary((line) => later.push(line));
    expect(later).toEqual(lines);
  });
});
