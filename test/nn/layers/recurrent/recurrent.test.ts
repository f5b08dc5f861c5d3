/**
 * Recurrent layers: shapes of weights, dropout, models of them, and what they refuse. PyTorch's values are in
 * torch.test.ts.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mul } from "../../../../src/graph/functions.js";
import {
  bidirectional,
  defineLayer,
  dense,
  freeze,
  gru,
  type Layer,
  type LayerDefinition,
  lstm,
  merge,
  simpleRNN,
  timeDistributed,
} from "../../../../src/nn/layers/index.js";
import { functional, input } from "../../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../../src/nn/models/layersModel.js";
import { initializers } from "../../../../src/nn/weights/initializers.js";
import { adam } from "../../../../src/optim/adam.js";
import { recipeOf } from "../../../../src/recipe.js";
import { cases } from "../../../cases.js";
import { randomRows, refusal, weightsOf } from "../../support.js";

const shapes = (layer: Layer) =>
  Object.fromEntries(layer.parameters([7, 3]).map(({ name, shape }) => [name, shape]));

it("weights have the shapes of Keras", () => {
  expect(shapes(simpleRNN(4))).toEqual({ kernel: [3, 4], recurrentKernel: [4, 4], bias: [4] });
  expect(shapes(lstm(4))).toEqual({ kernel: [3, 16], recurrentKernel: [4, 16], bias: [16] });
  expect(shapes(gru(4))).toEqual({ kernel: [3, 12], recurrentKernel: [4, 12], bias: [2, 12] });
  expect(shapes(gru(4, { resetAfter: false }))).toEqual({
    kernel: [3, 12],
    recurrentKernel: [4, 12],
    bias: [12],
  });
  expect(shapes(gru(4, { useBias: false }))).toEqual({ kernel: [3, 12], recurrentKernel: [4, 12] });
  expect(Object.keys(shapes(bidirectional(lstm(4))))).toEqual(
    ["forward", "backward"].flatMap((way) =>
      ["kernel", "recurrentKernel", "bias"].map((name) => `${way}.${name}`),
    ),
  );
  expect(gru(4).outputShape([7, 3])).toEqual([4]);
  expect(gru(4, { returnSequences: true }).outputShape([7, 3])).toEqual([7, 4]);
  expect(bidirectional(gru(4)).outputShape([7, 3])).toEqual([8]);
  expect(bidirectional(gru(4), { mergeMode: "ave" }).outputShape([7, 3])).toEqual([4]);
});

async function ready(layer: Layer, shape: [number, number], targets = 1): Promise<LayersModel> {
  const x = input(shape);
  const model = functional({ inputs: x, outputs: layer.apply(x) });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit([Array(shape[0] * shape[1]).fill(0)], [Array(targets).fill(0)], { epochs: 0, seed: 1 });
  return model;
}

it("the forget gate of an LSTM starts from a bias of 1, if it is not asked not to", async () => {
  const biases = async (options: object) =>
    weightsOf(await ready(lstm(2, options), [3, 1], 2))["lstm_1.bias"];
  expect(await biases({})).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  expect(await biases({ unitForgetBias: false })).toEqual(Array(8).fill(0));
  const [own, without] = [
    await biases({ biasInitializer: "randomNormal" }),
    await biases({ biasInitializer: "randomNormal", unitForgetBias: false }),
  ];
  expect(own).toEqual([...without.slice(0, 2), 1, 1, ...without.slice(4)]);
});

it("counts by weights that are put in: a sum over steps, and the steps before an event", async () => {
  const sum = await ready(simpleRNN(1, { activation: "linear" }), [4, 1]);
  sum.setWeights({
    "simpleRNN_1.kernel": [[2]],
    "simpleRNN_1.recurrentKernel": [[1]],
    "simpleRNN_1.bias": [0.5],
  });
  expect(Array.from(sum.predict([[1, 2, 3, 4]]).data)).toEqual([22]);
  const keras = await ready(gru(2, { returnSequences: true }), [3, 1], 6);
  keras.setWeights({
    "gru_1.kernel": [[0, 0, 0, 0, 0, 0]],
    "gru_1.recurrentKernel": [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ],
    // an update gate of ½, and candidates that are nearly ±1
    "gru_1.bias": [
      [0, 0, 0, 0, 20, -20],
      [0, 0, 0, 0, 0, 0],
    ],
  });
  expect(Array.from(keras.predict([[1, 2, 3]]).data)).toEqual([0.5, -0.5, 0.75, -0.75, 0.875, -0.875]);
});

it.each(["concat", "sum", "mul", "ave"] as const)("both directions merge by %s", async (mergeMode) => {
  const both = await ready(
    bidirectional(simpleRNN(1, { activation: "linear" }), { mergeMode }),
    [3, 1],
    mergeMode === "concat" ? 2 : 1,
  );
  both.setWeights(
    Object.fromEntries(
      [
        ["forward", 2],
        ["backward", 4],
      ].flatMap(([way, factor]) => [
        [`bidirectional_1.${way}.kernel`, [[1]]],
        [`bidirectional_1.${way}.recurrentKernel`, [[factor]]],
        [`bidirectional_1.${way}.bias`, [0]],
      ]),
    ),
  );
  // 1·4 + 2·2 + 3 = 11 forwards, 1 + 2·4 + 3·16 = 57 backwards
  const expected = { concat: [11, 57], sum: [68], mul: [627], ave: [34] }[mergeMode];
  expect(Array.from(both.predict([[1, 2, 3]]).data)).toEqual(expected);
});

it("bidirectional turns a layer that goes backwards, so that its first direction does", async () => {
  const both = await ready(
    bidirectional(simpleRNN(1, { activation: "linear", goBackwards: true })),
    [3, 1],
    2,
  );
  const weights = (factor: number) => ({ kernel: [[1]], recurrentKernel: [[factor]], bias: [0] });
  for (const [way, factor] of [
    ["forward", 2],
    ["backward", 4],
  ] as const)
    for (const [name, value] of Object.entries(weights(factor)))
      both.setWeights({ ...both.getWeights(), [`bidirectional_1.${way}.${name}`]: value });
  // 3·4 + 2·2 + 1 from the end, 1·16 + 2·4 + 3 from the beginning
  expect(Array.from(both.predict([[1, 2, 3]]).data)).toEqual([17, 27]);
});

it("dropout does nothing in prediction, and its rates are inputs of the program", async () => {
  const model = await ready(gru(3, { dropout: 0.5, recurrentDropout: 0.25 }), [4, 2], 3);
  const plainModel = await ready(gru(3), [4, 2], 3);
  plainModel.setWeights(model.getWeights());
  const x = randomRows(5, 8, 2);
  expect(Array.from(model.predict(x).data)).toEqual(Array.from(plainModel.predict(x).data));
  expect(gru(3, { dropout: 0.5, recurrentDropout: 0.25 }).hyperparameters).toEqual({
    dropout: 0.5,
    recurrentDropout: 0.25,
  });
  expect(gru(3, { dropout: 0 }).hyperparameters).toEqual({});
  expect(recipeOf(gru(3, { dropout: 0.5 }))).toBe(recipeOf(gru(3, { dropout: 0.2 })));
  expect(recipeOf(gru(3, { dropout: 0.5 }))).not.toBe(recipeOf(gru(3)));
});

describe("models", () => {
  const x = randomRows(11, 12, 1);
  const y = randomRows(11, 2, 2);
  const build = (layers: Layer[]) => {
    const start = input([4, 3]);
    const model = functional({
      inputs: start,
      outputs: layers.reduce((value, layer) => layer.apply(value), start),
    });
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "meanSquaredError" });
    return model;
  };

  it("train with a last batch that is smaller, to the bits of two calls, and rows do not see each other", async () => {
    const stack = () => [
      gru(4, { returnSequences: true, dropout: 0.25 }),
      bidirectional(lstm(3, { recurrentDropout: 0.25 })),
      dense(2),
    ];
    const whole = build(stack());
    const { history } = await whole.fit(x, y, { epochs: 6, batchSize: 4, seed: 3 });
    expect(history.loss[5]).toBeLessThan(history.loss[0]);
    const parts = build(stack());
    for (const epochs of [2, 4]) await parts.fit(x, y, { epochs, batchSize: 4, seed: 3 });
    expect(weightsOf(parts)).toEqual(weightsOf(whole));
    const all = whole.predict(x);
    for (const [i, row] of x.entries()) expect(whole.predict([row]).get(0, 1)).toBe(all.get(i, 1));
  });

  it("a layer applied twice shares its weights, and a frozen one keeps them", async () => {
    const start = input([4, 3]);
    const shared = lstm(3);
    const frozen = freeze(bidirectional(gru(2)));
    const both = merge("concatenate").apply(shared.apply(start), shared.apply(start), frozen.apply(start));
    const model = functional({ inputs: start, outputs: dense(2).apply(both) });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 0, seed: 1 });
    const before = weightsOf(model);
    expect(Object.keys(before).filter((name) => name.startsWith("lstm"))).toEqual([
      "lstm_1.kernel",
      "lstm_1.recurrentKernel",
      "lstm_1.bias",
    ]);
    await model.fit(x, y, { epochs: 2, seed: 1 });
    const after = weightsOf(model);
    for (const name of Object.keys(before))
      if (name.startsWith("bidirectional")) expect(after[name]).toEqual(before[name]);
      else expect(after[name]).not.toEqual(before[name]);
    expect(Object.keys(before).filter((name) => name.startsWith("bidirectional_1.backward."))).toHaveLength(
      3,
    );
    // a direction of a frozen layer is frozen, whichever is made first
    const other = bidirectional(freeze(gru(2)));
    expect(other.trainable).toBe(false);
  });

  it("timeDistributed applies one layer to each step, penalty and all", async () => {
    const each = timeDistributed(dense(2, { activation: "tanh", kernelRegularizer: { l2: 0.5 } }));
    const model = build([each]);
    await model.fit(x, randomRows(11, 8, 3), { epochs: 1, batchSize: 4, seed: 2 });
    const flat = functional(
      (() => {
        const step = input(3);
        return {
          inputs: step,
          outputs: dense(2, { activation: "tanh", kernelRegularizer: { l2: 0.5 } }).apply(step),
        };
      })(),
    );
    flat.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await flat.fit([[1, 2, 3]], [[1, 2]], { epochs: 0 });
    const { "timeDistributed_1.kernel": kernel, "timeDistributed_1.bias": bias } = model.getWeights();
    flat.setWeights({ "dense_1.kernel": kernel, "dense_1.bias": bias });
    const result = model.predict(x);
    const steps = flat.predict(x.flatMap((row) => [0, 1, 2, 3].map((t) => row.slice(3 * t, 3 * t + 3))));
    expect(Array.from(result.data)).toEqual(Array.from(steps.data));
    // the loss has the penalty
    const norm = Array.from(kernel.data as Float32Array).reduce((sum, w) => sum + w * w, 0);
    expect(result.shape).toEqual([11, 4, 2]);
    expect(model.evaluate(x, result).loss).toBeCloseTo(0.5 * norm, 5);
  });

  it("learns to remember: the exclusive or of the first step and the last", async () => {
    const bits = Array.from({ length: 64 }, (_, i) => Array.from({ length: 6 }, (__, j) => (i >> j) & 1));
    const differ = bits.map((row) => Number(row[0] !== row[5]));
    const start = input([6, 1]);
    const model = functional({
      inputs: start,
      outputs: dense(1, { activation: "sigmoid" }).apply(gru(8).apply(start)),
    });
    model.compile({
      optimizer: adam({ learningRate: 0.03 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    await model.fit(bits, differ, { epochs: 150, batchSize: 16, seed: 1 });
    expect(model.evaluate(bits, differ).accuracy).toBe(1);
  });
});

it("one row of one step of one feature is one step of the cell, of any units", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.constantFrom(simpleRNN, lstm, gru), (units, factory) => {
      expect(factory(units).outputShape([1, 1])).toEqual([units]);
      expect(
        factory(units)
          .parameters([1, 1])
          .every(({ shape }) => shape.every((size) => size > 0)),
      ).toBe(true);
    }),
    { numRuns: cases(20) },
  );
});

it.each<[string, () => unknown, string]>([
  ["no units", () => lstm(0), "invalid_argument: `units` must be a positive integer; received 0"],
  [
    "a dropout of 1",
    () => gru(2, { dropout: 1 }),
    "invalid_argument: dropout must be a number in [0, 1); received 1",
  ],
  [
    "a recurrent dropout that is NaN",
    () => gru(2, { recurrentDropout: Number.NaN }),
    "invalid_argument: recurrentDropout must be a number in [0, 1); received NaN",
  ],
  [
    "a switch that is text",
    () => simpleRNN(2, { returnSequences: "yes" as never }),
    'invalid_argument: returnSequences must be true or false; received "yes"',
  ],
  [
    "another gate",
    () => simpleRNN(2, { recurrentActivation: "sigmoid" } as never),
    'unknown_name: unknown option of simpleRNN "recurrentActivation".',
  ],
  [
    "an option of another layer",
    () => lstm(2, { resetAfter: true } as never),
    'unknown_name: unknown option of lstm "resetAfter".',
  ],
  [
    "an activation",
    () => gru(2, { recurrentActivation: "sigmod" as never }),
    'unknown_name: unknown activation "sigmod". Did you mean "sigmoid"?',
  ],
  ...([-0.5, 1, "0.5"] as const).map((rate): [string, () => unknown, string] => [
    `dropout of ${rate}`,
    () => gru(2, { recurrentDropout: rate as number }),
    `invalid_argument: recurrentDropout must be a number in [0, 1); received ${JSON.stringify(rate)}`,
  ]),
  [
    "an order of gates",
    () => gru(2, { resetAfter: 1 as never }),
    "invalid_argument: resetAfter must be true or false; received 1",
  ],
  [
    "a forget bias",
    () => lstm(2, { unitForgetBias: 1 as never }),
    "invalid_argument: unitForgetBias must be true or false; received 1",
  ],
  [
    "rows of columns",
    () => lstm(2).apply(input(4)),
    "invalid_shape: lstm must take rows of shape [steps, features]; received [4]. Put reshape([4, 1]) before it for one feature",
  ],
  [
    "images",
    () => bidirectional(gru(2)).apply(input([2, 2, 1])),
    "invalid_shape: gru must take rows of shape [steps, features]; received [2, 2, 1]",
  ],
  [
    "both directions of a dense layer",
    () => bidirectional(dense(2)),
    'invalid_argument: what bidirectional takes must be made by simpleRNN, lstm or gru; received "dense"',
  ],
  [
    "both directions of nothing",
    () => bidirectional(undefined as never),
    "invalid_argument: what bidirectional takes must be made by simpleRNN, lstm or gru; received undefined",
  ],
  [
    "both directions of both",
    () => bidirectional(bidirectional(gru(1))),
    'invalid_argument: what bidirectional takes must be made by simpleRNN, lstm or gru; received "bidirectional"',
  ],
  [
    "a way to merge",
    () => bidirectional(gru(1), { mergeMode: "average" as never }),
    'unknown_name: unknown mergeMode "average".',
  ],
  [
    "steps of nothing",
    () => timeDistributed(undefined as never),
    "invalid_argument: what timeDistributed takes must be a layer, such as dense(1); received undefined",
  ],
  [
    "rows without steps",
    () => timeDistributed(dense(1)).apply(input(3)),
    "invalid_shape: timeDistributed must take rows of shape [steps, ...]; received [3]",
  ],
])("refuses %s", async (_, run, message) => {
  expect((await refusal(run)).slice(0, message.length)).toBe(message);
});

it("layers around a frozen layer are frozen, and around another are not", () => {
  expect(timeDistributed(freeze(dense(2))).trainable).toBe(false);
  expect(bidirectional(freeze(gru(2))).trainable).toBe(false);
  expect([timeDistributed(dense(2)).trainable, bidirectional(gru(2)).trainable]).toEqual([
    undefined,
    undefined,
  ]);
});

it("timeDistributed gives a layer its step by either name", async () => {
  const calls: LayerDefinition["call"][] = [
    ({ inputs: [x], parameters: { w } }) => mul(x, w),
    ({ x, parameters: { w } }) => mul(x, w),
  ];
  for (const call of calls) {
    const own = defineLayer({
      type: "own",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: () => [{ name: "w", shape: [1], initializer: initializers.ones }],
      call,
    });
    const { data } = (await ready(timeDistributed(own), [2, 1], 2)).predict([[1, 2]]);
    expect(data).toEqual(Float32Array.of(1, 2));
  }
});

it("timeDistributed refuses a layer that mixes rows", async () => {
  const first = defineLayer({
    type: "first",
    hyperparameters: {},
    outputShape: (shape) => shape,
    parameters: (shape) => [{ name: "w", shape, initializer: initializers.ones }],
    call: ({ parameters: { w } }) => w,
  });
  expect(await refusal(() => ready(timeDistributed(first), [2, 1], 2))).toBe(
    "invalid_shape: a layer in timeDistributed must return a row for each row that it receives; received [1] of first for [2 × rows, 1]",
  );
});
