/** Operations that move elements and compute nothing. The first five are views: only addresses change. */
import { check } from "../../errors.js";
import * as f from "../functions.js";
import * as Opcode from "../opcodes/program.js";
import { broadcastShapes, checkShape, extent, ROWS, sameShape, showShape, sizeOf } from "../shape.js";
import type { Rows } from "./operation.js";
import { copyStrided, stridesOf } from "./strided.js";

type Names =
  | ("stopGradient" | "broadcast" | "reshape" | "transpose" | "slice")
  | ("pad" | "concat" | "takeRows" | "scatterRows");

export const moveRows: Rows<Names> = {
  stopGradient: {
    shape: ([x]) => x,
    gradient: () => [undefined],
    reference: ({ inputs: [x] }) => x,
    lowering: { view: true },
  },

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
    // each element was read many times: its gradients add up
    gradient: ({ g, inputs: [x] }) => [f.sumTo(g, x.shape)],
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
        () => `${showShape(x)} cannot be reshaped to ${showShape(shape)}: they count different elements`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: ({ g, inputs: [x] }) => [f.reshape(g, x.shape)],
    reference: ({ inputs: [x] }) => x,
    lowering: { view: true },
  },

  transpose: {
    shape([x], { permutation }) {
      check(
        permutation.length === x.length &&
          new Set(permutation).size === x.length &&
          permutation.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < x.length),
        () => `a permutation of the ${x.length} axes of ${showShape(x)} is needed, got [${permutation}]`,
        "invalid_shape",
      );
      return permutation.map((axis) => x[axis]);
    },
    gradient: ({ g, attributes: { permutation } }) => [
      f.transpose(
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
            dim === ROWS
              ? begin[i] === 0 && size[i] === ROWS
              : isCount(begin[i]) && isCount(size[i]) && size[i] > 0 && begin[i] + size[i] <= dim,
          ),
        () =>
          `slice from [${begin}] of size ${showShape(size)} is outside ${showShape(x)} (rows are kept whole)`,
        "invalid_shape",
      );
      return size;
    },
    gradient: ({ g, inputs: [x], attributes: { begin, size } }) => [
      f.pad(
        g,
        begin,
        x.shape.map((dim, i) => (dim === ROWS ? 0 : dim - begin[i] - size[i])),
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
            dim === ROWS ? before[i] === 0 && after[i] === 0 : isCount(before[i]) && isCount(after[i]),
          ),
        () => `padding [${before}] and [${after}] does not fit ${showShape(x)} (rows are not padded)`,
        "invalid_shape",
      );
      return x.map((dim, i) => (dim === ROWS ? ROWS : before[i] + dim + after[i]));
    },
    gradient: ({ g, inputs: [x], attributes: { before } }) => [f.slice(g, before, x.shape)],
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
              x.length === first.length &&
              x[axis] !== ROWS &&
              x.every((dim, i) => i === axis || dim === first[i]),
          ),
        () => `${inputs.map(showShape).join(" and ")} do not concatenate along axis ${axis}`,
        "invalid_shape",
      );
      return first.map((dim, i) => (i === axis ? inputs.reduce((sum, x) => sum + x[axis], 0) : dim));
    },
    gradient({ g, inputs, attributes: { axis } }) {
      let start = 0;
      return inputs.map((x) => {
        const begin = x.shape.map((_, i) => (i === axis ? start : 0));
        start += x.shape[axis];
        return f.slice(g, begin, x.shape);
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

  /** Rows of a table [n, columns] by ids [m] → [m, columns]; an id outside the table gives a row of NaN. */
  takeRows: {
    shape([table, ids]) {
      check(
        table.length === 2 && ids.length === 1,
        () =>
          `takeRows needs a table [n, columns] and ids [m], got ${showShape(table)} and ${showShape(ids)}`,
        "invalid_shape",
      );
      return [ids[0], table[1]];
    },
    gradient: ({ g, inputs: [table, ids] }) => [f.scatterRows(g, ids, table.shape[0]), undefined],
    reference({ inputs: [table, ids], shapes: [[rows, columns]] }) {
      const result = new Float64Array(ids.length * columns).fill(Number.NaN);
      ids.forEach((id, i) => {
        const row = Math.trunc(id);
        if (row >= 0 && row < rows)
          result.set(table.subarray(row * columns, (row + 1) * columns), i * columns);
      });
      return result;
    },
    lowering: { instruction: Opcode.TakeRows },
  },

  /** Rows [m, columns] added up into a table [rows, columns] of zeros by ids [m]; ids outside are dropped. */
  scatterRows: {
    shape([x, ids], { rows }) {
      check(
        x.length === 2 && ids.length === 1 && x[0] === ids[0],
        () => `scatterRows needs rows [m, columns] and ids [m], got ${showShape(x)} and ${showShape(ids)}`,
        "invalid_shape",
      );
      checkShape([rows], "scatterRows");
      return [rows, x[1]];
    },
    gradient({ g, inputs: [x, ids], attributes: { rows } }) {
      // a row that was dropped has gradient 0
      const end = f.apply("count", [], { of: [rows] }, g.graph);
      const kept = f.mul(f.greater(ids, -1), f.greater(end, ids));
      return [f.select(f.reshape(kept, [x.shape[0], 1]), f.takeRows(g, ids), 0), undefined];
    },
    reference({ inputs: [x, ids], shapes: [[, columns]], shape: [rows] }) {
      const result = new Float64Array(rows * columns);
      ids.forEach((id, i) => {
        const row = Math.trunc(id);
        if (row < 0 || row >= rows) return;
        for (let j = 0; j < columns; j++) result[row * columns + j] += x[i * columns + j];
      });
      return result;
    },
    lowering: { instruction: Opcode.ScatterRows },
  },
};

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}
