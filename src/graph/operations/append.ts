/** How functions of values append nodes to a graph. Nothing is computed here. */
import { check, must, mustBeList } from "../../errors.js";
import { type AttributesOf, type Graph, type OperationName, Value } from "../graph.js";
import type { Shape } from "../shape.js";
import type { Operation } from "./operation.js";

/** An operand of functions: a value, or a number that becomes a constant. */
export type Operand = Value | number;

/** The rows of the operations in use. */
export const rowsWritten = new Map<OperationName, unknown>();

/** Appends a node of the operation whose row is given, after its shape rule. */
export function append<K extends OperationName>(
  op: K,
  row: Operation<K>,
  inputs: readonly Value[],
  attributes: AttributesOf[K],
  graph: Graph = graphOf(inputs),
): Value {
  const isGraph: boolean = Array.isArray(graph?.nodes);
  must(isGraph, "graph", "a graph", graph);
  const { nodes, mostNodes = nodes.length + 1 } = graph;
  check(
    nodes.length < mostNodes,
    () => `a graph of untrusted code must have at most ${mostNodes} operations; received more`,
    "limit_exceeded",
  );
  const shape = row.shape(
    inputs.map(shapeOf),
    attributes,
    inputs.map((input) => input.node),
  );
  rowsWritten.set(op, row);
  nodes.push({ op, inputs: inputs.map((input) => input.id), attributes, shape });
  return new Value(graph, nodes.length - 1);
}

/** The shape of a value. @throws FettleError `invalid_argument` for anything else */
export function shapeOf(x: Value): Shape {
  must(x instanceof Value, "an operand", "a value of a graph", x);
  return x.shape;
}

/** The one graph of the values among the operands. */
export function graphOf(operands: readonly Operand[]): Graph {
  mustBeList("operands", operands);
  const values = operands.filter((operand) => operand instanceof Value);
  check(values.length > 0, "at least one operand must be a value of a graph; received only numbers");
  for (const value of values) {
    check(
      value.graph === values[0].graph,
      "all operands must be values of one graph; received values of two. A body of scan reads values from outside as `shared`.",
    );
  }
  return values[0].graph;
}
