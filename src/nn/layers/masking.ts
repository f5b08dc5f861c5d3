/** Steps of sequences that do not count, such as padding. */
import { must } from "../../errors.js";
import { equal, max, mul, sub } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { mustBeSequence } from "./sequence.js";

/**
 * Marks the steps that do not count, as Keras' `Masking`: those whose features are all `maskValue`. They
 * become 0, and recurrent layers that follow skip them: their states stay unchanged. [rows, steps, features]
 * → the same. The mask passes through layers that keep the steps, such as `dropout`.
 *
 * @param maskValue - a finite number, compared in float32. Default 0
 * @throws FettleError `invalid_argument` for another value; when applied, `invalid_shape` for rows that are
 * not sequences
 * @example
 * ```ts
 * const model = sequential([masking(-1), gru(8), dense(1)]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * // sequences of three steps and of one
 * await model.fit([[[1], [2], [3]], [[4], [-1], [-1]]], [6, 4]);
 * ```
 */
export function masking(maskValue = 0): Layer {
  must(Number.isFinite(maskValue), "maskValue", "a finite number", maskValue);
  const counted = (x: Value): Value => max(sub(1, equal(x, maskValue)), 2);
  const layer: LayerDefinition = {
    type: "masking",
    hyperparameters: {},
    reads: { kind: "steps", maskValue },
    outputShape(shape) {
      mustBeSequence("masking", shape);
      return shape;
    },
    parameters: () => [],
    call: ({ x }) => x,
    // steps that an earlier mask set to 0 do not count either
    mask: ({ x, masks: [before] = [] }) => (before ? mul(before, counted(x)) : counted(x)),
  };
  return builtIn(layer, [maskValue], { maskValue });
}
