/**
 * Reads the arrays that users pass, in every layout, as row-major matrices of finite numbers, and
 * returns matrices as `ndarray`s. `tensor.ts` has rows of other shapes; the meaning of columns is not known
 * here.
 */

import type { NdArray } from "ndarray";
import { layoutOf, mustNotBeEmpty, type ShapedData } from "../arrays.js";
import { check, count, mustBeInteger, show } from "../errors.js";
import { type Floats, view } from "../ndarray.js";
import { flag, integer, type OptionRules, readOptions, rule } from "../rules.js";
import { mustBeArray } from "./check.js";
import { copyChecked } from "./finite.js";

/** A vector (one column) or a matrix of numbers, in any layout. */
export type MatrixLike = ArrayLike<number> | ArrayLike<ArrayLike<number>> | ShapedData | NdArray;

/** A matrix in JavaScript memory, in one block: element (i, j) is `data[i * columns + j]`. */
export interface HostMatrix<Data extends Floats = Float32Array> {
  readonly data: Data; // [rows, columns]
  readonly rows: number;
  readonly columns: number;
}

/** How a user's array is read. */
export interface MatrixOptions {
  /** The name of the array in errors. @defaultValue `"x"` */
  readonly what?: string;
  /** The number of columns it must have. @defaultValue any */
  readonly columns?: number;
  /** Whether NaN and infinity are allowed, as in predictions of a diverged model. @defaultValue false */
  readonly allowNonFinite?: boolean;
}

const RULES = {
  what: [rule("the name of the array in errors", (value) => typeof value === "string"), "x"],
  columns: integer(),
  allowNonFinite: [flag, false],
} satisfies OptionRules<MatrixOptions>;

/**
 * Reads a user's array as a float32 matrix; the array is always copied.
 *
 * @param x - `number[]` or a typed array (one column), nested rows, an `ndarray` of one or two dimensions
 *   with any strides and offset, or `{ data, shape }` in row-major order
 * @returns the matrix, `[rows, columns]`, at least 1 by 1
 * @throws FettleError `invalid_data` for an element that is not a number or not finite as float32 (with its
 * place),
 *   for ragged rows and for anything but an array; `invalid_shape` for an empty array, for other than one or
 *   two dimensions, for a shape that does not fit its data and for the wrong number of columns
 * @example
 * ```ts
 * toMatrix([[1, 2], [3, 4], [5, 6]]); // { data: [1, 2, 3, 4, 5, 6], rows: 3, columns: 2 }
 * ```
 */
export function toMatrix(x: MatrixLike, options: MatrixOptions = {}): HostMatrix {
  return read(x, options, (length) => new Float32Array(length));
}

/** {@link toMatrix} in float64, for computations in double precision, such as metrics. */
export function toMatrix64(x: MatrixLike, options: MatrixOptions = {}): HostMatrix<Float64Array> {
  return read(x, options, (length) => new Float64Array(length));
}

/**
 * A row-major block as an `ndarray` (by interface, see {@link view}) of shape `[rows, columns]`, sharing its
 * memory.
 *
 * @throws FettleError `invalid_shape` if the block does not hold `rows * columns` numbers
 * @example
 * ```ts
 * fromMatrix(Float32Array.of(1, 2, 3, 4), 2, 2).get(1, 0); // 3
 * ```
 */
export function fromMatrix<Data extends Floats>(data: Data, rows: number, columns: number): NdArray<Data> {
  mustBeArray("data", data, "an array of numbers");
  mustBeInteger("rows", rows, 0);
  mustBeInteger("columns", columns, 0);
  check(
    data.length === rows * columns,
    () => `a [${rows}, ${columns}] matrix must hold ${rows * columns} numbers; received ${data.length}`,
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

function read<Data extends Floats>(
  x: MatrixLike,
  options: MatrixOptions,
  allocate: (length: number) => Data,
): HostMatrix<Data> {
  const { what, columns: wanted, allowNonFinite } = readOptions(options, "toMatrix", RULES);
  const layout = layoutOf(x, what);
  const { shape } = layout;
  check(
    shape.length === 1 || shape.length === 2,
    () => `${what} must have 1 or 2 dimensions; received shape ${show(shape)}`,
    "invalid_shape",
  );
  const [rows, columns = 1] = shape;
  mustNotBeEmpty(shape, what);
  check(
    wanted === undefined || wanted === columns,
    () => `${what} must have ${count(wanted as number, "column")}; received shape ${show([rows, columns])}`,
    "invalid_shape",
  );
  const data = allocate(rows * columns);
  copyChecked(layout, data, what, !allowNonFinite);
  return { data, rows, columns };
}
