/**
 * Padding changes no result, in any layer: the laws of `fettle/testing` over every factory, and over layers
 * that break them.
 */
import { describe, expect, it } from "vitest";
import { div, max, mean, mul, reshape, sub, sum } from "../../src/graph/functions.js";
import type { Shape } from "../../src/graph/shape.js";
import type { FactoryName } from "../../src/nn/layers/factories.js";
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
  defineLayer,
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
  type LayerDefinition,
  layerNormalization,
  leakyReLU,
  lstm,
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
  reshape as reshapeLayer,
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
import { BrokenLaw, checkLayer, checkLayerLaw, layerLaws } from "../../src/testing/index.js";
import { cases } from "../cases.js";

const [CONTENT, AMOUNT, ONES, ALONE] = Object.keys(layerLaws);

/** A layer, the rows that it takes, and the laws that it breaks by design. */
type Example = readonly [
  make: () => Layer,
  shapes?: readonly Shape[],
  breaks?: { readonly except?: readonly string[]; readonly number?: (normal: number) => number },
];

const SEQUENCE: readonly Shape[] = [[5, 3]];
const IMAGE: readonly Shape[] = [[5, 4, 2]];
const VOLUME: readonly Shape[] = [[4, 3, 2, 2]];
const TWO: readonly Shape[] = [
  [4, 3],
  [4, 3],
];
/** Places in a row matter to it. */
const OF_PLACES = { except: [AMOUNT] };

