/**
 * Reads the arrays that users pass, of any rank, as rows of finite numbers of one shape. In memory they are a
 * matrix, so that code for rows or columns, such as folds, needs no shapes.
 */
import {
  copyNumbers,
  type Layout,
  layoutOf,
  mustNotBeEmpty,
  refuseNumber,
  sizeOfShape,
  type TensorLike,
  type TypedNumbers,
  typedNumbersOf,
} from "../arrays.js";
import { check, count, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { copyChecked } from "./finite.js";
import type { HostMatrix } from "./matrix.js";

/** Rows of one shape in one block, the last axis first: a matrix, and the shape of its rows. */
export interface HostTensor<Data extends Floats = Float32Array> extends HostMatrix<Data> {
  /** The shape of a row: `[columns]` for a matrix, `[height, width, channels]` for images. */
  readonly shape: readonly number[];
}

/**
 * A tensor whose numbers may belong to a user's typed array, neither copied nor checked yet: for callers that
 * do both before they return, or that take its copy.
 */
export type LentTensor =
  | (HostTensor & { readonly checkedCopy?: undefined })
  | (Omit<HostTensor, "data"> & {
      readonly data: TypedNumbers; // [rows, columns]
      /** A copy in float32; refuses numbers that are not finite in it. */
      readonly checkedCopy: () => HostTensor;
    });

/** How an array is read. */
export interface TensorOptions {
  /** The name of the array in errors. @defaultValue `"x"` */
  readonly what?: string;
  /** The shape of its rows; a matrix with as many columns fits too. @defaultValue any */
  readonly shape?: readonly number[];
  /** Whether NaN and infinity are allowed. @defaultValue false */
  readonly allowNonFinite?: boolean;
}

/**
 * Reads a user's array in float32: rows along its first axis.
 *
 * @param x - nested arrays, an `ndarray` with any strides and offset, or `{ data, shape }`; `[rows]` is one
 * column
 * @throws FettleError `invalid_data` for an element that is not a number or not finite (with its place), for
 * nested arrays of different lengths and for anything but an array; `invalid_shape` for an empty array, and
 * for rows of another shape
 * @example
 * ```ts
 * toTensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]).shape; // [2, 2]
 * ```
 */
export function toTensor(x: TensorLike, options: TensorOptions = {}): HostTensor {
  return read(layoutOf(x, options.what ?? "x"), options, (length) => new Float32Array(length));
}

/** {@link toTensor}, but a typed array in row-major order is not copied. */
export function lendTensor(x: TensorLike, options: Pick<TensorOptions, "what" | "shape"> = {}): LentTensor {
  return lend(layoutOf(x, options.what ?? "x"), options);
}

function lend(layout: Layout, options: Pick<TensorOptions, "what" | "shape">): LentTensor {
  const data = typedNumbersOf(layout);
  const copied = (): HostTensor => read(layout, options, (length) => new Float32Array(length));
  if (data === undefined) return copied();
  return { data, ...shapeOf(layout, options), checkedCopy: copied };
}

/**
 * The tensor itself if it owns its numbers, otherwise a copy.
 *
 * @throws FettleError `invalid_data` as
 * `toTensor`
 */
export const ownTensor = (lent: LentTensor): HostTensor => (lent.checkedCopy ? lent.checkedCopy() : lent);

/** The columns of a tensor, each in a separate block. */
export interface TensorColumns extends Pick<HostTensor, "rows" | "shape"> {
  /** `[rows]` each; in float32 if the numbers came in a type that it holds exactly. */
  readonly columns: readonly Floats[];
}

/**
 * {@link toTensor} by columns, with every number as exact as in float64.
 *
 * @param options - `allowMissing`: whether NaN is a missing cell instead of an error; `ifMissing`: the end of
 * the message otherwise
 */
export function toColumns(
  x: TensorLike,
  options: Pick<TensorOptions, "what"> & {
    readonly allowMissing?: boolean;
    readonly ifMissing?: string;
  } = {},
): TensorColumns {
  const { what = "x", allowMissing = false, ifMissing } = options;
  const layout = layoutOf(x, what);
  const { rows, columns: width, shape } = shapeOf(layout, options);
  const data = typedNumbersOf(layout) ?? copied64(layout, what, allowMissing);
  const isNarrow = data instanceof Float32Array || data.BYTES_PER_ELEMENT < 4;
  const Kind = isNarrow ? Float32Array : Float64Array;
  // At most two types reach the loop: after more than four, V8 looks up each number.
  const numbers = data instanceof Kind ? data : new Kind(data);
  const columns = Array.from({ length: width }, () => new Kind(rows));
  let differences = 0; // NaN as soon as a number is NaN or infinite
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(rows, first + BLOCK);
    for (let j = 0; j < width; j++) {
      const column = columns[j];
      for (let i = first, at = first * width + j; i < end; i++, at += width) {
        const value = numbers[at];
        column[i] = value;
        differences += value - value;
      }
    }
  }
  if (differences !== 0) {
    const isOdd = (value: number): boolean =>
      !(Number.isFinite(value) || (allowMissing && Number.isNaN(value)));
    const place = Array.prototype.findIndex.call(numbers, isOdd);
    if (place >= 0) refuseNumber(layout, place, what, true, ifMissing);
  }
  return { rows, shape, columns };
}

function copied64(layout: Layout, what: string, allowMissing: boolean): Float64Array {
  const data = new Float64Array(sizeOfShape(layout.shape));
  copyNumbers(layout, data, what, !allowMissing);
  return data;
}

/** Rows that are divided into columns at a time, so that they stay in a cache. */
const BLOCK = 32;

/** {@link toTensor} in float64. */
export function toTensor64(x: TensorLike, options: TensorOptions = {}): HostTensor<Float64Array> {
  return read(layoutOf(x, options.what ?? "x"), options, (length) => new Float64Array(length));
}

function read<Data extends Floats>(
  layout: Layout,
  options: TensorOptions,
  allocate: (length: number) => Data,
): HostTensor<Data> {
  const place = shapeOf(layout, options);
  const data = allocate(place.rows * place.columns);
  copyChecked(layout, data, options.what ?? "x", !options.allowNonFinite);
  return { data, ...place };
}

function shapeOf(
  layout: Layout,
  { what = "x", shape: wanted }: TensorOptions,
): Pick<HostTensor, "rows" | "columns" | "shape"> {
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
  return { rows, columns, shape };
}

function rowsOf(shape: readonly number[]): string {
  const size = sizeOfShape(shape);
  const columns = count(size, "column");
  return shape.length === 1 ? columns : `rows of shape ${show(shape)}, or ${columns}`;
}
