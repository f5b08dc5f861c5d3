/**
 * Operations as operators of ONNX' opset 17, one row each. Rows of windows know the operators that combine
 * them with their readers.
 */
import { FettleError } from "../../errors.js";
import type { ElementwiseName, Node, OperationName, WindowAttributes } from "../../graph/graph.js";
import { counts } from "../../graph/operations/patches.js";
import { hasRows, type Shape, sameShape, sizeOf } from "../../graph/shape.js";
import { ELEMENT } from "./onnxGraph.js";
import type { Value, Values } from "./onnxValues.js";

/** The arguments of a row for a node. */
export interface Context<K extends OperationName> {
  readonly node: Node<K>;
  readonly inputs: readonly Value[];
  readonly values: Values;
  /** For a product: the vector that is added to its rows, and whether only `addPatches` reads it. */
  readonly bias?: Value | undefined;
  readonly isSpread?: boolean;
}

type Row<K extends OperationName> = (context: Context<K>) => Value;

/** An operator on each number. */
const each =
  (operator: string): Row<ElementwiseName> =>
  ({ node: { shape }, inputs, values }) =>
    values.each(operator, inputs, shape);
/** 0 below a bound, x otherwise. */
const flush =
  (bound: number): Row<ElementwiseName> =>
  ({ node: { shape }, inputs: [x], values }) => {
    const isLess = values.each("Less", [values.each("Abs", [x], shape), bound], shape);
    return values.each("Where", [isLess, 0, x], shape);
  };

const elementwise: { readonly [K in ElementwiseName]: Row<ElementwiseName> } = {
  copy: ({ inputs: [x] }) => x,
  neg: each("Neg"),
  abs: each("Abs"),
  sign: each("Sign"),
  floor: each("Floor"),
  sqrt: each("Sqrt"),
  exp: each("Exp"),
  // ONNX has neither this nor log1p: near 0 they round as 1 does
  expm1: ({ node: { shape }, inputs, values }) =>
    values.each("Sub", [values.each("Exp", inputs, shape), 1], shape),
  log: each("Log"),
  log1p: ({ node: { shape }, inputs: [x], values }) =>
    values.each("Log", [values.each("Add", [x, 1], shape)], shape),
  sin: each("Sin"),
  cos: each("Cos"),
  tanh: each("Tanh"),
  sigmoid: each("Sigmoid"),
  softplus: each("Softplus"),
  erf: each("Erf"),
  relu: each("Relu"),
  flush: flush(2 ** -126),
  flushRoot: flush(2 ** -63),
  add: each("Add"),
  sub: each("Sub"),
  mul(context) {
    const [x, y] = context.inputs;
    // windows · kernel [elements, channels, multiplier], which a sum over the elements reads
    const { form, shape } = x.repeated ?? x;
    const kernel = y.repeated;
    const of = form.windows;
    const isByElement = kernel && sameShape(shape.slice(1), [...kernel.shape.slice(0, 2), 1]);
    if (!of || of.kernel || !isByElement || sizeOf(of.on.size) !== shape[1]) return each("Mul")(context);
    const { values, node } = context;
    return values.lazy({
      shape: node.shape,
      windows: { ...of, kernel },
      write: () => each("Mul")(context).name,
    });
  },
  mulNoNan: ({ node: { shape }, inputs, values }) =>
    values.each(
      "Where",
      [values.each("Equal", [inputs[1], 0], shape), 0, values.each("Mul", inputs, shape)],
      shape,
    ),
  div: each("Div"),
  pow: each("Pow"),
  maximum: each("Max"),
  minimum: each("Min"),
  greater: each("Greater"),
  greaterEqual: each("GreaterOrEqual"),
  equal: each("Equal"),
  select: each("Where"),
};

const last = (shape: Shape): number => shape[shape.length - 1];
/** The geometry of windows, as attributes of ONNX. */
const attributesOf = ({ size, strides, dilation, before, after }: WindowAttributes) => ({
  kernel_shape: size,
  strides,
  dilations: dilation,
  pads: [...before, ...after],
});

