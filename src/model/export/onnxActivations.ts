/** Activations of an ONNX file: operators of its version 17 of 2022, or a few of them for what later versions have as one. */
import type { activations } from "../../nn/activations.js";
import { float } from "./onnxBatch.js";
import type { Graph } from "./onnxGraph.js";

/** The name of the result, `float [rows, ...shape]`, for a value of that shape; its last node is named after the layer. */
type Activate = (
  graph: Graph,
  x: { readonly value: string; readonly shape: readonly number[] },
  name: string,
) => string;
type Attributes = Parameters<Graph["node"]>[2];

const operator =
  (name: string, attributes: Attributes = {}): Activate =>
  (graph, { value }, layer) =>
    graph.node(name, [value], attributes, layer);

const overUnits =
  (name: string): Activate =>
  (graph, { value, shape }, layer) =>
    graph.node(name, [value], { axis: shape.length }, layer);

const clip =
  (low: number, high: number): Activate =>
  (graph, { value }, layer) =>
    graph.node("Clip", [value, float(graph, low), float(graph, high)], {}, layer);

/** x times what operators make of it, one after the other. */
const gate =
  (...operators: readonly string[]): Activate =>
  (graph, { value }, layer) => {
    const share = operators.reduce((made, name) => graph.node(name, [made]), value);
    return graph.node("Mul", [value, share], {}, layer);
  };

export const ACTIVATIONS: Readonly<Record<keyof typeof activations, Activate>> = {
  linear: (_, { value }) => value,
  relu: operator("Relu"),
  tanh: operator("Tanh"),
  sigmoid: operator("Sigmoid"),
  softmax: overUnits("Softmax"),
  softplus: operator("Softplus"),
  // x/2 · (1 + erf(x/√2))
  gelu(graph, { value }, layer) {
    const erf = graph.node("Erf", [graph.node("Mul", [value, float(graph, Math.SQRT1_2)])]);
    const half = graph.node("Mul", [value, float(graph, 0.5)]);
    return graph.node("Mul", [half, graph.node("Add", [erf, float(graph, 1)])], {}, layer);
  },
  celu: operator("Elu"), // with an alpha of 1
  elu: operator("Elu"),
  exponential: operator("Exp"),
  // x σ(2 √(2/π) x (1 + 0.044715 x²))
  geluTanh(graph, { value }, layer) {
    const times = (x: string, factor: number): string => graph.node("Mul", [x, float(graph, factor)]);
    const square = times(graph.node("Mul", [value, value]), 0.044715);
    const cubic = graph.node("Mul", [value, graph.node("Add", [square, float(graph, 1)])]);
    const share = graph.node("Sigmoid", [times(cubic, 2 * Math.sqrt(2 / Math.PI))]);
    return graph.node("Mul", [value, share], {}, layer);
  },
  hardSigmoid: operator("HardSigmoid", { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  hardSilu: operator("HardSwish"),
  hardTanh: clip(-1, 1),
  leakyRelu: operator("LeakyRelu", { alpha: { float: 0.2 } }),
  logSigmoid: (graph, { value }, layer) =>
    graph.node("Neg", [graph.node("Softplus", [graph.node("Neg", [value])])], {}, layer),
  logSoftmax: overUnits("LogSoftmax"),
  mish: gate("Softplus", "Tanh"),
  relu6: clip(0, 6),
  selu: operator("Selu"),
  silu: gate("Sigmoid"),
  softsign: operator("Softsign"),
};

/** Those that see the units of a place together. */
export const OVER_UNITS: ReadonlySet<keyof typeof activations> = new Set(["softmax", "logSoftmax"] as const);
