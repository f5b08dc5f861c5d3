/**
 * How random steps (`../graphs.ts`) use an operation: a writer adds one value to any pool and bounds the size
 * of its numbers, so that they stay within a few units.
 */
import * as f from "../../graph/functions.js";
import type { Graph, Value } from "../../graph/graph.js";
import { type Shape, sizeOf } from "../../graph/shape.js";

/** The most elements of an array. */
const MOST = 700;

/** All values so far, and a bound of the numbers of each. */
export class Pool {
  readonly values: Value[] = [];
  private readonly sizes = new Map<number, number>();

  constructor(
    readonly graph: Graph,
    readonly rows: number,
  ) {}

  /** Adds a value of magnitude at most `size`, scaled down if that is above 4. */
  add(value: Value, size: number): void {
    const kept = this.fits(value) ? value : f.mean(value);
    const scaled = size > 4 ? f.mul(kept, 2 / size) : kept;
    this.values.push(scaled);
    this.sizes.set(scaled.id, Math.max(this.size(scaled), Math.min(size, 4)));
  }

  /** The value that a choice selects; small choices select late values. */
  at(choice: number): Value {
    return this.values[this.values.length - 1 - (choice % this.values.length)];
  }

  size(value: Value): number {
    return this.sizes.get(value.id) ?? 0;
  }

  fits(value: Value): boolean {
    return sizeOf(value.shape, this.rows) <= MOST && value.shape.length <= 4;
  }
}

/** Adds a value computed from the pool; `ids` are row numbers, one for each row of the batch. */
export type Writer = (pool: Pool, choices: readonly number[], ids: Value) => void;

/** Of one value; `size` bounds the result. */
export const writeUnary =
  (fn: (x: Value) => Value, size: (m: number) => number): Writer =>
  (pool, [a]) => {
    const x = pool.at(a);
    pool.add(fn(x), size(pool.size(x)));
  };

/** Of two values; the second is reduced to a mean if its shape does not broadcast. */
export const writeBinary =
  (fn: (x: Value, y: Value) => Value, size: (m: number, n: number) => number): Writer =>
  (pool, [a, b, c]) => {
    const [x, other] = [pool.at(a), pool.at(b)];
    const y = broadcasts(x.shape, other.shape)
      ? other
      : f.mean(other, c % 2 === 0 ? undefined : onlyRowsOf(other), true);
    const z = broadcasts(x.shape, y.shape) ? y : f.mean(y);
    pool.add(fn(x, z), size(pool.size(x), pool.size(other)));
  };

export function onlyRowsOf(x: Value): number[] {
  return x.shape.flatMap((dim, axis) => (dim < 0 ? [axis] : []));
}

function broadcasts(a: Shape, b: Shape): boolean {
  const n = Math.min(a.length, b.length);
  return Array.from({ length: n }, (_, i) => [a[a.length - 1 - i], b[b.length - 1 - i]]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}

export const one = (): number => 1;
export const same = (m: number): number => m;
export const most = (m: number, n: number): number => Math.max(m, n);
export const product = (m: number, n: number): number => m * n;

/** The axes of fixed length, which can be cut. */
export function fixedAxes(x: Value): number[] {
  return x.shape.flatMap((dim, axis) => (dim < 0 ? [] : [axis]));
}

/** A number for one axis, and 0 for the others. */
export const along = (x: Value, axis: number, number: number): number[] =>
  x.shape.map((_, i) => (i === axis ? number : 0));

/** Of one value whose numbers it moves. */
export const writeMove =
  (fn: (x: Value, ...choices: number[]) => Value | undefined): Writer =>
  (pool, [a, ...choices]) => {
    const x = pool.at(a);
    const moved = fn(x, ...choices);
    if (moved) pool.add(moved, pool.size(x));
  };

/** Of one value whose numbers it moves along an axis of fixed length. */
export const writeAlong = (fn: (x: Value, axis: number, c: number, d: number) => Value): Writer =>
  writeMove((x, b, c, d) => {
    const axes = fixedAxes(x);
    return axes.length === 0 ? undefined : fn(x, axes[b % axes.length], c, d);
  });

/** Both halves of the first axis, each changed, in reverse order. */
export function rotate(x: Value, fn: (part: Value) => Value): Value {
  const [length] = x.shape;
  const cut = Math.max(1, Math.floor(length / 2));
  if (length < 2) return fn(x);
  const part = (begin: number, size: number): Value =>
    fn(f.slice(x, along(x, 0, begin), x.shape.with(0, size)));
  return f.concat([part(cut, length - cut), part(0, cut)]);
}

/** `x` as a matrix; the mean over its first axes if it has more than two. */
export function toMatrix(x: Value): Value {
  if (x.shape.length === 2) return x;
  if (x.shape.length < 2) return f.reshape(x, [1, ...x.shape, 1].slice(0, 2));
  return toMatrix(f.mean(x, 0));
}

/** Over some axes; `size` bounds the result for a number of terms. */
export const writeReduction =
  (
    reduce: (x: Value, axes: number[], keepDims: boolean) => Value,
    size: (m: number, terms: number) => number,
  ): Writer =>
  (pool, [a, b, c]) => {
    const x = pool.at(a);
    const axes = x.shape.map((_, i) => i).filter((i) => ((b >> i) & 1) === 0);
    const reduced = axes.map((i) => x.shape[i]);
    pool.add(reduce(x, axes, c % 2 === 0), size(pool.size(x), sizeOf(reduced, pool.rows)));
  };

/** Along the last axis, unless that is rows. */
export const writeAlongLast =
  (fn: (x: Value) => Value): Writer =>
  (pool, [a]) => {
    const x = pool.at(a);
    if (x.shape.length > 0 && x.shape[x.shape.length - 1] > 0) pool.add(fn(x), 2 * pool.size(x) + 6);
  };
