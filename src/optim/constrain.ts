/** Constraints on arrays, around the rule of any optimizer: weights that an update moved out of their bounds are projected back. */
import { concat, reshape, slice } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import type { ParameterArray } from "./optimizer.js";

/** A vector of arrays end to end, each within its constraint. Arrays without one stay as they are. */
export function constrained(vector: Value, arrays: readonly ParameterArray[] = []): Value {
  const parts: Value[] = [];
  let [from, to] = [0, 0];
  const free = (): void => {
    if (to > from) parts.push(slice(vector, [from], [to - from]));
  };
  for (const { shape, constraint } of arrays) {
    const size = sizeOf(shape);
    if (constraint) {
      free();
      parts.push(reshape(constraint(reshape(slice(vector, [to], [size]), shape)), [size]));
      from = to + size;
    }
    to += size;
  }
  if (parts.length === 0) return vector;
  free();
  return concat(parts);
}
