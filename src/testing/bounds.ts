/**
 * Error bounds of a graph that is computed in rounded numbers: a bound for every element of every node, from
 * the errors of its inputs and the rounding of its operation (running error analysis). As the tolerance of a
 * law it is rigorous rather than tight. It assumes the error bounds that each kernel states. Where rounding
 * may flip a comparison, the bound covers both outcomes.
 *
 * @see N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd ed. (2002), section 3.3.
 */
import { isRecord, must } from "../errors.js";
import { evaluateGraph } from "../graph/evaluate.js";
import type { Graph, Node, OperationName } from "../graph/graph.js";
import type { Environment } from "../graph/operations/operation.js";
import { operation } from "../graph/operations/table.js";
import { resolveShape } from "../graph/shape.js";
import { operationFacts } from "./operations/index.js";
import { FLOAT32, type Precision, type Rule } from "./operations/rounding.js";

/** For each node, its values in float64 and the error bound of an executor's values. */
export interface Bounded {
  readonly values: readonly Float64Array[];
  readonly errors: readonly Float64Array[];
}

/**
 * Evaluates `graph` with the float64 references and bounds the error of an executor of `precision`.
 *
 * @param errorOf - the error of the executor's input with a name, compared with the environment's. Default 0.
 * @example
 * ```ts
 * const graph = new Graph();
 * // 1/3 as a float32 constant is off by 2^-24 of its size at most, and so is the rounding of the product
 * mul(constant(graph, 1 / 3), constant(graph, 1 / 3));
 * const { values, errors } = errorBounds(graph, { rows: 1, seed: 0, step: 0, input: () => new Float64Array() });
 * errors[2][0] < 4 * 2 ** -24 * values[2][0]; // true
 * ```
 */
export function errorBounds(
  graph: Graph,
  environment: Environment,
  precision: Precision = FLOAT32,
  errorOf: (name: string) => Float64Array = (name) => new Float64Array(environment.input(name).length),
): Bounded {
  const isGraph: boolean = Array.isArray(graph?.nodes);
  must(isGraph, "graph", "a graph", graph);
  must(isRecord(environment), "environment", "what gives inputs their numbers", environment);
  const values: Float64Array[] = [];
  const errors: Float64Array[] = [];
  const shapes = graph.nodes.map((node) => resolveShape(node.shape, environment.rows));
  graph.nodes.forEach((node, id) => {
    const context = {
      inputs: node.inputs.map((input) => values[input]),
      shapes: node.inputs.map((input) => shapes[input]),
      shape: shapes[id],
      attributes: node.attributes,
      environment,
      sources: node.inputs.map((input) => graph.nodes[input]),
      evaluate: (nodes: readonly Node[], within: Environment) => evaluateGraph({ nodes: [...nodes] }, within),
    };
    const value = operation<OperationName>(node.op).reference(context);
    const rule = operationFacts[node.op].bound as Rule<OperationName>;
    values.push(value);
    errors.push(
      rule({
        ...context,
        errors: node.inputs.map((input) => errors[input]),
        value,
        precision,
        errorOf,
        boundsOf: (nodes, within, errorOf) =>
          errorBounds({ nodes: [...nodes] }, within, precision, errorOf).errors,
      }),
    );
  });
  return { values, errors };
}
