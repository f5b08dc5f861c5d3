/** Recurrent layers that start from states they are given, and penalties on their arrays. */
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../../../src/model/export/onnx.js";
import { loadModel, saveModel } from "../../../../src/model/save.js";
import {
  bidirectional,
  dense,
  gru,
  type Layer,
  lstm,
  merge,
  simpleRNN,
} from "../../../../src/nn/layers/index.js";
import { functional, input } from "../../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../../src/nn/models/layersModel.js";
import { loadPredictor } from "../../../../src/predict/predictor.js";
import { CLOSE, difference, floats, run } from "../../../model/export/onnxRuntime.js";
import { compiled, randomRows, refusal, weightsOf } from "../../support.js";

const steps = (rows: readonly (readonly number[])[], features: number): number[][][] =>
  rows.map((row) =>
    Array.from({ length: row.length / features }, (_, i) => row.slice(i * features, (i + 1) * features)),
  );

async function made(model: LayersModel, x: Record<string, unknown>, units: number): Promise<LayersModel> {
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const rows = (Object.values(x)[0] as unknown[]).length;
  await model.fit(x as never, randomRows(rows, units, 9), { epochs: 1, seed: 3 });
  return model;
}

describe("a state to start from", () => {
  it.each<[string, () => Layer]>([
    ["simpleRNN", () => simpleRNN(3)],
    ["gru", () => gru(3)],
    ["gru before", () => gru(3, { resetAfter: false })],
  ])("%s goes on where a sequence was cut", async (_, factory) => {
    const whole = randomRows(5, 12, 1);
    const [first, second] = [whole.map((row) => row.slice(0, 4)), whole.map((row) => row.slice(4))];
    const [a, b, c] = [input([2, 2]), input([4, 2]), input([6, 2])];
    const layer = factory();
    const outputs = { cut: layer.apply(b, layer.apply(a)), whole: layer.apply(c) };
    const x = { a: steps(first, 2), b: steps(second, 2), c: steps(whole, 2) };
    const model = await made(functional({ inputs: { a, b, c }, outputs }), x, 6);
    const { data } = model.predict(x as never);
    for (let row = 0; row < 5; row++)
      for (let unit = 0; unit < 3; unit++) {
        expect(data[row * 6 + unit]).toBeCloseTo(data[row * 6 + 3 + unit], 6);
        expect(data[row * 6 + unit]).not.toBe(0);
      }
    const bytes = saveModel(model);
    const predictor = await loadPredictor(bytes);
    const columns = whole.map((row, i) => [...first[i], ...second[i], ...row]);
    expect(Array.from(predictor.predict(columns).data)).toEqual(Array.from(data));
    const again = (await loadModel(bytes)).model;
    expect(Array.from(again.predict(x as never).data)).toEqual(Array.from(data));
    const features = floats(Float32Array.from(columns.flat()), columns[0].length);
    const { y } = await run(exportOnnx(model), { features });
    expect(difference(y.data, data)).toBeLessThan(CLOSE);
  });

  it("lstm has two, as its equations say", async () => {
    const [x, h, c] = [input([1, 2]), input(2), input(2)];
    const data = { x: steps(randomRows(4, 2, 1), 2), h: randomRows(4, 2, 2), c: randomRows(4, 2, 3) };
    const model = await made(functional({ inputs: { x, h, c }, outputs: lstm(2).apply(x, h, c) }), data, 2);
    const w = weightsOf(model);
    const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
    const { data: predicted } = model.predict(data as never);
    data.x.forEach(([step], row) => {
      const gate = (column: number): number =>
        [0, 1].reduce(
          (sum, i) =>
            sum +
            step[i] * w["lstm_1.kernel"][8 * i + column] +
            data.h[row][i] * w["lstm_1.recurrentKernel"][8 * i + column],
          w["lstm_1.bias"][column],
        );
      for (const unit of [0, 1]) {
        const [i, f, candidate, o] = [0, 2, 4, 6].map((first) => gate(first + unit));
        const cell = sigmoid(f) * data.c[row][unit] + sigmoid(i) * Math.tanh(candidate);
        expect(predicted[2 * row + unit]).toBeCloseTo(sigmoid(o) * Math.tanh(cell), 5);
      }
    });
  });

  it.each([
    ["of one step", 1],
    ["of several", 4],
  ])("lstm returns both side by side, %s, and starts from both", async (_, cut) => {
    const whole = randomRows(5, 12, 1);
    const [first, second] = [
      whole.map((row) => row.slice(0, 2 * cut)),
      whole.map((row) => row.slice(2 * cut)),
    ];
    const [a, b, c] = [input([cut, 2]), input([6 - cut, 2]), input([6, 2])];
    const layer = lstm(3, { returnState: true });
    const outputs = { cut: layer.apply(b, layer.apply(a)), whole: layer.apply(c) };
    const x = { a: steps(first, 2), b: steps(second, 2), c: steps(whole, 2) };
    const model = await made(functional({ inputs: { a, b, c }, outputs }), x, 12);
    const { data } = model.predict(x as never);
    for (let row = 0; row < 5; row++)
      for (let unit = 0; unit < 6; unit++)
        expect(data[12 * row + unit]).toBeCloseTo(data[12 * row + 6 + unit], 6);
    // h is the result of an lstm without the option, and the last state that of all
    const [plain, sequences] = [{}, { returnState: true, returnSequences: true }].map((options) =>
      compiled([lstm(3, options)], { optimizer: "sgd", loss: "meanSquaredError" }),
    );
    for (const each of [plain, sequences]) {
      await each.build([6, 2]);
      each.setWeights(model.getWeights());
    }
    const all = sequences.predict(x.c).data;
    plain.predict(x.c).data.forEach((value, i) => {
      const [row, unit] = [Math.floor(i / 3), i % 3];
      expect(data[12 * row + 6 + unit]).toBe(value);
      expect(all[36 * row + 30 + unit]).toBe(value);
    });
    data.forEach((value, i) => {
      const [row, unit] = [Math.floor(i / 12), (i % 12) - 6];
      if (unit >= 0) expect(all[36 * row + 30 + unit]).toBe(value);
    });
    const bytes = saveModel(model);
    expect(Array.from((await loadModel(bytes)).model.predict(x as never).data)).toEqual(Array.from(data));
    const columns = whole.map((row, i) => [...first[i], ...second[i], ...row]);
    const features = floats(Float32Array.from(columns.flat()), columns[0].length);
    const { y } = await run(exportOnnx(model), { features });
    expect(difference(y.data, data)).toBeLessThan(CLOSE);
  });

  it("of zeros is that of a layer that is given none, and gradients go through it", async () => {
    const [x, h] = [input([3, 2]), input(2)];
    const layer = gru(2);
    const zeros = merge("subtract").apply(h, h);
    const outputs = { given: layer.apply(x, zeros), none: layer.apply(x) };
    const data = { x: steps(randomRows(3, 6, 1), 2), h: randomRows(3, 2, 2) };
    const model = await made(functional({ inputs: { x, h }, outputs }), data, 4);
    const { data: all } = model.predict(data as never);
    for (let row = 0; row < 3; row++)
      for (const unit of [0, 1]) expect(all[4 * row + unit]).toBe(all[4 * row + 2 + unit]);
    // an encoder's weights train through the state alone
    const coded = dense(2).apply(h);
    const trained = await made(functional({ inputs: { x, h }, outputs: gru(2).apply(x, coded) }), data, 2);
    const before = weightsOf(trained);
    await trained.fit(data as never, randomRows(3, 2, 8), { epochs: 1 });
    const after = weightsOf(trained);
    expect(after["dense_1.kernel"].every((value, i) => value !== before["dense_1.kernel"][i])).toBe(true);
  });

  it("must be a state", async () => {
    const [x, h] = [input([3, 2]), input(2)];
    expect(await refusal(() => lstm(2).apply(x, h))).toBe(
      "invalid_shape: lstm must take a sequence, and optionally its first state h [2], c [2]; received [2] in addition to the sequence",
    );
    expect(await refusal(() => lstm(2).apply(x, h, input(3)))).toContain(
      "received [2], [3] in addition to the sequence",
    );
    expect(await refusal(() => gru(3, { returnState: true } as object))).toContain(
      'unknown option of gru "returnState". The result is the state; only lstm has another, and this option.',
    );
    expect(await refusal(() => gru(3).apply(x, h))).toBe(
      "invalid_shape: gru must take a sequence, and optionally its first state h [3]; received [2] in addition to the sequence",
    );
    expect(await refusal(() => bidirectional(gru(2)).apply(x, h))).toContain(
      "invalid_shape: bidirectional must take one sequence; received [2] in addition",
    );
  });
});

