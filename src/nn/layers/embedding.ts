/** Categories as vectors that are learned. */

import { check, mustBeInteger } from "../../errors.js";
import { concat, equal, reshape, slice, sub, takeRows } from "../../graph/functions.js";
import { showShape } from "../../graph/shape.js";
import { flag, type OptionRules, readOptions } from "../../rules.js";
import type { ConstraintLike } from "../weights/constraints.js";
import type { Initializer } from "../weights/initializers.js";
import type { Regularizer, RegularizerName } from "../weights/regularizers.js";
import { arrayRules } from "./arrayRules.js";
import { arrayOptions, arraysOf } from "./arrays.js";
import { builtIn, type Layer, type LayerContext, type LayerDefinition } from "./layer.js";

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** Default `randomUniform`. */
  readonly embeddingsInitializer?: Initializer;
  /** A penalty on the vectors. Default: no penalty. */
  readonly embeddingsRegularizer?: RegularizerName | Regularizer;
  /**
   * A constraint on the vectors after each update, such as `unitNorm({ axis: 1 })`. Default: no constraint.
   */
  readonly embeddingsConstraint?: ConstraintLike;
  /**
   * Whether id 0 is padding, a step that does not count for the layers that follow; see {@link masking}.
   * Default false.
   */
  readonly maskZero?: boolean;
}

const RULES = {
  ...arrayRules("embeddings"),
  embeddingsInitializer: [true, "randomUniform"],
  maskZero: [flag, false],
} satisfies OptionRules<EmbeddingOptions>;

/**
 * A vector for each category: ids [rows, n] → [rows, n, outputDim], as in Keras. Ids are integers in [0,
 * inputDim).
 * `fit`, `evaluate`, `predict` and `tune` refuse rows with invalid ids; results of other layers are not
 * checked, and an invalid id gives NaN. Pipelines leave ids unchanged. Follow it by `flatten()` and `dense`.
 *
 * @param inputDim - how many categories there are, a positive integer
 * @param outputDim - numbers of a vector, a positive integer
 * @throws FettleError `invalid_argument` unless both are positive integers; `unknown_name` for an unknown
 * initializer or option
 * @see C. Guo and F. Berkhahn, "Entity embeddings of categorical variables", arXiv:1604.06737, 2016
 * @example
 * ```ts
 * const model = sequential([embedding(7, 3), flatten(), dense(1)]); // days of the week
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * await model.fit([[0], [6], [3]], [1, 2, 3]);
 * model.getWeights()["embedding_1.embeddings"].shape; // [7, 3]
 * ```
 */
export function embedding(inputDim: number, outputDim: number, options: EmbeddingOptions = {}): Layer {
  mustBeInteger("inputDim", inputDim);
  mustBeInteger("outputDim", outputDim);
  const { maskZero, ...read } = readOptions(options, "embedding", RULES);
  const { hyperparameters, penalty, spec, recipe } = arraysOf({
    embeddings: arrayOptions(read, "embeddings"),
  });
  const layer: LayerDefinition = {
    type: "embedding",
    hyperparameters,
    penalty,
    reads: { kind: "ids", inputDim },
    outputShape(shape) {
      check(
        shape.length === 1,
        () => `embedding must take rows of shape [ids]; received ${showShape(shape)}`,
        "invalid_shape",
      );
      return [shape[0], outputDim];
    },
    parameters: () => [spec("embeddings", [inputDim, outputDim])],
    call({ x, parameters: { embeddings }, training }) {
      const [rows, count] = x.shape;
      const at = (i: number) => takeRows(embeddings, reshape(slice(x, [0, i], [rows, 1]), [rows]));
      // in training place by place, an order in which gradients add up
      const vectors = training
        ? concat(
            Array.from({ length: count }, (_, i) => at(i)),
            1,
          )
        : takeRows(embeddings, reshape(x, [rows * count]));
      return reshape(vectors, [rows, count, outputDim]);
    },
    ...(maskZero && { mask: ({ x }: LayerContext) => sub(1, equal(x, 0)) }),
  };
  return builtIn(layer, [inputDim, outputDim, maskZero, ...recipe], {
    inputDim,
    outputDim,
    ...options,
  });
}
