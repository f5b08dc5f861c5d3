/**
 * Reads the arrays that users pass, of any rank, as rows of finite numbers of one shape. In memory they are a matrix, so that what works on
 * rows or columns, such as folds, needs to know no shapes.
 */
import { float32Of, layoutOf, mustNotBeEmpty, sizeOfShape, type TensorLike } from "../arrays.js";
import { check, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { copyChecked, mustBeFinite } from "./finite.js";
import type { HostMatrix } from "./matrix.js";

/** Rows of one shape in one block, the last axis first: a matrix, and the shape of its rows. */
export interface HostTensor<Data extends Floats = Float32Array> extends HostMatrix<Data> {
  /** Of a row: `[columns]` of a matrix, `[height, width, channels]` of images. */
  readonly shape: readonly number[];
  /** Refuses numbers that are not finite; there if they were borrowed, and still have to be checked. */
  readonly mustBeFinite?: () => void;
}

/** How an array is read. */
export interface TensorOptions {
  /** The name of the array in errors. @defaultValue `"x"` */
  readonly what?: string;
  /** The shape of its rows; a matrix with as many columns has it too. @defaultValue any */
  readonly shape?: readonly number[];
  /** Whether NaN and infinity are allowed. @defaultValue false */
  readonly allowNonFinite?: boolean;
  /**
   * Whether float32 in row-major order is neither copied nor checked yet: for those who are done with it before they return, and check
   * it where they copy it to.
   *
   * @defaultValue false
   */
  readonly borrow?: boolean;
}

/**
 * Reads a user's array in float32: rows along its first axis.
 *
 * @param x - nested arrays, an `ndarray` with any strides and offset, or `{ data, shape }`; `[rows]` is one column
 * @throws FettleError `invalid_data` for an element that is not a number or not finite (naming its place), for nested arrays of
 * different lengths and for anything but an array; `invalid_shape` for an empty array, and for rows of another shape
 * @example
 * ```ts
 * toTensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]).shape; // [2, 2]
 * ```
 */
export function toTensor(x: TensorLike, options: TensorOptions = {}): HostTensor {
  return read(x, options, (length) => new Float32Array(length), float32Of);
}

/** {@link toTensor} in float64. */
export function toTensor64(x: TensorLike, options: TensorOptions = {}): HostTensor<Float64Array> {
  return read(
    x,
    options,
    (length) => new Float64Array(length),
    () => undefined,
  );
}

function read<Data extends Floats>(
  x: TensorLike,
  { what = "x", shape: wanted, allowNonFinite = false, borrow = false }: TensorOptions,
  allocate: (length: number) => Data,
  borrowed: (layout: ReturnType<typeof layoutOf>) => Data | undefined,
): HostTensor<Data> {
  const layout = layoutOf(x, what);
  mustNotBeEmpty(layout.shape, what);
  const [rows, ...own] = layout.shape;
  const given = own.length === 0 ? [1] : own;
  const shape = wanted ?? given;
  const columns = sizeOfShape(given);
  const fits = String(given) === String(shape) || (given.length === 1 && columns === sizeOfShape(shape));
  check(
    fits,
    () => `${what} must have ${rowsOf(shape)}; received shape ${show([rows, ...given])}`,
    "invalid_shape",
  );
  const there = borrow ? borrowed(layout) : undefined;
  if (there !== undefined) {
    const matrix = { data: there, rows, columns, shape };
    return allowNonFinite ? matrix : { ...matrix, mustBeFinite: () => mustBeFinite(layout, there, what) };
  }
  const data = allocate(rows * columns);
  copyChecked(layout, data, what, !allowNonFinite);
  return { data, rows, columns, shape };
}

function rowsOf(shape: readonly number[]): string {
  const size = sizeOfShape(shape);
  const columns = `${size} column${size === 1 ? "" : "s"}`;
  return shape.length === 1 ? columns : `rows of shape ${show(shape)}, or ${columns}`;
}
