/**
 * What shares programs: layers that differ in more than their hyperparameters have different recipes, others
 * the same.
 */
import { describe, expect, it } from "vitest";
import * as layers from "../../../src/nn/layers/index.js";
import { recipeOf } from "../../../src/recipe.js";

const { bidirectional, conv1d, conv2d, conv2dTranspose, depthwiseConv2d, embedding, gru, lstm } = layers;
const { batchNormalization, layerNormalization, masking, multiHeadAttention, prelu, separableConv2d } =
  layers;
const { simpleRNN, timeDistributed, dense } = layers;

/** Of windows along each axis. */
const windows = [{}, { strides: 2 }, { padding: "same" }] as const;
const recurrent = [
  {},
  ...[{ useBias: false }, { returnSequences: true }, { goBackwards: true }],
  ...[{ dropout: 0.1 }, { recurrentDropout: 0.1 }, { dropout: 0.1, recurrentDropout: 0.1 }],
  ...([
    { activation: "relu" },
    { recurrentInitializer: "identity" },
    { kernelConstraint: "unitNorm" },
  ] as const),
];
const normalized = [{}, { center: false }, { scale: false }, { center: false, scale: false }];

/** Layers that do something else each, made when a test runs: before that, Stryker tries no mutant. */
const DIFFERENT: Readonly<Record<string, () => readonly layers.Layer[]>> = {
  conv1d: () => [
    ...[...windows, { padding: "causal" } as const, { dilationRate: 2 }, { useBias: false }].map((options) =>
      conv1d(2, 3, options),
    ),
    ...[conv1d(3, 3), conv1d(2, 4)],
  ],
  conv2d: () => [
    ...[...windows, { strides: [1, 2] } as const, { dilationRate: 2 }].map((options) =>
      conv2d(2, 3, options),
    ),
    ...[conv2d(3, 3), conv2d(2, [3, 4])],
  ],
  conv2dTranspose: () => [
    ...windows.map((options) => conv2dTranspose(2, 3, options)),
    ...[conv2dTranspose(3, 3), conv2dTranspose(2, 4)],
  ],
  depthwiseConv2d: () => [
    ...[...windows, { depthMultiplier: 2 }, { dilationRate: 2 }].map((options) =>
      depthwiseConv2d(3, options),
    ),
    depthwiseConv2d(2),
  ],
  convLstm2d: () => [
    ...[...windows, { dilationRate: 2 }].map((options) => layers.convLstm2d(2, 3, options)),
    ...[{ unitForgetBias: false }, { returnState: true }, { returnSequences: true }].map((options) =>
      layers.convLstm2d(2, 3, options),
    ),
    ...[layers.convLstm2d(3, 3), layers.convLstm2d(2, [3, 2])],
  ],
  separableConv2d: () => [
    ...[...windows, { depthMultiplier: 2 }].map((options) => separableConv2d(2, 3, options)),
    ...[separableConv2d(3, 3), separableConv2d(2, 2)],
  ],
  "pooling of images": () =>
    [layers.maxPooling2d, layers.averagePooling2d].flatMap((pooling) => [
      ...windows.map((options) => pooling(3, options)),
      ...[pooling(4), pooling([3, 4])],
    ]),
  "pooling of sequences": () =>
    [layers.maxPooling1d, layers.averagePooling1d].flatMap((pooling) => [
      ...windows.map((options) => pooling(3, options)),
      pooling(4),
    ]),
  "pooling of all": () => [
    ...[layers.globalMaxPooling1d(), layers.globalMaxPooling2d()],
    ...[layers.globalAveragePooling1d(), layers.globalAveragePooling2d()],
  ],
  augmentation: () => [
    ...[layers.randomFlip("horizontal"), layers.randomFlip("vertical")],
    layers.randomFlip("horizontalAndVertical"),
    ...[layers.randomTranslation(1, 2), layers.randomTranslation(2, 1), layers.randomTranslation(1, 1)],
  ],
  reshaping: () => [
    ...[layers.flatten(), layers.reshape([2, 3]), layers.reshape([3, 2]), layers.reshape([-1, 2])],
    ...[layers.permute([1, 2]), layers.permute([2, 1]), layers.repeatVector(2), layers.repeatVector(3)],
    ...[layers.upSampling1d(2), layers.upSampling1d(3), layers.upSampling2d(2), layers.upSampling2d([2, 3])],
    ...[layers.zeroPadding1d(1), layers.zeroPadding1d([1, 2]), layers.zeroPadding2d(1)],
    layers.zeroPadding2d([
      [1, 1],
      [1, 2],
    ]),
    ...[layers.cropping1d(1), layers.cropping1d([1, 2]), layers.cropping2d(1), layers.cropping2d([1, 2])],
  ],
  dropping: () => [
    ...[layers.dropout(0.1), layers.spatialDropout1d(0.1), layers.spatialDropout2d(0.1)],
    layers.gaussianNoise(0.1),
  ],
  merge: () =>
    (["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"] as const).map((way) =>
      layers.merge(way),
    ),
  normalization: () => [
    ...normalized.map((options) => batchNormalization(options)),
    ...normalized.map((options) => layerNormalization(options)),
  ],
  embedding: () => [
    ...[embedding(3, 2), embedding(2, 3), embedding(3, 2, { maskZero: true })],
    embedding(3, 2, { embeddingsInitializer: "zeros" }),
  ],
  masking: () => [masking(), masking(-1), masking(-0)],
  recurrent: () =>
    [simpleRNN, lstm, gru].flatMap((layer) => [...recurrent.map((options) => layer(2, options)), layer(3)]),
  "options of one recurrent layer": () => [
    ...[lstm(2), lstm(2, { unitForgetBias: false }), lstm(2, { recurrentActivation: "tanh" })],
    lstm(2, { returnState: true }),
    ...[gru(2), gru(2, { resetAfter: false }), gru(2, { recurrentActivation: "tanh" })],
  ],
  wrappers: () => [
    ...(["concat", "sum", "ave", "mul"] as const).map((mergeMode) => bidirectional(gru(2), { mergeMode })),
    ...[bidirectional(lstm(2)), timeDistributed(dense(2)), timeDistributed(dense(3))],
  ],
  attention: () => [
    ...[{}, { dropout: 0.1 }, { useBias: false }, { causal: true }, { valueDim: 3 }].map((options) =>
      multiHeadAttention(2, 4, options),
    ),
    ...[multiHeadAttention(4, 2), multiHeadAttention(2, 2)],
  ],
  rectifiers: () => [layers.leakyReLU(), layers.elu(), prelu(), prelu({ sharedAxes: [1] })],
};

