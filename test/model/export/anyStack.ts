/**
 * Any stacks of layers over images and sequences: what exports are held to beside the examples of
 * everyLayer.ts.
 */
import fc from "fast-check";
import { FettleError } from "../../../src/errors.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import * as layers from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { madeOf } from "../../../src/recipe.js";
import { cases } from "../../cases.js";
import type { LayerExample } from "../../predict/everyLayer.js";
import { trained } from "../../predict/networks.js";

type Layer = layers.Layer;

/** What a normal number becomes as a parameter, such that results are near 1; variances are from 0.5. */
export function modest(normal: number, name: string, shape: readonly number[]): number {
  if (name === "movingVariance") return 0.5 + Math.abs(normal);
  return normal / Math.sqrt(Math.max(9, sizeOf(shape) / shape[shape.length - 1]));
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/**
 * A network that has the layer twice with the same parameters, and a dense one, since a network must have
 * parameters.
 */
export function networkOf({ layer, shapes }: LayerExample): LayersModel {
  const given = shapes.map((shape) => input(shape));
  const made = layer();
  const first = made.apply(...given);
  const last = layers.dense(2).apply(layers.flatten().apply(first));
  const inputs = Object.fromEntries(given.map((each, i) => [`x${i}`, each]));
  const model = functional({ inputs, outputs: { first, again: made.apply(...given), last } });
  return trained(
    model,
    shapes.map(sizeOf).reduce((sum, size) => sum + size),
    7,
    modest,
  );
}

/** Whether options of a layer, or of one within it, have one of the values. */
export const hasOption = (layer: Layer, values: readonly string[]): boolean => {
  const text = JSON.stringify(madeOf(layer)?.options) ?? "";
  return values.some((value) => text.includes(JSON.stringify(value)));
};

/** A network of those of the layers that fit rows of a shape, and a dense one. */
function stackOf(all: readonly Layer[], row: readonly number[], seed: number): LayersModel {
  const x = input(row);
  const before = fitting(all, row).reduce((value, each) => each.apply(value), x);
  const outputs = layers.dense(2).apply(layers.flatten().apply(before));
  return trained(functional({ inputs: x, outputs }), sizeOf(row), seed, modest);
}

const small = fc.integer({ min: 1, max: 3 });
const pair = fc.tuple(small, small);
const padding = fc.constantFrom("valid" as const, "same" as const);
/** Activations after which no value, and so no rounding of one, is much larger than before. */
const tame = (Object.keys(activations) as ActivationName[]).filter(
  (name) => name !== "exponential" && name !== "logSoftmax",
);
const activation = fc.constantFrom(...tame);
const kernel = { padding, activation, useBias: fc.boolean() };
/** Kernels with steps between windows or between their elements, not both: Keras has no others. */
const windows = fc.oneof(
  fc.record({ ...kernel, strides: pair }),
  fc.record({ ...kernel, dilationRate: fc.tuple(small, small) }),
);
/**
 * TensorFlow.js takes windows of the same stride down and across alone, where there is a window for each
 * channel.
 */
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
function fitting(all: readonly Layer[], row: readonly number[]): Layer[] {
  let shape = row;
  return all.filter((layer) => {
    try {
      const next = layer.outputShape(shape);
      if (sizeOf(next) > MOST) return false;
      shape = next;
      return true;
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      return false;
    }
  });
}

/** Numbers of rows for a network. @param number - what a normal number becomes */
export function numbersFor(columns: number, rows: number, number: (normal: number) => number): Float32Array {
  const random = new RandomStream(5, rows);
  return Float32Array.from({ length: rows * columns }, () => number(random.normal()));
}

/** Any stack of such layers over rows of a shape is held to a reader of an export. */
export async function anyStackAgrees(
  layer: fc.Arbitrary<Layer>,
  row: readonly number[],
  agrees: (model: LayersModel, columns: number, rows: number) => Promise<void>,
): Promise<void> {
  const [stack, rows] = [fc.array(layer, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 3 })];
  await fc.assert(
    fc.asyncProperty(stack, rows, (all, count) => agrees(stackOf(all, row, count), sizeOf(row), count)),
    { numRuns: cases(40) },
  );
}
