/** Strided copies for the float64 references of views. */
import { sizeOf } from "../shape.js";

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Copies the elements of `shape` from one layout to another; returns `to`. */
export function copyStrided(
  from: Float64Array,
  fromStrides: readonly number[],
  to: Float64Array,
  toStrides: readonly number[],
  shape: readonly number[],
): Float64Array {
  const visit = (axis: number, i: number, j: number): void => {
    if (axis === shape.length) {
      to[j] = from[i];
      return;
    }
    for (let k = 0; k < shape[axis]; k++) visit(axis + 1, i + k * fromStrides[axis], j + k * toStrides[axis]);
  };
  visit(0, 0, 0);
  return to;
}
