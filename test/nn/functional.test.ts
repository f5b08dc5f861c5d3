/** Networks that are no stack: against stacks, against sums written by hand, and through a file and back. */
import { describe, expect, it } from "vitest";
import { loadModel, saveModel } from "../../src/model/save.js";
import type { ModelData } from "../../src/nn/arguments/modelData.js";
import type { CompileOptions } from "../../src/nn/arguments/options.js";
import {
  activation,
  dense,
  dropout,
  embedding,
  flatten,
  gru,
  type Layer,
  merge,
  reshape,
} from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import * as losses from "../../src/nn/losses/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { lossOfAll } from "../../src/nn/network/perOutput.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { recipeOf } from "../../src/recipe.js";
import { compiledAs, compiledTwo, data, fit, kinds, targets, twoInTwoOut, x, y } from "./networks.js";
import { randomRows, refusal, weightsOf } from "./support.js";

const layers = () => [dense(4, { activation: "tanh" }), dropout(0.25), dense(2)];
const predicted = (model: LayersModel, rows: Parameters<LayersModel["predict"]>[0] = x): number[] =>
  Array.from(model.predict(rows).data);

describe("functional", () => {
  it("of a stack trains to the bits of sequential", async () => {
    const stack = sequential(layers());
    const end = layers().reduce((value, layer) => layer.apply(value), input(3));
    const [first] = [functional({ inputs: chainInput(end), outputs: end })];
    const models = [stack, first];
    for (const model of models) {
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      await model.fit(x, y, fit);
    }
    expect(weightsOf(first)).toEqual(weightsOf(stack));
    expect(predicted(first)).toEqual(predicted(stack));
    expect(first.evaluate(x, y)).toEqual(stack.evaluate(x, y));
  });

  it.each([
    ["add", ([p, q, r]: number[]) => p + q + r],
    ["subtract", ([p, q, r]: number[]) => p - q - r],
    ["multiply", ([p, q, r]: number[]) => p * q * r],
    ["average", ([p, q, r]: number[]) => Math.fround((p + q + r) / 3)],
    ["maximum", (values: number[]) => Math.max(...values)],
    ["minimum", (values: number[]) => Math.min(...values)],
  ] as const)("merges by %s, number by number", async (way, expected) => {
    const inputs = { p: input(2), q: input(2), r: input(2) };
    const merged = merge(way).apply(inputs.p, inputs.q, inputs.r);
    // a layer that learns nothing of use, since a model must have something to train
    const model = functional({ inputs, outputs: { merged, other: dense(1).apply(inputs.p) } });
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    // multiples of 1/8, of which sums and products are exact
    const [p, q, r] = [1, 2, 3].map((seed) =>
      randomRows(5, 2, seed).map((row) => row.map((v) => Math.round(v * 8) / 8)),
    );
    await model.fit({ p, q, r }, { merged: p, other: p.map(([v]) => v) });
    const result = model.predict({ p, q, r });
    for (const [i, row] of p.entries())
      for (const j of row.keys()) expect(result.get(i, j)).toBe(expected([p[i][j], q[i][j], r[i][j]]));
  });

  it("applies a layer several times with one set of parameters, whose gradients add up", async () => {
    const [a, b] = [input(1), input(1)];
    const shared = dense(1, { kernelInitializer: "ones" });
    const model = functional({
      inputs: { a, b },
      outputs: merge("add").apply(shared.apply(a), shared.apply(b)),
    });
    model.compile({ optimizer: sgd({ learningRate: 0.125 }), loss: "meanSquaredError" });
    await model.fit({ a: [1], b: [2] }, [4]);
    // prediction w·1 + c + w·2 + c = 3 with w = 1, c = 0; d(3 − 4)²/dw = −2·3, /dc = −2·2
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": [1 + 0.125 * 6], "dense_1.bias": [0.125 * 4] });
    expect(predicted(model, { a: [1], b: [2] })).toEqual([1.75 * 3 + 1]);
  });

  it("penalizes and counts a layer that it applies several times once", async () => {
    const [a, b] = [input(1), input(1)];
    const shared = dense(1, { kernelInitializer: "ones", kernelRegularizer: { l1: 0.25, l2: 0.5 } });
    const outputs = merge("add").apply(shared.apply(a), shared.apply(shared.apply(b)));
    const model = functional({ inputs: { a, b }, outputs });
    model.compile({ optimizer: sgd({ learningRate: 0.125 }), loss: "meanSquaredError" });
    const { history } = await model.fit({ a: [1], b: [2] }, [4]);
    expect(history.loss).toEqual([1 + 0.25 + 0.5]); // (3 − 4)² + 0.25 |w| + 0.5 w² of w = 1
    // d(loss)/dw = −2 (1 + 2·2) + 0.25 + 2 · 0.5, of w·1 + c + w (w·2 + c) + c; /dc = −2 (1 + 1 + 1)
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": [1 + 0.125 * 8.75], "dense_1.bias": [0.125 * 6] });
    expect(model.layers).toHaveLength(2);
    const [w, c] = [1 + 0.125 * 8.75, 0.125 * 6];
    const error = w + c + w * (2 * w + c) + c - 4;
    const { loss } = model.evaluate({ a: [1], b: [2] }, [4]);
    expect(Math.abs(loss - (error ** 2 + 0.25 * w + 0.5 * w ** 2))).toBeLessThan(1e-4); // float32
  });

  it.each(["merged", "other"])("refuses weights of rows that the loss of %s does not take", async (name) => {
    const start = input(3);
    const outputs = { merged: dense(1).apply(start), other: dense(1).apply(start) };
    const model = functional({ inputs: start, outputs });
    const own: Loss = (yTrue, yPred) => losses.meanSquaredError(yTrue, yPred);
    model.compile({ optimizer: "sgd", loss: { merged: "mse", other: "mse", [name]: own } });
    const y = { merged: [1, 2], other: [1, 2] };
    const x = randomRows(2, 3, 1);
    expect(await refusal(() => model.fit(x, y, { sampleWeight: [1, 2] }))).toContain(
      "a custom loss must take weights, [rows, 1], as its third argument",
    );
    await model.fit(x, y);
  });

  it("adds up the losses of its outputs by their weights, and has metrics of each", async () => {
    const model = compiledTwo();
    const { history } = await model.fit(data, targets, { ...fit, validationSplit: 0.25 });
    expect(Object.keys(history).sort()).toEqual(
      ["loss", "priceR2", "kindAccuracy", "valLoss", "valPriceR2", "valKindAccuracy"].sort(),
    );
    const { loss, priceR2, kindAccuracy } = model.evaluate(data, targets);
    const result = model.predict(data);
    expect(model.outputs).toEqual({ price: [0, 1], kind: [1, 4] });
    const rows = kinds.map((kind, i) => ({
      kind,
      truth: targets.price[i],
      price: result.get(i, 0),
      probabilities: [1, 2, 3].map((j) => result.get(i, j)),
    }));
    const mean = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = mean(rows.map(({ price, truth }) => (price - truth) ** 2));
    const entropy = mean(rows.map(({ kind, probabilities }) => -Math.log(probabilities[kind])));
    // float32 sums of 24 rows
    expect(Math.abs(loss - squares - entropy / 2)).toBeLessThanOrEqual(64 * 2 ** -24 * loss);
    const average = mean(targets.price);
    expect(priceR2).toBeCloseTo(1 - squares / mean(targets.price.map((v) => (v - average) ** 2)), 9);
    const right = rows.filter(({ kind, probabilities: p }) => p.indexOf(Math.max(...p)) === kind);
    expect(kindAccuracy).toBe(right.length / 24);
  });

  it("learns nothing from an output whose loss counts 0, whatever its targets", async () => {
    const fitted = async (kind: readonly number[]) => {
      const model = twoInTwoOut();
      model.compile({
        optimizer: sgd({ learningRate: 0.125 }),
        loss: { price: "meanSquaredError", kind: "sparseCategoricalCrossentropy" },
        lossWeights: { kind: 0 },
      });
      const { history } = await model.fit(data, { ...targets, kind }, fit);
      return [history, weightsOf(model)];
    };
    expect(await fitted(kinds)).toEqual(await fitted(kinds.map((id) => 2 - id)));
  });

  const steps = () => [embedding(5, 3, { maskZero: true }), gru(3, { returnSequences: true })];
  it.each<[string, () => Layer[], ModelData, ModelData]>([
    [
      "meanSquaredError",
      () => [dense(1)],
      [
        [1, 2],
        [3, 4],
      ],
      [3, 1],
    ],
    [
      "meanSquaredError",
      () => [...steps(), dense(1)],
      [
        [1, 2, 0],
        [3, 0, 0],
      ],
      [
        [0, 1, 2],
        [2, 1, 0],
      ],
    ],
    [
      "sparseCategoricalCrossentropy",
      () => [...steps(), dense(3, { activation: "softmax" })],
      [
        [1, 2, 0],
        [3, 0, 0],
      ],
      [
        [0, 1, 2],
        [2, 1, 0],
      ],
    ],
    [
      "ordinalCrossentropy",
      () => [dense(2, { activation: "sigmoid" })],
      [
        [1, 2],
        [3, 4],
      ],
      [1, 2],
    ],
    [
      "ctc",
      () => [dense(9), reshape([3, 3])],
      [
        [1, 2],
        [3, 4],
      ],
      [[1], [0]],
    ],
  ])(
    "counts %s of one output by its weight: twice is twice the learning rate",
    async (loss, layers, x, y) => {
      const fitted = async (learningRate: number, weight?: number, sampleWeight?: number[]) => {
        const model = sequential(layers());
        model.compile({
          optimizer: sgd({ learningRate }),
          loss: loss as "meanSquaredError",
          ...(weight !== undefined && { lossWeights: { output: weight } }),
        });
        const options = { epochs: 2, batchSize: 2, ...(sampleWeight && { sampleWeight }) };
        const { history } = await model.fit(x, y, options);
        return [weightsOf(model), [...history.loss, model.evaluate(x, y, sampleWeight).loss]] as const;
      };
      for (const sampleWeight of [undefined, [1, 3]]) {
        const [weights, losses] = await fitted(0.125, undefined, sampleWeight);
        expect(await fitted(0.0625, 2, sampleWeight)).toEqual([weights, losses.map((value) => 2 * value)]);
      }
    },
  );

  it("hands each loss an output in its own shape, with and without weights", async () => {
    // three steps of two classes beside a number: the cross-entropy is a mean over steps
    const lines = randomRows(8, 3, 5).map((row) => row.map((v) => (v > 0 ? [0, 1] : [1, 0])));
    const given = randomRows(8, 3, 1);
    const numbers = given.map(([first]) => first);
    const trained = async (loss: CompileOptions["loss"]) => {
      const x = input(3);
      const steps = activation("softmax").apply(reshape([3, 2]).apply(dense(6).apply(x)));
      const model = compiledAs(
        functional({ inputs: x, outputs: { steps, number: dense(1).apply(x) } }),
        loss,
      );
      await model.fit(given, { steps: lines, number: numbers }, { epochs: 2, batchSize: 8 });
      const { loss: value } = model.evaluate(given, { steps: lines, number: numbers });
      const prediction = Array.from(model.predict(given).data);
      return { value, prediction };
    };
    const builtIn = await trained({ steps: "categoricalCrossentropy", number: "meanSquaredError" });
    const mean = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    const at = (row: number, column: number): number => builtIn.prediction[7 * row + column];
    const entropy = mean(
      lines.flatMap((row, i) => row.map((line, j) => -Math.log(at(i, 2 * j + line.indexOf(1))))),
    );
    const squares = mean(numbers.map((v, i) => (at(i, 6) - v) ** 2));
    // float32 sums of 24 lines
    expect(Math.abs(builtIn.value - entropy - squares)).toBeLessThanOrEqual(64 * 2 ** -24 * builtIn.value);
    // functions of two arguments: nobody may hand them weights
    const own: CompileOptions["loss"] = {
      steps: (yTrue, yPred) => losses.categoricalCrossentropy(yTrue, yPred),
      number: (yTrue, yPred) => losses.meanSquaredError(yTrue, yPred),
    };
    expect(await trained(own)).toEqual(builtIn);
  });

  it("shares programs between models whose losses are known, and no others", () => {
    const outputs = { price: [1], kind: [3] };
    const recipe = (...given: Loss[]) =>
      recipeOf(
        lossOfAll(
          Object.entries(outputs).map(([name, shape]) => ({ name, shape, offset: 0, size: shape[0] })),
          given,
          [1, 0.5],
        ),
      );
    const known = recipe("meanSquaredError", losses.huber({ delta: 2 }));
    expect(known).toBeDefined();
    expect(recipe("meanSquaredError", losses.huber({ delta: 2 }))).toBe(known);
    expect(recipe("meanSquaredError", losses.huber({ delta: 3 }))).not.toBe(known);
    expect(recipe("meanAbsoluteError", losses.huber({ delta: 2 }))).not.toBe(known);
    expect(recipe("meanSquaredError", (yTrue, yPred) => losses.huber(yTrue, yPred))).toBeUndefined();
  });

  it("takes inputs and targets by name or beside each other, to the same bits", async () => {
    const named = compiledTwo();
    const one = compiledTwo();
    await named.fit(data, targets, fit);
    const oneHot = kinds.map((kind) => [0, 1, 2].map((k) => Number(k === kind)));
    await one.fit(
      data.a.map((row, i) => [...row, data.b[i]]),
      targets.price.map((price, i) => [price, ...oneHot[i]]),
      fit,
    );
    expect(weightsOf(one)).toEqual(weightsOf(named));
  });

  it("is saved and loaded with its wires, shared layers and outputs, and trains on to the same bits", async () => {
    const model = compiledTwo();
    await model.fit(data, targets, fit);
    const bytes = saveModel(model, { optimizer: true });
    const { model: loaded } = await loadModel(bytes);
    expect(predicted(loaded, data)).toEqual(predicted(model, data));
    expect(loaded.evaluate(data, targets)).toEqual(model.evaluate(data, targets));
    await model.fit(data, targets, fit);
    await loaded.fit(data, targets, fit);
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
    expect(saveModel(loaded, { optimizer: true })).toEqual(saveModel(model, { optimizer: true }));
  });

  it("learns vectors of categories", async () => {
    const days = Array.from({ length: 70 }, (_, i) => i % 7);
    const model = sequential([embedding(7, 2), flatten(), dense(1)]);
    model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const value = (day: number): number => [3, -1, 4, 1, -5, 9, 2][day];
    await model.fit(days, days.map(value), { epochs: 150, seed: 1 });
    for (let day = 0; day < 7; day++) expect(model.predict([[day]]).get(0, 0)).toBeCloseTo(value(day), 1);
    expect(() => model.predict([[7]])).toThrow("must be an id of embedding_1, an integer from 0 to 6");
  });

  it("may have an input among its outputs", async () => {
    const [p, q] = [input(1), input(2)];
    const model = compiledAs(functional({ inputs: { p, q }, outputs: { q, y: dense(1).apply(p) } }), "mse");
    const given = { p: [1, 2], q: y.slice(0, 2) };
    await model.fit(given, { q: given.q, y: [1, 2] });
    const kept = (rows: number[]): number[] => rows.filter((_, k) => k % 3 < 2);
    expect(kept(predicted(model, given))).toEqual(given.q.flat());
    const { model: loaded } = await loadModel(saveModel(model));
    expect(predicted(loaded, given)).toEqual(predicted(model, given));
  });

  it("shows in its summary what each layer takes", () => {
    const lines: string[] = [];
    twoInTwoOut().summary((line) => lines.push(line));
    expect(lines).toEqual([
      "Layer          Output shape  Parameters  Takes",
      "dense_1        [rows, 3]     9           a",
      "concatenate_1  [rows, 4]     0           dense_1, b",
      "dense_2        [rows, 2]     10          concatenate_1",
      "dense_1        [rows, 3]     0           dense_2",
      "add_1          [rows, 3]     0           dense_1, dense_1",
      "dense_3        [rows, 1]     4           add_1",
      "dense_4        [rows, 3]     12          dense_1",
      "Total parameters: 35",
    ]);
  });

  it("may be 900 layers deep", async () => {
    let value = input(1);
    const start = value;
    for (let i = 0; i < 899; i++) value = activation("linear").apply(value);
    const model = functional({ inputs: start, outputs: dense(1).apply(value) });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit([1], [2]);
    expect((await loadModel(saveModel(model))).model.layers.length).toBe(900);
  });
});

/** The input at the beginning of a chain. */
function chainInput(end: ReturnType<typeof input>): ReturnType<typeof input> {
  let value = end;
  while (value.inputs.length > 0) [value] = value.inputs;
  return value;
}
