/** Any stacks of layers over images and sequences: what exports are held to beside the examples of everyLayer.ts. */
import fc from "fast-check";
import { FettleError } from "../../../src/errors.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import * as layers from "../../../src/nn/layers/index.js";

type Layer = layers.Layer;

const small = fc.integer({ min: 1, max: 3 });
const pair = fc.tuple(small, small);
const padding = fc.constantFrom("valid" as const, "same" as const);
const activation = fc.constantFrom(...(Object.keys(activations) as ActivationName[]));
const kernel = { padding, activation, useBias: fc.boolean() };
/** Kernels with steps between windows or between their elements, not both: Keras has no others. */
const windows = fc.oneof(
  fc.record({ ...kernel, strides: pair }),
  fc.record({ ...kernel, dilationRate: fc.tuple(small, small) }),
);
/** TensorFlow.js takes windows of the same stride down and across alone, where there is a window for each channel. */
const square = fc.record({ ...kernel, strides: small, depthMultiplier: fc.constantFrom(1, 2) });
const pooling = fc.record({ padding, strides: pair });
const norm = fc.record({ center: fc.boolean(), scale: fc.boolean(), epsilon: fc.constantFrom(0.1, 0.5) });

const anywhere: fc.Arbitrary<Layer> = fc.oneof(
  activation.map((each) => layers.activation(each)),
  norm.map((options) => layers.batchNormalization(options)),
  norm.map((options) => layers.layerNormalization(options)),
  fc.tuple(small, activation).map(([units, each]) => layers.dense(units, { activation: each })),
  fc.constant(layers.dropout(0.5)),
  fc.constant(layers.gaussianNoise(0.5)),
);

export const overImages: fc.Arbitrary<Layer> = fc.oneof(
  { weight: 2, arbitrary: anywhere },
  { weight: 3, arbitrary: fc.tuple(small, pair, windows).map((all) => layers.conv2d(...all)) },
  fc.tuple(pair, square).map((all) => layers.depthwiseConv2d(...all)),
  fc.tuple(small, pair, square).map((all) => layers.separableConv2d(...all)),
  fc.tuple(small, pair, fc.record({ ...kernel, strides: pair })).map((all) => layers.conv2dTranspose(...all)),
  fc.tuple(pair, pooling).map((all) => layers.maxPooling2d(...all)),
  fc.tuple(pair, pooling).map((all) => layers.averagePooling2d(...all)),
  pair.map((size) => layers.upSampling2d(size)),
  fc.tuple(pair, small).map((ends) => layers.zeroPadding2d(ends)),
  fc.tuple(pair, small).map((ends) => layers.cropping2d(ends)),
  fc.constant(layers.permute([2, 1, 3])),
);

const rnn = {
  activation: fc.constantFrom("tanh" as const, "sigmoid" as const, "relu" as const),
  useBias: fc.boolean(),
  returnSequences: fc.constant(true),
};
const recurrent: fc.Arbitrary<Layer> = fc.oneof(
  fc.tuple(small, fc.record(rnn)).map((all) => layers.simpleRNN(...all)),
  fc.tuple(small, fc.record(rnn)).map((all) => layers.lstm(...all)),
  fc.tuple(small, fc.record({ ...rnn, resetAfter: fc.constant(false) })).map((all) => layers.gru(...all)),
);

export const overSteps: fc.Arbitrary<Layer> = fc.oneof(
  { weight: 2, arbitrary: anywhere },
  fc
    .tuple(
      small,
      small,
      fc.record({
        ...kernel,
        padding: fc.constantFrom("valid" as const, "same" as const, "causal" as const),
        dilationRate: small,
      }),
    )
    .map((all) => layers.conv1d(...all)),
  fc.tuple(small, small, fc.record({ ...kernel, strides: small })).map((all) => layers.conv1d(...all)),
  fc.tuple(small, fc.record({ padding, strides: small })).map((all) => layers.maxPooling1d(...all)),
  fc.tuple(small, fc.record({ padding, strides: small })).map((all) => layers.averagePooling1d(...all)),
  fc.constant(layers.permute([2, 1])),
  { weight: 2, arbitrary: recurrent },
  fc
    .tuple(recurrent, fc.constantFrom("concat" as const, "sum" as const, "mul" as const, "ave" as const))
    .map(([layer, mergeMode]) => layers.bidirectional(layer, { mergeMode })),
);

/** Numbers of a row between layers at most. */
const MOST = 400;

/** Those of the layers that take what the one before them makes of rows of a shape. */
export function fitting(all: readonly Layer[], row: readonly number[]): Layer[] {
  let shape = row;
  return all.filter((layer) => {
    try {
      const next = layer.outputShape(shape);
      if (next.reduce((size, length) => size * length, 1) > MOST) return false;
      shape = next;
      return true;
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      return false;
    }
  });
}