/** Each factory: the compiler asks for one that is missing. */
const EXAMPLES: Readonly<Record<FactoryName, readonly Example[]>> = {
  activation: [[() => activation("silu")], [() => activation("softmax")]],
  averageMembers: [[() => averageMembers(), SEQUENCE, OF_PLACES]],
  averagePooling1d: [
    [() => averagePooling1d(2)],
    [() => averagePooling1d(3, { strides: 1, padding: "same" })],
    [() => averagePooling1d(3, { strides: 2, padding: "same" }), SEQUENCE, OF_PLACES],
  ],
  averagePooling2d: [[() => averagePooling2d(2, { strides: 1 }), IMAGE]],
  averagePooling3d: [
    [() => averagePooling3d(2), VOLUME],
    [() => averagePooling3d([3, 2, 1], { strides: 1, padding: "same" }), VOLUME],
  ],
  batchNormalization: [
    [() => batchNormalization({ momentum: 0.5 })],
    [() => batchNormalization(), [[3, 2, 2]]],
  ],
  bidirectional: [[() => bidirectional(gru(2, { returnSequences: true }), { mergeMode: "mul" })]],
  conv1d: [
    [() => conv1d(2, 2, { activation: "tanh" })],
    [() => conv1d(2, 3, { padding: "same" })],
    [() => conv1d(2, 2, { padding: "causal", dilationRate: 2 })],
    [() => conv1d(2, 2, { strides: 2, dilationRate: 2 })],
  ],
  conv1dTranspose: [[() => conv1dTranspose(2, 2), SEQUENCE, OF_PLACES]],
  conv2d: [
    [() => conv2d(2, 2, { padding: "same" }), IMAGE],
    [() => conv2d(2, [3, 2]), IMAGE],
  ],
  conv2dTranspose: [[() => conv2dTranspose(2, 2), [[3, 2, 2]], OF_PLACES]],
  conv3d: [
    [() => conv3d(2, 2), VOLUME],
    [() => conv3d(2, [3, 2, 1], { padding: "same" }), VOLUME],
  ],
  convLstm2d: [
    [() => convLstm2d(2, 2, { dropout: 0.2 }), VOLUME],
    [() => convLstm2d(1, 2, { returnSequences: true, goBackwards: true, padding: "same" }), VOLUME],
    // a side of the image is as long as the sequence
    [() => convLstm2d(1, [1, 2], { recurrentDropout: 0.2 }), [[3, 3, 3, 1]]],
  ],
  cropping1d: [[() => cropping1d([2, 0])]],
  cropping2d: [[() => cropping2d([[1, 0], 1]), IMAGE]],
  dense: [[() => dense(2, { activation: "gelu" })], [() => dense(2), [[4]], OF_PLACES]],
  depthwiseConv2d: [[() => depthwiseConv2d(2, { depthMultiplier: 2 }), IMAGE]],
  dot: [
    [() => dot(1), TWO],
    [() => dot(1, { normalize: true }), TWO],
    // the steps of the second are columns of the result
    [() => dot(2), TWO, OF_PLACES],
  ],
  dropout: [[() => dropout(0.5)]],
  elu: [[() => elu()]],
  embedding: [
    [
      () => embedding(4, 2, { maskZero: true }),
      [[4]],
      { number: (normal) => Math.min(3, Math.floor(Math.abs(2 * normal))) },
    ],
    [() => embedding(1, 2), [[4]], { number: () => 0 }],
  ],
  // a row has as many steps as the layer has members
  ensembleDense: [
    [() => ensembleDense(2, { members: 5, activation: "gelu" }), SEQUENCE, OF_PLACES],
    [() => ensembleDense(2, { members: 5, shared: false }), SEQUENCE, OF_PLACES],
    [() => ensembleDense(2, { members: 4 }), [[4]], OF_PLACES],
  ],
  flatten: [[() => flatten(), SEQUENCE, OF_PLACES]],
  gaussianNoise: [[() => gaussianNoise(0.5)]],
  globalAveragePooling1d: [[() => globalAveragePooling1d()]],
  globalAveragePooling2d: [[() => globalAveragePooling2d(), IMAGE]],
  globalAveragePooling3d: [[() => globalAveragePooling3d(), VOLUME]],
  globalMaxPooling1d: [[() => globalMaxPooling1d()]],
  globalMaxPooling2d: [[() => globalMaxPooling2d(), IMAGE]],
  globalMaxPooling3d: [[() => globalMaxPooling3d(), VOLUME]],
  groupNormalization: [
    [() => groupNormalization({ groups: 3 })],
    [() => groupNormalization({ groups: 1 }), IMAGE],
  ],
  gru: [
    [() => gru(2, { activation: "relu", recurrentDropout: 0.2 })],
    [() => gru(2, { returnSequences: true, goBackwards: true, resetAfter: false })],
    [() => gru(2), [[4, 3], [2]]],
  ],
  layerNormalization: [[() => layerNormalization()]],
  leakyReLU: [[() => leakyReLU()]],
  lstm: [[() => lstm(2, { dropout: 0.2 })], [() => lstm(2, { returnSequences: true })]],
  masking: [[() => masking(1), SEQUENCE, { number: (normal) => Math.round(Math.abs(normal)) }]],
  maxPooling1d: [
    [() => maxPooling1d(2)],
    [() => maxPooling1d(3, { strides: 1, padding: "same" })],
    [() => maxPooling1d(2, { padding: "same" })],
  ],
  maxPooling2d: [[() => maxPooling2d(2, { strides: 1 }), IMAGE]],
  maxPooling3d: [
    [() => maxPooling3d(2, { strides: 1 }), VOLUME],
    [() => maxPooling3d([2, 1, 2], { strides: 1, padding: "same" }), VOLUME],
  ],
  merge: (["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"] as const).map(
    (way): Example => [() => merge(way), TWO],
  ),
  multiHeadAttention: [
    [() => multiHeadAttention(2, 2), SEQUENCE],
    [() => multiHeadAttention(1, 2, { causal: true, dropout: 0.5 }), SEQUENCE],
    [
      () => multiHeadAttention(2, 2),
      [
        [4, 3],
        [3, 2],
        [3, 4],
      ],
    ],
  ],
  permute: [
    [() => permute([1, 3, 2]), IMAGE],
    [() => permute([2, 1]), [[3, 3]], OF_PLACES],
  ],
  prelu: [
    [() => prelu({ sharedAxes: [1] })],
    [() => prelu({ alphaInitializer: "ones" }), SEQUENCE, OF_PLACES],
  ],
  randomFlip: [[() => randomFlip("vertical"), IMAGE, OF_PLACES]],
  randomTranslation: [[() => randomTranslation(1, 1), IMAGE, OF_PLACES]],
  randomRotation: [[() => randomRotation(0.25), IMAGE, OF_PLACES]],
  randomZoom: [[() => randomZoom(0.25), IMAGE, OF_PLACES]],
  repeatVector: [[() => repeatVector(4), [[4]], OF_PLACES]],
  rescaling: [[() => rescaling(2, { offset: 1 })]],
  reshape: [[() => reshapeLayer([-1, 2]), [[3, 4]], OF_PLACES]],
  resizing: [[() => resizing(3, 3), IMAGE, OF_PLACES]],
  rmsNormalization: [[() => rmsNormalization()]],
  separableConv2d: [[() => separableConv2d(2, 2), IMAGE]],
  simpleRNN: [[() => simpleRNN(2)], [() => simpleRNN(2, { returnSequences: true, activation: "softsign" })]],
  spatialDropout1d: [[() => spatialDropout1d(0.5)]],
  spatialDropout2d: [[() => spatialDropout2d(0.5), IMAGE]],
  timeDistributed: [
    [() => timeDistributed(dense(2))],
    [() => timeDistributed(batchNormalization())],
    [() => timeDistributed(gru(2)), IMAGE],
    [() => timeDistributed(timeDistributed(globalAveragePooling1d())), [[3, 2, 2, 2]]],
    [() => timeDistributed(multiHeadAttention(1, 2)), [[3, 2, 2]]],
  ],
  upSampling1d: [[() => upSampling1d(2)]],
  upSampling2d: [[() => upSampling2d(2), IMAGE]],
  // the steps that they add count in sequences without a mask
  zeroPadding1d: [[() => zeroPadding1d([1, 2]), SEQUENCE, { except: [ONES] }]],
  zeroPadding2d: [[() => zeroPadding2d(1), IMAGE, { except: [ONES] }]],
};

