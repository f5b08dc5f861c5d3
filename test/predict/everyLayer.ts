/**
 * Layers of every kind, as networks have them. A layer that index.ts exports and that has no row here fails a
 * test.
 */
import type { Shape } from "../../src/graph/shape.js";
import {
  activation,
  averageMembers,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  batchNormalization,
  bidirectional,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  conv3d,
  convLstm2d,
  cropping1d,
  cropping2d,
  dense,
  depthwiseConv2d,
  dot,
  dropout,
  elu,
  embedding,
  ensembleDense,
  flatten,
  gaussianNoise,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  groupNormalization,
  gru,
  type Layer,
  layerNormalization,
  leakyReLU,
  lstm,
  type MergeName,
  masking,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  merge,
  multiHeadAttention,
  permute,
  prelu,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
  repeatVector,
  rescaling,
  reshape,
  resizing,
  rmsNormalization,
  separableConv2d,
  simpleRNN,
  spatialDropout1d,
  spatialDropout2d,
  timeDistributed,
  upSampling1d,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from "../../src/nn/layers/index.js";
import { maxNorm } from "../../src/nn/weights/constraints.js";

/** A layer with options that are not its defaults, and rows that it takes. */
export interface LayerExample {
  readonly layer: () => Layer;
  /** The shape of a row of each input. */
  readonly shapes: readonly Shape[];
  /** What a normal number becomes as a number of a row. Default: itself. */
  readonly number?: (normal: number) => number;
}

const WAYS: Readonly<Record<MergeName, true>> = {
  add: true,
  subtract: true,
  multiply: true,
  average: true,
  maximum: true,
  minimum: true,
  concatenate: true,
};
const everyWay = Object.keys(WAYS) as MergeName[];

/** By the names of factories. */
export const EXAMPLES: Readonly<Record<string, readonly LayerExample[]>> = {
  activation: [{ layer: () => activation("gelu"), shapes: [[5]] }],
  averageMembers: [{ layer: () => averageMembers(), shapes: [[4, 3]] }],
  averagePooling1d: [{ layer: () => averagePooling1d(3, { strides: 2, padding: "same" }), shapes: [[5, 3]] }],
  averagePooling2d: [{ layer: () => averagePooling2d([2, 3], { strides: 1 }), shapes: [[4, 5, 2]] }],
  averagePooling3d: [
    { layer: () => averagePooling3d([2, 3, 2], { padding: "same" }), shapes: [[3, 4, 5, 2]] },
  ],
  batchNormalization: [
    { layer: () => batchNormalization({ epsilon: 0.01, center: false }), shapes: [[4, 3]] },
  ],
  bidirectional: [
    { layer: () => bidirectional(gru(2), { mergeMode: "sum" }), shapes: [[4, 3]] },
    ...(["concat", "mul", "ave"] as const).map((mergeMode) => ({
      layer: () => bidirectional(simpleRNN(2), { mergeMode }),
      shapes: [[4, 3]],
    })),
  ],
  conv1d: [{ layer: () => conv1d(4, 3, { padding: "causal", dilationRate: 2 }), shapes: [[6, 3]] }],
  convLstm2d: [
    {
      layer: () => convLstm2d(2, [1, 2], { strides: [1, 2], returnSequences: true, recurrentDropout: 0.2 }),
      shapes: [[3, 2, 4, 2]],
    },
  ],
  conv1dTranspose: [
    { layer: () => conv1dTranspose(3, 3, { strides: 2, padding: "same" }), shapes: [[4, 2]] },
  ],
  conv2d: [
    {
      layer: () => conv2d(4, [2, 3], { strides: 2, padding: "same", activation: "relu" }),
      shapes: [[5, 6, 3]],
    },
  ],
  conv2dTranspose: [
    { layer: () => conv2dTranspose(3, 3, { strides: 2, useBias: false }), shapes: [[3, 2, 4]] },
  ],
  conv3d: [
    {
      layer: () => conv3d(3, [2, 3, 2], { strides: [1, 2, 1], padding: "same", activation: "relu" }),
      shapes: [[3, 4, 5, 2]],
    },
  ],
  cropping1d: [{ layer: () => cropping1d([1, 2]), shapes: [[5, 2]] }],
  cropping2d: [{ layer: () => cropping2d([[1, 0], 2]), shapes: [[3, 6, 2]] }],
  dense: [
    { layer: () => dense(3, { activation: "softmax", useBias: false }), shapes: [[5]] },
    {
      layer: () => dense(3, { activation: "tanh", kernelConstraint: maxNorm(), biasConstraint: "nonNeg" }),
      shapes: [[4, 5]],
    },
  ],
  depthwiseConv2d: [{ layer: () => depthwiseConv2d(3, { depthMultiplier: 2 }), shapes: [[4, 5, 3]] }],
  dot: [
    { layer: () => dot([2, 1]), shapes: [[2, 3], [3]] },
    { layer: () => dot(-1, { normalize: true }), shapes: [[4], [4]] },
    {
      layer: () => dot([-1, 2]),
      shapes: [
        [2, 2, 3],
        [4, 3],
      ],
    },
  ],
  dropout: [{ layer: () => dropout(0.5), shapes: [[5]] }],
  elu: [{ layer: () => elu({ alpha: 0.5 }), shapes: [[5]] }],
  embedding: [
    {
      layer: () => embedding(4, 3, { embeddingsInitializer: "ones" }),
      shapes: [[2]],
      number: (normal) => Math.abs(Math.trunc(normal)) % 4,
    },
  ],
  ensembleDense: [
    { layer: () => ensembleDense(3, { members: 4, activation: "tanh", useBias: false }), shapes: [[5]] },
    {
      layer: () => ensembleDense(2, { inputScaleInitializer: "randomNormal", kernelConstraint: maxNorm() }),
      shapes: [[4, 5]],
    },
    { layer: () => ensembleDense(3, { members: 2, shared: false, activation: "softmax" }), shapes: [[5]] },
    { layer: () => ensembleDense(2, { shared: false, kernelRegularizer: "l2" }), shapes: [[4, 5]] },
  ],
  flatten: [{ layer: () => flatten(), shapes: [[2, 3]] }],
  gaussianNoise: [{ layer: () => gaussianNoise(0.5), shapes: [[5]] }],
  globalAveragePooling1d: [{ layer: () => globalAveragePooling1d(), shapes: [[4, 3]] }],
  globalAveragePooling2d: [{ layer: () => globalAveragePooling2d(), shapes: [[4, 2, 3]] }],
  globalAveragePooling3d: [{ layer: () => globalAveragePooling3d(), shapes: [[3, 4, 5, 2]] }],
  globalMaxPooling1d: [{ layer: () => globalMaxPooling1d(), shapes: [[4, 3]] }],
  globalMaxPooling2d: [{ layer: () => globalMaxPooling2d(), shapes: [[4, 2, 3]] }],
  globalMaxPooling3d: [{ layer: () => globalMaxPooling3d(), shapes: [[3, 4, 5, 2]] }],
  groupNormalization: [{ layer: () => groupNormalization({ groups: 2, scale: false }), shapes: [[4, 6]] }],
  gru: [{ layer: () => gru(3, { resetAfter: false, goBackwards: true }), shapes: [[4, 2]] }],
  layerNormalization: [{ layer: () => layerNormalization({ epsilon: 0.1, scale: false }), shapes: [[2, 5]] }],
  leakyReLU: [{ layer: () => leakyReLU({ negativeSlope: 0.1 }), shapes: [[2, 3]] }],
  lstm: [
    {
      layer: () => lstm(3, { returnSequences: true, recurrentDropout: 0.2, recurrentRegularizer: "l2" }),
      shapes: [[4, 2]],
    },
  ],
  masking: [{ layer: () => masking(1), shapes: [[4, 2]], number: (normal) => (normal > 0 ? 1 : normal) }],
  maxPooling1d: [{ layer: () => maxPooling1d(3, { strides: 2, padding: "same" }), shapes: [[5, 3]] }],
  maxPooling2d: [{ layer: () => maxPooling2d([2, 3], { strides: 1 }), shapes: [[4, 5, 2]] }],
  maxPooling3d: [
    { layer: () => maxPooling3d([2, 1, 3], { strides: 1, padding: "same" }), shapes: [[3, 4, 5, 2]] },
  ],
  merge: [
    ...everyWay.map((way) => ({
      layer: () => merge(way),
      shapes: [
        [2, 3],
        [2, way === "concatenate" ? 1 : 3],
      ],
    })),
    {
      layer: () => merge("concatenate", { axis: -3 }),
      shapes: [
        [2, 3, 2],
        [1, 3, 2],
      ],
    },
  ],
  multiHeadAttention: [
    { layer: () => multiHeadAttention(2, 3, { valueDim: 4, causal: true }), shapes: [[5, 6]] },
    {
      layer: () => multiHeadAttention(2, 3, { useBias: false }),
      shapes: [
        [5, 6],
        [3, 4],
      ],
    },
  ],
  permute: [{ layer: () => permute([2, 1]), shapes: [[2, 3]] }],
  prelu: [
    { layer: () => prelu({ alphaInitializer: "ones" }), shapes: [[5]] },
    { layer: () => prelu({ sharedAxes: [1, 2], alphaRegularizer: "l2" }), shapes: [[2, 3, 4]] },
  ],
  randomFlip: [{ layer: () => randomFlip("vertical"), shapes: [[4, 3, 2]] }],
  randomTranslation: [{ layer: () => randomTranslation(2, 1), shapes: [[4, 3, 2]] }],
  randomRotation: [{ layer: () => randomRotation(0.25), shapes: [[4, 3, 2]] }],
  randomZoom: [
    { layer: () => randomZoom(0.25, 0.5), shapes: [[4, 3, 2]] },
    { layer: () => randomZoom(0.5), shapes: [[4, 3, 2]] },
  ],
  repeatVector: [{ layer: () => repeatVector(3), shapes: [[4]] }],
  rescaling: [{ layer: () => rescaling(0.5, { offset: -1 }), shapes: [[4, 3]] }],
  reshape: [{ layer: () => reshape([2, -1]), shapes: [[3, 4]] }],
  resizing: [
    { layer: () => resizing(3, 5, { interpolation: "nearest" }), shapes: [[4, 3, 2]] },
    { layer: () => resizing(6, 2), shapes: [[4, 3, 2]] },
  ],
  rmsNormalization: [{ layer: () => rmsNormalization({ epsilon: 0.1 }), shapes: [[4, 3]] }],
  separableConv2d: [
    { layer: () => separableConv2d(4, 3, { padding: "same", depthMultiplier: 2 }), shapes: [[4, 5, 3]] },
  ],
  simpleRNN: [{ layer: () => simpleRNN(3, { activation: "relu" }), shapes: [[4, 2]] }],
  spatialDropout1d: [{ layer: () => spatialDropout1d(0.5), shapes: [[4, 3]] }],
  spatialDropout2d: [{ layer: () => spatialDropout2d(0.5), shapes: [[4, 3, 2]] }],
  timeDistributed: [{ layer: () => timeDistributed(dense(3, { activation: "relu" })), shapes: [[4, 5]] }],
  upSampling1d: [{ layer: () => upSampling1d(3), shapes: [[4, 2]] }],
  upSampling2d: [{ layer: () => upSampling2d([2, 3]), shapes: [[3, 2, 2]] }],
  zeroPadding1d: [{ layer: () => zeroPadding1d([1, 2]), shapes: [[4, 2]] }],
  zeroPadding2d: [{ layer: () => zeroPadding2d([[1, 2], 3]), shapes: [[3, 4, 2]] }],
};
