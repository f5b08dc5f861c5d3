/**
 * Broadcasting, and its adjoint: sums. The gradient of each is written with the others. Sums and maxima share
 * the rules for axes.
 *
 * @example
 * ```ts
 * const repeated = compile((x: Value) => broadcastTo(x, [2, 3]), [3]);
 * createEngine().load(repeated)([1, 2, 3]); // [[1, 2, 3], [1, 2, 3]]
 * ```
 */
import { check, mustBeList, show } from "../../errors.js";
import type { AttributesOf, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { broadcastShapes, checkShape, extent, type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append, type Operand, shapeOf } from "./append.js";
import { lift } from "./leaves.js";
import type { OperandsContext, Operation, ReferenceContext, Rows, Word } from "./operation.js";
import { copyStrided, stridesOf } from "./strided.js";

type Names = "broadcast" | "reshape" | "sum";

const rows: Rows<Names> = {
  broadcast: {
    shape([x], { shape }) {
      checkShape(shape, "broadcast");
      check(
        sameShape(broadcastShapes(x, shape), shape),
        () => `${showShape(x)} does not broadcast to ${showShape(shape)}`,
        "invalid_shape",
      );
      return shape;
    },
    // each element was read many times, so its gradients add up
    gradient: ({ g, inputs: [x] }) => [sumTo(g, x.shape)],
    reference({ inputs: [x], shapes: [from], shape }) {
      const own = stridesOf(from);
      const missing = shape.length - from.length;
      const strides = shape.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : own[i - missing]));
      return copyStrided(x, strides, new Float64Array(sizeOf(shape)), stridesOf(shape), shape);
    },
    lowering: { view: true },
  },

  reshape: {
    shape([x], { shape }) {
      checkShape(shape, "reshape");
      const [a, b] = [extent(x), extent(shape)];
      check(
        a.scale === b.scale && a.power === b.power,
        () =>
          `the shape of reshape must have as many elements as ${showShape(x)}; received ${showShape(shape)}`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: ({ g, inputs: [x] }) => [reshape(g, x.shape)],
    reference: ({ inputs: [x] }) => x,
    lowering: { view: true },
  },

  // every element counts once in its sum
  sum: {
    shape: reducedShape,
    gradient: ({ g, inputs: [x], attributes }) => [expand(g, x.shape, attributes)],
    reference: (context) => reduceReference(context, 0, (a, b) => a + b),
    lowering: { instruction: Opcode.Sum, operands: reduceOperands },
  },
};

export default rows;

/** x broadcast to `shape`. Elementwise functions broadcast their operands themselves. */
export function broadcastTo(x: Value, shape: Shape): Value {
  return isAlready(x, shape) ? x : append("broadcast", rows.broadcast, [x], { shape });
}

/** The same elements in row-major order, in another shape of the same size. */
export function reshape(x: Value, shape: Shape): Value {
  return isAlready(x, shape) ? x : append("reshape", rows.reshape, [x], { shape });
}

/** Whether a value has a shape; the operation refuses invalid shapes. */
const isAlready = (x: Value, shape: Shape): boolean => Array.isArray(shape) && sameShape(shapeOf(x), shape);

/** A scalar broadcast to the shape of `x`. */
export function fullLike(x: Value, value: Operand): Value {
  const shape = shapeOf(x);
  return broadcastTo(lift(value, x.graph), shape);
}

/** Zeros of the shape of `x`. */
export function zerosLike(x: Value): Value {
  return fullLike(x, 0);
}

/**
 * The sum over `axis`: one axis or several, negative ones count from the end; default: all. They are removed
 * from the shape, or stay as 1 with `keepDims`.
 *
 * @example
 * ```ts
 * const sums = compile((x: Value) => [sum(x), sum(x, 0), sum(x, -1, true)], [2, 3]);
 * createEngine().load(sums)([[1, 2, 3], [4, 5, 6]]); // [21, [5, 7, 9], [[6], [15]]]
 * ```
 */
export function sum(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduceOver("sum", rows.sum, x, axis, keepDims);
}

/** The adjoint of a broadcast from `shape` to the shape of `x`: sums over the axes that it repeated. */
export function sumTo(x: Value, shape: Shape): Value {
  const extra = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, i) => i)
    .filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(sum(x, axes), shape);
}

/** A reduced value, broadcast over the removed axes. */
export function expand(y: Value, shape: Shape, { axis, count }: Axes): Value {
  const kept = shape.map((dim, i) => (i >= axis && i < axis + count ? 1 : dim));
  return broadcastTo(reshape(y, kept), shape);
}

/** Axes [axis, axis + count). */
type Axes = AttributesOf["sum"];

/** The shape without the removed axes. */
export function reducedShape([x]: readonly Shape[], { axis, count }: Axes): Shape {
  check(
    Number.isInteger(axis) && Number.isInteger(count) && axis >= 0 && count >= 1 && axis + count <= x.length,
    () => `a reduction must be over axes of ${showShape(x)}; received axes [${axis}, ${axis + count})`,
    "invalid_shape",
  );
  return [...x.slice(0, axis), ...x.slice(axis + count)];
}

/** The operands of the instructions that reduce. */
export function reduceOperands({
  shapes: [x],
  attributes: { axis, count },
}: OperandsContext<"sum" | "max">): Record<number, Word> {
  return {
    [Opcode.ReduceTarget]: "result",
    [Opcode.ReduceSource]: { input: 0 },
    [Opcode.ReduceOuter]: extent(x.slice(0, axis)),
    [Opcode.ReduceLength]: extent(x.slice(axis, axis + count)),
    [Opcode.ReduceInner]: extent(x.slice(axis + count)),
  };
}

/** The float64 reference of a reduction: `combine` from `start` along the axes. */
export function reduceReference(
  context: ReferenceContext<"sum" | "max">,
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

/** Applies a reduction, whose row is given, over `axis` as in `sum`. */
export function reduceOver<K extends "sum" | "max">(
  op: K,
  row: Operation<K>,
  x: Value,
  axis: number | readonly number[] | undefined,
  keepDims: boolean,
): Value {
  const axes = normalizeAxes(shapeOf(x), axis);
  let result = x;
  // Neighbouring axes are reduced together, from the last, so that the earlier keep their numbers.
  for (let end = axes.length; end > 0; ) {
    let start = end - 1;
    while (axes[start - 1] === axes[start] - 1) start--; // there is no axes[-1]
    result = append(op, row, [result], { axis: axes[start], count: end - start });
    end = start;
  }
  return keepDims
    ? reshape(
        result,
        x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
      )
    : result;
}

/** The axes of `axis`, ascending: all by default; negative ones count from the end. */
export function normalizeAxes(shape: Shape, axis: number | readonly number[] | undefined): number[] {
  if (axis !== undefined && typeof axis !== "number") mustBeList("axis", axis, "an axis or a list of axes");
  const given = axis === undefined ? shape.map((_, i) => i) : typeof axis === "number" ? [axis] : axis;
  const axes = given.map((a) => (a < 0 ? a + shape.length : a)).sort((a, b) => a - b);
  check(
    new Set(axes).size === axes.length &&
      axes.every((a) => Number.isInteger(a) && a >= 0 && a < shape.length),
    () => `axis must be one or more different axes of ${showShape(shape)}; received ${show(axis)}`,
    "invalid_shape",
  );
  return axes;
}
