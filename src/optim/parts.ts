/** Arrays that are end to end in a vector. */
import { check, show } from "../errors.js";
import { slice } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { showShape } from "../graph/shape.js";

/**
 * Applies `each` to consecutive parts of a vector.
 *
 * @throws FettleError `invalid_shape` unless the sizes add up to that of the vector
 */
export function mapParts(
  vector: Value,
  sizes: readonly number[],
  each: (part: Value, index: number) => Value,
): Value[] {
  const total = sizes.reduce((all, size) => all + size, 0);
  check(
    vector.shape.length === 1 && vector.shape[0] === total,
    () =>
      `the sizes of arrays must add up to that of their vector ${showShape(vector.shape)}; received ${show(sizes)}`,
    "invalid_shape",
  );
  let offset = 0;
  return sizes.map((size, i) => {
    offset += size;
    return each(slice(vector, [offset - size], [size]), i);
  });
}
