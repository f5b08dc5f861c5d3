/**
 * Maxima and means, operations along the last axis, and the matrix product.
 *
 * @example
 * ```ts
 * const layer = (x: Value, w: Value, b: Value) => relu(add(matmul(x, w), b)); // [2, 3], [3, 1], [1] → [2, 1]
 * const run = createEngine().load(compile(layer, [2, 3], [3, 1], [1]));
 * run([[1, 2, 3], [4, 5, 6]], [[1], [0], [-1]], [3]); // [[1], [1]]
 * ```
 */
import { check } from "../../errors.js";
import * as special from "../../numerics/special.js";
import type { Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { extent, fixed, type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append, shapeOf } from "./append.js";
import broadcastRows, {
  expand,
  normalizeAxes,
  reducedShape,
  reduceOperands,
  reduceOver,
  reduceReference,
  sum,
} from "./broadcast.js";
import { add, div, equal, exp, expm1, mul, neg, sub } from "./elementwise.js";
import leafRows from "./leaves.js";
import { transpose } from "./moves.js";
import type { Rows, Word } from "./operation.js";

type Names = "max" | "softmax" | "logSoftmax" | "logSoftmaxSlope" | "matmul";

const rows: Rows<Names> = {
  // the largest gets the gradient; equal ones share it
  max: {
    shape: reducedShape,
    gradient({ g, inputs: [x], output, attributes }) {
      const isMax = equal(x, expand(output, x.shape, attributes));
      const ties = append("sum", broadcastRows.sum, [isMax], attributes);
      return [mul(isMax, expand(div(g, ties), x.shape, attributes))];
    },
    reference: (context) => reduceReference(context, Number.NEGATIVE_INFINITY, Math.max),
    lowering: { instruction: Opcode.Max, operands: reduceOperands },
  },
  // dx = y (g − Σ g y)
  softmax: {
    shape: alongLast,
    gradient: ({ g, output: y }) => [mul(y, sub(g, sum(mul(g, y), -1, true)))],
    reference: ({ inputs: [x], shape }) => softmaxReference(x, shape[shape.length - 1], false),
    lowering: { instruction: Opcode.Softmax, operands: ({ shape }) => softmaxOperands(shape, false) },
  },
  // dx = g − e^y Σ g
  logSoftmax: {
    shape: alongLast,
    gradient: ({ g, output: y }) => [logSoftmaxSlope(y, g)],
    reference: ({ inputs: [x], shape }) => softmaxReference(x, shape[shape.length - 1], true),
    lowering: { instruction: Opcode.Softmax, operands: ({ shape }) => softmaxOperands(shape, true) },
  },
  // s = g − e^y Σ g, as g (1 − e^y) − e^y (Σ g − g): if all of g is at one class, neither difference cancels.
  // ds = dg − e^y Σ dg − s' dy with s' = e^y Σ g, so a gradient h propagates as −h e^y Σ g and, in the same
  // way, h − Σ h e^y
  logSoftmaxSlope: {
    shape([y, g]) {
      check(
        showShape(y) === showShape(g),
        () =>
          `the operands of logSoftmaxSlope must have one shape; received ${showShape(y)} and ${showShape(g)}`,
        "invalid_shape",
      );
      return alongLast([y]);
    },
    gradient({ g: h, inputs: [y, g] }) {
      const chances = exp(y);
      const weighted = mul(h, chances);
      const others = sub(sum(weighted, -1, true), weighted);
      return [neg(mul(weighted, sum(g, -1, true))), neg(add(mul(h, expm1(y)), others))];
    },
    reference({ inputs: [y, g], shape }) {
      const columns = shape[shape.length - 1];
      return y.map((value, i) => {
        const start = i - (i % columns);
        const others = g.subarray(start, start + columns).reduce((total, x) => total + x, 0) - g[i];
        return -(g[i] * special.expm1(value) + special.exp(value) * others);
      });
    },
    lowering: {
      instruction: Opcode.LogSoftmaxSlope,
      operands: ({ shape }) => ({
        [Opcode.SlopeTarget]: "result",
        [Opcode.SlopeSource]: { input: 0 },
        [Opcode.SlopeGradient]: { input: 1 },
        [Opcode.SlopeRows]: extent(shape.slice(0, -1)),
        [Opcode.SlopeColumns]: extent(shape.slice(-1)),
      }),
    },
  },
  // d(AB) = dA B + A dB, so gA = g Bᵀ and gB = Aᵀ g
  matmul: {
    shape([a, b]) {
      const [batch, [m, k]] = [a.slice(0, -2), a.slice(-2)];
      const n = b[b.length - 1];
      check(
        a.length >= 2 && sameShape(b, [...batch, k, n]),
        () =>
          `the operands of matmul must be [..., m, k] and [..., k, n], alike in all axes before these; received ${showShape(a)} and ${showShape(b)}`,
        "invalid_shape",
      );
      return [...batch, m, n];
    },
    gradient: ({ g, inputs: [a, b] }) => [matmul(g, turned(b)), matmul(turned(a), g)],
    reference({ inputs: [a, b], shapes: [left], shape }) {
      const k = left[left.length - 1];
      const [m, n] = shape.slice(-2);
      const c = new Float64Array(sizeOf(shape));
      // rows of A and C of all products, one after the other
      for (let row = 0; row < c.length / n; row++) {
        const inB = Math.floor(row / m) * k * n;
        for (let p = 0; p < k; p++) {
          for (let j = 0; j < n; j++) c[row * n + j] += a[row * k + p] * b[inB + p * n + j];
        }
      }
      return c;
    },
    lowering: { instruction: Opcode.Gemm },
  },
};

export default rows;

function alongLast([x]: readonly Shape[]): Shape {
  check(
    x.length >= 1 && x[x.length - 1] > 0,
    () => `the operand of softmax must have a last axis that is not rows; received ${showShape(x)}`,
    "invalid_shape",
  );
  return x;
}

function softmaxOperands(shape: Shape, logarithm: boolean): Record<number, Word> {
  return {
    [Opcode.SoftmaxTarget]: "result",
    [Opcode.SoftmaxSource]: { input: 0 },
    [Opcode.SoftmaxRows]: extent(shape.slice(0, -1)),
    [Opcode.SoftmaxColumns]: extent(shape.slice(-1)),
    [Opcode.SoftmaxLogarithm]: fixed(logarithm ? 1 : 0),
  };
}

function softmaxReference(x: Float64Array, columns: number, logarithm: boolean): Float64Array {
  const result = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += columns) {
    const row = x.subarray(start, start + columns);
    const max = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    // the largest separately, so that the contribution of the others is not rounded off
    const ties = row.filter((value) => value - max === 0).length;
    const rest = row.reduce((sum, value) => sum + (value - max === 0 ? 0 : special.exp(value - max)), 0);
    row.forEach((value, j) => {
      const d = value - max;
      result[start + j] = logarithm ? d - special.log1p(ties - 1 + rest) : special.exp(d) / (ties + rest);
    });
  }
  return result;
}

