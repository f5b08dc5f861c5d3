/**
 * Reverse-mode differentiation, graph in, graph out: the gradient is written with the
 * same operations into the same graph, so it can be differentiated again. It executes
 * nothing and knows no operation by name; the rules are rows of `graph/operations`.
 */
import { check, must, mustBeList } from "../errors.js";
import { add, broadcastTo, constant } from "../graph/functions.js";
import { type Node, type OperationName, Value } from "../graph/graph.js";
import type { PartGradient } from "../graph/operations/operation.js";
import { operation } from "../graph/operations/table.js";
import { showShape } from "../graph/shape.js";

/**
 * The gradients of a scalar with respect to values of its graph, by reverse accumulation: written into the
 * graph of `output`, of which only nodes between `wrt` and `output` are visited.
 *
 * @param output - a scalar, such as a loss
 * @param wrt - inputs or values computed from them; the gradient is 0 for those that `output` does not depend
 * on
 * @returns one value for each of `wrt`, of its shape
 * @throws FettleError `invalid_shape` if `output` is not a scalar; `invalid_argument` for values of another
 * graph
 * @see A. Griewank and A. Walther, "Evaluating derivatives", SIAM, 2008, chapter 3
 * @example
 * ```ts
 * // d(Σ xy) = y dx + x dy
 * const both = compile((x: Value, y: Value) => gradients(dot(x, y), [x, y]), [2], [2]);
 * createEngine().load(both)([1, 2], [3, 4]); // [[3, 4], [1, 2]]
 * ```
 */
export function gradients(output: Value, wrt: readonly Value[]): Value[] {
  must(output instanceof Value, "the output", "a value", output);
  mustBeList("wrt", wrt);
  for (const value of wrt) must(value instanceof Value, "each of wrt", "a value", value);
  const { graph } = output;
  check(
    wrt.every((value) => value.graph === graph),
    "each of wrt must be a value of the graph of the output; received one of another graph. A body of scan reads values from outside as `shared`.",
  );
  check(
    output.shape.length === 0,
    () =>
      `the output must be a scalar; received shape ${showShape(output.shape)}. Take a sum or a mean first.`,
    "invalid_shape",
  );
  const depends = new Uint8Array(output.id + 1);
  for (const value of wrt) if (value.id <= output.id) depends[value.id] = 1;
  for (let id = 0; id <= output.id; id++) {
    if (graph.nodes[id].inputs.some((input) => depends[input])) depends[id] = 1;
  }

  const cotangents = new Map<number, Value>([[output.id, constant(graph, 1)]]);
  pullBack(graph.nodes.slice(0, output.id + 1), (id) => new Value(graph, id), cotangents, depends);
  return wrt.map((value) => cotangents.get(value.id) ?? broadcastTo(constant(graph, 0), value.shape));
}

/** Reverse mode over nodes whose values `handle` gives. @see PullBack */
export function pullBack(
  nodes: readonly Node[],
  handle: (id: number) => Value,
  cotangents: Map<number, Value>,
  depends: Uint8Array,
): void {
  const partsOf = new Map<number, PartGradient[]>();
  for (let id = nodes.length - 1; id >= 0; id--) {
    const parts = partsOf.get(id) ?? [];
    const g = cotangents.get(id) ?? parts[0]?.g;
    const node = nodes[id];
    if (g === undefined || !node.inputs.some((input) => depends[input])) continue;
    const { gradient, lowering } = operation<OperationName>(node.op);
    if ("part" in lowering) {
      const [whole] = node.inputs;
      partsOf.set(whole, [...(partsOf.get(whole) ?? []), { node, g }]);
      continue;
    }
    const slopes = gradient({
      g,
      parts,
      pullBack,
      inputs: node.inputs.map(handle),
      output: handle(id),
      attributes: node.attributes,
      needs: (input) => depends[node.inputs[input]] === 1,
    });
    node.inputs.forEach((input, i) => {
      const slope = slopes[i];
      if (slope === undefined || !depends[input]) return;
      const sum = cotangents.get(input);
      cotangents.set(input, sum === undefined ? slope : add(sum, slope));
    });
  }
}
