/** All layers, and their contract. */
export { activation } from "./activation.js";
export { type MultiHeadAttentionOptions, multiHeadAttention } from "./attention.js";
export { type FlipMode, randomFlip, randomRotation, randomTranslation, randomZoom } from "./augmentation.js";
export {
  type Conv1dOptions,
  type Conv1dTransposeOptions,
  type Conv2dOptions,
  type Conv3dOptions,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  conv3d,
} from "./convolution.js";
export { type DenseOptions, dense } from "./dense.js";
export {
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type SeparableConv2dOptions,
  separableConv2d,
} from "./depthwise.js";
export { type DotAxes, type DotOptions, dot } from "./dot.js";
export { dropout, gaussianNoise, spatialDropout1d, spatialDropout2d } from "./dropout.js";
export { type EmbeddingOptions, embedding } from "./embedding.js";
export type { Sizes, Sizes3d, WindowOptions } from "./geometry.js";
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
export { type MergeName, type MergeOptions, merge } from "./merge.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
  type GroupNormalizationOptions,
  groupNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
  type RMSNormalizationOptions,
  rmsNormalization,
} from "./normalization.js";
export {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
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
  type ConvLstm2dOptions,
  convLstm2d,
  type GatedOptions,
  type GRUOptions,
  gru,
  type LSTMOptions,
  lstm,
  type RecurrentOptions,
  simpleRNN,
} from "./recurrent/index.js";
export { type RescalingOptions, rescaling } from "./rescaling.js";
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
export { type ResizingOptions, resizing } from "./resizing.js";
export { timeDistributed } from "./timeDistributed.js";
