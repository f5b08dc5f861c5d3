/** Layers of an ONNX file that compute each number, or the units of each place: products, norms, merges, and what only training disturbs. */
import type { LayerDescription } from "../../predict/description.js";
import { type Context, float, inOneOrder, type Made, type Nodes } from "./onnxBatch.js";
import { ELEMENT, type Graph } from "./onnxGraph.js";

type Attributes = Parameters<Graph["node"]>[2];

/** What does nothing in prediction. */
const pass: Nodes = ({ inputs }) => {
  const { values, made } = inOneOrder(inputs);
  return made(values[0]);
};

/** An operator on each number. */
function oneByOne({ graph, layer, inputs }: Context, operator: string, attributes: Attributes): Made {
  const { values, made } = inOneOrder(inputs);
  return made(graph.node(operator, values, attributes, layer.id));
}

/** (x − mean) / deviation · gamma + beta, where the last two are there. @param shape - that arrays of units have, if another */
function affine({ graph, layer, array }: Context, normalized: string, shape?: readonly number[]): string {
  const [gamma, beta] = ["gamma", "beta"].map((name) => array(name, shape && { shape }));
  const scaled = gamma ? graph.node("Mul", [normalized, gamma]) : normalized;
  return beta ? graph.node("Add", [scaled, beta], {}, layer.id) : scaled;
}

const epsilonOf = ({ options: { epsilon = 1e-3 } }: LayerDescription): number => Number(epsilon);

/** Values of one shape, by an operator of two or of any number of them. */
const merged =
  (operator: string, of: "two" | "all"): Nodes =>
  ({ graph, layer, inputs }) => {
    const { values, made } = inOneOrder(inputs);
    if (of === "all") return made(graph.node(operator, values, {}, layer.id));
    return made(values.reduce((value, other) => graph.node(operator, [value, other])));
  };

const WAYS: Readonly<Record<string, Nodes>> = {
  add: merged("Add", "two"),
  subtract: merged("Sub", "two"),
  multiply: merged("Mul", "two"),
  average: merged("Mean", "all"),
  maximum: merged("Max", "all"),
  minimum: merged("Min", "all"),
  concatenate({ graph, layer, inputs }) {
    const { values, made, place } = inOneOrder(inputs);
    const { length: rank } = inputs[0].shape;
    return made(graph.node("Concat", values, { axis: place(rank - 1, rank) }, layer.id));
  },
};

/** By the names of the layers. */
export const UNITS = {
  activation: (context) => context.activated(pass(context)),
  batchNormalization(context) {
    const { graph, layer, inputs, array, numbers } = context;
    const { values, made, isFirst } = inOneOrder(inputs);
    const [{ shape: row }] = inputs;
    const units = row[row.length - 1];
    const shape = isFirst ? [units, ...row.slice(1).map(() => 1)] : [units];
    const deviations = numbers("movingVariance").map((variance) => Math.sqrt(variance + epsilonOf(layer)));
    const centered = graph.node("Sub", [values[0], array("movingMean", { shape }) as string]);
    const normalized = graph.node("Div", [centered, graph.constant(deviations, shape)]);
    return made(affine(context, normalized, shape));
  },
  dense({ graph, layer, inputs: [{ value, shape }], array, activated }) {
    const arrays = ["kernel", "bias"].flatMap((name) => array(name) ?? []);
    // Gemm takes matrices alone
    const product =
      shape.length === 1
        ? graph.node("Gemm", [value, ...arrays], {}, layer.id)
        : ["MatMul", "Add"]
            .slice(0, arrays.length)
            .reduce((x, operator, i) => graph.node(operator, [x, arrays[i]]), value);
    return activated(product);
  },
  dropout: pass,
  /** What is no id becomes one outside of the table, which `Gather` refuses; a negative one would count from its end. */
  embedding({ graph, layer, inputs: [{ value }], array }) {
    const end = float(graph, Number(layer.options.inputDim));
    const isId = [
      graph.node("Equal", [value, graph.node("Floor", [value])]),
      graph.node("GreaterOrEqual", [value, float(graph, 0)]),
      graph.node("Less", [value, end]),
    ].reduce((both, each) => graph.node("And", [both, each]));
    const ids = graph.node("Cast", [graph.node("Where", [isId, value, end])], { to: ELEMENT.int64 });
    return graph.node("Gather", [array("embeddings") as string, ids], { axis: 0 }, layer.id);
  },
  elu: (context) => oneByOne(context, "Elu", { alpha: { float: Number(context.layer.options.alpha) } }),
  gaussianNoise: pass,
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
  leakyReLU: (context) =>
    oneByOne(context, "LeakyRelu", { alpha: { float: Number(context.layer.options.negativeSlope) } }),
  merge: (context) => WAYS[String(context.layer.options.way)](context),
  prelu: ({ graph, layer, inputs: [{ value }], array }) =>
    graph.node("PRelu", [value, array("alpha") as string], {}, layer.id),
  randomFlip: pass,
  randomTranslation: pass,
  spatialDropout1d: pass,
  spatialDropout2d: pass,
} satisfies Readonly<Record<string, Nodes>>;