/** Whether the numbers of a value are images whose channels, which come first there, are its last axis. */
const areImages = ({ shape, form }: Value): boolean =>
  form.images !== undefined && last(form.shape) === last(shape);

/** Windows as an array, by two gathers: of rows, then of columns. */
function gathered(values: Values, of: Value, on: WindowAttributes, shape: Shape): string {
  const { graph } = values;
  const { size, strides, dilation, before, after } = on;
  const isPadded = [...before, ...after].some((zeros) => zeros > 0);
  const pads = [0, ...before, 0, 0, ...after, 0];
  let name = isPadded ? graph.node("Pad", [of.name, graph.integers(pads)]) : of.name;
  for (const axis of [0, 1]) {
    const [count, length] = [shape[axis + 1], size[axis]];
    const places = Array.from(
      { length: count * length },
      (_, i) => Math.floor(i / length) * strides[axis] + (i % length) * dilation[axis],
    );
    name = graph.node("Gather", [name, graph.integers(places)], { axis: axis + 1 });
  }
  const apart = values.reshaped(name, [shape[0], shape[1], size[0], shape[2], size[1], last(of.shape)]);
  return values.reshaped(graph.node("Transpose", [apart], { perm: [0, 1, 3, 2, 4, 5] }), shape);
}

/**
 * A sum of windows over their elements, of all or multiplied by a kernel; undefined if ONNX has no operator
 * for it.
 */
function summed({ node: { shape, attributes }, inputs: [x], values }: Context<"sum">): Value | undefined {
  const { of, on, kernel } = x.form.windows ?? {};
  if (!of || !on) return undefined;
  const { axis, count } = attributes;
  const [elements, channels] = [sizeOf(on.size), last(of.shape)];
  const rest = kernel ? [channels, last(kernel.shape)] : [channels];
  if (count !== 1 || !sameShape(x.shape.slice(axis), [elements, ...rest])) return undefined;
  const image = [of.shape[0], ...counts(of.shape.slice(1, 3), channels, on), sizeOf(rest)];
  if (kernel) {
    const weights = kernel.turned([...on.size, ...rest], [2, 3, 0, 1]);
    const group = values.reshaped(weights, [sizeOf(rest), 1, ...on.size]);
    const name = values.node("Conv", [of.images, group], { ...attributesOf(on), group: channels });
    return values.images(image, name).as(shape);
  }
  const { dilations, ...windows } = attributesOf(on);
  const isInside = [...on.before, ...on.after].every((zeros, i) => zeros < on.size[i % 2]);
  if (dilations.some((each) => each !== 1) || !isInside) return undefined;
  const mean = values.node("AveragePool", [of.images], { ...windows, count_include_pad: 1 });
  return values.each("Mul", [values.images(image, mean), elements], image).as(shape);
}

/** A reduction over axes; for images over all of their places. */
function reduced(context: Context<"sum" | "max">, operator: "ReduceSum" | "ReduceMax"): Value {
  const { node, inputs, values } = context;
  const x = values.floats(inputs[0]);
  const { axis, count } = node.attributes;
  const isOverPlaces =
    areImages(x) && axis === 1 && count === x.shape.length - 2 && x.shape[0] === x.form.shape[0];
  const axes = isOverPlaces ? [2, 3] : Array.from({ length: count }, (_, i) => axis + i);
  const name = isOverPlaces ? (x.form.images as string) : x.name;
  const [given, attributes] =
    operator === "ReduceSum" ? [[name, values.graph.integers(axes)], {}] : [[name], { axes }];
  return values.array(node.shape, values.node(operator, given, { ...attributes, keepdims: 0 }));
}

const alongLast =
  (operator: string) =>
  ({ node: { shape }, inputs: [x], values }: Context<OperationName>): Value =>
    values.array(shape, values.node(operator, [values.floats(x).name], { axis: shape.length - 1 }));

