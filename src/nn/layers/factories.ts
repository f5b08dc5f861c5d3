/**
 * Built-in layers from plain data: the name of a factory, and its options by name, as in `builtIn` and in
 * files. It reads no file. The compiler requires a row for each factory that index.ts exports.
 */
import * as layers from "./index.js";
import type { Layer } from "./layer.js";

type Layers = typeof layers;
/** The factories with options; without `defineLayer`, `freeze` and `named`. */
export type FactoryName = Exclude<
  { [Name in keyof Layers]: Layers[Name] extends (...given: never[]) => Layer ? Name : never }[keyof Layers],
  "defineLayer" | "freeze" | "named"
>;

/** A factory, and the options that are positional arguments, in order; all others follow in an object. */
type Row<Name extends FactoryName> = readonly [factory: Layers[Name], ...names: string[]];

const FACTORIES: { readonly [Name in FactoryName]: Row<Name> } = {
  activation: [layers.activation, "activation"],
  averageMembers: [layers.averageMembers],
  averagePooling1d: [layers.averagePooling1d, "poolSize"],
  averagePooling2d: [layers.averagePooling2d, "poolSize"],
  averagePooling3d: [layers.averagePooling3d, "poolSize"],
  batchNormalization: [layers.batchNormalization],
  bidirectional: [layers.bidirectional, "layer"],
  conv1d: [layers.conv1d, "filters", "kernelSize"],
  conv1dTranspose: [layers.conv1dTranspose, "filters", "kernelSize"],
  conv2d: [layers.conv2d, "filters", "kernelSize"],
  conv2dTranspose: [layers.conv2dTranspose, "filters", "kernelSize"],
  conv3d: [layers.conv3d, "filters", "kernelSize"],
  convLstm2d: [layers.convLstm2d, "filters", "kernelSize"],
  cropping1d: [layers.cropping1d, "cropping"],
  cropping2d: [layers.cropping2d, "cropping"],
  dense: [layers.dense, "units"],
  depthwiseConv2d: [layers.depthwiseConv2d, "kernelSize"],
  dot: [layers.dot, "axes"],
  dropout: [layers.dropout, "rate"],
  elu: [layers.elu],
  embedding: [layers.embedding, "inputDim", "outputDim"],
  ensembleDense: [layers.ensembleDense, "units"],
  flatten: [layers.flatten],
  gaussianNoise: [layers.gaussianNoise, "stddev"],
  globalAveragePooling1d: [layers.globalAveragePooling1d],
  globalAveragePooling2d: [layers.globalAveragePooling2d],
  globalAveragePooling3d: [layers.globalAveragePooling3d],
  globalMaxPooling1d: [layers.globalMaxPooling1d],
  globalMaxPooling2d: [layers.globalMaxPooling2d],
  globalMaxPooling3d: [layers.globalMaxPooling3d],
  groupNormalization: [layers.groupNormalization],
  gru: [layers.gru, "units"],
  layerNormalization: [layers.layerNormalization],
  leakyReLU: [layers.leakyReLU],
  lstm: [layers.lstm, "units"],
  masking: [layers.masking, "maskValue"],
  maxPooling1d: [layers.maxPooling1d, "poolSize"],
  maxPooling2d: [layers.maxPooling2d, "poolSize"],
  maxPooling3d: [layers.maxPooling3d, "poolSize"],
  merge: [layers.merge, "way"],
  multiHeadAttention: [layers.multiHeadAttention, "numHeads", "keyDim"],
  permute: [layers.permute, "dims"],
  prelu: [layers.prelu],
  randomFlip: [layers.randomFlip, "mode"],
  randomTranslation: [layers.randomTranslation, "height", "width"],
  randomRotation: [layers.randomRotation, "factor"],
  randomZoom: [layers.randomZoom, "height", "width"],
  repeatVector: [layers.repeatVector, "n"],
  rescaling: [layers.rescaling, "scale"],
  reshape: [layers.reshape, "targetShape"],
  resizing: [layers.resizing, "height", "width"],
  rmsNormalization: [layers.rmsNormalization],
  separableConv2d: [layers.separableConv2d, "filters", "kernelSize"],
  simpleRNN: [layers.simpleRNN, "units"],
  spatialDropout1d: [layers.spatialDropout1d, "rate"],
  spatialDropout2d: [layers.spatialDropout2d, "rate"],
  timeDistributed: [layers.timeDistributed, "layer"],
  upSampling1d: [layers.upSampling1d, "size"],
  upSampling2d: [layers.upSampling2d, "size"],
  zeroPadding1d: [layers.zeroPadding1d, "padding"],
  zeroPadding2d: [layers.zeroPadding2d, "padding"],
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
