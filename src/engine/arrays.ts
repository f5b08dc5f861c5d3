/** Arrays of any rank for users: nested arrays, typed arrays and ndarrays. */
import type { NdArray } from "ndarray";
import { rowMajor, type ShapedData, type TensorLike } from "../arrays.js";
import { check, isRecord, show } from "../errors.js";
import { stridesOf } from "../graph/operations/strided.js";
import { type Shape, showShape, sizeOf } from "../graph/shape.js";
import { type Floats, view } from "../ndarray.js";

/** A number, nested arrays of numbers, a flat typed array, or an ndarray. */
export type ArrayInput = number | readonly ArrayInput[] | Float32Array | Float64Array | Int32Array | NdArray;

/** Whatever holds the numbers of an array: what `fit` accepts, and a number for an array without axes. */
export type AnyArray = ArrayInput | TensorLike;

/**
 * The numbers of `value` in row-major order; a typed array, and an ndarray in that order, is not copied.
 *
 * @throws FettleError `invalid_data` for anything but numbers and arrays, `invalid_shape` unless `value` has
 * the shape, or is flat and has as many numbers
 */
export function flatten(value: AnyArray, shape: Shape, what: string): ArrayLike<number> {
  const size = sizeOf(shape);
  const mismatch = (received: string): string =>
    `${what} must be ${showShape(shape)}, ${size} numbers; received ${received}`;
  if (isNdArray(value)) {
    check(
      String(value.shape) === String(shape),
      () => mismatch(`an ndarray ${showShape(value.shape)}`),
      "invalid_shape",
    );
    return rowMajor(value);
  }
  if (isShaped(value)) {
    const fits = [String(shape), String(size)].includes(String(value.shape));
    check(fits, () => mismatch(`shape ${show(value.shape)}`), "invalid_shape");
    return flatten(value.data, shape, what);
  }
  if (isNumbers(value) && value.length === size && shape.length > 0) return value;
  const result = new Float64Array(size);
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
    const inner = flat ? shape.length : axis + 1;
    for (let i = 0; i < part.length; i++) {
      const each: unknown = part[i];
      if (typeof each === "number" && inner === shape.length && filled < size) result[filled++] = each;
      else fill(each, inner);
    }
  };
  fill(value, 0);
  return result;
}

/** Whether it is a typed array of numbers, not of big integers. */
function isNumbers(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && typeof (value as unknown as ArrayLike<unknown>)[0] === "number";
}

function isShaped(value: unknown): value is ShapedData {
  return isRecord(value) && "data" in value && "shape" in value;
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
