/** One layer at each step of a sequence. */
import { check, FettleError, must } from "../../errors.js";
import { broadcastTo, reshape } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, sameShape, showShape } from "../../graph/shape.js";
import { recipeOf } from "../../recipe.js";
import { builtIn, checkLayer, type Layer, type LayerContext, type LayerDefinition } from "./layer.js";
import { sharing } from "./layerWeights.js";
import { givenTo } from "./masks.js";

/**
 * A layer that is applied to each step of a sequence with the same weights, Keras' `TimeDistributed`:
 * [rows, steps, ...shape] → [rows, steps, ...the layer's result]. The layer sees each step as a separate row,
 * and steps that do not count as rows of only padding.
 *
 * @param layer - such as `dense`; its parameters have their own names here, and its weights are shared
 * @throws FettleError `invalid_argument` for anything but a layer; when applied, `invalid_shape` for rows
 * without steps; when compiled, `unsupported` for a layer that makes a mask, such as `masking`
 * @example
 * ```ts
 * const x = input([12, 3]);
 * timeDistributed(dense(5)).apply(gru(8, { returnSequences: true }).apply(x)).shape; // [12, 5]
 * ```
 */
export function timeDistributed(layer: Layer): Layer {
  checkLayer(layer, "what timeDistributed takes");
  const { penalty } = layer;
  const definition: LayerDefinition = {
    type: "timeDistributed",
    hyperparameters: layer.hyperparameters,
    ...(layer.trainable === false && { trainable: false }),
    ...(layer.reads && { reads: layer.reads }),
    ...(layer.routes && { routes: layer.routes }),
    outputShape(shape) {
      const [steps, rest] = apart(shape);
      return [steps, ...layer.outputShape(rest)];
    },
    parameters: (shape) => layer.parameters(apart(shape)[1]),
    stepwise: true, // the inner layer receives the steps that it accepts
    call(context) {
      const [rows, steps, ...rest] = context.x.shape;
      const x = reshape(context.x, [steps * rows, ...rest]);
      const { masks: [mask] = [], ...given } = context;
      const alone: LayerContext = { ...given, inputs: [x], x };
      must(
        layer.mask?.(alone) === undefined,
        "what timeDistributed takes",
        "a layer that makes no mask, which would be lost; put it before timeDistributed",
        layer.type,
        "unsupported",
      );
      const masks = mask && { masks: [maskOfRows(mask, x)] };
      const result = layer.call(givenTo(layer, { ...alone, ...masks }));
      const own = layer.outputShape(rest);
      if (!sameShape(result.shape, [x.shape[0], ...own]))
        throw new FettleError(
          "invalid_shape",
          `a layer in timeDistributed must return a row for each row that it receives; received ${showShape(result.shape)} of ${layer.type} for ${showShape(x.shape)}`,
        );
      return reshape(result, [rows, steps, ...own]);
    },
    ...(penalty && { penalty: (context: Parameters<typeof penalty>[0]) => penalty.call(layer, context) }),
  };
  return sharing(builtIn(definition, [recipeOf(layer)], { layer }), layer);
}

/**
 * The mask of steps as that of rows x, [steps · rows, ...]: of all of their own steps, or [rows, 1] if they
 * have none.
 */
function maskOfRows(mask: Value, { shape: [lines, ...rest] }: Value): Value {
  return broadcastTo(reshape(mask, [lines, 1]), [lines, rest.length > 1 ? rest[0] : 1]);
}

/** Steps, and the shape of one. */
function apart(shape: Shape): [number, Shape] {
  check(
    shape.length > 1,
    () => `timeDistributed must take rows of shape [steps, ...]; received ${showShape(shape)}`,
    "invalid_shape",
  );
  const [steps, ...rest] = shape;
  return [steps, rest];
}
