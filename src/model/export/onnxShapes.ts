/** Layers of an ONNX file that compute nothing, or the same for each number: axes, ends and repeated steps. */
import { endsOf } from "../../nn/layers/reshaping.js";
import { type Context, inOneOrder, type Nodes } from "./onnxBatch.js";

const reshaped: Nodes = ({ graph, layer, inputs, shape }) =>
  graph.node("Reshape", [inputs[0].value, graph.integers([0, ...shape])], {}, layer.id);

/** How many elements before and after each axis but the channels, in the order that there is. */
function ends({ inputs, layer: { options } }: Context, name: "padding" | "cropping") {
  const order = inOneOrder(inputs);
  const { length: rank } = inputs[0].shape;
  const pairs = endsOf(name, (options[name] ?? (name === "padding" ? 1 : 0)) as never, rank - 1);
  return { ...order, pairs, axes: pairs.map((_, axis) => order.place(axis, rank)) };
}

const padded: Nodes = (context) => {
  const { graph, layer, inputs } = context;
  const { values, made, pairs, axes } = ends(context, "padding");
  const pads = [0, 1].map((end) => {
    const counts = [0, ...inputs[0].shape].map(() => 0);
    for (const [i, axis] of axes.entries()) counts[axis] = pairs[i][end];
    return counts;
  });
  const zeros = graph.node("Pad", [...values, graph.integers(pads.flat())]);
  // the largest of one value, since ONNX Runtime 1.30 makes one node of a Pad and the pooling behind it, which pads otherwise
  return made(graph.node("Max", [zeros], {}, layer.id));
};

const cropped: Nodes = (context) => {
  const { graph, layer, shape } = context;
  const { values, made, pairs, axes } = ends(context, "cropping");
  const starts = pairs.map(([start]) => start);
  const bounds = [starts, starts.map((start, i) => start + shape[i]), axes];
  return made(graph.node("Slice", [...values, ...bounds.map((each) => graph.integers(each))], {}, layer.id));
};

/** Each element of an axis several times, one after the other. */
const repeated: Nodes = ({ graph, layer, inputs, shape }) => {
  const { values, made, place } = inOneOrder(inputs);
  const before = inputs[0].shape;
  const factors = Float32Array.from([1, ...before], () => 1);
  for (const [axis, length] of shape.entries()) factors[place(axis, before.length)] = length / before[axis];
  const scales = graph.constant(factors, [factors.length]);
  const way = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return made(graph.node("Resize", [...values, "", scales], way, layer.id));
};

/** By the names of the layers. */
export const SHAPES = {
  cropping1d: cropped,
  cropping2d: cropped,
  flatten: ({ graph, inputs: [{ value, shape }] }) =>
    shape.length === 1 ? value : graph.node("Flatten", [value], { axis: 1 }),
  masking: ({ inputs: [{ value }] }) => value,
  permute: ({ graph, layer, inputs: [{ value }] }) =>
    graph.node("Transpose", [value], { perm: [0, ...(layer.options.dims as number[])] }, layer.id),
  repeatVector({ graph, layer, inputs: [{ value }], shape: [n] }) {
    const step = graph.node("Unsqueeze", [value, graph.integers([1])]);
    return graph.node("Expand", [step, graph.integers([1, n, 1])], {}, layer.id);
  },
  reshape: reshaped,
  /** Steps become rows, and rows steps again. */
  timeDistributed({ graph, layer, inputs: [{ value, shape: before }], shape, nested }) {
    const [[steps, ...rest], [, ...own]] = [before, shape];
    const { name, options } = layer.options.layer as typeof layer;
    const rows = graph.node("Reshape", [value, graph.integers([-1, ...rest])]);
    const result = nested({ name, options }, rows, rest, own);
    return graph.node("Reshape", [result, graph.integers([-1, steps, ...own])], {}, layer.id);
  },
  upSampling1d: repeated,
  upSampling2d: repeated,
  zeroPadding1d: padded,
  zeroPadding2d: padded,
} satisfies Readonly<Record<string, Nodes>>;
