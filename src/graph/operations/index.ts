/**
 * The table of operations, exhaustive by type: an operation of the intermediate form
 * without a row, or a row without a gradient, does not compile. Adding an operation
 * touches one row here (and a kernel where it is primitive), its attributes in
 * `graph.ts` and its name in `functions.ts`.
 */
import type { OperationName } from "../graph.js";
import { elementwiseRows } from "./elementwise.js";
import { leafRows } from "./leaves.js";
import { linearRows } from "./linear.js";
import { moveRows } from "./moves.js";
import type { Operation, Rows } from "./operation.js";

export const operations: Rows<OperationName> = {
  ...leafRows,
  ...elementwiseRows,
  ...moveRows,
  ...linearRows,
};

/** The row of `op`, for code that treats all operations alike. */
export function operation<K extends OperationName>(op: K): Operation<K> {
  return operations[op];
}
