/** Convolutions and pooling of an ONNX file, by ONNX' own operators, which take channels first. */
import type { Shape } from "../../graph/shape.js";
import {
  type Axis,
  axesOf,
  type PaddingName,
  placed,
  reachOf,
  unplaced,
  type WindowOptions,
} from "../../nn/layers/geometry.js";
import { type Context, float, inOneOrder, type Nodes } from "./onnxBatch.js";
import { ELEMENT } from "./onnxGraph.js";
import { besideSteps } from "./onnxMasks.js";

/** Where the windows of a layer lie, in ONNX' words: sizes by axis, and zeros before all axes and then after all. */
interface Windows {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Of a layer of windows: its axes and the padding that it has. */
function optionsOf({ layer: { options }, inputs }: Context, size: "kernelSize" | "poolSize") {
  const { padding = "valid" } = options;
  const given = size === "poolSize" ? { strides: options.strides ?? options.poolSize } : options;
  const axes = axesOf(options[size], given as WindowOptions<unknown>, inputs[0].shape.length - 1, size);
  return { axes, padding: padding as PaddingName };
}

function attributesOf(axes: readonly Axis[], pads: readonly number[]): Windows {
  return {
    kernel_shape: axes.map(({ size }) => size),
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    pads,
  };
}

function windowsOf(context: Context, size: "kernelSize" | "poolSize"): Windows {
  const { axes, padding } = optionsOf(context, size);
  const places = placed(context.layer.name, context.inputs[0].shape, axes, padding);
  return attributesOf(axes, [...places.map(({ before }) => before), ...places.map(({ after }) => after)]);
}

const given = (...names: readonly (string | undefined)[]): string[] => names.flatMap((name) => name ?? []);

/** [...sizes, channels, filters] → [filters, channels, ...sizes] */
const filtersFirst = (rank: number): readonly number[] => [
  rank + 1,
  rank,
  ...Array.from({ length: rank }, (_, axis) => axis),
];

const convolution: Nodes = (context) => {
  const { graph, layer, inputs, array, activated } = context;
  const kernel = array("kernel", { perm: filtersFirst(inputs[0].shape.length - 1) });
  const operands = given(inputs[0].first, kernel, array("bias"));
  return activated({
    first: graph.node("Conv", operands, { ...windowsOf(context, "kernelSize") }, layer.id),
  });
};

/** Channel by channel: a group each. @param bias - its name, if there is one */
function depthwise(context: Context, name: string, bias: string | undefined): string {
  const { graph, layer, inputs, array, numbers } = context;
  const channels = inputs[0].shape[2];
  const { kernel_shape, ...windows } = windowsOf(context, "kernelSize");
  const count = numbers(name).length / kernel_shape.reduce((size, length) => size * length, 1);
  // [height, width, channels, multiplier] → [channels × multiplier, 1, height, width]
  const kernel = array(name, { perm: [2, 3, 0, 1], shape: [count, 1, ...kernel_shape] });
  const attributes = { kernel_shape, ...windows, group: channels };
  return graph.node("Conv", given(inputs[0].first, kernel, bias), attributes, layer.id);
}

/** Each element spreads over a window of the result, of which `unplaced` says the lengths. */
const transposed: Nodes = (context) => {
  const { graph, layer, inputs, array, activated } = context;
  const { axes, padding } = optionsOf(context, "kernelSize");
  const lengths: Shape = inputs[0].shape.slice(0, -1);
  const result = unplaced(lengths, axes, padding);
  const places = placed(layer.name, result, axes, padding);
  // what is left of all that windows reach over, after the zeros before it; less than nothing is added
  const rest = axes.map(
    (axis, i) => (lengths[i] - 1) * axis.stride + reachOf(axis) - places[i].before - result[i],
  );
  const pads = [...places.map(({ before }) => before), ...rest.map((more) => Math.max(more, 0))];
  const attributes = { ...attributesOf(axes, pads), output_padding: rest.map((more) => Math.max(-more, 0)) };
  // [height, width, filters, channels] → [channels, filters, height, width]
  const kernel = array("kernel", { perm: filtersFirst(2) });
  const operands = given(inputs[0].first, kernel, array("bias"));
  return activated({ first: graph.node("ConvTranspose", operands, attributes, layer.id) });
};

const separable: Nodes = (context) => {
  const { graph, layer, array, activated } = context;
  const channels = depthwise(context, "depthwiseKernel", undefined);
  const kernel = array("pointwiseKernel", { perm: filtersFirst(2) });
  const operands = given(channels, kernel, array("bias"));
  return activated({ first: graph.node("Conv", operands, { kernel_shape: [1, 1] }, layer.id) });
};

/** Means do not count zeros around a row, as in Keras. */
const pooling =
  (operator: "MaxPool" | "AveragePool"): Nodes =>
  (context) => {
    const { graph, layer, inputs } = context;
    const { dilations: _, ...windows } = windowsOf(context, "poolSize");
    return { first: graph.node(operator, [inputs[0].first], { ...windows }, layer.id) };
  };

/** Below every number, as in the layer. */
const LEAST = -3.4028234663852886e38;

/** Over the steps that count, and 0 where none does. */
function maskedPooling({ graph, layer, inputs: [x] }: Context, operator: "ReduceMax" | "ReduceMean"): string {
  const mask = x.mask as string;
  const axes = x.shape.slice(0, -1).map((_, axis) => axis + 1);
  const counts = graph.node("Cast", [mask], { to: ELEMENT.float });
  if (operator === "ReduceMax") {
    const zero = float(graph, 0);
    const counted = graph.node("Where", [
      besideSteps(graph, mask, x.shape.length),
      x.value,
      float(graph, LEAST),
    ]);
    const any = graph.node("Greater", [graph.node("ReduceMax", [counts], { axes: [1], keepdims: 1 }), zero]);
    const largest = graph.node("ReduceMax", [counted], { axes, keepdims: 0 });
    return graph.node("Where", [any, largest, zero], {}, layer.id);
  }
  const inStep = float(
    graph,
    x.shape.slice(1, -1).reduce((size, length) => size * length, 1),
  );
  const axis = graph.integers([1]); // ReduceSum takes axes as an input
  const steps = graph.node("Mul", [graph.node("ReduceSum", [counts, axis], { keepdims: 1 }), inStep]);
  const sum = graph.node("ReduceSum", [x.value, graph.integers(axes)], { keepdims: 0 });
  return graph.node("Div", [sum, graph.node("Max", [steps, float(graph, 1)])], {}, layer.id);
}

/** In the order that there is, which needs no transposes. */
const globalPooling =
  (operator: "ReduceMax" | "ReduceMean"): Nodes =>
  (context) => {
    const { graph, layer, inputs } = context;
    if (inputs[0].mask !== undefined) return maskedPooling(context, operator);
    const { values, place } = inOneOrder(inputs);
    const { length: rank } = inputs[0].shape;
    const axes = inputs[0].shape.slice(0, -1).map((_, axis) => place(axis, rank));
    return graph.node(operator, values, { axes, keepdims: 0 }, layer.id);
  };

/** By the names of the layers. */
export const WINDOWS = {
  averagePooling1d: pooling("AveragePool"),
  averagePooling2d: pooling("AveragePool"),
  conv1d: convolution,
  conv2d: convolution,
  conv2dTranspose: transposed,
  depthwiseConv2d: (context) =>
    context.activated({ first: depthwise(context, "kernel", context.array("bias")) }),
  globalAveragePooling1d: globalPooling("ReduceMean"),
  globalAveragePooling2d: globalPooling("ReduceMean"),
  globalMaxPooling1d: globalPooling("ReduceMax"),
  globalMaxPooling2d: globalPooling("ReduceMax"),
  maxPooling1d: pooling("MaxPool"),
  maxPooling2d: pooling("MaxPool"),
  separableConv2d: separable,
} satisfies Readonly<Record<string, Nodes>>;