const refused =
  (why: string) =>
  ({ node }: { readonly node: Node }): never => {
    throw new FettleError(
      "unsupported",
      `ONNX has no operation ${node.op} of Fettle: ${why}; export the model to JavaScript, or use fettle/predict`,
    );
  };
const NOT_PREDICTED = "a prediction draws none; a custom layer may where `training` is true";

/** A convolution: windows · kernel, or a product over the channels of images. */
function convolution({
  node: { shape },
  inputs: [left, right],
  values,
  bias,
}: Context<"matmul">): Value | undefined {
  const { windows } = left.form;
  const isOfWindows = windows && !windows.kernel && last(left.shape) === last(left.form.shape);
  if (!isOfWindows && !areImages(left)) return undefined;
  const { of, on } = isOfWindows ? windows : { of: undefined, on: undefined };
  const channels = of ? last(of.shape) : last(left.shape);
  const sizes = on ? on.size : [1, 1];
  const filters = last(shape);
  const kernel = right.turned([...sizes, channels, filters], [3, 2, 0, 1]);
  const operands = [of ? of.images : (left.form.images as string), kernel];
  const attributes = on ? attributesOf(on) : { kernel_shape: sizes };
  const name = values.node("Conv", [...operands, ...(bias ? [bias.as([filters]).name] : [])], attributes);
  return values.images([...left.form.shape.slice(0, 3), filters], name).as(shape);
}

