/**
 * Inserts copies where an instruction cannot read a view in place, and so decides where
 * every node's elements are. After this pass each view resolves to memory, and each root has its own memory.
 */
import { type Graph, isNode, type Node, type OperationName, type Value } from "../graph/graph.js";
import * as Opcode from "../graph/opcodes/program.js";
import { apply, operation } from "../graph/operations/table.js";
import { type Extent, extent, type Shape } from "../graph/shape.js";
import type { StepGraph } from "./program.js";
import { rewrite } from "./rewrite.js";
import { isContiguous, ownView, product, sameExtent, type View, viewThrough } from "./view.js";
import { isPadded, windowsOfProducts, windowsOn } from "./windows.js";

export function materialize(step: StepGraph): StepGraph {
  const views: View[] = [];
  const unstored = windowsOfProducts(step);
  const append = (
    op: OperationName,
    inputs: readonly Value[],
    attributes: Node["attributes"],
    graph: Graph,
    isStored = true,
  ): Value => {
    const value = apply<OperationName>(op, inputs, attributes, graph);
    views[value.id] = resolveView(value.node, value.id, views, graph.nodes, isStored);
    return value;
  };
  const copy = (value: Value): Value => append("copy", [value], {}, value.graph);
  const taken = new Set<number>();

  return rewrite(
    step,
    "materialize",
    (node, inputs, graph) => {
      const { op, attributes } = node;
      const ready = inputs.map((value) => (accepts(op, views[value.id], value.shape) ? value : copy(value)));
      if (!isNode(node, "patches") || !unstored.has(node)) return append(op, ready, attributes, graph);
      const { before, after } = node.attributes;
      const [images] = isPadded(node)
        ? [append("pad", ready, { before: [0, ...before, 0], after: [0, ...after, 0] }, graph)]
        : ready;
      return append(op, [images], { ...attributes, before: [0, 0], after: [0, 0] }, graph, false);
    },
    // A root is computed, not read from elsewhere, and does not share its memory.
    (value) => {
      const own = views[value.id].root === value.id && !("leaf" in operation(value.node.op).lowering);
      const root = own && !taken.has(value.id) ? value : copy(value);
      taken.add(root.id);
      return root;
    },
  );
}

/**
 * The view of each node of a materialized graph; `origins` are of nodes whose memory does not begin with
 * them.
 */
export function resolveViews(step: StepGraph, origins?: ReadonlyMap<number, View>): View[] {
  const views: View[] = [];
  const unstored = windowsOfProducts(step);
  step.nodes.forEach((node, id) => {
    views.push(origins?.get(id) ?? resolveView(node, id, views, step.nodes, !unstored.has(node)));
  });
  return views;
}

function resolveView(
  node: Node,
  id: number,
  views: readonly View[],
  nodes: readonly Node[],
  isStored: boolean,
): View {
  const [input] = node.inputs;
  const own = ownView(id, node.shape);
  if (!isStored && isNode(node, "patches"))
    return { ...views[input], strides: own.strides, windows: windowsOn(nodes[input].shape, node) };
  const through =
    "view" in operation(node.op).lowering ? viewThrough(node, views[input], nodes[input].shape) : undefined;
  return through ?? own;
}

/** Whether operation `op` can read a view in place. */
function accepts(op: OperationName, view: View, shape: Shape): boolean {
  const { lowering } = operation(op);
  if ("elementwise" in lowering || "leaf" in lowering || "part" in lowering) return true;
  if ("view" in lowering) return op !== "reshape" || isContiguous(view, shape);
  switch (lowering.instruction) {
    case Opcode.Copy:
      return true;
    case Opcode.Gemm:
      return matrixOrder(view, shape) !== undefined;
    case Opcode.Loop:
      return isContiguous(view, shape) && view.offset.scale === 0;
    default:
      return isContiguous(view, shape);
  }
}

const UNIT = { scale: 1, power: 0 };

/** How matrices [..., rows, columns] are stored. */
export interface MatrixOrder {
  /** By columns instead of by rows. */
  readonly transposed: boolean;
  /** Elements from a stored row, or column, to the next. */
  readonly leading: Extent;
  /** Elements from a matrix to the next; 0 for one. */
  readonly apart: Extent;
}

/** Undefined unless matrices are stored by rows or by columns, at equal distances. */
export function matrixOrder({ strides }: View, shape: Shape): MatrixOrder | undefined {
  const [rows, columns] = shape.slice(-2);
  const [down, across] = strides.slice(-2);
  const apart = distance(strides.slice(0, -2), shape.slice(0, -2));
  if (apart === undefined) return undefined;
  const advances = (dim: number, stride: Extent): boolean => dim === 1 || stride.scale > 0;
  if ((columns === 1 || sameExtent(across, UNIT)) && advances(rows, down))
    return { transposed: false, leading: down, apart };
  if ((rows === 1 || sameExtent(down, UNIT)) && advances(columns, across))
    return { transposed: true, leading: across, apart };
  return undefined;
}

/** The stride of axes as one axis; undefined if they cannot be merged. */
function distance(strides: readonly Extent[], shape: Shape): Extent | undefined {
  const axes = strides.flatMap((stride, axis) => (shape[axis] === 1 ? [] : [{ stride, dim: shape[axis] }]));
  const joined = axes.every(({ stride }, i) => {
    const next = axes[i + 1];
    return i === axes.length - 1 || sameExtent(stride, product(next.stride, extent([next.dim])));
  });
  return joined ? (axes[axes.length - 1]?.stride ?? { scale: 0, power: 0 }) : undefined;
}
