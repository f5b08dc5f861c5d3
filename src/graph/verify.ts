/**
 * Checks that a graph is consistent: every traced graph, because user code may have changed it, and in tests
 * all others. It changes nothing.
 */
import { check } from "../errors.js";
import { type Graph, isNode } from "./graph.js";
import { operation } from "./operations/table.js";
import { sameShape, showShape } from "./shape.js";

/** Throws `internal` unless inputs precede their users and every shape follows from its rule. */
export function verifyGraph(graph: Graph, pass: string): void {
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs) {
      check(
        input >= 0 && input < id,
        `after ${pass}: node ${id} (${node.op}) reads node ${input}`,
        "internal",
      );
    }
    const shape = operation(node.op).shape(
      node.inputs.map((input) => graph.nodes[input].shape),
      node.attributes,
      node.inputs.map((input) => graph.nodes[input]),
    );
    if (isNode(node, "scan")) verifyGraph({ nodes: [...node.attributes.body] }, `${pass}, in a body`);
    check(
      sameShape(shape, node.shape),
      () =>
        `after ${pass}: node ${id} (${node.op}) has shape ${showShape(node.shape)}, its rule gives ${showShape(shape)}`,
      "internal",
    );
  });
}
