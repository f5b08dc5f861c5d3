/** Reductions, softmax and the matrix product: where each is smooth, and its rounding errors. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { apply } from "../../graph/operations/table.js";
import { sizeOf } from "../../graph/shape.js";
import * as special from "../../numerics/special.js";
import { anyDistinct, anyShape } from "../arbitraries/tensors.js";
import { cases, type OperationCase, ofShape, unary } from "./case.js";
import type { FactsOf } from "./facts.js";
import { FLOAT64, gamma, magnitudes, moved, type RuleContext, rounded, summed, times } from "./rounding.js";
import { same, toMatrix, type Writer, writeAlongLast, writeReduction } from "./writers.js";

const anyVector = fc.integer({ min: 1, max: 4 });

/** The largest over some axes, without ties. */
const largest: fc.Arbitrary<OperationCase> = anyShape({ minRank: 1 }).chain((shape) =>
  fc
    .record({ x: anyDistinct(shape), axes: fc.subarray(shape.map((_, i) => i)) })
    .map(({ x, axes }): OperationCase => ({ fn: (value) => f.max(value, axes), args: [x] })),
);

/** Three dimensions. */
const matrices = fc.tuple(anyVector, anyVector, anyVector);

export const linearFacts: FactsOf<"sum" | "max" | "softmax" | "logSoftmax" | "logSoftmaxSlope" | "matmul"> = {
  sum: {
    cases: ofShape(
      (shape) => fc.subarray([...shape.keys()]).map((axes) => (x) => f.sum(x, axes)),
      anyShape({ minRank: 1 }),
    ),
    // float64 inside, rounded once
    bound(context) {
      const { inputs, value, precision } = context;
      const { spread, sizes } = summed("sum", context);
      const terms = inputs[0].length / value.length;
      return value.map((y, i) =>
        rounded(precision, 0.5, y, spread[i] + 2 * gamma(terms, FLOAT64) * sizes[i]),
      );
    },
    writers: [writeReduction(f.sum, (m, terms) => terms * m)],
  },
  max: { cases: largest, bound: moved("max"), writers: [writeReduction(f.max, same)] },
  softmax: {
    cases: unary((x) => f.softmax(last(x))),
    bound: (context) => softmaxErrors(context, false),
    writers: [writeAlongLast(f.softmax)],
  },
  logSoftmax: {
    cases: unary((x) => f.logSoftmax(last(x))),
    bound: (context) => softmaxErrors(context, true),
    writers: [writeAlongLast(f.logSoftmax)],
  },
  logSoftmaxSlope: {
    cases: cases(
      anyShape({ minRank: 1 }).map((shape) => [shape, shape]),
      () => fc.constant(slope),
    ),
    bound: slopeErrors,
    // of two dependent numbers, since both must have the same shape
    writers: [
      (pool, [a, b]) => {
        const g = pool.at(a);
        const columns = g.shape.at(-1) ?? -1;
        if (columns < 0) return;
        const y = b % 2 === 0 ? f.logSoftmax(g) : f.neg(f.abs(g));
        pool.add(slope(y, g), (columns + 2) * pool.size(g));
      },
    ],
  },
  matmul: {
    cases: cases(
      fc.tuple(anyShape({ maxRank: 2, maxSize: 2 }), matrices).map(([batch, [m, k, n]]) => [
        [...batch, m, k],
        [...batch, k, n],
      ]),
      () => fc.constant(f.matmul),
    ),
    bound({ inputs: [a, b], errors: [ea, eb], shapes: [left], shape, value, precision }) {
      const k = left[left.length - 1];
      const [m, n] = shape.slice(-2);
      const roundings = Math.min(k, 256) + Math.ceil(k / 256) + 1;
      return value.map((_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        const inB = Math.floor(i / m) * k * n + j;
        let [spread, size] = [0, 0];
        for (let p = 0; p < k; p++) {
          const [inA, q] = [i * k + p, inB + p * n];
          const [x, y, ex, ey] = [a[inA], b[q], ea[inA], eb[q]];
          spread += times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex);
          size += Math.abs(x * y);
        }
        return spread + (gamma(roundings, precision) + 2 ** -40) * (size + spread) + k * precision.least;
      });
    },
    writers: [
      // of matrices and their own transposes, with axes in some order
      (pool, [a, b, c]) => {
        const x = pool.at(a);
        const last = x.shape.length - 1;
        if (last < 2) return;
        const axes = x.shape.map((_, axis) => axis);
        const y = f.transpose(x, [...axes.slice(b % last), ...axes.slice(0, b % last)]);
        const z = f.transpose(y, [...axes.slice(0, -2), last, last - 1]);
        const [left, right] = c % 2 === 0 ? [y, z] : [z, y];
        pool.add(f.matmul(left, right), sizeOf([left.shape[last]], pool.rows) * pool.size(x) ** 2);
      },
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
            const row = pool.values.find(
              (value) => value.shape.length === 1 && value.shape[0] === z.shape[1],
            );
            const biased = activated > 0 && row !== undefined ? f.add(z, row) : z;
            pool.add(
              activated > 1 ? f.relu(biased) : c % 2 === 0 ? biased : f.tanh(f.mul(biased, 0.125)),
              size + 4,
            );
          },
      ),
    ],
  },
};

function slope(y: Value, g: Value): Value {
  return apply("logSoftmaxSlope", [y, g], {});
}

/** At least one axis. */
function last(x: Value): Value {
  return x.shape.length === 0 ? f.reshape(x, [1]) : x;
}

/**
 * An error of at most m in each entry of a row moves log-softmax by at most 2m; then the kernel's own bound.
 */
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

/** The errors of e^y, e^y − 1, Σ g and Σ g − g, then of two products and their sum. */
function slopeErrors({
  inputs: [y, g],
  errors: [ey, eg],
  shape,
  value,
  precision,
}: RuleContext<"logSoftmaxSlope">): Float64Array {
  const columns = shape[shape.length - 1];
  const product = (a: number, ea: number, b: number, eb: number): number =>
    rounded(precision, 0.5, a * b, times(Math.abs(a), eb) + times(Math.abs(b) + eb, ea));
  return value.map((s, i) => {
    const start = i - (i % columns);
    const [row, errors] = [g, eg].map((of) => of.subarray(start, start + columns));
    const total = row.reduce((sum, x) => sum + x, 0);
    const spread = errors.reduce((sum, e) => sum + e, 0);
    const sizes = magnitudes(row, errors).reduce((sum, size) => sum + size, 0);
    const eTotal = rounded(precision, 0.5, total, spread + 2 * gamma(columns, FLOAT64) * sizes);
    const eRest = rounded(precision, 0.5, total - g[i], eTotal + eg[i]);
    const power = special.exp(y[i]);
    const moved = times(power, special.expm1(ey[i]));
    const less = product(g[i], eg[i], special.expm1(y[i]), rounded(precision, 2, special.expm1(y[i]), moved));
    const more = product(power, rounded(precision, 1, power, moved), total - g[i], eRest);
    return rounded(precision, 0.5, s, less + more);
  });
}