describe("different layers have different recipes", () => {
  it.each(Object.entries(DIFFERENT))("%s", (_, all) => {
    const recipes = all().map(recipeOf);
    expect(recipes).not.toContain(undefined);
    expect(recipes.filter((recipe, i) => recipes.indexOf(recipe) !== i)).toEqual([]);
  });
});

describe("hyperparameters are inputs of a program, and in no recipe", () => {
  it.each<[string, () => readonly layers.Layer[]]>([
    ["dropout", () => [layers.dropout(0.1), layers.dropout(0.2)]],
    ["noise", () => [layers.gaussianNoise(0.1), layers.gaussianNoise(0.2)]],
    ["slopes", () => [layers.leakyReLU({ negativeSlope: 0.1 }), layers.leakyReLU({ negativeSlope: 0.2 })]],
    ["the dropout of steps", () => [lstm(2, { dropout: 0.1 }), lstm(2, { dropout: 0.2 })]],
    ["the dropout of shares", () => [0.1, 0.2].map((dropout) => multiHeadAttention(2, 4, { dropout }))],
  ])("%s", (_, both) => {
    const [one, other] = both();
    expect(recipeOf(one)).toBe(recipeOf(other));
    expect(one.hyperparameters).not.toEqual(other.hyperparameters);
  });
});
