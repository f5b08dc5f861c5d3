/**
 * Where the elements of a node are: a base in memory, an offset, and a stride for each
 * axis. Views (broadcast, reshape, transpose, slice) change these three and move nothing.
 */
import { FettleError } from "../errors.js";
import type { AttributesOf, Node } from "../graph/graph.js";
import { contiguousStrides, type Extent, type Shape } from "../graph/shape.js";
import type { Windows } from "./windows.js";

/** A size in elements: `base + scale × rows^power`. */
export interface Offset extends Extent {
  readonly base: number;
}

export interface View {
  /** The node whose memory is read. */
  readonly root: number;
  readonly offset: Offset;
  readonly strides: readonly Extent[];
  /** For windows of images in the root: how they form a matrix. The strides are those of stored windows. */
  readonly windows?: Windows;
}

const ZERO: Extent = { scale: 0, power: 0 };
const START: Offset = { base: 0, scale: 0, power: 0 };

/** A node with its own memory, row-major. */
export function ownView(id: number, shape: Shape): View {
  return { root: id, offset: START, strides: contiguousStrides(shape) };
}

/** `offset + count × stride`. @throws FettleError `unsupported` if it mixes powers of rows. */
export function advance(offset: Offset, count: number, stride: Extent): Offset {
  const step = count * stride.scale;
  if (step === 0) return offset;
  if (stride.power === 0) return { ...offset, base: offset.base + step };
  if (offset.power !== 0 && offset.power !== stride.power) {
    throw new FettleError(
      "unsupported",
      "a slice cannot cut axes whose strides depend on different powers of the rows; copy the value first, e.g. by adding 0",
    );
  }
  return { base: offset.base, scale: offset.scale + step, power: stride.power };
}

/**
 * Whether the view reads all of its shape in row-major order from its offset. Axes of length 1 do not matter.
 */
export function isContiguous(view: View, shape: Shape): boolean {
  const expected = contiguousStrides(shape);
  return shape.every((dim, axis) => dim === 1 || sameExtent(view.strides[axis], expected[axis]));
}

export function sameExtent(a: Extent, b: Extent): boolean {
  return a.scale === b.scale && (a.power === b.power || a.scale === 0);
}

export const product = (a: Extent, b: Extent): Extent => ({
  scale: a.scale * b.scale,
  power: a.power + b.power,
});

/**
 * The view of a view node over its input's view, or undefined if elements must move (a reshape of scattered
 * ones).
 */
export function viewThrough(node: Node, from: View, fromShape: Shape): View | undefined {
  switch (node.op) {
    case "broadcast": {
      const missing = node.shape.length - fromShape.length;
      const strides = node.shape.map((_, axis) =>
        axis < missing || fromShape[axis - missing] === 1 ? ZERO : from.strides[axis - missing],
      );
      return { ...from, strides };
    }
    case "transpose": {
      const { permutation } = node.attributes as AttributesOf["transpose"];
      const strides = permutation.map((axis) => from.strides[axis]);
      const { windows } = from;
      return {
        ...from,
        strides,
        ...(windows && { windows: { rows: windows.columns, columns: windows.rows } }),
      };
    }
    case "slice": {
      const { begin } = node.attributes as AttributesOf["slice"];
      return {
        ...from,
        offset: begin.reduce((offset, b, axis) => advance(offset, b, from.strides[axis]), from.offset),
      };
    }
    case "reshape":
      return isContiguous(from, fromShape) ? { ...from, strides: contiguousStrides(node.shape) } : undefined;
    default:
      return undefined;
  }
}
