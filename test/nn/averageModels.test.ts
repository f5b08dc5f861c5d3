/** Networks joined into one: against the mean of what each predicts, and through a file and back. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, saveModel } from "../../src/model/save.js";
import { MIXUP_ALPHA, mixup } from "../../src/nn/arguments/mixup.js";
import {
  batchNormalization,
  dense,
  dropout,
  flatten,
  freeze,
  lstm,
  masking,
  merge,
} from "../../src/nn/layers/index.js";
import { averageModels } from "../../src/nn/models/averageModels.js";
import { functional, input } from "../../src/nn/models/functional.js";
import { LayersModel } from "../../src/nn/models/layersModel.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { adam } from "../../src/optim/adam.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { anyStackAgrees, modest, numbersFor, overImages, overSteps } from "../model/export/anyStack.js";
import { trained } from "../predict/networks.js";
import { randomRows, refusal } from "./support.js";

beforeAll(() => ready());

const [x, y] = [randomRows(32, 3, 1), randomRows(32, 1, 2)];

async function fitted(layers: Parameters<typeof sequential>[0], seed: number): Promise<Sequential> {
  const model = sequential(layers);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(x, y, { epochs: 2, batchSize: 8, seed });
  return model;
}

it("is compiled as the first, with its augmentation", async () => {
  const mixed = await Promise.all(
    [0.2, 0.4].map(async (alpha, seed) => {
      const model = sequential([dense(1)]);
      model.compile({ optimizer: "sgd", loss: "meanAbsoluteError", augmentation: mixup(alpha) });
      await model.fit(x, y, { epochs: 0, seed });
      return model;
    }),
  );
  const { augmentation, losses } = averageModels(mixed).compiledWith();
  expect(augmentation?.hyperparameters).toEqual({ [MIXUP_ALPHA]: 0.2 });
  expect(losses).toEqual(["meanAbsoluteError"]);
  const plain = await Promise.all([1, 2].map((seed) => fitted([dense(1)], seed)));
  expect(averageModels(plain).compiledWith().augmentation).toBeUndefined();
});

it("is compiled with the loss, its weight and the metrics of each output", async () => {
  const models = await Promise.all(
    [1, 2].map(async (seed) => {
      const start = input(3);
      const outputs = { a: dense(1).apply(start), b: dense(1).apply(start) };
      const model = functional({ inputs: start, outputs });
      model.compile({
        optimizer: "sgd",
        loss: { a: "meanAbsoluteError", b: "huber" },
        lossWeights: { a: 2, b: 0.5 },
        metrics: { a: ["meanAbsoluteError"], b: ["r2"] },
      });
      await model.fit(x, { a: y, b: y }, { epochs: 0, seed });
      return model;
    }),
  );
  const { losses, lossWeights, metrics } = averageModels(models).compiledWith();
  expect(losses).toEqual(["meanAbsoluteError", "huber"]);
  expect(lossWeights).toEqual([2, 0.5]);
  expect(metrics).toEqual(models[0].compiledWith().metrics);
});

/** The mean of predictions, in float64. */
function meanOfAll(models: readonly LayersModel[], rows: Parameters<LayersModel["predict"]>[0]): number[] {
  const all = models.map((model) => model.predict(rows).data);
  return Array.from(all[0], (_, k) => all.reduce((sum, data) => sum + data[k], 0) / all.length);
}