/**
 * The largest over `axis` as in `sum`; equal largest elements share the gradient. See `maximum` for two
 * operands.
 */
export function max(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduceOver("max", rows.max, x, axis, keepDims);
}

/** The mean over `axis` as in `sum`, of as many rows as the batch has. */
export function mean(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  const axes = normalizeAxes(shapeOf(x), axis);
  const reduced = append("count", leafRows.count, [], { of: axes.map((i) => x.shape[i]) }, x.graph);
  return div(sum(x, axes, keepDims), reduced);
}

/** eˣ / Σ eˣ along the last axis, without overflow. */
export const softmax = (x: Value): Value => append("softmax", rows.softmax, [x], {});
/** log softmax(x) = x − log Σ eˣ along the last axis, without overflow. */
export const logSoftmax = (x: Value): Value => append("logSoftmax", rows.logSoftmax, [x], {});

/** The gradient of logSoftmax y if that of its result is g. Not for users. */
const logSoftmaxSlope = (y: Value, g: Value): Value =>
  append("logSoftmaxSlope", rows.logSoftmaxSlope, [y, g], {});

/** Matrices with rows and columns exchanged. */
function turned(x: Value): Value {
  const last = x.shape.length - 1;
  return transpose(
    x,
    x.shape.map((_, axis) => (axis < last - 1 ? axis : 2 * last - 1 - axis)),
  );
}

/** The matrix product, [m, k] · [k, n] → [m, n]; of many, [..., m, k] · [..., k, n] → [..., m, n]. */
export const matmul = (a: Value, b: Value): Value => append("matmul", rows.matmul, [a, b], {});
/** The scalar xᵀy of two vectors [n], or Σ xy of any two values that broadcast. */
export const dot = (x: Value, y: Value): Value => sum(mul(x, y));
