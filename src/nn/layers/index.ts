/** All layers, and their contract: what the package exports of this folder. */
export * from "./activation.js";
export * from "./attention.js";
export * from "./augmentation.js";
export * from "./averageMembers.js";
export * from "./convolution.js";
export * from "./dense.js";
export * from "./depthwise.js";
export * from "./dot.js";
export { dropout, gaussianNoise, spatialDropout1d, spatialDropout2d } from "./dropout.js";
export * from "./embedding.js";
export * from "./ensembleDense.js";
export type { Ends, Ends2d, Sizes, Sizes3d, WindowOptions } from "./geometry.js";
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
  type SymbolicTensor,
} from "./layer.js";
export * from "./masking.js";
export * from "./merge.js";
export * from "./normalization.js";
export * from "./pooling.js";
export * from "./rectifiers.js";
export * from "./recurrent/index.js";
export * from "./rescaling.js";
export * from "./reshaping.js";
export * from "./resizing.js";
export * from "./timeDistributed.js";
