/**
 * Random uses of every operation of the table, each on its own domain: smooth within the reach of `checkGradients`, and
 * exact in float32. `operation.ts` judges them.
 */

import fc from "fast-check";
import type { ArrayInput } from "../../engine/arrays.js";
import * as f from "../../graph/functions.js";
import type { OperationName, Value } from "../../graph/graph.js";
import { apply } from "../../graph/operations/index.js";
import { sizeOf } from "../../graph/shape.js";
import type { TensorFunction } from "../gradients.js";
import { anyBroadcast, anyDistinct, anyShape, anyTensor, numbers } from "./tensors.js";

/** A function of values, and where to try it. */
export interface OperationCase {
  readonly fn: TensorFunction;
  readonly args: readonly ArrayInput[];
}

const { real, positive, nonZero, coarse, between } = numbers;
/** Away from whole numbers. */
const fractional = real.map((x) => Math.floor(x) + 0.25 + (x - Math.floor(x)) / 2);
const anyVector = fc.integer({ min: 1, max: 4 });

/** One function over operands of shapes that may be drawn together. */
function cases(
  shapes: fc.Arbitrary<readonly (readonly number[])[]>,
  fn: (shapes: readonly (readonly number[])[]) => fc.Arbitrary<TensorFunction>,
  ...numbers: readonly fc.Arbitrary<number>[]
): fc.Arbitrary<OperationCase> {
  return shapes.chain((drawn) =>
    fc.record({
      fn: fn(drawn),
      args: fc.tuple(...drawn.map((shape, i) => anyTensor(shape, numbers[i] ?? real))),
    }),
  );
}

const unary = (fn: (x: Value) => Value, number = real): fc.Arbitrary<OperationCase> =>
  cases(
    anyShape().map((shape) => [shape]),
    () => fc.constant(fn),
    number,
  );

const binary = (fn: (x: Value, y: Value) => Value, x = real, y = real): fc.Arbitrary<OperationCase> =>
  cases(anyBroadcast(), () => fc.constant(fn), x, y);

/** An axis and how many, of a shape that has some. */
const reduction = (
  fn: (x: Value, axes: number[]) => Value,
  number?: fc.Arbitrary<number>,
): fc.Arbitrary<OperationCase> =>
  cases(
    anyShape({ minRank: 1 }).map((shape) => [shape]),
    ([shape]) =>
      fc.subarray(shape.map((_, i) => i)).map(
        (axes): TensorFunction =>
          (x) =>
            fn(x, axes),
      ),
    ...(number ? [number] : []),
  );

/** The largest over some axes, without ties. */
const largest: fc.Arbitrary<OperationCase> = anyShape({ minRank: 1 }).chain((shape) =>
  fc
    .record({ x: anyDistinct(shape), axes: fc.subarray(shape.map((_, i) => i)) })
    .map(({ x, axes }): OperationCase => ({ fn: (value) => f.max(value, axes), args: [x] })),
);

/** Ids halfway between two row numbers, since a row number itself is where truncation jumps. */
const id: fc.Arbitrary<number> = fc.integer({ min: -1, max: 3 }).map((n) => n + 0.5);

const matrices = fc.tuple(anyVector, anyVector, anyVector);

/**
 * For each operation, uses of it with arguments around which it is smooth; undefined for leaves, which compute nothing
 * from arguments.
 */
