/**
 * The table of operations, exhaustive by type: an operation of the intermediate form without a row, or a row without a
 * gradient, does not compile. Files import functions only from files before them here: leaves, broadcast, elementwise,
 * moves, linear, gather, patches, pool.
 */
import type { AttributesOf, Graph, OperationName, Value } from "../graph.js";
import { append } from "./append.js";
import broadcastRows from "./broadcast.js";
import elementwiseRows from "./elementwise.js";
import gatherRows from "./gather.js";
import leafRows from "./leaves.js";
import linearRows from "./linear.js";
import moveRows from "./moves.js";
import type { Operation, Rows } from "./operation.js";
import patchRows from "./patches.js";
import poolRows from "./pool.js";

export const operations: Rows<OperationName> = {
  ...leafRows,
  ...broadcastRows,
  ...elementwiseRows,
  ...moveRows,
  ...linearRows,
  ...gatherRows,
  ...patchRows,
  ...poolRows,
};

/** The row of `op`, for code that treats all operations alike. */
export function operation<K extends OperationName>(op: K): Operation<K> {
  return operations[op];
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
