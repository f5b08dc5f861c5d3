/** Every row of the table of operations against finite differences, each on its own domain. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArrayInput } from "../../src/engine/arrays.js";
import * as f from "../../src/graph/functions.js";
import type { OperationName, Value } from "../../src/graph/graph.js";
import { operations } from "../../src/graph/operations/index.js";
import { sizeOf } from "../../src/graph/shape.js";
import { checkGradients, type TensorFunction } from "../../src/testing/gradients.js";

/** Differences reach 1/64 from a point; kinks stay twice as far away. */
const MARGIN = 1 / 32;

interface Case {
  readonly fn: TensorFunction;
  readonly args: readonly ArrayInput[];
}

type Numbers = fc.Arbitrary<number>;

const real: Numbers = fc.integer({ min: -2048, max: 2048 }).map((n) => n / 1024);
const positive: Numbers = fc.integer({ min: 512, max: 3072 }).map((n) => n / 1024);
/** Away from 0. */
const kinked: Numbers = real.map((x) => (Math.abs(x) < MARGIN ? x + Math.sign(x || 1) * MARGIN : x));
/** Away from whole numbers. */
const fractional: Numbers = real.map((x) => Math.floor(x) + 0.25 + (x - Math.floor(x)) / 2);
const anyShape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
const anyVector = fc.integer({ min: 1, max: 4 });

/** Nested arrays of `shape` of numbers, which shrink number by number. */
function tensor(shape: readonly number[], number: Numbers): fc.Arbitrary<ArrayInput> {
  const size = sizeOf(shape);
  return fc.array(number, { minLength: size, maxLength: size }).map((flat) => nest(flat, shape));
}

function nest(flat: readonly number[], shape: readonly number[]): ArrayInput {
  if (shape.length === 0) return flat[0];
  const each = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) =>
    nest(flat.slice(i * each, (i + 1) * each), shape.slice(1)),
  );
}

/** One function over operands of shapes that may be drawn together. */
function cases(
  shapes: fc.Arbitrary<readonly (readonly number[])[]>,
  fn: (shapes: readonly (readonly number[])[]) => fc.Arbitrary<TensorFunction>,
  ...numbers: readonly Numbers[]
): fc.Arbitrary<Case> {
  return shapes.chain((drawn) =>
    fc.record({
      fn: fn(drawn),
      args: fc.tuple(...drawn.map((shape, i) => tensor(shape, numbers[i] ?? real))),
    }),
  );
}

const unary = (fn: (x: Value) => Value, number = real): fc.Arbitrary<Case> =>
  cases(
    anyShape.map((shape) => [shape]),
    () => fc.constant(fn),
    number,
  );

/** Two shapes that broadcast to each other: axes of one are left out or 1. */
const twoShapes = anyShape.chain((shape) =>
  fc
    .tuple(
      ...[0, 1].map(() =>
        fc.tuple(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat(shape.length)),
      ),
    )
    .map((thinned) => thinned.map(([ones, drop]) => shape.slice(drop).map((dim, i) => (ones[i] ? 1 : dim)))),
);

const binary = (fn: (x: Value, y: Value) => Value, x = real, y = real): fc.Arbitrary<Case> =>
  cases(twoShapes, () => fc.constant(fn), x, y);

/** Of two numbers, neither near the other: multiples of 1/8 against odd multiples of 1/16. */
const coarse: Numbers = fc.integer({ min: -16, max: 16 }).map((n) => n / 8);
const between: Numbers = coarse.map((x) => x + 1 / 16);

/** An axis and how many, of a shape that has some. */
const reduction = (fn: (x: Value, axes: number[]) => Value, number?: Numbers): fc.Arbitrary<Case> =>
  cases(
    anyShape.filter((shape) => shape.length > 0).map((shape) => [shape]),
    ([shape]) =>
      fc.subarray(shape.map((_, i) => i)).map(
        (axes): TensorFunction =>
          (x) =>
            fn(x, axes),
      ),
    ...(number ? [number] : []),
  );

/** All numbers of an array further than twice `MARGIN` from each other. */
const distinct: fc.Arbitrary<Case> = anyShape
  .filter((shape) => shape.length > 0)
  .chain((shape) => {
    const ranks = Array.from({ length: sizeOf(shape) }, (_, i) => i);
    return fc
      .record({
        order: fc.shuffledSubarray(ranks, { minLength: ranks.length }),
        axes: fc.subarray(shape.map((_, i) => i)),
      })
      .map(
        ({ order, axes }): Case => ({
          fn: (x) => f.max(x, axes),
          args: [
            nest(
              order.map((rank) => rank / 8 - 1),
              shape,
            ),
          ],
        }),
      );
  });

/** Ids halfway between two row numbers, since a row number itself is where truncation jumps. */
const id: Numbers = fc.integer({ min: -1, max: 3 }).map((n) => n + 0.5);

const matrices = fc.tuple(anyVector, anyVector, anyVector);

const domains: { readonly [K in OperationName]: fc.Arbitrary<Case> | "leaf" } = {
  input: "leaf",
  constant: "leaf",
  count: "leaf",
  random: "leaf",
  step: "leaf",
  copy: unary((x) => f.apply("copy", [x], {})),
  neg: unary(f.neg),
  abs: unary(f.abs, kinked),
  sign: unary(f.sign, kinked),
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
  relu: unary(f.relu, kinked),
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
    .tuple(fc.boolean(), twoShapes)
    .chain(([first, shapes]) =>
      cases(
        fc.constant(shapes),
        () => fc.constant((x, y) => f.select(f.greater(first ? x : y, 0), x, f.mul(y, x))),
        kinked,
        kinked,
      ),
    ),
  stopGradient: unary((x) => f.mul(f.stopGradient(f.constant(x.graph, 3)), x)),
  broadcast: twoShapes.chain(([shape]) =>
    cases(fc.constant([shape]), () =>
      fc.constant((x) => f.broadcastTo(x, [2, ...shape.map((dim) => (dim === 1 ? 3 : dim))])),
    ),
  ),
  reshape: cases(
    anyShape.map((shape) => [shape]),
    ([shape]) =>
      fc.constantFrom<TensorFunction>(
        (x) => f.reshape(x, [...shape].reverse()),
        (x) => f.reshape(x, [1, sizeOf(shape)]),
      ),
  ),
  transpose: cases(
    fc
      .oneof(
        anyShape,
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
    anyShape.map((shape) => [shape]),
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
    anyShape.map((shape) => [shape]),
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
  concat: anyShape
    .filter((shape) => shape.length > 0)
    .chain((shape) =>
      fc.record({ axis: fc.nat(shape.length - 1), other: anyVector, shape: fc.constant(shape) }),
    )
    .chain(({ axis, other, shape }) =>
      cases(
        fc.constant([shape, shape.map((dim, i) => (i === axis ? other : dim))]),
        // the first stands twice, so that its gradients meet
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
  max: distinct,
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

describe("gradients of operations agree with central differences to 1e-6, twice", () => {
  it.each(Object.keys(operations) as OperationName[])("%s", (name) => {
    const domain = domains[name];
    expect(domain, `"${name}" has no domain in this test`).toBeDefined();
    if (domain === "leaf") {
      expect(operations[name].lowering).not.toHaveProperty("elementwise");
      return;
    }
    fc.assert(
      fc.property(domain, ({ fn, args }) => checkGradients(fn, args, { name })),
      { numRuns: 60 },
    );
  });
});
