/**
 * The limits of what plain layers are given: the last value that each accepts, and the first that it refuses,
 * word by word.
 */
import { describe, expect, it } from "vitest";
import {
  activation,
  batchNormalization,
  bidirectional,
  conv1d,
  conv2d,
  conv2dTranspose,
  defineLayer,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  embedding,
  freeze,
  gaussianNoise,
  gru,
  type Layer,
  layerNormalization,
  leakyReLU,
  lstm,
  merge,
  multiHeadAttention,
  prelu,
  separableConv2d,
  simpleRNN,
  spatialDropout1d,
  spatialDropout2d,
} from "../../../src/nn/layers/index.js";
import { input } from "../../../src/nn/models/functional.js";
import { EXAMPLES } from "../../predict/everyLayer.js";
import { refusal } from "../support.js";

/** Layers with options, by the name that refusals call them. */
const WITH_OPTIONS: Readonly<Record<string, (options: never) => Layer>> = {
  batchNormalization,
  bidirectional: (options) => bidirectional(gru(1), options),
  conv1d: (options) => conv1d(1, 1, options),
  conv2d: (options) => conv2d(1, 1, options),
  conv2dTranspose: (options) => conv2dTranspose(1, 1, options),
  dense: (options) => dense(1, options),
  depthwiseConv2d: (options) => depthwiseConv2d(1, options),
  elu,
  embedding: (options) => embedding(1, 1, options),
  gru: (options) => gru(1, options),
  layerNormalization,
  leakyReLU,
  lstm: (options) => lstm(1, options),
  multiHeadAttention: (options) => multiHeadAttention(1, 1, options),
  prelu,
  separableConv2d: (options) => separableConv2d(1, 1, options),
  simpleRNN: (options) => simpleRNN(1, options),
};

it.each(Object.entries(WITH_OPTIONS))("%s refuses an unknown option by its own name", async (name, make) => {
  expect(await refusal(() => make({ zzz: 1 } as never))).toMatch(
    new RegExp(`^unknown_name: unknown option of ${name} "zzz"\\. Known: `),
  );
});

it("numbers may be at the ends of their ranges, and are hyperparameters", () => {
  expect(dropout(0).hyperparameters).toEqual({ rate: 0 });
  expect(spatialDropout1d(0.999).hyperparameters).toEqual({ rate: 0.999 });
  expect(gaussianNoise(0).hyperparameters).toEqual({ stddev: 0 });
  expect(leakyReLU({ negativeSlope: 0 }).hyperparameters).toEqual({ negativeSlope: 0 });
  expect(elu({ alpha: 0 }).hyperparameters).toEqual({ alpha: 0 });
  for (const momentum of [0, 1])
    expect(batchNormalization({ momentum, epsilon: 2 ** -149 }).hyperparameters).toEqual({
      momentum,
      epsilon: 2 ** -149,
    });
});

it("numbers that are not given have Keras' defaults", () => {
  expect(leakyReLU().hyperparameters).toEqual({ negativeSlope: 0.3 });
  expect(elu().hyperparameters).toEqual({ alpha: 1 });
  expect(batchNormalization().hyperparameters).toEqual({ momentum: 0.99, epsilon: 1e-3 });
  expect(layerNormalization().hyperparameters).toEqual({ epsilon: 1e-3 });
  // what nothing drops has no rate
  for (const layer of [multiHeadAttention(1, 1), multiHeadAttention(1, 1, { dropout: 0 })])
    expect(layer.hyperparameters).toEqual({});
  expect(lstm(1, { dropout: 0, recurrentDropout: 0 }).hyperparameters).toEqual({});
  expect(multiHeadAttention(1, 1, { dropout: 0.5 }).hyperparameters).toEqual({ dropout: 0.5 });
});

const RATE = "rate must be a number in [0, 1); received";
const STDDEV = "stddev must be a finite number of at least 0; received";
const MOMENTUM = "momentum must be a number in [0, 1]; received";
const EPSILON = "epsilon must be a finite number above 0; received";
const ALPHA = "alpha must be a finite number of at least 0; received";
const AXES = "sharedAxes must be a list of axes, counted from 1; received";
const APPLIED = "what dense is applied to must be";
const custom = (definition: object): Layer =>
  defineLayer({
    type: "own",
    hyperparameters: {},
    outputShape: () => [1],
    parameters: () => [],
    call: ({ x }) => x,
    ...definition,
  });

