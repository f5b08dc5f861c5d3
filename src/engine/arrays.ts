/** Arrays of any rank as users give and get them: nested arrays, typed arrays and ndarrays. */
import type { NdArray } from "ndarray";
import { check, show } from "../errors.js";
import { stridesOf } from "../graph/operations/strided.js";
import { type Shape, showShape, sizeOf } from "../graph/shape.js";
import { type Floats, view } from "../ndarray.js";

/** A number, nested arrays of numbers, a flat typed array, or an ndarray. */
export type ArrayInput = number | readonly ArrayInput[] | Float32Array | Float64Array | Int32Array | NdArray;

/**
 * The numbers of `value` in row-major order.
 *
 * @throws FettleError `invalid_data` for anything but numbers and arrays, `invalid_shape` unless `value` has the shape, or is flat and has as many numbers
 */
export function flatten(value: ArrayInput, shape: Shape, what: string): Float64Array {
  const size = sizeOf(shape);
  const result = new Float64Array(size);
  const mismatch = (received: string): string =>
    `${what} must be ${showShape(shape)}, ${size} numbers; received ${received}`;
  if (isNdArray(value)) {
    check(
      String(value.shape) === String(shape),
      () => mismatch(`an ndarray ${showShape(value.shape)}`),
      "invalid_shape",
    );
    const index = shape.map(() => 0);
    for (let i = 0; i < size; i++) {
      result[i] = value.get(...index);
      for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
    }
    return result;
  }
  let filled = 0;
  const fill = (part: unknown, axis: number): void => {
    if (typeof part === "number") {
      check(axis === shape.length && filled < size, () => mismatch(show(value)), "invalid_shape");
      result[filled++] = part;
      return;
    }
    check(Array.isArray(part) || isNumbers(part), () => mismatch(show(part)), "invalid_data");
    // the outermost may be flat
    const flat = axis === 0 && part.length === size && typeof part[0] === "number";
    check(flat || part.length === shape[axis], () => mismatch(show(value)), "invalid_shape");
    for (const inner of part) fill(inner, flat ? shape.length : axis + 1);
  };
  fill(value, 0);
  return result;
}

function isNumbers(value: unknown): value is ArrayLike<number> & Iterable<number> {
  return value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array;
}

export function isNdArray(value: unknown): value is NdArray {
  return (
    typeof value === "object" && value !== null && "stride" in value && "data" in value && "get" in value
  );
}

/** An ndarray over `data`, row-major. */
export function toNdArray(data: Float32Array | Float64Array, shape: Shape): NdArray<Floats> {
  return view(data, [...shape], stridesOf(shape), 0);
}
