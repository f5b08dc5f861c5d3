/** Leaves, moves, reductions and products: where each is smooth, and how far rounding may take it. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { ElementwiseName, OperationName, Value } from "../../graph/graph.js";
import { operations } from "../../graph/operations/index.js";
import { sizeOf } from "../../graph/shape.js";
import * as special from "../../numerics/special.js";
import { anyBroadcast, anyDistinct, anyShape, numbers } from "../arbitraries/tensors.js";
import type { TensorFunction } from "../gradients.js";
import { cases, type OperationCase, unary } from "./case.js";
import type { FactsOf } from "./facts.js";
import { exact, FLOAT64, gamma, magnitudes, moved, type RuleContext, rounded, times } from "./rounding.js";

const { real } = numbers;
const anyVector = fc.integer({ min: 1, max: 4 });

/** A reduction over some axes of a shape of at least one. */
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

/** Ids halfway between two row numbers, since truncation jumps at a row number. */
const id: fc.Arbitrary<number> = fc.integer({ min: -1, max: 3 }).map((n) => n + 0.5);

const matrices = fc.tuple(anyVector, anyVector, anyVector);

export const structuralFacts: FactsOf<Exclude<OperationName, ElementwiseName>> = {
  input: { cases: undefined, bound: ({ attributes, errorOf }) => errorOf(attributes.name) },
  constant: {
    cases: undefined,
    bound: ({ value, precision }) =>
      value.map((x) => (precision.round(x) === x ? 0 : Math.abs(precision.round(x) - x))),
  },
  count: { cases: undefined, bound: exact },
  randomUniform: { cases: undefined, bound: exact },
  step: { cases: undefined, bound: exact },
  stopGradient: {
    cases: unary((x) => f.mul(f.stopGradient(f.constant(x.graph, 3)), x)),
    bound: moved("stopGradient"),
  },
  broadcast: {
    cases: anyBroadcast().chain(([shape]) =>
      cases(fc.constant([shape]), () =>
        fc.constant((x) => f.broadcastTo(x, [2, ...shape.map((dim) => (dim === 1 ? 3 : dim))])),
      ),
    ),
    bound: moved("broadcast"),
  },
  reshape: {
    cases: cases(
      anyShape().map((shape) => [shape]),
      ([shape]) =>
        fc.constantFrom<TensorFunction>(
          (x) => f.reshape(x, [...shape].reverse()),
          (x) => f.reshape(x, [1, sizeOf(shape)]),
        ),
    ),
    bound: moved("reshape"),
  },
  transpose: {
    cases: cases(
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
    bound: moved("transpose"),
  },
  slice: {
    cases: cases(
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
    bound: moved("slice"),
  },
  pad: {
    cases: cases(
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
    bound: moved("pad"),
  },
  concat: {
    cases: anyShape({ minRank: 1 })
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
    bound: moved("concat"),
  },
  takeRows: {
    cases: cases(
      matrices.map(([rows, columns, count]) => [[rows, columns], [count]]),
      // an id outside the table would give NaN
      ([[rows]]) =>
        fc.constant((table, ids) => f.takeRows(table, f.maximum(f.minimum(ids, rows - 0.5), 0.5))),
      real,
      fc.nat(3).map((n) => n + 0.25),
    ),
    bound({ inputs: [table, ids], errors: [e, eIds], shapes: [[, columns]], value }) {
      return value.map((z, k) => {
        const [i, j] = [Math.floor(k / columns), k % columns];
        let worst = 0;
        for (const row of rowsAround(ids[i], eIds[i])) {
          const at = row * columns + j;
          worst = Math.max(worst, Math.abs(table[at] - z) + e[at]);
        }
        return worst;
      });
    },
  },
  scatterRows: {
    cases: cases(
      matrices.map(([, columns, count]) => [[count, columns], [count]]),
      () => fc.constant((x, ids) => f.scatterRows(x, ids, 3)),
      real,
      id,
    ),
    bound({ inputs: [x, ids], errors: [e, eIds], shapes: [[, columns]], value, precision }) {
      const result = new Float64Array(value.length);
      const sums = new Float64Array(value.length);
      ids.forEach((id, i) => {
        const rows = rowsAround(id, eIds[i]);
        for (const row of rows) {
          for (let j = 0; j < columns; j++) {
            const at = row * columns + j;
            if (at < 0 || at >= result.length) continue;
            const size = Math.abs(x[i * columns + j]) + e[i * columns + j];
            result[at] += rows.length > 1 ? size : e[i * columns + j];
            sums[at] += size;
          }
        }
      });
      return result.map((spread, at) => spread + gamma(ids.length, precision) * sums[at]);
    },
  },
  sum: {
    cases: reduction((x, axes) => f.sum(x, axes)),
    // computed in float64 and rounded once
    bound(context) {
      const {
        inputs: [x],
        errors: [e],
        value,
        precision,
      } = context;
      const spread = operations.sum.reference({ ...context, inputs: [e] });
      const sizes = operations.sum.reference({ ...context, inputs: [magnitudes(x, e)] });
      const terms = x.length / value.length;
      return value.map((y, i) =>
        rounded(precision, 0.5, y, spread[i] + 2 * gamma(terms, FLOAT64) * sizes[i]),
      );
    },
  },
  max: { cases: largest, bound: moved("max") },
  softmax: { cases: unary((x) => f.softmax(last(x))), bound: (context) => softmaxErrors(context, false) },
  logSoftmax: {
    cases: unary((x) => f.logSoftmax(last(x))),
    bound: (context) => softmaxErrors(context, true),
  },
  matmul: {
    cases: cases(
      matrices.map(([m, k, n]) => [
        [m, k],
        [k, n],
      ]),
      () => fc.constant(f.matmul),
    ),
    bound({ inputs: [a, b], errors: [ea, eb], shapes: [[, k], [, n]], value, precision }) {
      const roundings = Math.min(k, 256) + Math.ceil(k / 256) + 1;
      return value.map((_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        let [spread, size] = [0, 0];
        for (let p = 0; p < k; p++) {
          const [x, y, ex, ey] = [a[i * k + p], b[p * n + j], ea[i * k + p], eb[p * n + j]];
          spread += times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex);
          size += Math.abs(x * y);
        }
        return spread + (gamma(roundings, precision) + 2 ** -40) * (size + spread) + k * precision.least;
      });
    },
  },
};

/** `x` with at least one axis. */
function last(x: Value): Value {
  return x.shape.length === 0 ? f.reshape(x, [1]) : x;
}

/** Every row that an uncertain id may refer to. */
function rowsAround(id: number, error: number): number[] {
  const [first, last] = [Math.trunc(id - error), Math.trunc(id + error)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** An error of at most m in each entry of a row moves log-softmax by at most 2m; the kernel's own bound is added. */
function softmaxErrors(
  {
    inputs: [x],
    errors: [e],
    shape,
    value,
    precision: { unit, least },
  }: RuleContext<"softmax" | "logSoftmax">,
  logarithm: boolean,
): Float64Array {
  const columns = shape[shape.length - 1];
  const entropy = special.log(columns);
  return value.map((y, i) => {
    const start = i - (i % columns);
    const row = x.subarray(start, start + columns);
    const m = e.subarray(start, start + columns).reduce((a, b) => Math.max(a, b));
    const d = row.reduce((a, b) => Math.max(a, b)) - x[i] + 2 * m;
    if (m === Number.POSITIVE_INFINITY) return m;
    if (logarithm) {
      return 2 * m + 1.001 * unit * (d + Math.abs(y) + 2 * m + 3 * entropy + 4) + columns * 2 ** -51;
    }
    const spread = y * special.expm1(2 * m);
    return spread + (1.001 * unit * (d + entropy + 8) + 2 ** -49) * (y + spread) + 2 * least;
  });
}
