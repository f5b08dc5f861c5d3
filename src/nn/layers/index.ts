/** All layers, and their contract. */
export { activation } from "./activation.js";
export { type MultiHeadAttentionOptions, multiHeadAttention } from "./attention.js";
export { type FlipMode, randomFlip, randomTranslation } from "./augmentation.js";
export { type Conv1dOptions, type Conv2dOptions, conv1d, conv2d, conv2dTranspose } from "./convolution.js";
export { type DenseOptions, dense } from "./dense.js";
export {
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type SeparableConv2dOptions,
  separableConv2d,
} from "./depthwise.js";
export { dropout, gaussianNoise, spatialDropout1d, spatialDropout2d } from "./dropout.js";
export { type EmbeddingOptions, embedding } from "./embedding.js";
export type { Sizes, WindowOptions } from "./geometry.js";
export type { BiasOptions, KernelOptions } from "./kernel.js";
export {
  defineLayer,
  freeze,
  type InputRole,
  type Layer,
  type LayerContext,
  type LayerDefinition,
  named,
  type ParameterSpec,
  SymbolicTensor,
} from "./layer.js";
export { masking } from "./masking.js";
export { type MergeName, merge } from "./merge.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
} from "./normalization.js";
export {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
  type PoolingOptions,
} from "./pooling.js";
export {
  type ELUOptions,
  elu,
  type LeakyReLUOptions,
  leakyReLU,
  type PReLUOptions,
  prelu,
} from "./rectifiers.js";
export {
  type BidirectionalOptions,
  bidirectional,
  type GatedOptions,
  type GRUOptions,
  gru,
  type LSTMOptions,
  lstm,
  type RecurrentOptions,
  simpleRNN,
} from "./recurrent/index.js";
export {
  cropping1d,
  cropping2d,
  type Ends,
  type Ends2d,
  flatten,
  permute,
  repeatVector,
  reshape,
  upSampling1d,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from "./reshaping.js";
export { timeDistributed } from "./timeDistributed.js";
