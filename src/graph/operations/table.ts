/**
 * The row of each operation of a graph. Rows of patches, pooling and loops are added once such an operation
 * is written, so that a bundle without them omits their rows. Files import functions only from files before
 * them here: leaves, broadcast, elementwise, moves, linear, gather, patches, pool, loops, scan.
 */
import type { AttributesOf, Graph, OperationName, Value } from "../graph.js";
import { append, rowsWritten } from "./append.js";
import broadcastRows from "./broadcast.js";
import elementwiseRows from "./elementwise.js";
import gatherRows from "./gather.js";
import leafRows from "./leaves.js";
import linearRows from "./linear.js";
import moveRows from "./moves.js";
import type { Operation } from "./operation.js";

/** The rows of operations that the compiler and gradients write. */
export const commonRows = {
  ...leafRows,
  ...broadcastRows,
  ...elementwiseRows,
  ...moveRows,
  ...linearRows,
  ...gatherRows,
};

/** The row of an operation of a graph, for code that treats all operations alike. */
export function operation<K extends OperationName>(op: K): Operation<K> {
  const rows: { readonly [Name in OperationName]?: Operation<Name> } = commonRows;
  return (rows[op] ?? rowsWritten.get(op)) as Operation<K>;
}

/** Appends a node of operation `op`, for code that treats all operations alike. */
export function apply<K extends OperationName>(
  op: K,
  inputs: readonly Value[],
  attributes: AttributesOf[K],
  graph?: Graph,
): Value {
  return append(op, operation(op), inputs, attributes, graph);
}