describe("an invalid argument", () => {
  it.each<[() => unknown, string]>([
    [() => dropout(1), `${RATE} 1`],
    [() => dropout(-0.1), `${RATE} -0.1`],
    [() => dropout(Number.NaN), `${RATE} NaN`],
    [() => spatialDropout2d("0.5" as never), `${RATE} "0.5"`],
    [() => dropout(1 - 2 ** -26), "rate in float32 must be a number in [0, 1); received 1"],
    [() => lstm(1, { dropout: 1 - 2 ** -26 }), "dropout in float32 must be a number in [0, 1); received 1"],
    [
      () => multiHeadAttention(1, 1, { dropout: 1 - 2 ** -26 }),
      "dropout in float32 must be a number in [0, 1); received 1",
    ],
    [
      () => layerNormalization({ epsilon: 2 ** -150 }),
      "epsilon in float32 must be a finite number above 0; received 0",
    ],
    [() => gaussianNoise(-0.1), `${STDDEV} -0.1`],
    [() => gaussianNoise(Number.POSITIVE_INFINITY), `${STDDEV} Infinity`],
    [() => gaussianNoise("1" as never), `${STDDEV} "1"`],
    [() => batchNormalization({ momentum: -0.1 }), `${MOMENTUM} -0.1`],
    [() => batchNormalization({ momentum: 1.1 }), `${MOMENTUM} 1.1`],
    [() => batchNormalization({ momentum: "0.9" as never }), `${MOMENTUM} "0.9"`],
    [() => batchNormalization({ epsilon: 0 }), `${EPSILON} 0`],
    [() => layerNormalization({ epsilon: Number.POSITIVE_INFINITY }), `${EPSILON} Infinity`],
    [() => layerNormalization({ epsilon: "1" as never }), `${EPSILON} "1"`],
    [() => layerNormalization({ center: 0 as never }), "center must be true or false; received 0"],
    [() => layerNormalization({ scale: 1 as never }), "scale must be true or false; received 1"],
    [() => elu({ alpha: -1 }), `${ALPHA} -1`],
    [() => elu({ alpha: "1" as never }), `${ALPHA} "1"`],
    [() => prelu({ sharedAxes: [1, 0.5] }), `${AXES} [1,0.5]`],
    [() => prelu({ sharedAxes: [0] }), `${AXES} [0]`],
    [() => prelu({ sharedAxes: { length: 1 } as never }), `${AXES} {"length":1}`],
    [
      () => prelu({ sharedAxes: [1, 3] }).parameters([4, 4]),
      "sharedAxes must be axes of rows of shape [4,4], counted from 1; received [1,3]",
    ],
    [() => embedding(0, 1), "inputDim must be a positive integer; received 0"],
    [() => embedding(1, 0), "outputDim must be a positive integer; received 0"],
    [() => embedding(1, 1, { maskZero: 1 as never }), "maskZero must be true or false; received 1"],
    [() => dense(1).apply(), `${APPLIED} at least one value, such as input(4); received []`],
    [() => dense(1).apply(input(1), 3 as never), `${APPLIED} a value, such as input(4); received 3`],
    [() => freeze(3 as never), "what freeze takes must be a layer, such as dense(1); received 3"],
    [
      () => freeze(undefined as never),
      "what freeze takes must be a layer, such as dense(1); received undefined",
    ],
    [() => defineLayer(3 as never), "the layer must be a layer, such as dense(1); received 3"],
    [() => custom({ type: "" }), '`type` of the layer must be a name without dots; received ""'],
    [() => custom({ type: "a.b" }), '`type` of the layer must be a name without dots; received "a.b"'],
    [() => custom({ type: ".a" }), '`type` of the layer must be a name without dots; received ".a"'],
    [() => custom({ type: "a." }), '`type` of the layer must be a name without dots; received "a."'],
    [() => custom({ type: ["a"] }), '`type` of the layer must be a name without dots; received ["a"]'],
    [
      () => custom({ hyperparameters: 1 }),
      "`hyperparameters` of the layer (own) must be an object; received 1",
    ],
    [() => custom({ outputShape: 1 }), "`outputShape` of the layer (own) must be a function; received 1"],
    [() => custom({ parameters: 1 }), "`parameters` of the layer (own) must be a function; received 1"],
    [() => custom({ call: 1 }), "`call` of the layer (own) must be a function; received 1"],
    [() => custom({ trainable: 1 }), "`trainable` of the layer must be true or false; received 1"],
  ])("%s", async (run, message) => {
    expect(await refusal(run)).toBe(`invalid_argument: ${message}`);
  });
});