/** By operation: one without a row does not compile. The walk over the graph writes loops. */
export const ROWS: { readonly [K in Exclude<OperationName, "scan" | "scanCarry" | "scanStack">]: Row<K> } = {
  ...elementwise,
  // rows and parameters already exist, so nothing else is left
  input: refused("it is neither rows nor a parameter"),
  constant({ node: { shape, attributes }, values }) {
    const numbers = attributes.values;
    return numbers.length === 1
      ? values.number(numbers[0]).as(shape)
      : values.known(shape, { name: "constant", data: Float32Array.from(numbers) });
  },
  count: ({ node, values }) => values.countOf(node.attributes.of),
  randomUniform: refused(NOT_PREDICTED),
  step: refused("a prediction is no step of a training; a custom layer may read it where `training` is true"),
  stopGradient: ({ inputs: [x] }) => x,
  flushGradient: ({ inputs: [x] }) => x,
  broadcast: ({ node: { shape }, inputs: [x], values }) => values.repeated(x, shape),
  reshape: ({ node: { shape }, inputs: [x] }) => x.as(shape),
  transpose: ({ node: { shape, attributes }, inputs: [x], values }) =>
    values.array(shape, values.node("Transpose", [x.name], { perm: attributes.permutation }), x.isBoolean),
  slice: ({ node: { shape, attributes }, inputs: [x], values }) =>
    values.moved([x], shape, ([name], place) => {
      const axes = shape.flatMap((size, axis) => (size === x.shape[axis] ? [] : [axis]));
      const starts = axes.map((axis) => attributes.begin[axis]);
      const ends = axes.map((axis, i) => starts[i] + shape[axis]);
      const bounds = [starts, ends, axes.map(place)].map((list) => values.graph.integers(list));
      return values.node("Slice", [name, ...bounds]);
    }),
  pad: ({ node: { shape, attributes }, inputs: [x], values }) =>
    values.moved([values.floats(x)], shape, ([name], place) => {
      const ends = [attributes.before, attributes.after].flatMap((zeros) => {
        const placed: number[] = [];
        for (const [axis, count] of zeros.entries()) placed[place(axis)] = count;
        return placed;
      });
      const zeros = values.graph.node("Pad", [name, values.graph.integers(ends)]);
      // the largest of one value, since ONNX Runtime 1.30 makes one node of a Pad and the pooling behind it,
      // which pads otherwise
      return values.node("Max", [zeros]);
    }),
  concat({ node: { shape, attributes }, inputs, values }) {
    const all = inputs.map((input) => values.floats(input));
    return values.moved(all, shape, (names, place) =>
      values.node("Concat", names, { axis: place(attributes.axis) }),
    );
  },
  /**
   * An invalid id becomes one outside the table, which `Gather` refuses; a negative id would count from the
   * end.
   */
  takeRows({ node, inputs: [table, ids], values }) {
    const { shape } = ids;
    const [rows] = table.shape;
    const isId = [
      values.each("Equal", [ids, values.each("Floor", [ids], shape)], shape),
      values.each("GreaterOrEqual", [ids, 0], shape),
      values.each("Less", [ids, rows], shape),
    ].reduce((both, one) => values.each("And", [both, one], shape));
    const { name } = values.each("Where", [isId, ids, rows], shape);
    const places = values.graph.node("Cast", [name], { to: ELEMENT.int64 });
    return values.array(node.shape, values.node("Gather", [table.name, places], { axis: 0 }));
  },
  scatterRows: refused("it has no sum of rows by number that skips invalid numbers"),
  patches({ node: { shape, attributes }, inputs, values }) {
    const of = values.floats(inputs[0]);
    return values.lazy({
      shape,
      windows: { of, on: attributes },
      write: () => gathered(values, of, attributes, shape),
    });
  },
  /** The adjoint of a convolution by a kernel, or by one that spreads each element to its own place. */
  addPatches({ node: { shape, attributes }, inputs: [x], values }) {
    const [, down, across, columns] = x.shape;
    const [, ...image] = shape;
    const filters = last(shape);
    const sizes = attributes.size;
    const own = Float32Array.from({ length: columns * columns }, (_, i) => (i % (columns + 1) === 0 ? 1 : 0));
    const { left, right } = x.form.product ?? {
      left: x,
      right: values.known([columns, columns], { name: "constant", data: own }),
    };
    const channels = last(left.shape);
    const { strides, before, size, dilation } = attributes;
    // the remaining reach of the windows after the zeros before it; a negative rest is added
    const rest = [down, across].map(
      (count, i) => (count - 1) * strides[i] + (size[i] - 1) * dilation[i] + 1 - before[i] - image[i],
    );
    const pads = [...before, ...rest.map((more) => Math.max(more, 0))];
    const given = {
      ...attributesOf(attributes),
      pads,
      output_padding: rest.map((more) => Math.max(-more, 0)),
    };
    const kernel = right.turned([channels, ...sizes, filters], [0, 3, 1, 2]);
    const images = left.as([shape[0], down, across, channels]).images;
    return values.images(shape, values.node("ConvTranspose", [images, kernel], given));
  },
  takeLargest(context) {
    const { node, inputs, values } = context;
    const [selector, x] = inputs;
    if (selector !== x) refused("its largest elements choose among those of another value")(context);
    const { size, strides, before, after } = node.attributes;
    const windows = { kernel_shape: size, strides, pads: [...before, ...after] };
    return values.images(node.shape, values.node("MaxPool", [values.floats(x).images], windows));
  },
  scatterLargest: refused("gradients alone have it"),
  sum: (context) => summed(context) ?? reduced(context, "ReduceSum"),
  max: (context) => reduced(context, "ReduceMax"),
  softmax: alongLast("Softmax"),
  logSoftmax: alongLast("LogSoftmax"),
  logSoftmaxSlope: refused("gradients alone have it"),
  matmul(context) {
    const { node, inputs, values, bias, isSpread } = context;
    const { shape } = node;
    const [left, right] = inputs.map((input) => values.floats(input));
    const { layer } = values;
    const isPlain = shape.length === 2;
    const operands = (): string[] => [left.name, right.name, ...(bias ? [bias.name] : [])];
    const write = (): string => values.graph.node(isPlain ? "Gemm" : "MatMul", operands(), {}, layer);
    if (isSpread && isPlain && !hasRows(right.shape))
      return values.lazy({ shape, write, product: { left, right } });
    return (isPlain && convolution(context)) || values.array(shape, write());
  },
};
