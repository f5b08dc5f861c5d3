/**
 * The instructions of random steps (`graphs.ts`): each adds one value to a pool, whatever the pool holds, and states how
 * large its numbers may be, so that they stay within a few units. State and results of a step are not known here.
 */

import * as f from "../graph/functions.js";
import type { Graph, Value } from "../graph/graph.js";
import { count } from "../graph/operations/leaves.js";
import { ROWS, type Shape, sameShape, sizeOf } from "../graph/shape.js";

/** An instruction's number and four choices, whose meaning depends on it. */
export type Instruction = readonly [operation: number, a: number, b: number, c: number, d: number];

/** The most elements of an array. */
const MOST = 700;

/** All values so far, and how large the numbers of each may be. */
export class Pool {
  readonly values: Value[] = [];
  private readonly sizes = new Map<number, number>();

  constructor(
    readonly graph: Graph,
    readonly rows: number,
  ) {}

  /** Adds a value of magnitude at most `size`, scaled down where that is above 4. */
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

const unary =
  (fn: (x: Value) => Value, size: (m: number) => number): Writer =>
  (pool, [a]) => {
    const x = pool.at(a);
    pool.add(fn(x), size(pool.size(x)));
  };

/** A function of two values; the second is reduced to a mean where its shape does not broadcast. */
const binary =
  (fn: (x: Value, y: Value) => Value, size: (m: number, n: number) => number): Writer =>
  (pool, [a, b, c]) => {
    const [x, other] = [pool.at(a), pool.at(b)];
    const y = broadcasts(x.shape, other.shape)
      ? other
      : f.mean(other, c % 2 === 0 ? undefined : onlyRowsOf(other), true);
    const z = broadcasts(x.shape, y.shape) ? y : f.mean(y);
    pool.add(fn(x, z), size(pool.size(x), pool.size(other)));
  };

function onlyRowsOf(x: Value): number[] {
  return x.shape.flatMap((dim, axis) => (dim === ROWS ? [axis] : []));
}

function broadcasts(a: Shape, b: Shape): boolean {
  const n = Math.min(a.length, b.length);
  return Array.from({ length: n }, (_, i) => [a[a.length - 1 - i], b[b.length - 1 - i]]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}

const one = (): number => 1;
const same = (m: number): number => m;
const most = (m: number, n: number): number => Math.max(m, n);
const product = (m: number, n: number): number => m * n;

/** The axes of fixed length, which can be cut. */
function fixedAxes(x: Value): number[] {
  return x.shape.flatMap((dim, axis) => (dim === ROWS ? [] : [axis]));
}

const along = (x: Value, axis: number, number: number, rest: (dim: number) => number): number[] =>
  x.shape.map((dim, i) => (i === axis ? number : rest(dim)));

/** Both halves of the first axis, each changed, in reverse order. */
export function rotate(x: Value, fn: (part: Value) => Value): Value {
  const [length] = x.shape;
  const cut = Math.max(1, Math.floor(length / 2));
  if (length < 2) return fn(x);
  const part = (begin: number, size: number): Value =>
    fn(
      f.slice(
        x,
        along(x, 0, begin, () => 0),
        along(x, 0, size, same),
      ),
    );
  return f.concat([part(cut, length - cut), part(0, cut)]);
}

/** `x` as a matrix; the mean over its first axes where it has more than two. */
function toMatrix(x: Value): Value {
  if (x.shape.length === 2) return x;
  if (x.shape.length < 2) return f.reshape(x, [1, ...x.shape, 1].slice(0, 2));
  return toMatrix(f.mean(x, 0));
}

export const writers: readonly Writer[] = [
  unary(f.neg, same),
  unary(f.abs, same),
  unary(f.sign, one),
  unary(f.floor, (m) => m + 1),
  unary(
    (x) => f.sqrt(f.add(f.abs(x), 0.25)),
    (m) => m + 1,
  ),
  unary(
    (x) => f.exp(f.sub(x, 1)),
    (m) => (m > 3 ? 30 : 8),
  ),
  unary(
    (x) => f.expm1(f.mul(x, 0.5)),
    () => 8,
  ),
  unary(
    (x) => f.log(f.add(f.square(x), 0.5)),
    () => 3,
  ),
  unary((x) => f.log1p(f.abs(x)), same),
  unary(f.sin, one),
  unary(f.cos, one),
  unary(f.tanh, one),
  unary(f.sigmoid, one),
  unary(f.softplus, (m) => m + 1),
  unary(f.erf, one),
  unary(f.relu, same),
  unary(f.flush, same),
  unary(f.gelu, same),
  unary(f.square, (m) => m * m),
  unary(f.stopGradient, same),
  unary((x) => f.relu(f.mul(x, 1)), same),
  binary(f.add, (m, n) => m + n),
  binary(f.sub, (m, n) => m + n),
  binary(f.mul, product),
  binary(
    (x, y) => f.div(x, f.add(f.abs(y), 0.5)),
    (m) => 2 * m,
  ),
  binary(
    (x, y) => f.pow(f.add(f.abs(x), 0.5), f.mul(f.tanh(y), 2)),
    (m) => (m + 1) ** 2,
  ),
  binary(f.maximum, most),
  binary(f.minimum, most),
  binary(f.greater, one),
  binary(f.greaterEqual, one),
  binary((x, y) => f.equal(f.sign(x), f.sign(y)), one),
  binary((x, y) => f.select(f.greater(x, 0.25), y, f.mul(x, 0.5)), most),
  binary(
    (x, y) => f.add(f.sub(x, y), f.neg(f.sub(y, x))),
    (m, n) => 2 * (m + n),
  ),

  // Views and moves
  (pool, [a, b]) => {
    const x = pool.at(a);
    pool.add(
      f.broadcastTo(x, [1 + (b % 3), ...x.shape.map((dim) => (dim === 1 && b % 2 === 0 ? 3 : dim))]),
      pool.size(x),
    );
  },
  (pool, [a, b]) => {
    const x = pool.at(a);
    // broadcast over the rows of the batch
    const shape = x.shape.includes(ROWS) ? x.shape : b % 2 === 0 ? [ROWS, ...x.shape] : [ROWS, 1, ...x.shape];
    pool.add(f.broadcastTo(x, shape), pool.size(x));
  },
  (pool, [a, b]) => {
    const x = pool.at(a);
    const [rows, rest] = [onlyRowsOf(x).map(() => ROWS), sizeOf(x.shape)];
    pool.add(
      f.reshape(
        x,
        [
          [...rows, rest],
          [rest, ...rows],
          [1, ...x.shape],
          [...x.shape, 1],
        ][b % 4],
      ),
      pool.size(x),
    );
  },
  (pool, [a, b]) => {
    const x = pool.at(a);
    const axes = x.shape.map((_, i) => i);
    const turn = axes.length > 0 ? b % axes.length : 0;
    pool.add(
      f.transpose(x, b % 2 === 0 ? [...axes.slice(turn), ...axes.slice(0, turn)] : axes.reverse()),
      pool.size(x),
    );
  },
  (pool, [a, b, c, d]) => {
    const x = pool.at(a);
    const axes = fixedAxes(x);
    if (axes.length === 0) return;
    const axis = axes[b % axes.length];
    const begin = c % x.shape[axis];
    const length = 1 + (d % (x.shape[axis] - begin));
    pool.add(
      f.slice(
        x,
        along(x, axis, begin, () => 0),
        along(x, axis, length, same),
      ),
      pool.size(x),
    );
  },
  (pool, [a, b, c, d]) => {
    const x = pool.at(a);
    const axes = fixedAxes(x);
    if (axes.length === 0) return;
    const axis = axes[b % axes.length];
    pool.add(
      f.pad(
        x,
        along(x, axis, c % 3, () => 0),
        along(x, axis, d % 3, () => 0),
      ),
      pool.size(x),
    );
  },
  (pool, [a, b, c]) => {
    const x = pool.at(a);
    const axes = fixedAxes(x);
    if (axes.length === 0) return;
    const parts = [x, f.neg(x), ...pool.values.filter((y) => sameShape(y.shape, x.shape)).slice(-2)];
    const axis = axes[b % axes.length];
    pool.add(
      f.concat(parts.slice(c % 2, 2 + (c % 3)), axis),
      Math.max(...parts.map((part) => pool.size(part))),
    );
  },
  (pool, [a]) => {
    const x = pool.at(a);
    if (x.shape.length > 0 && x.shape[0] !== ROWS) pool.add(rotate(x, f.sin), 1);
  },
  (pool, [a], ids) => {
    const table = toMatrix(pool.at(a));
    // the rows of the batch cannot be a table
    const tall = table.shape[0] === ROWS ? f.transpose(table) : table;
    if (tall.shape[1] === ROWS) return;
    pool.add(f.takeRows(tall, f.minimum(ids, sizeOf([tall.shape[0]]) - 1)), pool.size(pool.at(a)));
  },
  (pool, [a, b], ids) => {
    const x = toMatrix(pool.at(a));
    if (x.shape[0] !== ROWS || x.shape[1] === ROWS) return;
    // id 2 is outside a table of two rows, and is dropped
    pool.add(f.scatterRows(x, ids, 2 + (b % 2)), pool.size(pool.at(a)) * pool.rows);
  },

  // Reductions and products
  ...[f.sum, f.mean, f.max].map(
    (reduce): Writer =>
      (pool, [a, b, c]) => {
        const x = pool.at(a);
        const axes = x.shape.map((_, i) => i).filter((i) => ((b >> i) & 1) === 0);
        const terms = sizeOf(
          axes.map((i) => x.shape[i]),
          pool.rows,
        );
        pool.add(reduce(x, axes, c % 2 === 0), reduce === f.sum ? terms * pool.size(x) : pool.size(x));
      },
  ),
  ...[f.softmax, f.logSoftmax].map(
    (fn): Writer =>
      (pool, [a]) => {
        const x = pool.at(a);
        if (x.shape.length > 0 && x.shape[x.shape.length - 1] !== ROWS) pool.add(fn(x), 2 * pool.size(x) + 6);
      },
  ),
  ...[0, 1, 2].map(
    (activated): Writer =>
      (pool, [a, b, c]) => {
        const x = toMatrix(pool.at(a));
        const other = toMatrix(pool.at(b));
        const y = [other, f.transpose(other), f.transpose(x)].find(
          (candidate) => candidate.shape[0] === x.shape[1],
        );
        if (y === undefined) return;
        const size = sizeOf([x.shape[1]], pool.rows) * 16;
        const z = f.matmul(x, y);
        const row = pool.values.find((value) => value.shape.length === 1 && value.shape[0] === z.shape[1]);
        const biased = activated > 0 && row !== undefined ? f.add(z, row) : z;
        pool.add(
          activated > 1 ? f.relu(biased) : c % 2 === 0 ? biased : f.tanh(f.mul(biased, 0.125)),
          size + 4,
        );
      },
  ),

  // Leaves
  (pool, [a, b]) =>
    pool.add(f.randomUniform(pool.graph, [[ROWS, 3], [5], [2, ROWS], [ROWS, 1]][a % 4], b % 3), 1),
  (pool, [a]) => {
    // dropout
    const x = pool.at(a);
    pool.add(
      f.mul(f.mul(x, f.greaterEqual(f.randomUniform(pool.graph, x.shape, 7), 0.5)), 2),
      2 * pool.size(x),
    );
  },
  (pool) => pool.add(f.div(f.step(pool.graph), 16), 4),
  (pool, [a]) => pool.add(f.div(count(pool.at(a)), 1000), 1),
  (pool, [a]) => pool.add(f.constant(pool.graph, [0.5, -1, 0.1, 2].slice(0, 1 + (a % 4))), 2),
  (pool, [a, b]) => pool.add(f.constant(pool.graph, ((a % 7) - 3) / ((b % 5) + 1)), 3),
];
