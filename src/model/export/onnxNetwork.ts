/** The network of an ONNX file: a node or a few for each layer, by ONNX' own operators, so that any runtime has them. */
import { type Activation, activationName } from "../../nn/activations.js";
import type { LayerPlace } from "../../nn/network.js";
import type { LayerDescription, NetworkDescription } from "../../predict/description.js";
import { activationOf } from "../../predict/layers.js";
import { mustBeBuiltIn } from "../../predict/limits.js";
import { builtInNetwork } from "../../predict/network.js";
import type { Tensors } from "../../predict/safetensors.js";
import { ACTIVATIONS, OVER_UNITS } from "./onnxActivations.js";
import { multiHeadAttention } from "./onnxAttention.js";
import {
  type ArrayForm,
  Batch,
  type Context,
  inOneOrder,
  type Made,
  type Nodes,
  type Shape,
} from "./onnxBatch.js";
import type { Graph } from "./onnxGraph.js";
import { givenTo, withMask } from "./onnxMasks.js";
import { RECURRENT } from "./onnxRecurrent.js";
import { SHAPES } from "./onnxShapes.js";
import { UNITS } from "./onnxUnits.js";
import { WINDOWS } from "./onnxWindows.js";

/** The result of the network, [rows, units]: its outputs beside each other. Nodes have the names of layers. */
export function networkNodes(
  graph: Graph,
  network: NetworkDescription,
  tensors: Tensors,
  features: string,
): { readonly value: string; readonly units: number } {
  const { network: places } = builtInNetwork(network, tensors);
  const values = new Map<string, Batch>();
  for (const [i, { offset, size, shape }] of places.inputs.entries()) {
    const block = (): string[] => [[offset], [offset + size], [1]].map((each) => graph.integers(each));
    const own = places.inputs.length === 1 ? features : graph.node("Slice", [features, ...block()]);
    const value = shape.length === 1 ? own : graph.node("Reshape", [own, graph.integers([0, ...shape])]);
    const id = network.inputs ? `input.${network.inputs[i].name}` : "input";
    values.set(id, new Batch(graph, value, shape));
  }
  const arrays = new Arrays(graph, tensors);
  for (const [i, layer] of network.layers.entries()) {
    const inputs = layer.inputs.map((each) => values.get(each) as Batch);
    values.set(layer.id, layerNodes(graph, arrays, layer, inputs, places.layers[i]));
  }
  const outputs = network.outputs?.map(({ value }) => value) ?? [
    network.layers[network.layers.length - 1].id,
  ];
  const flat = outputs.map((id) => flattened(graph, values.get(id) as Batch));
  return {
    value: flat.length === 1 ? flat[0] : graph.node("Concat", flat, { axis: 1 }),
    units: places.units,
  };
}

/** The nodes of a layer, its result with its mask. */
function layerNodes(
  graph: Graph,
  arrays: Arrays,
  layer: LayerDescription,
  given: readonly Batch[],
  { layer: own, shape }: LayerPlace,
): Batch {
  const context = contextOf(graph, arrays, layer, givenTo(graph, own, layer, given), shape);
  return withMask(context, own, nodesOf(context));
}

function nodesOf(context: Context): Made {
  const { name } = context.layer;
  const nodes: Nodes | undefined = Object.hasOwn(NODES, name) ? NODES[name as keyof typeof NODES] : undefined;
  mustBeBuiltIn(nodes, context.layer, `one of ${Object.keys(NODES).join(", ")} to be exported`);
  return nodes(context);
}

function contextOf(
  graph: Graph,
  arrays: Arrays,
  layer: LayerDescription,
  inputs: readonly Batch[],
  shape: Shape,
): Context {
  const { weights } = layer;
  return {
    graph,
    layer,
    inputs,
    shape,
    array: (parameter, form = {}) => arrays.constant(weights[parameter], form),
    numbers: (parameter) => arrays.numbers(weights[parameter]),
    activated: (made) => activated(graph, layer, new Batch(graph, made, shape)),
    nested(piece, value, from, to) {
      const inner = { ...layer, ...piece };
      const made = nodesOf(contextOf(graph, arrays, inner, [new Batch(graph, value, from)], to));
      return new Batch(graph, made, to).value;
    },
  };
}

/** The arrays of a network as constants of a graph, each written once in each form. */
class Arrays {
  private readonly names = new Map<string, string>();

  constructor(
    private readonly graph: Graph,
    private readonly tensors: Tensors,
  ) {}

  numbers(path: string): Float32Array {
    return this.tensors[path].data;
  }

  /** @returns its name; undefined for no path */
  constant(path: string | undefined, form: ArrayForm): string | undefined {
    if (path === undefined) return undefined;
    const { data, shape } = this.tensors[path];
    const { perm, shape: reshaped = perm?.map((axis) => shape[axis]) ?? shape } = form;
    const key = JSON.stringify([path, perm, reshaped]);
    const name =
      this.names.get(key) ?? this.graph.constant(perm ? permuted(data, shape, perm) : data, reshaped, path);
    this.names.set(key, name);
    return name;
  }
}

/** The numbers of an array with its axes in another order. */
function permuted(data: Float32Array, shape: Shape, perm: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, length) => size * length, 1));
  let places = [0];
  for (const axis of perm)
    places = places.flatMap((place) =>
      Array.from({ length: shape[axis] }, (_, i) => place + i * strides[axis]),
    );
  return Float32Array.from(places, (place) => data[place]);
}

const flattened = (graph: Graph, { value, shape }: Batch): string =>
  shape.length === 1 ? value : graph.node("Flatten", [value], { axis: 1 });

/** In the order that there is, but for activations over the units, which go along the last axis. */
function activated(graph: Graph, layer: LayerDescription, x: Batch): Made {
  const name = activationName(activationOf(layer) as Activation) as keyof typeof ACTIVATIONS;
  if (OVER_UNITS.has(name)) return ACTIVATIONS[name](graph, x, layer.id);
  const { values, made } = inOneOrder([x]);
  return made(ACTIVATIONS[name](graph, { value: values[0], shape: x.shape }, layer.id));
}

/** Of all layers, by name. */
const NODES = {
  ...SHAPES,
  ...UNITS,
  ...WINDOWS,
  ...RECURRENT,
  multiHeadAttention,
} satisfies Readonly<Record<string, Nodes>>;
