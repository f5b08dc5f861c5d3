/**
 * Windows of images that no instruction stores: the products that read them find each number in the images,
 * like implicit im2col. It decides which windows those are, and where their rows and columns lie.
 */
import { type Node, usersOf } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import type { StepGraph } from "./program.js";
import { liveNodes, rootsOf } from "./rewrite.js";

/** Where rows, or columns, of a matrix are, numbered along three axes, the last fastest: in elements. */
export interface Axes {
  readonly lengths: readonly [middle: number, last: number];
  readonly strides: readonly [first: number, middle: number, last: number];
}

/** Windows as a matrix: a row for each, a column for each of its elements. */
export interface Windows {
  readonly rows: Axes;
  readonly columns: Axes;
}

/**
 * The nodes of windows that are only left operands of products, as matrices or transposed. Products with one
 * column have a separate loop, which reads a stored matrix in 0.8 of the time.
 */
export function windowsOfProducts(step: StepGraph): Set<Node> {
  const { nodes } = step;
  const live = liveNodes(step);
  const users = usersOf({ nodes: [...nodes] }).map((ids) => ids.filter((id) => live[id]));
  const roots = new Set(rootsOf(step));
  const each = (id: number, holds: (user: number) => boolean): boolean =>
    !roots.has(id) && users[id].every(holds);
  const isLeft = (id: number, user: number): boolean => {
    const { op, inputs, shape } = nodes[user];
    return op === "matmul" && inputs[1] !== id && shape[1] > 1;
  };
  const isRead = (id: number, user: number): boolean =>
    isLeft(id, user) || (nodes[user].op === "transpose" && each(user, (next) => isLeft(user, next)));
  const isMatrix = (id: number, columns: number): boolean =>
    nodes[id].op === "reshape" && nodes[id].shape.length === 2 && nodes[id].shape[1] === columns;
  return new Set(
    nodes.filter(
      ({ op, shape }, id) =>
        op === "patches" &&
        each(id, (matrix) => isMatrix(matrix, shape[3]) && each(matrix, (user) => isRead(matrix, user))),
    ),
  );
}

/** How windows lie on images without zeros around them, [n, height, width, channels]. */
export function windowsOn(
  [, height, width, channels]: Shape,
  { attributes, shape }: Node<"patches">,
): Windows {
  const { size, strides, dilation } = attributes;
  const line = width * channels;
  return {
    rows: {
      lengths: [shape[1], shape[2]],
      strides: [height * line, strides[0] * line, strides[1] * channels],
    },
    columns: { lengths: [size[1], channels], strides: [dilation[0] * line, dilation[1] * channels, 1] },
  };
}

/** Whether zeros surround the images. */
export function isPadded({ attributes: { before, after } }: Node<"patches">): boolean {
  return [...before, ...after].some((zeros) => zeros > 0);
}
