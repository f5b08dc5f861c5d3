/**
 * Arrays of numbers as users pass them, of any rank. The shape is read first; then the numbers are copied to
 * one block in row-major order, typed arrays in one call. This file does not decide which shapes and numbers
 * are valid.
 */
import type { NdArray } from "ndarray";
import { check, count, FettleError, must, show } from "./errors.js";
import type { Floats } from "./ndarray.js";

/** A typed array (or plain array) with its shape, in row-major order. */
export interface ShapedData {
  readonly data: ArrayLike<number>;
  /** The length along each axis, rows first: `[rows, columns]`, or `[rows]` for one column. */
  readonly shape: readonly number[];
}

/** Arrays in arrays, with numbers in the innermost, which may be typed arrays. */
export type NestedNumbers = ArrayLike<number> | readonly NestedNumbers[];

/**
 * Rows of numbers of any shape: nested arrays, a typed array with its shape, or an ndarray, in any layout.
 */
export type TensorLike = NestedNumbers | ShapedData | NdArray;

/** A typed array of numbers, of any type. */
export interface TypedNumbers extends ArrayLike<number> {
  readonly BYTES_PER_ELEMENT: number;
  slice(): TypedNumbers;
  subarray(begin: number, end: number): TypedNumbers;
}

/** A received array: its shape, and where its numbers are. */
export type Layout = {
  readonly shape: readonly number[];
} & (
  | { readonly kind: "flat"; readonly data: ArrayLike<unknown> } // row-major
  | { readonly kind: "strided"; readonly array: NdArray }
  | { readonly kind: "nested"; readonly array: ArrayLike<unknown> }
);

/** More than any layer accepts; a deeper array contains itself. */
const MOST_AXES = 16;

/**
 * The shape of an array, and where its numbers are. It does not read them yet.
 *
 * @throws FettleError `invalid_data` for anything but an array, and for nested arrays whose lengths differ,
 * naming the first;
 * `invalid_shape` for a shape that does not fit its data
 */
export function layoutOf(x: unknown, what: string): Layout {
  must(
    typeof x === "object" && x !== null && ("shape" in x || "length" in x),
    what,
    "an array, an ndarray or { data, shape }",
    x,
    "invalid_data",
  );
  if ("get" in x) {
    const array = x as NdArray;
    const { shape, stride } = array;
    must(
      Array.isArray(shape) && Array.isArray(stride) && shape.length === stride.length,
      what,
      "an array, an ndarray or { data, shape }",
      x,
      "invalid_data",
    );
    return { kind: "strided", shape, array };
  }
  if ("shape" in x) return shapedLayout(x as ShapedData, what);
  const array = x as ArrayLike<unknown>;
  const shape = [array.length];
  for (let first = array[0]; isList(first); first = first[0]) {
    shape.push(first.length);
    mustHaveFewAxes(shape, what);
  }
  if (shape.length === 1) return { kind: "flat", shape, data: array };
  mustBeRegular(array, shape, [], what);
  return { kind: "nested", shape, array };
}

function mustHaveFewAxes(shape: readonly number[], what: string): void {
  check(
    shape.length <= MOST_AXES,
    `${what} must have at most ${MOST_AXES} dimensions; received more`,
    "invalid_shape",
  );
}

/** @throws FettleError `invalid_shape` for an array without numbers */
export function mustNotBeEmpty(shape: readonly number[], what: string): void {
  check(
    shape.length > 0 && shape.every((length) => length > 0),
    () => `${what} must not be empty; received shape ${show(shape)}`,
    "invalid_shape",
  );
}

/** How many numbers a shape has. */
export const sizeOfShape = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

/**
 * Copies the numbers of an array to a block of their size.
 *
 * @param finite - whether they must be finite, which is not checked here
 * @throws FettleError `invalid_data` for an element that is not a number, with its place
 */
export function copyNumbers(layout: Layout, to: Floats, what: string, finite: boolean): void {
  const odd = copy(layout, to);
  if (odd >= 0) refuseNumber(layout, odd, what, finite);
}

/**
 * The numbers themselves, if they are in a typed array and in row-major order already; undefined otherwise.
 */
export function typedNumbersOf(layout: Layout): TypedNumbers | undefined {
  if (layout.kind === "strided") return ownRowMajor(layout.array);
  return layout.kind === "flat" && isNumbers(layout.data) ? layout.data : undefined;
}

