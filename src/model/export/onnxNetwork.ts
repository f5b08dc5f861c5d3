/**
 * The network of an ONNX file: its operations in order, and loops with their bodies as graphs. Operators are
 * in `onnxRows.ts`.
 */
import { isNode, type Node, type OperationName } from "../../graph/graph.js";
import { type Inference, loopOf } from "./inference.js";
import { OnnxGraph } from "./onnxGraph.js";
import { type Context, ROWS } from "./onnxRows.js";
import { type Value, Values } from "./onnxValues.js";

/**
 * The name of the prediction, `float [rows, units]`. Nodes have the names of layers.
 *
 * @param features - the name of the rows
 */
export function networkNodes(graph: OnnxGraph, inference: Inference, features: string): string {
  const { nodes, live, known, layers, x, prediction } = inference;
  const values = new Values(graph, features);
  const made = new Map([[x, values.array(nodes[x].shape, features)]]);
  for (const [id, array] of known) made.set(id, values.known(nodes[id].shape, array));
  write(values, nodes, live, [prediction], made, (id) => layers[id]);
  return values.floats(made.get(prediction) as Value).name;
}

/** Writes the missing nodes. @param results - nodes that are read elsewhere */
function write(
  values: Values,
  nodes: readonly Node[],
  live: readonly number[],
  results: readonly number[],
  made: Map<number, Value>,
  layerOf: (id: number) => string | undefined,
): void {
  const readers: number[][] = nodes.map(() => []);
  for (const id of live) for (const input of nodes[id].inputs) readers[input].push(id);
  /** The only reader of a node. */
  const readerOf = (id: number): number | undefined =>
    readers[id].length === 1 && !results.includes(id) ? readers[id][0] : undefined;
  const isSpread = (id: number): boolean => {
    const reader = readerOf(id);
    if (reader === undefined) return false;
    return nodes[reader].op === "addPatches" || (nodes[reader].op === "reshape" && isSpread(reader));
  };
  for (const id of live) {
    const node = nodes[id];
    values.layer = layerOf(id);
    if (made.has(id)) continue;
    if (isNode(node, "scan")) {
      loop(values, id, nodes, live, made);
      continue;
    }
    const inputs = node.inputs.map((input) => made.get(input) as Value);
    const sum = node.op === "matmul" ? readerOf(id) : undefined;
    const bias = sum === undefined ? undefined : vectorAdded(nodes, sum, id, made);
    const row = ROWS[node.op as keyof typeof ROWS] as (context: Context<OperationName>) => Value;
    const value = row({ node, inputs, values, bias, isSpread: isSpread(id) });
    made.set(id, value);
    if (bias) made.set(sum as number, value);
  }
}

/** The vector that a node adds to the rows of a matrix, if it does and the vector is known. */
function vectorAdded(
  nodes: readonly Node[],
  sum: number,
  matrix: number,
  made: ReadonlyMap<number, Value>,
): Value | undefined {
  const { op, inputs, shape } = nodes[sum];
  const [other] = inputs.filter((input) => input !== matrix).map((input) => nodes[input]);
  if (op !== "add" || shape.length !== 2 || other?.op !== "broadcast") return undefined;
  const vector = made.get(other.inputs[0]);
  return vector?.form.known && vector.shape[vector.shape.length - 1] === shape[1] ? vector : undefined;
}

/** A loop as a `Scan`, whose body reads shared values from outside. */
function loop(
  values: Values,
  id: number,
  nodes: readonly Node[],
  outside: readonly number[],
  made: Map<number, Value>,
): void {
  const { attributes, inputs } = nodes[id] as Node<"scan">;
  const { body, next, sequences, steps, reverse } = attributes;
  const { live, carries, stacks, results } = loopOf(id, nodes, outside);
  const { layer, graph: around } = values;
  const name = layer ?? "loop";
  const graph = new OnnxGraph(name, around);
  const inner = new Values(graph, "", values);
  const within = new Map<number, Value>();
  const given = new Map<number, string>();
  for (const i of live.filter((each) => each < inputs.length)) {
    const array = values.floats(made.get(inputs[i]) as Value).name;
    const isMoving = i < next.length + sequences;
    if (isMoving) given.set(i, array);
    within.set(i, inner.array(body[i].shape, isMoving ? graph.bodyInput(name, body[i].shape) : array));
  }
  // the steps are counted by a sequence
  if (given.size === carries.length) {
    graph.bodyInput(name, []);
    given.set(inputs.length, around.constant(new Float32Array(steps), [steps]));
  }
  write(inner, body, live, results, within, () => layer);
  for (const of of results)
    graph.bodyOutput(name, inner.floats(within.get(of) as Value).name, body[of].shape);
  const count = given.size - carries.length;
  const directions = (length: number): number[] => Array(length).fill(reverse ? 1 : 0);
  const names = around.nodes(
    "Scan",
    [...given.values()],
    {
      body: graph,
      num_scan_inputs: count,
      scan_input_directions: directions(count),
      ...(stacks.length > 0 && { scan_output_directions: directions(stacks.length) }),
    },
    results.map(() => name),
  );
  const parts = [...carries.map((carry) => carry.parts), ...stacks.map(({ part }) => [part])];
  for (const [i, all] of parts.entries())
    for (const part of all) made.set(part, values.array(nodes[part].shape, names[i]));
}
