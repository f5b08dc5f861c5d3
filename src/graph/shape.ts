/**
 * Shapes and their sizes. A shape is static, except that a dimension may be `ROWS`, the number of rows of the
 * current batch, known only when a program runs, or a multiple of it.
 */
import { check, mustBeList } from "../errors.js";

/**
 * The number of rows of the current batch. Shapes may hold it among their sizes, and multiples of it: [64 *
 * ROWS, 9] are 64 lines for each row.
 */
export const ROWS = -1;

/** Sizes along each axis, positive integers or multiples of `ROWS`; [] for a scalar. */
export type Shape = readonly number[];

/** A size that may depend on the batch: `scale × rows^power`. */
export interface Extent {
  readonly scale: number;
  readonly power: number;
}

/** The number of elements of `shape`. */
export function extent(shape: Shape): Extent {
  let scale = 1;
  let power = 0;
  for (const dim of shape) {
    if (dim < 0) power++;
    scale *= Math.abs(dim);
  }
  return { scale, power };
}

/** A size that does not depend on the batch. */
export function fixed(size: number): Extent {
  return { scale: size, power: 0 };
}

/** The value of an extent for a given number of rows. */
export function resolve({ scale, power }: Extent, rows: number): number {
  let size = scale;
  for (let i = 0; i < power; i++) size *= rows;
  return size;
}

/** `shape` with `ROWS` replaced by a number. */
export function resolveShape(shape: Shape, rows: number): number[] {
  return shape.map((dim) => (dim < 0 ? -dim * rows : dim));
}

/** Whether a shape depends on the batch. */
export function hasRows(shape: Shape): boolean {
  return shape.some((dim) => dim < 0);
}

/** The number of elements of a shape without `ROWS`, or with it resolved to `rows`. */
export function sizeOf(shape: Shape, rows = 1): number {
  return resolve(extent(shape), rows);
}

/** The number of elements of `shape` as a dimension: [rows, 8, 8] are 64 × rows. */
export function lines(shape: Shape): number {
  const { scale, power } = extent(shape);
  check(
    power <= 1,
    () => `at most one dimension may depend on the rows; received ${showShape(shape)}`,
    "invalid_shape",
  );
  return power === 0 ? scale : scale * ROWS;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[rows, 64]` as it is shown in messages. */
export function showShape(shape: Shape): string {
  return `[${shape.map(dimension).join(", ")}]`;
}

/**
 * The shape that both broadcast to, after NumPy: aligned at the right, each pair of
 * dimensions equal or one of them 1.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  // nearly all pairs of a model are among these, and every trial traces its model
  if (b.length === 0 || sameShape(a, b)) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    check(
      p === q || p === 1 || q === 1,
      () =>
        `shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ${dimension(p)} meets ${dimension(q)}`,
      "invalid_shape",
    );
    result.push(p === 1 ? q : p);
  }
  return result;
}

function dimension(dim: number): string {
  if (dim >= 0) return String(dim);
  return dim === ROWS ? "rows" : `${-dim} × rows`;
}

/** Row-major strides in elements, as extents. */
export function contiguousStrides(shape: Shape): Extent[] {
  return shape.map((_, axis) => extent(shape.slice(axis + 1)));
}

/** Throws `invalid_shape` unless every dimension is a positive integer or a multiple of `ROWS`. */
export function checkShape(shape: Shape, what: string): void {
  mustBeList(`the shape of ${what}`, shape);
  check(
    shape.every((dim) => Number.isSafeInteger(dim) && dim !== 0),
    () =>
      `the dimensions of ${what} must be positive integers or multiples of ROWS; received ${showShape(shape)}`,
    "invalid_shape",
  );
}
