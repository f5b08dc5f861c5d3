/** Reductions, operations along the last axis, and the matrix product. */
import { check } from "../../errors.js";
import { exp, log } from "../../numerics/special.js";
import * as f from "../functions.js";
import * as Opcode from "../opcodes/program.js";
import { ROWS, type Shape, showShape, sizeOf } from "../shape.js";
import type { Rows } from "./operation.js";

type Names = "sum" | "max" | "softmax" | "logSoftmax" | "matmul";

export const linearRows: Rows<Names> = {
  // every element counts once in its sum
  sum: {
    shape: reducedShape,
    gradient: ({ g, inputs: [x], attributes }) => [expand(g, x.shape, attributes)],
    reference: (context) => reduce(context, 0, (a, b) => a + b),
    lowering: { instruction: Opcode.Sum },
  },
  // the largest gets the gradient; equal ones share it
  max: {
    shape: reducedShape,
    gradient({ g, inputs: [x], output, attributes }) {
      const isMax = f.equal(x, expand(output, x.shape, attributes));
      const ties = reduceWith("sum", isMax, attributes);
      return [f.mul(isMax, expand(f.div(g, ties), x.shape, attributes))];
    },
    reference: (context) => reduce(context, Number.NEGATIVE_INFINITY, Math.max),
    lowering: { instruction: Opcode.Max },
  },
  // dx = y (g − Σ g y)
  softmax: {
    shape: alongLast,
    gradient: ({ g, output: y }) => [f.mul(y, f.sub(g, f.sum(f.mul(g, y), -1, true)))],
    reference: ({ inputs: [x], shape }) => softmax(x, shape[shape.length - 1], false),
    lowering: { instruction: Opcode.Softmax },
  },
  // dx = g − e^y Σ g
  logSoftmax: {
    shape: alongLast,
    gradient: ({ g, output: y }) => [f.sub(g, f.mul(f.exp(y), f.sum(g, -1, true)))],
    reference: ({ inputs: [x], shape }) => softmax(x, shape[shape.length - 1], true),
    lowering: { instruction: Opcode.Softmax },
  },
  // d(AB) = dA B + A dB, so gA = g Bᵀ and gB = Aᵀ g
  matmul: {
    shape([a, b]) {
      check(
        a.length === 2 && b.length === 2 && a[1] === b[0],
        () => `matmul needs [m, k] and [k, n], got ${showShape(a)} and ${showShape(b)}`,
        "invalid_shape",
      );
      return [a[0], b[1]];
    },
    gradient: ({ g, inputs: [a, b] }) => [f.matmul(g, f.transpose(b)), f.matmul(f.transpose(a), g)],
    reference({ inputs: [a, b], shapes: [[m, k], [, n]] }) {
      const c = new Float64Array(m * n);
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) {
          for (let j = 0; j < n; j++) c[i * n + j] += a[i * k + p] * b[p * n + j];
        }
      }
      return c;
    },
    lowering: { instruction: Opcode.Gemm },
  },
};

interface Axes {
  readonly axis: number;
  readonly count: number;
}

function reducedShape([x]: readonly Shape[], { axis, count }: Axes): Shape {
  check(
    Number.isInteger(axis) && Number.isInteger(count) && axis >= 0 && count >= 1 && axis + count <= x.length,
    () => `axes [${axis}, ${axis + count}) are outside ${showShape(x)}`,
    "invalid_shape",
  );
  return [...x.slice(0, axis), ...x.slice(axis + count)];
}

function alongLast([x]: readonly Shape[]): Shape {
  check(
    x.length >= 1 && x[x.length - 1] !== ROWS,
    () => `softmax runs along the last axis, which cannot be rows; got ${showShape(x)}`,
    "invalid_shape",
  );
  return x;
}

function reduceWith(op: "sum" | "max", x: f.Value, { axis, count }: Axes): f.Value {
  return f.apply(op, [x], { axis, count });
}

/** A reduced value, spread again over the axes that vanished. */
function expand(y: f.Value, shape: Shape, { axis, count }: Axes): f.Value {
  const kept = shape.map((dim, i) => (i >= axis && i < axis + count ? 1 : dim));
  return f.broadcastTo(f.reshape(y, kept), shape);
}

function reduce(
  context: {
    inputs: readonly Float64Array[];
    shapes: readonly (readonly number[])[];
    shape: readonly number[];
    attributes: Axes;
  },
  start: number,
  combine: (a: number, b: number) => number,
): Float64Array {
  const {
    inputs: [x],
    shapes: [from],
    shape,
    attributes: { axis, count },
  } = context;
  const inner = sizeOf(from.slice(axis + count));
  const length = sizeOf(from.slice(axis, axis + count));
  const result = new Float64Array(sizeOf(shape)).fill(start);
  for (let i = 0; i < x.length; i++) {
    const o = Math.floor(i / (inner * length)) * inner + (i % inner);
    result[o] = combine(result[o], x[i]);
  }
  return result;
}

function softmax(x: Float64Array, columns: number, logarithm: boolean): Float64Array {
  const result = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += columns) {
    const row = x.subarray(start, start + columns);
    const max = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, value) => sum + exp(value - max), 0);
    row.forEach((value, j) => {
      result[start + j] = logarithm ? value - max - log(total) : exp(value - max) / total;
    });
  }
  return result;
}