describe.each(Object.entries(EXAMPLES))("%s", (name, examples) => {
  it.each(Object.keys(layerLaws))("%s", (law) => {
    for (const [make, shapes = SEQUENCE, { except = [], number } = {}] of examples) {
      const options = { shapes, ...(number && { number }), numRuns: cases(10), seed: name.length };
      if (!except.includes(law)) checkLayerLaw(make, law, options);
      else
        expect(
          () => checkLayerLaw(make, law, { ...options, numRuns: cases(100) }),
          "a law that it keeps",
        ).toThrow();
    }
  });
});

describe("layers that break them", () => {
  const wrong = (
    call: LayerDefinition["call"],
    more: Partial<LayerDefinition> = {},
    outputShape: LayerDefinition["outputShape"] = (shape) => shape.slice(-1),
  ): Layer =>
    defineLayer({ type: "wrong", hyperparameters: {}, outputShape, parameters: () => [], call, ...more });
  /** The laws that it breaks. */
  const broken = (make: () => Layer): string[] =>
    Object.keys(layerLaws).filter((law) => {
      try {
        checkLayerLaw(make, law, { numRuns: cases(200), seed: 1 });
        return false;
      } catch (error) {
        if (!(error instanceof BrokenLaw)) throw error;
        return true;
      }
    });
  const countsOf: LayerDefinition["call"] = ({ x, masks: [mask] = [] }) =>
    mask ? reshape(mask, [...mask.shape, 1]) : sub(1, mul(x, 0));

  it.each<[string, () => Layer, string[]]>([
    ["a mean of all steps", () => wrong(({ x }) => mean(x, 1)), [AMOUNT]],
    ["the largest of all steps, though padding is 0", () => wrong(({ x }) => max(x, 1)), [AMOUNT]],
    [
      "a sum of steps that says it keeps them apart",
      () => wrong(({ x }) => sum(x, 1), { stepwise: true }),
      [CONTENT, AMOUNT],
    ],
    [
      "differences from the mean of all steps",
      () =>
        wrong(
          ({ x }) => sub(x, mean(x, 1, true)),
          { stepwise: true },
          (shape) => shape,
        ),
      [CONTENT, AMOUNT],
    ],
    [
      "a mean that divides by how many steps count, of none too",
      () => wrong((context) => div(sum(context.x, 1), sum(countsOf(context), 1))),
      [ALONE],
    ],
    [
      "a sum twice as large where there is a mask",
      () => wrong(({ x, masks: [mask] = [] }) => mul(sum(x, 1), mask ? 2 : 1)),
      [ONES],
    ],
    [
      "an update from all steps",
      () =>
        wrong(
          ({ x, training, update }) => {
            if (training) update("seen", mean(x));
            return x;
          },
          { parameters: () => [{ name: "seen", shape: [], initializer: "zeros", trainable: false }] },
          (shape) => shape,
        ),
      [AMOUNT],
    ],
  ])("%s", (_, make, laws) => {
    expect(broken(make)).toEqual(laws);
  });

  it("are named with the law, the numbers and the case", () => {
    const check = () => checkLayer(() => wrong(({ x }) => mean(x, 1)), { numRuns: cases(100), seed: 3 });
    expect(check).toThrow(BrokenLaw);
    expect(check).toThrow(
      /^layer "wrong" breaks the law "how much padding follows a sequence moves nothing": number 0 of the result is \S+ rather than \S+\nCase 1, shrunk \d+ times: /,
    );
    expect(() =>
      checkLayer(() => wrong(({ x }) => mean(x, 1)), { numRuns: cases(100), seed: 3, except: [AMOUNT] }),
    ).not.toThrow();
  });

  it("are refused otherwise", () => {
    expect(() => checkLayer(dense(1) as never)).toThrow(
      "make must be a function that makes a layer, such as () => dense(1); received",
    );
    expect(() => checkLayer(() => dense(1), { shapes: [[0]] })).toThrow(
      "shapes must be the shape of a row of each input, such as [[5, 3]]; received [[0]]",
    );
    expect(() => checkLayer(() => dense(1), { except: ["none"] })).toThrow('unknown law "none"');
  });
});