export const operationCases: { readonly [K in OperationName]: fc.Arbitrary<OperationCase> | undefined } = {
  input: undefined,
  constant: undefined,
  count: undefined,
  randomUniform: undefined,
  step: undefined,
  copy: unary((x) => apply("copy", [x], {})),
  neg: unary(f.neg),
  abs: unary(f.abs, nonZero),
  sign: unary(f.sign, nonZero),
  floor: unary(f.floor, fractional),
  sqrt: unary(f.sqrt, positive),
  exp: unary(f.exp),
  expm1: unary(f.expm1),
  log: unary(f.log, positive),
  log1p: unary(f.log1p, positive),
  sin: unary(f.sin),
  cos: unary(f.cos),
  tanh: unary(f.tanh),
  sigmoid: unary(f.sigmoid),
  softplus: unary(f.softplus),
  erf: unary(f.erf),
  relu: unary(f.relu, nonZero),
  flush: unary(f.flush),
  add: binary(f.add),
  sub: binary(f.sub),
  mul: binary(f.mul),
  div: binary(f.div, real, positive),
  pow: fc.oneof(
    binary(f.pow, positive, real),
    // an integer exponent allows negative bases
    fc.constantFrom(-1, 2, 3).chain((n) =>
      unary(
        (x) => f.pow(x, n),
        positive.map((x) => -x),
      ),
    ),
  ),
  maximum: binary(f.maximum, coarse, between),
  minimum: binary(f.minimum, coarse, between),
  greater: binary(f.greater, coarse, between),
  greaterEqual: binary(f.greaterEqual, coarse, between),
  equal: binary(f.equal, coarse, between),
  select: fc
    .tuple(fc.boolean(), anyBroadcast())
    .chain(([first, shapes]) =>
      cases(
        fc.constant(shapes),
        () => fc.constant((x, y) => f.select(f.greater(first ? x : y, 0), x, f.mul(y, x))),
        nonZero,
        nonZero,
      ),
    ),
  stopGradient: unary((x) => f.mul(f.stopGradient(f.constant(x.graph, 3)), x)),
  broadcast: anyBroadcast().chain(([shape]) =>
    cases(fc.constant([shape]), () =>
      fc.constant((x) => f.broadcastTo(x, [2, ...shape.map((dim) => (dim === 1 ? 3 : dim))])),
    ),
  ),
  reshape: cases(
    anyShape().map((shape) => [shape]),
    ([shape]) =>
      fc.constantFrom<TensorFunction>(
        (x) => f.reshape(x, [...shape].reverse()),
        (x) => f.reshape(x, [1, sizeOf(shape)]),
      ),
  ),
  transpose: cases(
    fc
      .oneof(
        anyShape(),
        fc.tuple(anyVector, anyVector, anyVector),
        fc.tuple(anyVector, anyVector, anyVector, fc.constant(2)),
      )
      .map((shape) => [shape]),
    ([shape]) => {
      const axes = shape.map((_, i) => i);
      return fc.shuffledSubarray(axes, { minLength: axes.length }).map(
        (permutation): TensorFunction =>
          (x) =>
            f.transpose(x, permutation),
      );
    },
  ),
  slice: cases(
    anyShape().map((shape) => [shape]),
    ([shape]) =>
      fc.tuple(...shape.map((dim) => fc.integer({ min: 0, max: dim - 1 }))).chain((begin) =>
        fc.tuple(...shape.map((dim, i) => fc.integer({ min: 1, max: dim - begin[i] }))).map(
          (size): TensorFunction =>
            (x) =>
              f.slice(x, begin, size),
        ),
      ),
  ),
  pad: cases(
    anyShape().map((shape) => [shape]),
    ([shape]) =>
      fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2)))).map(
        (ends): TensorFunction =>
          (x) =>
            f.pad(
              x,
              ends.map(([b]) => b),
              ends.map(([, a]) => a),
            ),
      ),
  ),
  concat: anyShape({ minRank: 1 })
    .chain((shape) =>
      fc.record({ axis: fc.nat(shape.length - 1), other: anyVector, shape: fc.constant(shape) }),
    )
    .chain(({ axis, other, shape }) =>
      cases(
        fc.constant([shape, shape.map((dim, i) => (i === axis ? other : dim))]),
        // the first occurs twice, so that its gradients add up
        () => fc.constant((x, y) => f.concat([x, y, x], axis)),
      ),
    ),
  takeRows: cases(
    matrices.map(([rows, columns, count]) => [[rows, columns], [count]]),
    // an id outside would be NaN
    ([[rows]]) => fc.constant((table, ids) => f.takeRows(table, f.maximum(f.minimum(ids, rows - 0.5), 0.5))),
    real,
    fc.nat(3).map((n) => n + 0.25),
  ),
  scatterRows: cases(
    matrices.map(([, columns, count]) => [[count, columns], [count]]),
    () => fc.constant((x, ids) => f.scatterRows(x, ids, 3)),
    real,
    id,
  ),
  sum: reduction((x, axes) => f.sum(x, axes)),
  max: largest,
  softmax: unary((x) => f.softmax(last(x))),
  logSoftmax: unary((x) => f.logSoftmax(last(x))),
  matmul: cases(
    matrices.map(([m, k, n]) => [
      [m, k],
      [k, n],
    ]),
    () => fc.constant(f.matmul),
  ),
};

/** At least one axis. */
function last(x: Value): Value {
  return x.shape.length === 0 ? f.reshape(x, [1]) : x;
}