describe("penalties", () => {
  const x = steps(randomRows(6, 6, 1), 2);
  const y = randomRows(6, 2, 2).map(([a]) => [a]);
  const sum = (values: readonly number[], of: (w: number) => number): number =>
    values.reduce((total, w) => total + of(w), 0);

  it.each<[string, (options: object) => Layer]>([
    ["simpleRNN", (options) => simpleRNN(3, options)],
    ["lstm", (options) => lstm(3, options)],
    ["gru", (options) => gru(3, options)],
    ["bidirectional", (options) => bidirectional(gru(3, options))],
  ])("of each array of %s are in the loss", async (name, factory) => {
    const options = {
      kernelRegularizer: { l1: 0.125 },
      recurrentRegularizer: { l2: 0.25 },
      biasRegularizer: "l2",
    };
    const [held, free] = [options, {}].map((each) =>
      compiled([factory(each), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" }),
    );
    for (const model of [held, free]) await model.fit(x, y, { epochs: 1, seed: 2 });
    free.setWeights(held.getWeights());
    const w = weightsOf(held);
    const penalty = Object.entries(w).reduce((total, [path, values]) => {
      if (path.startsWith("dense")) return total;
      if (path.endsWith("recurrentKernel")) return total + 0.25 * sum(values, (v) => v * v);
      return (
        total + (path.endsWith("kernel") ? 0.125 * sum(values, Math.abs) : 0.01 * sum(values, (v) => v * v))
      );
    }, 0);
    expect(penalty).toBeGreaterThan(0.5);
    expect(Object.keys(w).length).toBe(name === "bidirectional" ? 8 : 5);
    expect(held.evaluate(x, y).loss - free.evaluate(x, y).loss).toBeCloseTo(penalty, 5);
  });
});
