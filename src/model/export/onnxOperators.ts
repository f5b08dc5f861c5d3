/**
 * Operators of ONNX as layers, one row each, except those on each number (onnxElementwise.ts). It knows no
 * file.
 */

import {
  as,
  attribute,
  axisOf,
  type Context,
  knownIn,
  mustHave,
  type Row,
  rowsIn,
  viewIn,
} from "./onnxContext.js";
import { curveOf } from "./onnxElementwise.js";
import type { Known } from "./onnxFile.js";
import { axesOf } from "./onnxKnown.js";
import { floatsOf, isOrdered, sizeOf, upTo, type View, viewOf } from "./onnxLayers.js";
import {
  flatten,
  gather,
  padding,
  reshaped,
  resize,
  shapeOf,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "./onnxShapes.js";
import { permuted } from "./onnxValues.js";
import { convolution, pooling, reduced, transposedConvolution } from "./onnxWindows.js";

// Products.

function product(context: Context, kernel: Known, isTransposed: boolean, bias?: Known): View {
  const { layers } = context;
  const view = viewIn(context);
  if (kernel.shape.length !== 2) throw layers.unsupported("multiplies by an array that is not a matrix");
  const [units, inputs] = isTransposed ? kernel.shape : [kernel.shape[1], kernel.shape[0]];
  const last = view.shape.length - 1;
  if (view.shape[last] !== inputs || (view.rows > 0 && view.rows > last))
    throw layers.unsupported(
      `must take rows whose last axis has ${inputs} numbers; received [${view.shape}]`,
    );
  const matrix = () => (isTransposed ? permuted(floatsOf(kernel), kernel.shape, [1, 0]) : floatsOf(kernel));
  const options = { units, useBias: bias !== undefined };
  if (view.shape.length === 1 && !isOrdered(view)) {
    // rows in the order of the numbers that are held, instead of another order of numbers
    const flat = layers.reshaped(view.of, [inputs]);
    const turned = () => {
      const ordered = view.order.map((axis) => view.of.shape[axis]);
      const back = view.of.shape.map((_, axis) => view.order.indexOf(axis));
      return permuted(matrix(), [...ordered, units], [...back, ordered.length]);
    };
    return viewOf(layers.add("dense", options, [flat], { kernel: { array: kernel, floats: turned }, bias }));
  }
  const { of, order } = layers.withLast(view, last);
  const result = layers.add("dense", options, [of], { kernel: { array: kernel, floats: matrix }, bias });
  return { of: result, order, shape: view.shape.with(last, units), rows: view.rows };
}

const gemm: Row = (context) => {
  const { layers } = context;
  const scale = attribute(context, "alpha", 1);
  const [kernel, bias] = [mustHave(context, 1), knownIn(context, 2)];
  const units = kernel.shape[attribute(context, "transB", 0) === 1 ? 0 : 1];
  const isBias =
    bias === undefined || (bias.data.length === units && bias.shape[bias.shape.length - 1] === units);
  if (attribute(context, "transA", 0) !== 0 || scale !== 1 || attribute(context, "beta", 1) !== 1 || !isBias)
    throw layers.unsupported("must be x · W + b, with one number of b for each unit, and factors of 1");
  return curveOf(product(context, kernel, attribute(context, "transB", 0) === 1, bias));
};

// Normalisation.

const batchNormalization: Row = (context) => {
  const { layers } = context;
  const view = rowsIn(context);
  const { of, order } = layers.withLast(view, 0);
  const [gamma, beta, movingMean, movingVariance] = [1, 2, 3, 4].map((i) => mustHave(context, i));
  const options = {
    epsilon: attribute(context, "epsilon", 1e-5),
    momentum: attribute(context, "momentum", 0.9),
  };
  const weights = { gamma, beta, movingMean, movingVariance };
  return curveOf({ ...view, of: layers.add("batchNormalization", options, [of], weights), order });
};

const layerNormalization: Row = (context) => {
  const { layers } = context;
  const view = viewIn(context);
  const first = axisOf(context, view, attribute(context, "axis", -1));
  const [gamma, beta] = [mustHave(context, 1), knownIn(context, 2)];
  const options = { epsilon: attribute(context, "epsilon", 1e-5), center: beta !== undefined };
  const shape = [...view.shape.slice(0, first), sizeOf(view.shape.slice(first))];
  const flat = shape.length === view.shape.length ? view : viewOf(layers.reshaped(layers.held(view), shape));
  const { of, order } = layers.withLast(flat, first);
  const result = layers.add("layerNormalization", options, [of], { gamma, beta });
  return as({ ...flat, of: result, order }, view.shape, view.rows);
};

/** Each channel over its places: also a part of group normalisation, as PyTorch exports it. */
const instanceNormalization: Row = (context) => {
  const { layers, elementwise } = context;
  const view = rowsIn(context);
  const [channels] = view.shape;
  const [gamma, beta] = [floatsOf(mustHave(context, 1)), floatsOf(mustHave(context, 2))];
  const flat = layers.reshaped(layers.held(view), [channels, sizeOf(view.shape.slice(1))]);
  const options = { epsilon: attribute(context, "epsilon", 1e-5), center: false, scale: false };
  const result = viewOf(layers.add("layerNormalization", options, [flat]));
  const isPlain = gamma.every((each) => each === 1) && beta.every((each) => each === 0);
  return as(isPlain ? result : elementwise.affine(result, 0, undefined, gamma, beta), view.shape);
};

// Along an axis.

const softmax =
  (activation: string): Row =>
  (context) => {
    const { layers, opset } = context;
    const view = viewIn(context);
    const axis = axisOf(context, view, attribute(context, "axis", opset < 13 ? 1 : -1));
    if (opset < 13 && axis !== view.shape.length - 1) throw layers.unsupported("acts on several axes");
    const { of, order } = layers.withLast(view, axis);
    return curveOf({ ...view, of: layers.add("activation", { activation }, [of]), order });
  };

/** Axes of a reduction, of a row. */
function reducedAxes(context: Context, view: View): number[] {
  const given = axesOf(context.node.attributes, knownIn(context, 1));
  if (given === undefined || given.length === 0)
    throw context.layers.unsupported("must name the axes of a row");
  return [...new Set(given.map((axis) => axisOf(context, view, axis)))].sort((a, b) => a - b);
}

const reduction =
  (kind: "Max" | "Average" | "Sum"): Row =>
  (context) => {
    const view = rowsIn(context);
    const axes = reducedAxes(context, view);
    const keepsAxes = attribute(context, "keepdims", 1) === 1;
    // a global pooling keeps an axis, which a row without any other gets
    const isWhole = axes.length === view.shape.length;
    const source = isWhole
      ? viewOf(context.layers.reshaped(context.layers.held(view), [...view.shape, 1]))
      : view;
    const result = reduced(context.layers, source, axes, keepsAxes, kind === "Sum" ? "Average" : kind);
    const count = sizeOf(axes.map((axis) => view.shape[axis]));
    const scaled =
      kind === "Sum" ? context.elementwise.changed(result, "rescaling", { scale: count, offset: 0 }) : result;
    if (isWhole && !keepsAxes)
      throw context.layers.unsupported("leaves no axis of a row; keep one (`keepdim=True` in PyTorch)");
    return as(scaled, isWhole ? view.shape.map(() => 1) : result.shape);
  };

const globalPooling =
  (kind: "Max" | "Average"): Row =>
  (context) => {
    const view = rowsIn(context);
    return curveOf(reduced(context.layers, view, upTo(view.shape.length).slice(1), true, kind));
  };

const concat: Row = (context) => {
  const { layers, inputs } = context;
  const views = inputs.map((_, i) => viewIn(context, i));
  const [first] = views;
  const axis = axisOf(context, first, attribute(context, "axis", 1));
  if (views.length === 1) return curveOf(first);
  if (views.some(({ rows }) => rows !== first.rows))
    throw layers.unsupported("joins values of different rows");
  const isAlike = views.every((view) => isOrdered(view) && String(view.order) === String(first.order));
  const held = views.map((view) => (isAlike ? view.of : layers.held(view)));
  const place = (isAlike ? first.order[axis] : axis) + 1;
  const of = layers.add("merge", { way: "concatenate", axis: place }, held);
  const shape = first.shape.with(
    axis,
    views.reduce((sum, view) => sum + view.shape[axis], 0),
  );
  return curveOf({ of, order: isAlike ? first.order : upTo(of.shape.length), shape, rows: first.rows });
};

const same: Row = ({ inputs, layers }) => {
  const [given] = inputs;
  if (given === undefined) throw layers.unsupported("must have an input");
  return given;
};

const dropout: Row = (context) => {
  const rate = knownIn(context, 1)?.data[0] ?? attribute(context, "ratio", 0.5);
  const isRate = rate > 0 && rate < 1;
  return isRate ? curveOf(context.elementwise.changed(viewIn(context), "dropout", { rate })) : same(context);
};

/** By operator. */
export const OPERATORS: Readonly<Record<string, Row>> = {
  AveragePool: pooling("average"),
  BatchNormalization: batchNormalization,
  Cast: same,
  Concat: concat,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  Dropout: dropout,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalPooling("Average"),
  GlobalMaxPool: globalPooling("Max"),
  Identity: same,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LogSoftmax: softmax("logSoftmax"),
  MatMul: (context) => curveOf(product(context, mustHave(context, 1), false)),
  MaxPool: pooling("max"),
  Pad: padding,
  ReduceMax: reduction("Max"),
  ReduceMean: reduction("Average"),
  ReduceSum: reduction("Sum"),
  Reshape: (context) => reshaped(context, viewIn(context), Array.from(mustHave(context, 1).data)),
  Resize: resize,
  Shape: shapeOf,
  Slice: slice,
  Softmax: softmax("softmax"),
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Upsample: resize,
};
