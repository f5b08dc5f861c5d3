/**
 * Constraints after the rule of any optimizer: weights that an update moved out of their bounds are projected
 * back.
 */
import { concat, flushRoot, reshape, slice } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import type { ParameterArray } from "./optimizer.js";

/**
 * A vector of arrays end to end, each within its constraint, if it has one. Weights below 2⁻⁶³ become 0: they
 * belong to inputs above 2⁶³ or to results below 2⁻⁶³, and float32 can square neither. Smaller weights would
 * be slow to multiply.
 */
export function keptWeights(vector: Value, arrays: readonly ParameterArray[] = []): Value {
  const parts: Value[] = [];
  let [from, to] = [0, 0];
  const free = (): void => {
    if (to > from) parts.push(flushRoot(slice(vector, [from], [to - from])));
  };
  for (const { shape, constraint } of arrays) {
    const size = sizeOf(shape);
    if (constraint) {
      free();
      const weight = constraint(reshape(slice(vector, [to], [size]), shape));
      parts.push(reshape(flushRoot(weight), [size]));
      from = to + size;
    }
    to += size;
  }
  if (parts.length === 0) return flushRoot(vector);
  free();
  return concat(parts);
}