const SAME = "add must take several values of one shape; received";
const BESIDE = "concatenate must take several values that agree on all axes but the last; received";

describe("an invalid shape", () => {
  it.each<[() => Layer, readonly (readonly number[])[], string]>([
    [() => dense(1), [[]], "dense must take rows of shape [columns] or [..., columns]; received []"],
    [() => embedding(3, 2), [[]], "embedding must take rows of shape [ids]; received []"],
    [() => embedding(3, 2), [[4, 1]], "embedding must take rows of shape [ids]; received [4, 1]"],
    [
      () => spatialDropout1d(0.5),
      [[8]],
      "spatialDropout1d must take rows of shape [steps, channels]; received [8]. Put reshape([8, 1]) before it for one channel",
    ],
    [
      () => spatialDropout2d(0.5),
      [[8, 8]],
      "spatialDropout2d must take rows of shape [height, width, channels]; received [8, 8]. Put reshape([8, 8, 1]) before it for one channel",
    ],
    [() => merge("add"), [[2]], `${SAME} [2]`],
    [() => merge("add"), [[2], [2], [3]], `${SAME} [2] and [2] and [3]`],
    [() => merge("concatenate"), [[2]], `${BESIDE} [2]`],
    [
      () => merge("concatenate"),
      [
        [3, 2],
        [4, 2],
      ],
      `${BESIDE} [3, 2] and [4, 2]`,
    ],
    [
      () => merge("concatenate"),
      [
        [3, 2],
        [3, 1],
        [2, 2],
      ],
      `${BESIDE} [3, 2] and [3, 1] and [2, 2]`,
    ],
    [() => merge("concatenate"), [[2], []], `${BESIDE} [2] and []`],
  ])("%s of %o: %s", async (layer, shapes, message) => {
    expect(await refusal(() => layer().outputShape(...shapes))).toBe(`invalid_shape: ${message}`);
  });
});

const SEVERAL = [
  "bidirectional",
  "convLstm2d",
  "dot",
  "gru",
  "lstm",
  "merge",
  "multiHeadAttention",
  "simpleRNN",
];

it.each(Object.entries(EXAMPLES).filter(([name]) => !SEVERAL.includes(name)))(
  "%s is applied to one value, since it would ignore another",
  async (name, examples) => {
    for (const { layer, shapes } of examples) {
      const [x, other] = [...shapes, [2]].map((shape) => input(shape));
      const what = `${name} must be applied to one value; received values of shapes [${shapes[0].join(", ")}], [2]. `;
      expect(await refusal(() => layer().apply(x, other))).toBe(
        `invalid_shape: ${what}Join them first, such as by merge("concatenate")`,
      );
    }
  },
);

it("shapes follow from those of the inputs, and parameters from the last axis", () => {
  expect(merge("concatenate").outputShape([3, 2], [3, 1], [3, 4])).toEqual([3, 7]);
  expect(merge("maximum").outputShape([3, 2], [3, 2])).toEqual([3, 2]);
  expect(dense(5).outputShape([7, 3])).toEqual([7, 5]);
  expect(embedding(3, 2).outputShape([4])).toEqual([4, 2]);
  expect(spatialDropout2d(0.5).outputShape([4, 3, 2])).toEqual([4, 3, 2]);
  const named = (layer: Layer, ...shape: readonly number[]) =>
    layer.parameters(shape).map(({ name, shape, trainable }) => [name, shape, trainable]);
  expect(named(batchNormalization(), 4, 3)).toEqual([
    ["gamma", [3], undefined],
    ["beta", [3], undefined],
    ["movingMean", [3], false],
    ["movingVariance", [3], false],
  ]);
  expect(named(layerNormalization({ center: false }), 4, 3)).toEqual([["gamma", [3], undefined]]);
  expect(named(layerNormalization({ scale: false }), 4, 3)).toEqual([["beta", [3], undefined]]);
  expect(named(activation("relu"), 3)).toEqual([]);
});
