/**
 * Operations that move elements and compute nothing. The first four are views: only addresses change.
 *
 * @example
 * ```ts
 * const turned = compile((x: Value) => transpose(x), [2, 3]);
 * createEngine().load(turned)([[1, 2, 3], [4, 5, 6]]); // [[1, 4], [2, 5], [3, 6]]
 * ```
 */
import { check, mustBeList } from "../../errors.js";
import type { Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { type Shape, showShape, sizeOf } from "../shape.js";
import { append, shapeOf } from "./append.js";
import { flushRoot } from "./elementwise.js";
import type { Rows } from "./operation.js";
import { copyStrided, stridesOf } from "./strided.js";

type Names = "stopGradient" | "flushGradient" | "transpose" | "slice" | "pad" | "concat";

const rows: Rows<Names> = {
  stopGradient: {
    shape: ([x]) => x,
    gradient: () => [undefined],
    reference: ({ inputs: [x] }) => x,
    lowering: { view: true },
  },

  // dx, without numbers whose square is a denormal number of float32
  flushGradient: {
    shape: ([x]) => x,
    gradient: ({ g }) => [flushRoot(g)],
    reference: ({ inputs: [x] }) => x,
    lowering: { view: true },
  },

  transpose: {
    shape([x], { permutation }) {
      check(
        permutation.length === x.length &&
          new Set(permutation).size === x.length &&
          permutation.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < x.length),
        () =>
          `the permutation of transpose must name each of the ${x.length} axes of ${showShape(x)} once; received [${permutation}]`,
        "invalid_shape",
      );
      return permutation.map((axis) => x[axis]);
    },
    gradient: ({ g, attributes: { permutation } }) => [
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ],
    reference({ inputs: [x], shapes: [from], shape, attributes }) {
      const own = stridesOf(from);
      const strides = attributes.permutation.map((axis) => own[axis]);
      return copyStrided(x, strides, new Float64Array(x.length), stridesOf(shape), shape);
    },
    lowering: { view: true },
  },

  slice: {
    shape([x], { begin, size }) {
      check(
        begin.length === x.length &&
          size.length === x.length &&
          x.every((dim, i) =>
            dim < 0
              ? begin[i] === 0 && size[i] === dim
              : isCount(begin[i]) && isCount(size[i]) && size[i] > 0 && begin[i] + size[i] <= dim,
          ),
        () =>
          `the block of slice must be inside ${showShape(x)} and must not divide rows; received begin [${begin}] and size ${showShape(size)}`,
        "invalid_shape",
      );
      return size;
    },
    gradient: ({ g, inputs: [x], attributes: { begin, size } }) => [
      pad(
        g,
        begin,
        x.shape.map((dim, i) => (dim < 0 ? 0 : dim - begin[i] - size[i])),
      ),
    ],
    reference({ inputs: [x], shapes: [from], shape, attributes: { begin } }) {
      const strides = stridesOf(from);
      const offset = begin.reduce((sum, b, i) => sum + b * strides[i], 0);
      return copyStrided(
        x.subarray(offset),
        strides,
        new Float64Array(sizeOf(shape)),
        stridesOf(shape),
        shape,
      );
    },
    lowering: { view: true },
  },

  pad: {
    shape([x], { before, after }) {
      check(
        before.length === x.length &&
          after.length === x.length &&
          x.every((dim, i) =>
            dim < 0 ? before[i] === 0 && after[i] === 0 : isCount(before[i]) && isCount(after[i]),
          ),
        () =>
          `the padding of pad must be integers of at least 0, one per axis of ${showShape(x)}, and 0 for rows; received [${before}] before and [${after}] after`,
        "invalid_shape",
      );
      return x.map((dim, i) => (dim < 0 ? dim : before[i] + dim + after[i]));
    },
    gradient: ({ g, inputs: [x], attributes: { before } }) => [slice(g, before, x.shape)],
    reference({ inputs: [x], shapes: [from], shape, attributes: { before } }) {
      const strides = stridesOf(shape);
      const offset = before.reduce((sum, b, i) => sum + b * strides[i], 0);
      const result = new Float64Array(sizeOf(shape));
      copyStrided(x, stridesOf(from), result.subarray(offset), strides, from);
      return result;
    },
    lowering: { instruction: Opcode.Copy },
  },

  concat: {
    shape(inputs, { axis }) {
      const [first] = inputs;
      check(
        isCount(axis) &&
          axis < first.length &&
          inputs.every(
            (x) =>
              x.length === first.length && x[axis] > 0 && x.every((dim, i) => i === axis || dim === first[i]),
          ),
        () =>
          `the operands of concat must agree on all axes but one, which is not rows; received ${inputs.map(showShape).join(" and ")} along axis ${axis}`,
        "invalid_shape",
      );
      return first.map((dim, i) => (i === axis ? inputs.reduce((sum, x) => sum + x[axis], 0) : dim));
    },
    gradient({ g, inputs, attributes: { axis } }) {
      let start = 0;
      return inputs.map((x) => {
        const begin = x.shape.map((_, i) => (i === axis ? start : 0));
        start += x.shape[axis];
        return slice(g, begin, x.shape);
      });
    },
    reference({ inputs, shapes, shape, attributes: { axis } }) {
      const result = new Float64Array(sizeOf(shape));
      const strides = stridesOf(shape);
      let start = 0;
      inputs.forEach((x, i) => {
        copyStrided(x, stridesOf(shapes[i]), result.subarray(start * strides[axis]), strides, shapes[i]);
        start += shapes[i][axis];
      });
      return result;
    },
    lowering: { instruction: Opcode.Copy },
  },
};

export default rows;

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/** x itself, through which no gradient flows. */
export const stopGradient = (x: Value): Value => append("stopGradient", rows.stopGradient, [x], {});

/** x itself; numbers below 2⁻⁶³ in the gradient through it become 0, as in `flushRoot`. */
export const flushGradient = (x: Value): Value => append("flushGradient", rows.flushGradient, [x], {});

/**
 * x with its axes permuted: axis i of the result is axis `permutation[i]` of x. Default: in reverse order.
 */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  return append("transpose", rows.transpose, [x], {
    permutation: permutation ?? shapeOf(x).map((_, i) => x.shape.length - 1 - i),
  });
}

/**
 * The block of shape `size` that starts at `begin`, with one entry per axis each. Rows of the batch are not
 * divided: 0 in `begin` and `ROWS` in `size`.
 */
export const slice = (x: Value, begin: readonly number[], size: Shape): Value => {
  mustBeList("begin of slice", begin);
  mustBeList("size of slice", size);
  return append("slice", rows.slice, [x], { begin, size });
};

/**
 * x with zeros around it: `before[i]` and `after[i]` of them along axis i. Rows of the batch are not padded.
 */
export const pad = (x: Value, before: readonly number[], after: readonly number[]): Value => {
  mustBeList("before of pad", before);
  mustBeList("after of pad", after);
  return append("pad", rows.pad, [x], { before, after });
};

/** Values one after the other along `axis` (a negative one counts from the end), equal in all other axes. */
export const concat = (values: readonly Value[], axis = 0): Value => {
  mustBeList("the operands of concat", values);
  return append("concat", rows.concat, values, {
    axis: axis < 0 && values.length > 0 ? axis + shapeOf(values[0]).length : axis,
  });
};
