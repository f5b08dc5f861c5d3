/**
 * Built-in layers from plain data: the name of a factory, and its options by name, as in `builtIn` and in
 * files. It reads no file. The compiler requires a row for each factory that index.ts exports.
 */
import {
  activation,
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
} from "./index.js";
import type { Layer } from "./layer.js";

type Layers = typeof import("./index.js");
/** The factories with options; without `defineLayer`, `freeze` and `named`. */
export type FactoryName = Exclude<
  { [Name in keyof Layers]: Layers[Name] extends (...given: never[]) => Layer ? Name : never }[keyof Layers],
  "defineLayer" | "freeze" | "named"
>;

/** A factory, and the options that are positional arguments, in order; all others follow in an object. */
type Row<Name extends FactoryName> = readonly [factory: Layers[Name], ...names: string[]];

const FACTORIES: { readonly [Name in FactoryName]: Row<Name> } = {
  activation: [activation, "activation"],
  averagePooling1d: [averagePooling1d, "poolSize"],
  averagePooling2d: [averagePooling2d, "poolSize"],
  averagePooling3d: [averagePooling3d, "poolSize"],
  batchNormalization: [batchNormalization],
  bidirectional: [bidirectional, "layer"],
  conv1d: [conv1d, "filters", "kernelSize"],
  conv1dTranspose: [conv1dTranspose, "filters", "kernelSize"],
  conv2d: [conv2d, "filters", "kernelSize"],
  conv2dTranspose: [conv2dTranspose, "filters", "kernelSize"],
  conv3d: [conv3d, "filters", "kernelSize"],
  convLstm2d: [convLstm2d, "filters", "kernelSize"],
  cropping1d: [cropping1d, "cropping"],
  cropping2d: [cropping2d, "cropping"],
  dense: [dense, "units"],
  depthwiseConv2d: [depthwiseConv2d, "kernelSize"],
  dot: [dot, "axes"],
  dropout: [dropout, "rate"],
  elu: [elu],
  embedding: [embedding, "inputDim", "outputDim"],
  flatten: [flatten],
  gaussianNoise: [gaussianNoise, "stddev"],
  globalAveragePooling1d: [globalAveragePooling1d],
  globalAveragePooling2d: [globalAveragePooling2d],
  globalAveragePooling3d: [globalAveragePooling3d],
  globalMaxPooling1d: [globalMaxPooling1d],
  globalMaxPooling2d: [globalMaxPooling2d],
  globalMaxPooling3d: [globalMaxPooling3d],
  groupNormalization: [groupNormalization],
  gru: [gru, "units"],
  layerNormalization: [layerNormalization],
  leakyReLU: [leakyReLU],
  lstm: [lstm, "units"],
  masking: [masking, "maskValue"],
  maxPooling1d: [maxPooling1d, "poolSize"],
  maxPooling2d: [maxPooling2d, "poolSize"],
  maxPooling3d: [maxPooling3d, "poolSize"],
  merge: [merge, "way"],
  multiHeadAttention: [multiHeadAttention, "numHeads", "keyDim"],
  permute: [permute, "dims"],
  prelu: [prelu],
  randomFlip: [randomFlip, "mode"],
  randomTranslation: [randomTranslation, "height", "width"],
  randomRotation: [randomRotation, "factor"],
  randomZoom: [randomZoom, "height", "width"],
  repeatVector: [repeatVector, "n"],
  rescaling: [rescaling, "scale"],
  reshape: [reshape, "targetShape"],
  resizing: [resizing, "height", "width"],
  rmsNormalization: [rmsNormalization],
  separableConv2d: [separableConv2d, "filters", "kernelSize"],
  simpleRNN: [simpleRNN, "units"],
  spatialDropout1d: [spatialDropout1d, "rate"],
  spatialDropout2d: [spatialDropout2d, "rate"],
  timeDistributed: [timeDistributed, "layer"],
  upSampling1d: [upSampling1d, "size"],
  upSampling2d: [upSampling2d, "size"],
  zeroPadding1d: [zeroPadding1d, "padding"],
  zeroPadding2d: [zeroPadding2d, "padding"],
};

/** The names of all factories. */
export const factoryNames: readonly string[] = Object.keys(FACTORIES);

/** Whether a built-in factory has that name. */
export function isFactory(name: string): name is FactoryName {
  return Object.hasOwn(FACTORIES, name);
}

/**
 * Makes a layer by its factory.
 *
 * @throws FettleError as the factory
 */
export function makeLayer(name: FactoryName, options: Readonly<Record<string, unknown>>): Layer {
  const [factory, ...names] = FACTORIES[name];
  const others = Object.entries(options).filter(([key]) => !names.includes(key));
  const make = factory as (...given: readonly unknown[]) => Layer;
  return make(...names.map((key) => options[key]), Object.fromEntries(others));
}
