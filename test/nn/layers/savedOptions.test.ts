/** Each option of each layer is in a saved model, and makes an equal layer there. */
import { describe, expect, it } from "vitest";
import { describePiece } from "../../../src/model/describe.js";
import { makePiece } from "../../../src/model/pieces.js";
import * as layers from "../../../src/nn/layers/index.js";
import { recipeOf } from "../../../src/recipe.js";

/** All options of a factory, which the compiler counts. */
type All<Factory extends (...given: never[]) => unknown> = Required<NonNullable<Last<Parameters<Factory>>>>;
type Last<List extends readonly unknown[]> =
  Required<List> extends readonly [...unknown[], infer End] ? End : never;

const biased = {
  activation: "tanh",
  useBias: true,
  biasInitializer: "ones",
  biasRegularizer: "l2",
  biasConstraint: "nonNeg",
} as const;
const kernel = {
  ...biased,
  kernelInitializer: "heNormal",
  kernelRegularizer: "l1",
  kernelConstraint: "unitNorm",
} as const;
const windows = { strides: 2, dilationRate: 1, padding: "same" } as const;
const recurrent = {
  ...kernel,
  returnSequences: true,
  goBackwards: true,
  dropout: 0.125,
  recurrentDropout: 0.25,
  recurrentInitializer: "identity",
  recurrentRegularizer: "l2",
  recurrentConstraint: "maxNorm",
} as const;
const gated = { ...recurrent, recurrentActivation: "hardSigmoid" } as const;
const cells = { ...gated, unitForgetBias: false, returnState: true } as const;
const depthwise = {
  ...biased,
  ...windows,
  depthMultiplier: 2,
  depthwiseInitializer: "heNormal",
  depthwiseRegularizer: "l1",
  depthwiseConstraint: "unitNorm",
} as const;
const normalization = { epsilon: 0.25, center: false, scale: false } as const;

const row = <Options extends object>(options: Options, make: (options: Options) => layers.Layer) =>
  [options, make(options)] as const;

const ROWS: Readonly<Record<string, readonly [options: object, layer: layers.Layer]>> = {
  averagePooling2d: row<All<typeof layers.averagePooling2d>>({ strides: 3, padding: "same" }, (options) =>
    layers.averagePooling2d(2, options),
  ),
  batchNormalization: row<All<typeof layers.batchNormalization>>(
    { ...normalization, momentum: 0.5 },
    layers.batchNormalization,
  ),
  bidirectional: row<All<typeof layers.bidirectional>>({ mergeMode: "mul" }, (options) =>
    layers.bidirectional(layers.gru(2), options),
  ),
  conv1d: row<All<typeof layers.conv1d>>({ ...kernel, ...windows, padding: "causal" }, (options) =>
    layers.conv1d(2, 3, options),
  ),
  conv1dTranspose: row<All<typeof layers.conv1dTranspose>>({ ...kernel, ...windows }, (options) =>
    layers.conv1dTranspose(2, 3, options),
  ),
  conv2d: row<All<typeof layers.conv2d>>({ ...kernel, ...windows }, (options) =>
    layers.conv2d(2, 3, options),
  ),
  conv2dTranspose: row<All<typeof layers.conv2dTranspose>>({ ...kernel, ...windows }, (options) =>
    layers.conv2dTranspose(2, 3, options),
  ),
  conv3d: row<All<typeof layers.conv3d>>({ ...kernel, ...windows }, (options) =>
    layers.conv3d(2, 3, options),
  ),
  convLstm2d: row<All<typeof layers.convLstm2d>>({ ...cells, ...windows }, (options) =>
    layers.convLstm2d(2, 3, options),
  ),
  dense: row<All<typeof layers.dense>>(kernel, (options) => layers.dense(2, options)),
  depthwiseConv2d: row<All<typeof layers.depthwiseConv2d>>(depthwise, (options) =>
    layers.depthwiseConv2d(3, options),
  ),
  dot: row<All<typeof layers.dot>>({ normalize: true }, (options) => layers.dot(1, options)),
  elu: row<All<typeof layers.elu>>({ alpha: 0.5 }, layers.elu),
  embedding: row<All<typeof layers.embedding>>(
    {
      embeddingsInitializer: "ones",
      embeddingsRegularizer: "l2",
      embeddingsConstraint: "unitNorm",
      maskZero: true,
    },
    (options) => layers.embedding(3, 2, options),
  ),
  groupNormalization: row<All<typeof layers.groupNormalization>>(
    { ...normalization, groups: 2 },
    layers.groupNormalization,
  ),
  gru: row<All<typeof layers.gru>>({ ...gated, resetAfter: false }, (options) => layers.gru(2, options)),
  layerNormalization: row<All<typeof layers.layerNormalization>>(normalization, layers.layerNormalization),
  leakyReLU: row<All<typeof layers.leakyReLU>>({ negativeSlope: 0.5 }, layers.leakyReLU),
  lstm: row<All<typeof layers.lstm>>(cells, (options) => layers.lstm(2, options)),
  maxPooling1d: row<All<typeof layers.maxPooling1d>>({ strides: 3, padding: "same" }, (options) =>
    layers.maxPooling1d(2, options),
  ),
  merge: row<All<typeof layers.merge>>({ axis: 1 }, (options) => layers.merge("concatenate", options)),
  multiHeadAttention: row<All<typeof layers.multiHeadAttention>>(
    { valueDim: 3, dropout: 0.125, useBias: false, causal: true },
    (options) => layers.multiHeadAttention(2, 4, options),
  ),
  prelu: row<All<typeof layers.prelu>>(
    { alphaInitializer: "ones", alphaRegularizer: "l2", sharedAxes: [1] },
    layers.prelu,
  ),
  rescaling: row<All<typeof layers.rescaling>>({ offset: 3 }, (options) => layers.rescaling(2, options)),
  resizing: row<All<typeof layers.resizing>>({ interpolation: "nearest" }, (options) =>
    layers.resizing(2, 3, options),
  ),
  rmsNormalization: row<All<typeof layers.rmsNormalization>>(
    { epsilon: 0.25, scale: false },
    layers.rmsNormalization,
  ),
  separableConv2d: row<All<typeof layers.separableConv2d>>(
    {
      ...depthwise,
      pointwiseInitializer: "zeros",
      pointwiseRegularizer: "l2",
      pointwiseConstraint: "nonNeg",
    },
    (options) => layers.separableConv2d(2, 3, options),
  ),
  simpleRNN: row<All<typeof layers.simpleRNN>>(recurrent, (options) => layers.simpleRNN(2, options)),
};

describe("each option is saved, and makes an equal layer:", () => {
  it.each(Object.entries(ROWS))("%s", (_, [options, layer]) => {
    const saved = JSON.parse(JSON.stringify(describePiece("layer", layer)));
    expect(saved.options).toMatchObject(options);
    const made = makePiece("layer", saved, {});
    expect(recipeOf(layer)).toBeTypeOf("string");
    expect(recipeOf(made)).toBe(recipeOf(layer));
    expect(made.hyperparameters).toEqual(layer.hyperparameters);
  });
});
