/**
 * Operators that move numbers within rows or change their shape: most of them are views, some are layers.
 */

import {
  as,
  attribute,
  axisOf,
  type Context,
  knownIn,
  type Row,
  rowsIn,
  sizesOf,
  viewIn,
} from "./onnxContext.js";
import { curveOf, isKnown, type Value } from "./onnxElementwise.js";
import { ROWS } from "./onnxFile.js";
import { axesOf, sliced } from "./onnxKnown.js";
import { isOrdered, sizeOf, upTo, type View, viewOf } from "./onnxLayers.js";
import { pad, part } from "./onnxWindows.js";

/** A view with other axes, of which one has the rows. */
export function reshaped(context: Context, view: View, target: readonly number[]): Value {
  const { layers, rows } = context;
  const sizes = sizesOf(view);
  const size = sizeOf(view.shape);
  const filled = target.map((length, i) => (length === 0 ? sizes[i] : length));
  // the rows are where a size depends on them, or is inferred, or is the number of rows that the file fixes
  const isRest = (at: number): boolean => {
    const rest = filled.toSpliced(at, 1);
    const known = sizeOf(rest.filter((length) => length !== -1));
    return (
      rest.filter((length) => length === -1).length <= 1 &&
      (rest.includes(-1) ? size % known === 0 : size === known)
    );
  };
  const places = [filled.indexOf(ROWS), rows === undefined ? -1 : filled.indexOf(rows), filled.indexOf(-1)];
  const at = places.find((place) => place >= 0 && isRest(place));
  if (at !== undefined) {
    const rest = filled.toSpliced(at, 1);
    const known = sizeOf(rest.filter((length) => length !== -1));
    const shape = rest.map((length) => (length === -1 ? size / known : length));
    if (at === 0 || at === view.rows) return as(ordered(context, view), shape, at);
  }
  // rows with their first axes, as dense layers of sequences have them
  const rest = filled.slice(1);
  const first = size / sizeOf(rest);
  if (
    view.rows <= 0 &&
    (filled[0] === -1 || filled[0] === ROWS) &&
    Number.isSafeInteger(first) &&
    rest.every((length) => length > 0 && length < ROWS)
  )
    return as(ordered(context, view), [first, ...rest], -1);
  throw layers.unsupported(
    `reshapes [${sizes}] to [${target}], which does not keep rows apart; export the model with a dynamic first axis`,
  );
}

/** Only a view whose rows come first can have another shape. */
function ordered({ layers }: Context, view: View): View {
  if (view.rows > 0) throw layers.unsupported("reshapes a value whose first axis is not the rows");
  return view;
}

export const flatten: Row = (context) => {
  const view = viewIn(context);
  const sizes = sizesOf(view);
  const axis = attribute(context, "axis", 1);
  const at = axis < 0 ? axis + sizes.length : axis;
  return reshaped(context, view, [
    sizeOf(sizes.slice(0, at)) === ROWS ? (at === 1 ? 0 : -1) : 1,
    sizeOf(sizes.slice(at)),
  ]);
};

export const squeeze: Row = (context) => {
  const view = viewIn(context);
  const { length } = sizesOf(view);
  const given = axesOf(context.node.attributes, knownIn(context, 1));
  const axes =
    given?.map((axis) => axisOf(context, view, axis)) ??
    upTo(view.shape.length).filter((axis) => view.shape[axis] === 1);
  if (length - axes.length < 2 || axes.some((axis) => view.shape[axis] !== 1))
    throw context.layers.unsupported("must leave out axes of length 1, and leave an axis of a row");
  const before = axes.filter((axis) => axis < view.rows).length;
  return as(
    view,
    view.shape.filter((_, axis) => !axes.includes(axis)),
    view.rows - before,
  );
};

export const unsqueeze: Row = (context) => {
  const view = viewIn(context);
  const sizes = sizesOf(view);
  const given = axesOf(context.node.attributes, knownIn(context, 1)) ?? [];
  const rank = sizes.length + given.length;
  for (const axis of given.map((each) => (each < 0 ? each + rank : each)).sort((a, b) => a - b))
    sizes.splice(axis, 0, 1);
  const rows = sizes.indexOf(ROWS);
  return as(view, sizes.toSpliced(rows, 1), view.rows < 0 ? mustNotFold(context) : rows);
};

function mustNotFold({ layers }: Context): never {
  throw layers.unsupported("changes axes of a value that has no axis of rows");
}

export const transpose: Row = (context) => {
  const { layers } = context;
  const view = viewIn(context);
  const { length } = sizesOf(view);
  const perm = attribute(context, "perm", upTo(length).reverse() as readonly number[]);
  if (String([...perm].sort((a, b) => a - b)) !== String(upTo(length)) || view.rows < 0)
    throw layers.unsupported("must reorder all axes of rows");
  const plain = isOrdered(view) ? view : viewOf(layers.held(view));
  const axes = perm.filter((axis) => axis !== view.rows).map((axis) => (axis > view.rows ? axis - 1 : axis));
  return curveOf({
    of: plain.of,
    order: axes.map((axis) => plain.order[axis]),
    shape: axes.map((axis) => view.shape[axis]),
    rows: perm.indexOf(view.rows),
  });
};

