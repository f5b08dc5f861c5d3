/**
 * Reverse-mode differentiation, graph in, graph out: the gradient is written with the
 * same operations into the same graph, so it can be differentiated again. It executes
 * nothing and knows no operation by name; the rules are rows of `graph/operations`.
 */
import { check } from "../errors.js";
import { add, broadcastTo, constant, Value } from "../graph/functions.js";
import type { OperationName } from "../graph/graph.js";
import { operation } from "../graph/operations/index.js";
import { showShape } from "../graph/shape.js";

/**
 * The gradients of a scalar with respect to values of its graph, one each, of their shapes.
 * Only nodes between `wrt` and `output` are visited.
 *
 * @throws FettleError `invalid_shape` if `output` is not a scalar.
 */
export function gradients(output: Value, wrt: readonly Value[]): Value[] {
  const { graph } = output;
  check(
    output.shape.length === 0,
    () => `only a scalar has a gradient, got shape ${showShape(output.shape)}; take a sum or a mean first`,
    "invalid_shape",
  );
  const depends = new Uint8Array(output.id + 1);
  for (const value of wrt) if (value.id <= output.id) depends[value.id] = 1;
  for (let id = 0; id <= output.id; id++) {
    if (graph.nodes[id].inputs.some((input) => depends[input])) depends[id] = 1;
  }

  const cotangents = new Map<number, Value>([[output.id, constant(graph, 1)]]);
  const handle = (id: number): Value => new Value(graph, id);
  for (let id = output.id; id >= 0; id--) {
    const g = cotangents.get(id);
    if (g === undefined || !depends[id]) continue;
    const node = graph.nodes[id];
    if (!node.inputs.some((input) => depends[input])) continue;
    const rule = operation<OperationName>(node.op).gradient;
    const inputs = node.inputs.map(handle);
    const parts = rule({ g, inputs, output: handle(id), attributes: node.attributes });
    node.inputs.forEach((input, i) => {
      const part = parts[i];
      if (part === undefined || !depends[input]) return;
      const sum = cotangents.get(input);
      cotangents.set(input, sum === undefined ? part : add(sum, part));
    });
  }
  return wrt.map((value) => cotangents.get(value.id) ?? broadcastTo(constant(graph, 0), value.shape));
}