function shapedLayout({ data, shape }: ShapedData, what: string): Layout {
  must(isList(data), `the data of ${what}`, "an array of numbers", data);
  must(Array.isArray(shape), `the shape of ${what}`, "an array of lengths, rows first", shape);
  mustHaveFewAxes(shape, what);
  must(
    shape.every((length) => Number.isInteger(length) && length >= 0),
    `the lengths of ${what}`,
    "integers of at least 0",
    shape,
    "invalid_shape",
  );
  const size = sizeOfShape(shape);
  check(
    data.length === size,
    () => `${what} of shape ${show(shape)} must hold ${size} numbers; received ${data.length}`,
    "invalid_shape",
  );
  return { kind: "flat", shape, data };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

/** Refuses nested arrays of unequal lengths. */
function mustBeRegular(
  part: ArrayLike<unknown>,
  shape: readonly number[],
  place: readonly number[],
  what: string,
): void {
  const axis = place.length + 1;
  for (let i = 0; i < part.length; i++) {
    const inner = part[i] as ArrayLike<unknown> | undefined;
    if (inner?.length !== shape[axis]) {
      const rule =
        shape.length === 2
          ? `${count(shape[1], "number")}, as the first has`
          : `shape ${show(shape.slice(1))}, as the first has`;
      const length = shape.length === 2 ? "" : "length ";
      throw new FettleError(
        "invalid_data",
        `every row of ${what} must have ${rule}; received ${length}${show(inner?.length)} in ${what}${showPlace([...place, i])}`,
      );
    }
    if (axis < shape.length - 1) mustBeRegular(inner, shape, [...place, i], what);
  }
}

const showPlace = (place: readonly number[]): string => place.map((i) => `[${i}]`).join("");

/** @returns the place of the first element that is not a number; −1 if all are numbers */
function copy(layout: Layout, to: Floats): number {
  if (layout.kind === "flat") return copyList(layout.data, to, 0);
  if (layout.kind === "nested") return copyNested(layout.array, layout.shape.length - 1, { to, filled: 0 });
  const { array } = layout;
  const data = ownRowMajor(array);
  return data ? copyList(data, to, 0) : copyStrided(array, to);
}

/** Below this length a loop is faster than a call. */
const SHORT = 32;

function copyList(from: ArrayLike<unknown>, to: Floats, at: number): number {
  const { length } = from;
  if (length >= SHORT && isNumbers(from)) {
    to.set(from, at);
    return -1;
  }
  for (let i = 0; i < length; i++) {
    const value = from[i];
    if (typeof value !== "number") return at + i;
    to[at + i] = value;
  }
  return -1;
}

/** Whether it is a typed array of numbers, and not of big integers. */
function isNumbers(value: object): value is TypedNumbers {
  return ArrayBuffer.isView(value) && typeof (value as ArrayLike<unknown> & ArrayBufferView)[0] === "number";
}

/** @param depth - how many arrays deep the innermost are */
function copyNested(part: ArrayLike<unknown>, depth: number, into: { to: Floats; filled: number }): number {
  if (depth === 0) {
    const odd = copyList(part, into.to, into.filled);
    into.filled += part.length;
    return odd;
  }
  for (let i = 0; i < part.length; i++) {
    const odd = copyNested(part[i] as ArrayLike<unknown>, depth - 1, into);
    if (odd >= 0) return odd;
  }
  return -1;
}

/**
 * The numbers of an ndarray in row-major order: its own memory if it is already in that order, otherwise a
 * copy.
 */
export function rowMajor(array: NdArray): ArrayLike<number> {
  const own = ownRowMajor(array);
  if (own) return own;
  const copied = new Float64Array(array.size);
  copyStrided(array, copied);
  return copied;
}

function ownRowMajor({ data, shape, stride, offset, size }: NdArray): TypedNumbers | undefined {
  if (!isNumbers(data) || data.length < offset + size) return undefined;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== step) return undefined;
    step *= shape[axis];
  }
  return data.length === size ? data : data.subarray(offset, offset + size);
}

/** The numbers of an ndarray of any strides. */
function copyStrided({ data, shape, stride, offset }: NdArray, to: Floats): number {
  const at: (place: number) => unknown = isList(data) ? (place) => data[place] : (place) => data.get(place);
  const last = shape.length - 1;
  let filled = 0;
  const walk = (axis: number, place: number): number => {
    for (let i = 0; i < shape[axis]; i++) {
      const from = place + i * stride[axis];
      if (axis < last) {
        const odd = walk(axis + 1, from);
        if (odd >= 0) return odd;
        continue;
      }
      const value = at(from);
      if (typeof value !== "number") return filled;
      to[filled++] = value;
    }
    return -1;
  };
  return walk(0, offset);
}

/**
 * Refuses the element at a place in row-major order. @param ifMissing - the remedy if it is NaN
 *
 * @throws
 * FettleError `invalid_data`
 */
export function refuseNumber(
  layout: Layout,
  index: number,
  what: string,
  finite: boolean,
  ifMissing = "",
): never {
  const place = placeOf(index, layout.shape);
  const element = elementAt(layout, index, place);
  const remedy = Number.isNaN(element) ? ifMissing : "";
  throw new FettleError(
    "invalid_data",
    `${what} must hold ${finite ? "finite " : ""}numbers; received ${show(element)} at ${what}${showPlace(place)}${remedy}`,
  );
}

function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  const place: number[] = [];
  for (const length of [...shape].reverse()) {
    place.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return place;
}

function elementAt(layout: Layout, index: number, place: readonly number[]): unknown {
  if (layout.kind === "flat") return layout.data[index];
  if (layout.kind === "strided") return layout.array.get(...place);
  let part: unknown = layout.array;
  for (const i of place) part = (part as ArrayLike<unknown>)[i];
  return part;
}
