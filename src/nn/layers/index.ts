/** All layers, and what a layer is. */
export { activation } from "./activation.js";
export { type FlipMode, randomFlip, randomTranslation } from "./augmentation.js";
export { type DenseOptions, dense } from "./dense.js";
export { dropout, gaussianNoise } from "./dropout.js";
export { type EmbeddingOptions, embedding, flatten } from "./embedding.js";
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
