/** The network of an ONNX file: a node or a few for each layer, by elementary operators, so that any runtime has them. */
import { must, show } from "../../errors.js";
import { type Activation, activationName } from "../../nn/activations.js";
import type { LayerDescription, NetworkDescription } from "../../predict/description.js";
import { activationOf } from "../../predict/layers.js";
import { mustBeBuiltIn } from "../../predict/limits.js";
import { builtInNetwork } from "../../predict/network.js";
import type { Tensors } from "../../predict/safetensors.js";
import { ACTIVATIONS } from "./onnxActivations.js";
import { ELEMENT, type Graph } from "./onnxGraph.js";
import { RECURRENT } from "./onnxRecurrent.js";

type Shape = readonly number[];

/** A value of the graph, `float [rows, ...shape]`. */
interface Batch {
  readonly value: string;
  readonly shape: Shape;
}

/** What a layer adds to the graph; its array of that name is a constant of the graph, undefined if it has none. */
interface Context {
  readonly graph: Graph;
  readonly layer: LayerDescription;
  readonly inputs: readonly Batch[];
  readonly array: (name: string) => string | undefined;
  readonly numbers: (name: string) => Float32Array;
}

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
    const block = (): string[] => [[offset], [offset + size], [1]].map((each) => integers(graph, each));
    const own = places.inputs.length === 1 ? features : graph.node("Slice", [features, ...block()]);
    const value = shape.length === 1 ? own : graph.node("Reshape", [own, integers(graph, [0, ...shape])]);
    values.set(network.inputs ? `input.${network.inputs[i].name}` : "input", { value, shape });
  }
  for (const [i, layer] of network.layers.entries()) {
    const { id, name, weights } = layer;
    const nodes = Object.hasOwn(NODES, name) ? NODES[name as keyof typeof NODES] : undefined;
    mustBeBuiltIn(nodes, layer, `one of ${Object.keys(NODES).join(", ")} to be exported`);
    const array = (parameter: string): string | undefined => {
      const path = weights[parameter];
      return path === undefined ? undefined : graph.constant(tensors[path].data, tensors[path].shape, path);
    };
    const numbers = (parameter: string): Float32Array => tensors[weights[parameter]].data;
    const inputs = layer.inputs.map((each) => values.get(each) as Batch);
    values.set(id, { value: nodes({ graph, layer, inputs, array, numbers }), shape: places.layers[i].shape });
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

const integers = (graph: Graph, value_ints: readonly number[]): string =>
  graph.node("Constant", [], { value_ints });
const float = (graph: Graph, value: number): string => graph.constant(Float32Array.of(value), []);
const flattened = (graph: Graph, { value, shape }: Batch): string =>
  shape.length === 1 ? value : graph.node("Flatten", [value], { axis: 1 });

/** The result of a layer's activation for the product before it. */
const activated = (graph: Graph, layer: LayerDescription, x: Batch): string =>
  ACTIVATIONS[activationName(activationOf(layer) as Activation) as keyof typeof ACTIVATIONS](
    graph,
    x,
    layer.id,
  );

type Nodes = (context: Context) => string;

const pass: Nodes = ({ inputs: [{ value }] }) => value;

/** (x − mean) / deviation · gamma + beta, where the last two are there. */
function affine({ graph, layer, array }: Context, normalized: string): string {
  const [gamma, beta] = [array("gamma"), array("beta")];
  const scaled = gamma ? graph.node("Mul", [normalized, gamma]) : normalized;
  return beta ? graph.node("Add", [scaled, beta], {}, layer.id) : scaled;
}

const epsilonOf = ({ options: { epsilon = 1e-3 } }: LayerDescription): number => Number(epsilon);

/** Values one after the other. */
const chained =
  (name: string): Nodes =>
  ({ graph, inputs: [first, ...others] }) =>
    others.reduce((value, other) => graph.node(name, [value, other.value]), first.value);
const together =
  (name: string, attributes: (shape: Shape) => Readonly<Record<string, number>> = () => ({})): Nodes =>
  ({ graph, layer, inputs }) =>
    graph.node(
      name,
      inputs.map(({ value }) => value),
      attributes(inputs[0].shape),
      layer.id,
    );

const WAYS: Readonly<Record<string, Nodes>> = {
  add: chained("Add"),
  subtract: chained("Sub"),
  multiply: chained("Mul"),
  average: together("Mean"),
  maximum: together("Max"),
  minimum: together("Min"),
  concatenate: together("Concat", ({ length }) => ({ axis: length })),
};

/** Of the layers that a predictor has. */
const NODES = {
  dense({ graph, layer, inputs: [{ value, shape }], array }) {
    const arrays = ["kernel", "bias"].flatMap((name) => array(name) ?? []);
    // Gemm takes matrices alone
    const product =
      shape.length === 1
        ? graph.node("Gemm", [value, ...arrays], {}, layer.id)
        : ["MatMul", "Add"]
            .slice(0, arrays.length)
            .reduce((x, operator, i) => graph.node(operator, [x, arrays[i]]), value);
    return activated(graph, layer, { value: product, shape });
  },
  activation: ({ graph, layer, inputs: [x] }) => activated(graph, layer, x),
  elu: ({ graph, layer, inputs: [{ value }] }) =>
    graph.node("Elu", [value], { alpha: { float: Number(layer.options.alpha) } }, layer.id),
  leakyReLU: ({ graph, layer, inputs: [{ value }] }) =>
    graph.node("LeakyRelu", [value], { alpha: { float: Number(layer.options.negativeSlope) } }, layer.id),
  prelu: ({ graph, layer, inputs: [{ value }], array }) =>
    graph.node("PRelu", [value, array("alpha") as string], {}, layer.id),
  dropout: pass,
  gaussianNoise: pass,
  randomFlip: pass,
  randomTranslation: pass,
  flatten: ({ graph, inputs: [x] }) => flattened(graph, x),
  batchNormalization(context) {
    const { graph, layer, inputs, array, numbers } = context;
    const deviations = numbers("movingVariance").map((variance) => Math.sqrt(variance + epsilonOf(layer)));
    const centered = graph.node("Sub", [inputs[0].value, array("movingMean") as string]);
    return affine(context, graph.node("Div", [centered, graph.constant(deviations, [deviations.length])]));
  },
  layerNormalization(context) {
    const { graph, layer, inputs } = context;
    const [{ value, shape }] = inputs;
    const mean = (of: string): string =>
      graph.node("ReduceMean", [of], { axes: [shape.length], keepdims: 1 });
    const centered = graph.node("Sub", [value, mean(value)]);
    const variance = mean(graph.node("Mul", [centered, centered]));
    const deviation = graph.node("Sqrt", [graph.node("Add", [variance, float(graph, epsilonOf(layer))])]);
    return affine(context, graph.node("Div", [centered, deviation]));
  },
  embedding({ graph, layer, inputs: [{ value }], array }) {
    const { maskZero = false } = layer.options;
    must(
      maskZero === false,
      `maskZero of layer ${show(layer.id)}`,
      "false to be exported",
      maskZero,
      "unsupported",
    );
    const ids = graph.node("Cast", [value], { to: ELEMENT.int64 });
    return graph.node("Gather", [array("embeddings") as string, ids], { axis: 0 }, layer.id);
  },
  merge: (context) => WAYS[String(context.layer.options.way)](context),
  ...RECURRENT,
} satisfies Readonly<Record<string, Nodes>>;
