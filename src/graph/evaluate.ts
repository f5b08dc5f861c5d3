/**
 * Evaluates a graph node by node with the float64 references: slow and plain, the oracle for every executor.
 */
import type { Graph, OperationName } from "./graph.js";
import type { Environment } from "./operations/operation.js";
import { operation } from "./operations/table.js";
import { resolveShape } from "./shape.js";

/** The value of every node, row-major. */
export function evaluateGraph(graph: Graph, environment: Environment): Float64Array[] {
  const values: Float64Array[] = [];
  const shapes = graph.nodes.map((node) => resolveShape(node.shape, environment.rows));
  graph.nodes.forEach((node, id) => {
    values.push(
      operation<OperationName>(node.op).reference({
        inputs: node.inputs.map((input) => values[input]),
        shapes: node.inputs.map((input) => shapes[input]),
        shape: shapes[id],
        attributes: node.attributes,
        environment,
        sources: node.inputs.map((input) => graph.nodes[input]),
        evaluate: (nodes, within) => evaluateGraph({ nodes: [...nodes] }, within),
      }),
    );
  });
  return values;
}
