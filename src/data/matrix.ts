/**
 * The one door for arrays that users hand in, and the way out again: anything
 * reasonable becomes a row-major matrix of finite numbers. Shapes of more than
 * two dimensions, and what the columns mean, are not known here.
 */
import type { NdArray } from "ndarray";
import { check, FettleError, show } from "../errors.js";
import { type Floats, view } from "../ndarray.js";

/** A typed array (or plain array) with its shape, in row-major order. */
export interface ShapedData {
  readonly data: ArrayLike<number>;
  /** `[rows, columns]`, or `[rows]` for one column. */
  readonly shape: readonly number[];
}

/** Whatever holds a vector (one column) or a matrix of numbers. */
export type MatrixLike = ArrayLike<number> | ArrayLike<ArrayLike<number>> | ShapedData | NdArray;

/** A matrix in one block: element (i, j) is `data[i * columns + j]`. */
export interface Matrix<Data extends Floats = Float32Array> {
  readonly data: Data; // [rows, columns]
  readonly rows: number;
  readonly columns: number;
}

/** How a user's array is read. */
export interface MatrixOptions {
  /** What to call the array in errors. @defaultValue `"x"` */
  readonly what?: string;
  /** The number of columns it must have. @defaultValue any */
  readonly columns?: number;
  /** Whether NaN and infinity are let through, as for predictions of a model that diverged. @defaultValue false */
  readonly allowNonFinite?: boolean;
}

/**
 * Reads a user's array as a float32 matrix; the array itself is copied, never kept.
 *
 * @param x - `number[]` or a typed array (one column), nested rows, an `ndarray` of one or two dimensions
 *   with any strides and offset, or `{ data, shape }` in row-major order
 * @returns the matrix, `[rows, columns]`, at least 1 by 1
 * @throws FettleError `invalid_data` for an element that is no number or not finite as float32 (naming its place),
 *   for ragged rows and for what is no array; `invalid_shape` for an empty array, for other than one or two
 *   dimensions, for a shape that does not fit its data and for the wrong number of columns
 * @example
 * ```ts
 * toMatrix([[1, 2], [3, 4], [5, 6]]); // { data: [1, 2, 3, 4, 5, 6], rows: 3, columns: 2 }
 * ```
 */
export function toMatrix(x: MatrixLike, options: MatrixOptions = {}): Matrix {
  return read(x, options, (length) => new Float32Array(length));
}

/** {@link toMatrix} in float64, for what is computed in double precision, such as metrics. */
export function toMatrix64(x: MatrixLike, options: MatrixOptions = {}): Matrix<Float64Array> {
  return read(x, options, (length) => new Float64Array(length));
}

/**
 * A row-major block as an `ndarray` (by interface, see {@link view}) of shape `[rows, columns]`, sharing its memory.
 *
 * @throws FettleError `invalid_shape` if the block does not hold `rows * columns` numbers
 * @example
 * ```ts
 * fromMatrix(Float32Array.of(1, 2, 3, 4), 2, 2).get(1, 0); // 3
 * ```
 */
export function fromMatrix<Data extends Floats>(data: Data, rows: number, columns: number): NdArray<Data> {
  check(
    data.length === rows * columns,
    () => `a [${rows}, ${columns}] matrix holds ${rows * columns} numbers, but received ${data.length}`,
    "invalid_shape",
  );
  return view(data, [rows, columns], [columns, 1], 0) as NdArray<Data>;
}

/**
 * Copies the rows of those ids out of a row-major block.
 *
 * @param data - `[all, columns]`
 * @param rows - row ids; they may repeat
 * @returns `[rows.length, columns]`
 */
export function takeRows(data: Floats, columns: number, rows: ArrayLike<number>): Float64Array {
  const taken = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    taken.set(data.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  }
  return taken;
}

/** A shape and a way to each element, over any of the layouts. */
interface Layout {
  readonly shape: readonly number[];
  readonly at: (i: number, j: number) => unknown;
}

function read<Data extends Floats>(
  x: MatrixLike,
  options: MatrixOptions,
  allocate: (length: number) => Data,
): Matrix<Data> {
  const { what = "x", allowNonFinite = false } = options;
  const { shape, at } = layoutOf(x, what);
  const [rows, columns = 1] = shape;
  check(
    shape.length === 1 || shape.length === 2,
    () => `${what} must have 1 or 2 dimensions, but its shape is ${show(shape)}`,
    "invalid_shape",
  );
  check(
    rows > 0 && columns > 0,
    () => `${what} must not be empty, but its shape is ${show(shape)}`,
    "invalid_shape",
  );
  check(
    options.columns === undefined || options.columns === columns,
    () => `${what} must have ${options.columns} columns, but its shape is ${show([rows, columns])}`,
    "invalid_shape",
  );
  const data = allocate(rows * columns);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) {
      const value = at(i, j);
      if (typeof value === "number") data[k] = value;
      if (typeof value !== "number" || !(allowNonFinite || Number.isFinite(data[k]))) {
        const place = shape.length === 1 ? `${what}[${i}]` : `${what}[${i}][${j}]`;
        throw new FettleError(
          "invalid_data",
          `${what} must hold finite numbers, but ${place} is ${show(value)}`,
        );
      }
    }
  }
  return { data, rows, columns };
}

function layoutOf(x: MatrixLike, what: string): Layout {
  check(
    typeof x === "object" && x !== null && ("shape" in x || "length" in x),
    () => `${what} must be an array, an ndarray or { data, shape }, but received ${show(x)}`,
    "invalid_data",
  );
  if ("get" in x) return { shape: x.shape, at: x.dimension === 1 ? (i) => x.get(i) : (i, j) => x.get(i, j) };
  if ("shape" in x) {
    const { data, shape } = x;
    const size = shape.reduce((product, length) => product * length, 1);
    check(
      data.length === size && shape.every((length) => Number.isInteger(length) && length >= 0),
      () => `${what} of shape ${show(shape)} must hold ${size} numbers, but holds ${data.length}`,
      "invalid_shape",
    );
    const columns = shape[1] ?? 1;
    return { shape, at: (i, j) => data[i * columns + j] };
  }
  const first = x[0];
  if (typeof first !== "object" || first === null) return { shape: [x.length], at: (i) => x[i] };
  return nestedLayout(x as ArrayLike<ArrayLike<number>>, what);
}

function nestedLayout(x: ArrayLike<ArrayLike<number>>, what: string): Layout {
  const columns = x[0].length;
  for (let i = 0; i < x.length; i++) {
    check(
      x[i]?.length === columns,
      () =>
        `every row of ${what} must have ${columns} numbers, as the first has, but ${what}[${i}] has ${show(x[i]?.length)}`,
      "invalid_data",
    );
  }
  return { shape: [x.length, columns], at: (i, j) => x[i][j] };
}