function expectMean(models: readonly LayersModel[], rows: Parameters<LayersModel["predict"]>[0]): void {
  const expected = meanOfAll(models, rows);
  const { data } = averageModels(models).predict(rows);
  expect(data.length).toBe(expected.length);
  for (const [k, value] of expected.entries())
    expect(Math.abs(data[k] - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
}

describe("averageModels", () => {
  it("predicts the mean of trained networks of any depth, those that are listed twice counted twice", async () => {
    const [a, b, c] = await Promise.all([
      fitted([dense(4, { activation: "relu" }), dropout(0.5), dense(1)], 1),
      fitted([dense(3), batchNormalization(), dense(5, { activation: "tanh" }), dense(1)], 2),
      fitted([dense(1)], 3),
    ]);
    expectMean([a, b, c], x);
    expectMean([a, a, b], x);
    const thrice = averageModels([a, a, b]);
    expect(thrice.layers.length).toBe(a.layers.length + b.layers.length + 1);
  });

  it.each([
    ["images", [6, 5, 2], overImages],
    ["sequences", [6, 3], overSteps],
  ] as const)("joins any networks over %s, whose layers may be the same objects", async (_, row, layer) => {
    await anyStackAgrees(layer, row, async (model, columns, count) => {
      const again = trained(new LayersModel(model.wiring), columns, 11, modest);
      const source = input(row);
      const outputs = dense(2).apply(flatten().apply(source));
      const other = trained(functional({ inputs: source, outputs }), columns, 12, modest);
      const rows = { data: numbersFor(columns, count, (normal) => normal), shape: [count, columns] };
      expectMean([model, again, other, again], rows);
    });
  });

  it("joins networks of several inputs and outputs, shared layers and masks", () => {
    const build = (units: number, seed: number): LayersModel => {
      const [a, b] = [input([4, 2]), input(3)];
      const last = lstm(units).apply(masking(0).apply(a));
      const shared = dense(units, { activation: "tanh" });
      const twice = merge("add").apply(shared.apply(shared.apply(last)), last);
      const both = merge("concatenate").apply(twice, freeze(dense(2)).apply(b));
      const model = functional({
        inputs: { a, b },
        outputs: { p: dense(2).apply(both), q: dense(1).apply(twice) },
      });
      return trained(model, 11, seed, modest);
    };
    const models = [build(3, 1), build(4, 2)];
    const rows = { data: numbersFor(11, 6, (normal) => Math.max(0, normal)), shape: [6, 11] };
    expectMean(models, rows);
    const joined = averageModels(models);
    expect(joined.outputs).toEqual({ p: [0, 2], q: [2, 3] });
    expect(Object.keys(joined.getWeights()).filter((path) => path.startsWith("lstm_2"))).toEqual([
      "lstm_2.kernel",
      "lstm_2.recurrentKernel",
      "lstm_2.bias",
    ]);
    expect(joined.layers.filter(({ trainable }) => trainable === false).length).toBe(2);
  });

  it("is itself where one network is listed, however often", async () => {
    const model = await fitted([dense(1)], 1);
    expect(averageModels([model])).toBe(model);
    expect(averageModels([model, model])).toBe(model);
  });

  it("takes the weights that evaluate, where an optimizer trains others", async () => {
    const models = await Promise.all(
      [1, 2].map(async (seed) => {
        const model = sequential([dense(2), dense(1)]);
        model.compile({ optimizer: adam({ useEma: true }), loss: "meanSquaredError" });
        await model.fit(x, y, { epochs: 3, seed });
        return model;
      }),
    );
    expectMean(models, x);
  });

  it("is saved, loaded, predicted with and trained on as any network", async () => {
    const models = await Promise.all([
      fitted([dense(4, { activation: "relu" }), batchNormalization(), dense(1)], 1),
      fitted([dense(2, { activation: "tanh" }), dense(1)], 2),
    ]);
    const joined = averageModels([models[0], models[0], models[1]]);
    const expected = Array.from(joined.predict(x).data);
    for (const optimizer of [false, true]) {
      const bytes = saveModel(joined, { optimizer });
      const loaded = await loadModel(bytes);
      expect(Array.from(loaded.predict(x).data)).toEqual(expected);
      expect(Array.from((await loadPredictor(bytes)).predict(x).data)).toEqual(expected);
      const before = loaded.model.evaluate(x, y).loss;
      await loaded.model.fit(x, y, { epochs: 20, batchSize: 8 });
      expect(loaded.model.evaluate(x, y).loss).toBeLessThan(before);
    }
    // a mean of means
    expectMean([joined, models[1]], x);
  });
});

describe("refusals", () => {
  it.each<[string, () => unknown, string]>([
    [
      "nothing",
      () => averageModels([]),
      "invalid_argument: models must be an array of at least one network; received []",
    ],
    [
      "what is no network",
      () => averageModels([1 as never]),
      "invalid_argument: models[0] must be a trained network; received 1",
    ],
    [
      "a network that is not trained",
      () => averageModels([trained(sequential([dense(1)]), 2, 1, modest), sequential([dense(1)])]),
      "invalid_state: the model has no parameters yet; call model.fit(x, y), or model.build(columns), first",
    ],
    [
      "other inputs",
      () => averageModels([2, 3].map((columns) => trained(sequential([dense(1)]), columns, 1, modest))),
      'invalid_shape: models[1] must have the inputs of the first, "input" [2]; received "input" [3]',
    ],
    [
      "other outputs",
      () => averageModels([1, 2, 1].map((units) => trained(sequential([dense(units)]), 2, 1, modest))),
      'invalid_shape: models[1] must have the outputs of the first, "output" [1]; received "output" [2]',
    ],
  ])("of %s", async (_, run, message) => {
    expect(await refusal(async () => run())).toBe(message);
  });
});