export const shapeOf: Row = (context) => {
  const sizes = sizesOf(viewIn(context));
  const [start, end] = sliced(
    sizes.length,
    attribute(context, "start", 0),
    attribute(context, "end", sizes.length),
  );
  const data = sizes.slice(start, end);
  return { shape: [data.length], data, isInteger: true };
};

export const gather: Row = (context) => {
  const { layers, inputs, node } = context;
  const [table, ids] = inputs;
  const axis = attribute(context, "axis", 0);
  if (table && isKnown(table) && ids && !isKnown(ids)) {
    const view = rowsIn(context, 1);
    const [inputDim, outputDim, ...more] = table.shape;
    if (axis !== 0 || outputDim === undefined || more.length > 0)
      throw layers.unsupported("must take rows of a matrix");
    const options = { inputDim, outputDim };
    return curveOf(viewOf(layers.add("embedding", options, [layers.held(view)], { embeddings: table })));
  }
  const view = viewIn(context);
  const at = axisOf(context, view, axis);
  const index = knownIn(context, 1)?.data ?? [];
  if (index.length !== 1)
    throw layers.unsupported(`takes several places of an axis (${node.operator}); it must take one`);
  const from = index[0] < 0 ? index[0] + view.shape[at] : index[0];
  const one = part(layers, view, at, from, from + 1);
  if (knownIn(context, 1)?.shape.length === 1) return curveOf(one);
  const shape = one.shape.toSpliced(at, 1);
  if (shape.length === 0) throw layers.unsupported("leaves no axis of a row");
  return as(one, shape, at < one.rows ? one.rows - 1 : one.rows);
};

export const slice: Row = (context) => {
  const { layers, node } = context;
  const view = viewIn(context);
  const lists = ["starts", "ends", "axes", "steps"].map((key, i) => {
    const given = node.attributes.get(key) ?? knownIn(context, i + 1)?.data;
    return given === undefined ? undefined : Array.from(given as ArrayLike<number>);
  });
  const [starts = [], ends = [], axes = upTo(starts.length), steps = []] = lists;
  if (steps.some((step) => step !== 1))
    throw layers.unsupported("takes only some of the places between two, which no layer does");
  const isOfAll = (i: number): boolean => starts[i] === 0 && ends[i] >= 2 ** 31 - 1;
  return curveOf(
    axes.reduce(
      (rest, axis, i) =>
        isOfAll(i) ? rest : part(layers, rest, axisOf(context, rest, axis), starts[i], ends[i]),
      view,
    ),
  );
};

export const split: Row = (context) => {
  const { layers, node } = context;
  const view = viewIn(context);
  const axis = axisOf(context, view, attribute(context, "axis", 0));
  const given = node.attributes.get("split") ?? knownIn(context, 1)?.data;
  const count = node.outputs.length;
  const each = Math.ceil(view.shape[axis] / count);
  const sizes =
    given === undefined
      ? upTo(count).map((i) => Math.min(each, view.shape[axis] - i * each))
      : Array.from(given as ArrayLike<number>);
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return curveOf(part(layers, view, axis, at - size, at));
  });
};

export const padding: Row = (context) => {
  const { layers, node } = context;
  const view = viewIn(context);
  const sizes = sizesOf(view);
  const pads = Array.from(
    (node.attributes.get("pads") ?? knownIn(context, 1)?.data ?? []) as ArrayLike<number>,
  );
  const axes = Array.from(knownIn(context, 3)?.data ?? upTo(sizes.length), (axis) =>
    axis < 0 ? axis + sizes.length : axis,
  );
  const value = knownIn(context, 2)?.data[0] ?? attribute(context, "value", 0);
  const ends = sizes.map((_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? ([0, 0] as const) : ([pads[i] ?? 0, pads[axes.length + i] ?? 0] as const);
  });
  const [own] = ends.splice(Math.max(view.rows, 0), 1);
  if (
    attribute(context, "mode", "constant") !== "constant" ||
    value !== 0 ||
    own.some((each) => each !== 0) ||
    view.rows < 0
  )
    throw layers.unsupported("must add zeros to rows");
  return curveOf(pad(layers, view, ends));
};

/** Nearest neighbours by integer factors. */
export const resize: Row = (context) => {
  const { layers, node } = context;
  const view = rowsIn(context);
  const isOld = node.operator === "Upsample";
  const scales = knownIn(context, isOld ? 1 : 2);
  const lengths = isOld ? undefined : knownIn(context, 3);
  const factors = upTo(3).map((axis) =>
    lengths && lengths.data.length > 0
      ? lengths.data[axis + 1] / view.shape[axis]
      : (scales?.data[axis + 1] ?? Number.NaN),
  );
  const isNearest =
    attribute(context, "mode", "nearest") === "nearest" &&
    (isOld ||
      ["asymmetric", "half_pixel"].includes(
        attribute(context, "coordinate_transformation_mode", "half_pixel"),
      ));
  if (
    view.shape.length !== 3 ||
    !isNearest ||
    factors[0] !== 1 ||
    !factors.every((each) => Number.isSafeInteger(each) && each > 0)
  )
    throw layers.unsupported("must repeat the pixels of images by integer factors (mode nearest)");
  const of = layers.add("upSampling2d", { size: factors.slice(1) }, [layers.held(view, [1, 2, 0])]);
  return curveOf({ of, order: [2, 0, 1], shape: [2, 0, 1].map((axis) => of.shape[axis]), rows: 0 });
};
