/**
 * The input of exporters: the simplified operations of a trained network's prediction, with weights as known
 * arrays. It has no layers, so custom and new ones are exported like any other. It knows no format.
 */
import type { StepGraph } from "../../compile/program.js";
import { liveBody } from "../../compile/rewrite.js";
import { simplify } from "../../compile/simplify.js";
import { trace } from "../../compile/trace.js";
import { constant } from "../../graph/functions.js";
import { isNode, type Node, type OperationName } from "../../graph/graph.js";
import { operation } from "../../graph/operations/table.js";
import { hasRows, sizeOf } from "../../graph/shape.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { Network } from "../../nn/network/network.js";
import { callLayers, numbersOf } from "../../nn/programs/architecture.js";
import { weightsOf } from "../../nn/weights/trainedWeights.js";
import { mapValues } from "../../records.js";

/** An array that does not depend on rows. */
export interface Known {
  /** The name of its parameter, or of the first one that it was computed from: `dense_1.kernel`. */
  readonly name: string;
  readonly data: Float32Array;
}

/** The graph of a prediction. */
export interface Inference {
  readonly nodes: readonly Node[];
  /** The nodes that the prediction needs, in order. */
  readonly live: readonly number[];
  /** The rows, [ROWS, columns], and their prediction, [ROWS, units]: numbers of nodes. */
  readonly x: number;
  readonly prediction: number;
  readonly columns: number;
  readonly units: number;
  /**
   * By node: parameters, and values that follow only from parameters and constants. These nodes are not
   * translated.
   */
  readonly known: ReadonlyMap<number, Known>;
  /**
   * For each node, a name for people: the layer whose parameters were read last; undefined before the first.
   */
  readonly layers: readonly (string | undefined)[];
}

/** Not computed here, though they read no value that depends on rows. */
const AT_RUN: ReadonlySet<OperationName> = new Set<OperationName>([
  ...(["count", "randomUniform", "step", "scan", "scanCarry", "scanStack"] as const),
]);

/** @throws FettleError `invalid_state` for a model that is not trained */
export function inferenceOf(model: LayersModel): Inference {
  const { row, saved } = model.trained();
  const network = model.network(row);
  const weights = weightsOf(saved);
  const { nodes, inputs, streamsIn, streamsOut } = simplify(inferenceStep(network));
  const places = new Map(network.parameters.map((place) => [inputs[place.path], place]));
  const layers: (string | undefined)[] = [];
  const isFixed: boolean[] = [];
  for (const [id, node] of nodes.entries()) {
    const path = places.get(id)?.path;
    const [last] = node.inputs.flatMap((input) => layers[input] ?? []).slice(-1);
    layers.push(path === undefined ? last : path.split(".")[0]);
    isFixed.push(
      node.op === "input" || AT_RUN.has(node.op)
        ? path !== undefined
        : !hasRows(node.shape) && node.inputs.every((input) => isFixed[input]) && isSmall(node, nodes),
    );
  }
  const computed = new Map<number, Known>();
  const arrayOf = (id: number): Known => {
    const value = computed.get(id) ?? knownOf(id);
    computed.set(id, value);
    return value;
  };
  function knownOf(id: number): Known {
    const place = places.get(id);
    if (place) {
      const { path, offset, size } = place;
      return { name: path, data: Float32Array.from(weights.subarray(offset, offset + size)) };
    }
    const given = nodes[id].inputs.map(arrayOf);
    const name = given.find((each) => each.name !== "constant")?.name ?? "constant";
    return { name, data: Float32Array.from(referenceOf(nodes[id], given, nodes)) };
  }
  const live = new Set<number>();
  const known = new Map<number, Known>();
  const visit = (id: number): void => {
    if (live.has(id)) return;
    live.add(id);
    const isArray = isFixed[id] && nodes[id].op !== "broadcast" && !isScalar(nodes[id]);
    if (isArray) known.set(id, arrayOf(id));
    else nodes[id].inputs.forEach(visit);
  };
  visit(streamsOut.prediction);
  return {
    nodes,
    known,
    layers,
    live: [...live].sort((a, b) => a - b),
    x: streamsIn.x,
    prediction: streamsOut.prediction,
    columns: network.columns,
    units: network.units,
  };
}

/** x and each parameter, by its path → predictions, with the layers' numbers as constants. */
function inferenceStep(network: Network): StepGraph {
  return trace(
    {
      inputs: Object.fromEntries(network.parameters.map(({ path, shape }) => [path, shape])),
      streams: { x: network.columns },
    },
    ({ graph, inputs, streams }) => {
      const numbers = mapValues(numbersOf(network), (number) => constant(graph, Math.fround(number)));
      return { streams: { prediction: callLayers(network, streams.x, inputs, numbers, false).prediction } };
    },
  );
}

/** The needed parts of a loop, node `id`. */
export function loopOf(id: number, nodes: readonly Node[], live: readonly number[]) {
  const { attributes } = nodes[id] as Node<"scan">;
  const { body, next } = attributes;
  // nothing else reads a loop
  const parts = live.filter((part) => nodes[part].inputs[0] === id);
  const isLive = liveBody(
    attributes,
    parts.map((part) => nodes[part]),
  );
  const carryOf = (part: Node): number | undefined =>
    isNode(part, "scanCarry") ? part.attributes.carry : undefined;
  const carries = next.flatMap((of, carry) =>
    isLive[carry] ? [{ carry, next: of, parts: parts.filter((part) => carryOf(nodes[part]) === carry) }] : [],
  );
  const stacks = parts.flatMap((part) => {
    const node = nodes[part];
    return isNode(node, "scanStack") ? [{ part, of: node.attributes.of }] : [];
  });
  return {
    /** Nodes of its body. */
    live: body.flatMap((_, node) => (isLive[node] ? [node] : [])),
    /** Each carry, the node of the body that replaces it, and the nodes that read its last value. */
    carries,
    /** The nodes that read all values of a node of the body. */
    stacks,
    /** The nodes of the body that are read outside it: new values of carries, and stacks. */
    results: [...carries.map((carry) => carry.next), ...stacks.map(({ of }) => of)],
  };
}

const isScalar = (node: Node): boolean => isNode(node, "constant") && node.attributes.values.length === 1;

/**
 * Whether an array has no more numbers than one of its inputs; a broadcast array counts with its size before.
 */
function isSmall({ op, inputs, shape }: Node, nodes: readonly Node[]): boolean {
  if (op === "broadcast" || inputs.length === 0) return true;
  const sizes = inputs.map((id) =>
    sizeOf(nodes[nodes[id].op === "broadcast" ? nodes[id].inputs[0] : id].shape),
  );
  return sizeOf(shape) <= (op === "concat" ? sizes.reduce((sum, size) => sum + size) : Math.max(...sizes));
}

/** The value of a node, rounded as in a program. */
function referenceOf(
  { op, inputs, shape, attributes }: Node,
  given: readonly Known[],
  nodes: readonly Node[],
): Float64Array {
  return operation<OperationName>(op).reference({
    shape,
    attributes,
    shapes: inputs.map((id) => nodes[id].shape),
    sources: inputs.map((id) => nodes[id]),
    inputs: given.map(({ data }) => Float64Array.from(data)),
    environment: { rows: 1, seed: 0, step: 0, input: () => new Float64Array() },
    evaluate: () => [],
  });
}
