/** The door for arrays of any rank at the functional surface: nested arrays, typed arrays and ndarrays. */
import ndarray, { type NdArray } from "ndarray";
import { check, show } from "../errors.js";
import { type Shape, showShape, sizeOf } from "../graph/shape.js";

/** A number, nested arrays of numbers, a flat typed array, or an ndarray. */
export type ArrayInput = number | readonly ArrayInput[] | Float32Array | Float64Array | Int32Array | NdArray;

/**
 * The numbers of `value` in row-major order.
 *
 * @throws FettleError `invalid_shape` unless `value` has the shape, or is flat and has as many numbers
 */
export function flatten(value: ArrayInput, shape: Shape, what: string): Float64Array {
  const size = sizeOf(shape);
  const result = new Float64Array(size);
  const mismatch = (got: string): string => `${what} is ${showShape(shape)}, ${size} numbers; got ${got}`;
  if (isNdArray(value)) {
    check(String(value.shape) === String(shape), () => mismatch(`an ndarray ${showShape(value.shape)}`), "invalid_shape");
    const index = shape.map(() => 0);
    for (let i = 0; i < size; i++) {
      result[i] = value.get(...index);
      for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
    }
    return result;
  }
  const flat = typeof value === "number" ? [value] : ArrayBuffer.isView(value) ? value : (value.flat(8) as number[]);
  check(flat.length === size, () => mismatch(`${flat.length} numbers`), "invalid_shape");
  flat.forEach((number, i) => {
    check(typeof number === "number", () => mismatch(show(number)), "invalid_data");
    result[i] = number;
  });
  return result;
}

export function isNdArray(value: unknown): value is NdArray {
  return typeof value === "object" && value !== null && "stride" in value && "data" in value && "get" in value;
}

/** An ndarray over `data`, row-major. */
export function toNdArray(data: Float32Array | Float64Array, shape: Shape): NdArray<Float32Array | Float64Array> {
  return ndarray(data, [...shape]);
}
