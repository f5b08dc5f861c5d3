/** All layers, and what a layer is. */
export { activation } from "./activation.js";
export { type Conv1dOptions, type Conv2dOptions, conv1d, conv2d, conv2dTranspose } from "./convolution.js";
export { type DenseOptions, dense } from "./dense.js";
export {
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type SeparableConv2dOptions,
  separableConv2d,
} from "./depthwise.js";
export { dropout, gaussianNoise } from "./dropout.js";
export { type EmbeddingOptions, embedding, flatten } from "./embedding.js";
export type { Sizes, WindowOptions } from "./geometry.js";
export type { BiasOptions, KernelOptions } from "./kernel.js";
export {
  defineLayer,
  freeze,
  type Layer,
  type LayerContext,
  type LayerDefinition,
  type ParameterSpec,
  SymbolicTensor,
} from "./layer.js";
export { type MergeName, merge } from "./merge.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
} from "./normalization.js";
