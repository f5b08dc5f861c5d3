/** Convolutions and pooling of ONNX as layers: windows with any padding, over one to three axes. */

import { knownIn, type Row, rowsIn } from "./onnxContext.js";
import { curveOf, isKnown, type Value } from "./onnxElementwise.js";
import type { Attribute, Known } from "./onnxFile.js";
import { sliced } from "./onnxKnown.js";
import {
  floatsOf,
  type Held,
  type Layers,
  type Shape,
  sizeOf,
  type Turned,
  upTo,
  type View,
  viewOf,
} from "./onnxLayers.js";
import { permuted } from "./onnxValues.js";

type Attributes = ReadonlyMap<string, Attribute>;

/** Windows along the axes of an image. */
interface Windows {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The axes of images in Fettle's order, by those of ONNX' rows [channels, ...places]. */
const channelsLast = (rank: number): number[] => [...upTo(rank).map((axis) => axis + 1), 0];
const channelsFirst = (rank: number): number[] => [rank, ...upTo(rank)];

/** A view of images. */
const images = (of: Held): View => {
  const order = channelsFirst(of.shape.length - 1);
  return { of, order, shape: order.map((axis) => of.shape[axis]), rows: 0 };
};

function mustBeImages(layers: Layers, { shape, rows }: View): number {
  const rank = shape.length - 1;
  if (rows !== 0 || rank < 1 || rank > 3)
    throw layers.unsupported(
      `takes rows of shape [${shape}], which must be [channels, ...places] with one to three axes of places`,
    );
  return rank;
}

function numbers(attributes: Attributes, key: string, usual: readonly number[]): readonly number[] {
  const given = attributes.get(key);
  return Array.isArray(given) && given.length === usual.length ? given : usual;
}

/** The geometry of windows on places. */
function windowsOf(layers: Layers, attributes: Attributes, size: readonly number[], places: Shape): Windows {
  const ones = size.map(() => 1);
  const strides = numbers(attributes, "strides", ones);
  const dilations = numbers(attributes, "dilations", ones);
  const way = attributes.get("auto_pad") ?? "NOTSET";
  const pads = numbers(
    attributes,
    "pads",
    [...size, ...size].map(() => 0),
  );
  const windows = { size, strides, dilations };
  if (way === "NOTSET" || way === "VALID") {
    const used = way === "VALID" ? pads.map(() => 0) : pads;
    if (used.some((zeros) => zeros < 0)) throw layers.unsupported("has negative padding");
    return { ...windows, before: used.slice(0, size.length), after: used.slice(size.length) };
  }
  const totals = places.map((length, i) =>
    Math.max(
      (Math.ceil(length / strides[i]) - 1) * strides[i] + (size[i] - 1) * dilations[i] + 1 - length,
      0,
    ),
  );
  const [less, more] = [totals.map((total) => total >> 1), totals.map((total) => total - (total >> 1))];
  return way === "SAME_LOWER"
    ? { ...windows, before: more, after: less }
    : { ...windows, before: less, after: more };
}

/** Zeros that Fettle's padding "same" adds, where it has the same windows. */
function isSame({ size, strides, dilations, before, after }: Windows, places: Shape): boolean {
  return places.every((length, i) => {
    const reach = (size[i] - 1) * dilations[i] + 1;
    const total = Math.max((Math.ceil(length / strides[i]) - 1) * strides[i] + reach - length, 0);
    const room = length + before[i] + after[i] - reach;
    // one that reaches beyond the last window changes nothing
    return (
      before[i] === total >> 1 &&
      Math.floor(room / strides[i]) + 1 === Math.ceil(length / strides[i]) &&
      after[i] >= total - (total >> 1)
    );
  });
}

const isZero = (list: readonly number[]): boolean => list.every((each) => each === 0);

/** The padding of a layer, and its input with the zeros that its padding does not add. */
function padded(
  layers: Layers,
  of: Held,
  windows: Windows,
): { readonly of: Held; readonly padding: "valid" | "same" } {
  const { before, after } = windows;
  if (isZero(before) && isZero(after)) return { of, padding: "valid" };
  if (isSame(windows, of.shape.slice(0, -1))) return { of, padding: "same" };
  return { of: withZeros(layers, of, before, after), padding: "valid" };
}

function withZeros(layers: Layers, of: Held, before: readonly number[], after: readonly number[]): Held {
  const ends = before.map((start, i) => [start, after[i]]);
  if (ends.length === 3)
    throw layers.unsupported("pads volumes by other zeros than those of auto_pad SAME_UPPER");
  return ends.length === 1
    ? layers.add("zeroPadding1d", { padding: ends[0] }, [of])
    : layers.add("zeroPadding2d", { padding: ends }, [of]);
}

const one = (list: readonly number[]): number | readonly number[] => (list.length === 1 ? list[0] : list);
const settings = ({ size, strides, dilations }: Windows) => ({
  kernelSize: one(size),
  strides: one(strides),
  dilationRate: one(dilations),
});

function mustBeKernel(layers: Layers, kernel: Known | undefined, rank: number): Known {
  if (kernel?.shape.length !== rank + 2)
    throw layers.unsupported(`must have a kernel of ${rank + 2} axes in the file`);
  return kernel;
}

/** A convolution: kernel [filters, channels / groups, ...size]. */
export const convolution: Row = (context) => {
  const { layers } = context;
  const { attributes } = context.node;
  const view = rowsIn(context);
  const [given, bias] = [knownIn(context, 1), knownIn(context, 2)];
  const rank = mustBeImages(layers, view);
  const kernel = mustBeKernel(layers, given, rank);
  const [filters, own, ...size] = kernel.shape;
  const [channels] = view.shape;
  const groups = attributes.get("group") ?? 1;
  const image = layers.held(view, channelsLast(rank));
  const windows = windowsOf(layers, attributes, size, image.shape.slice(0, -1));
  const { of, padding } = padded(layers, image, windows);
  const options = { ...settings(windows), padding, useBias: bias !== undefined };
  if (groups === 1)
    return curveOf(
      images(
        layers.add(`conv${rank}d`, { filters, ...options }, [of], { kernel: placesFirst(kernel), bias }),
      ),
    );
  if (groups !== channels || own !== 1 || rank === 3)
    throw layers.unsupported(
      `has ${String(groups)} groups; Fettle has convolutions of all channels together, or of each one (of images and sequences)`,
    );
  const depthMultiplier = filters / channels;
  // a sequence is an image of one line
  const lines = rank === 1 ? [1, ...size] : size;
  const floats = () => permuted(floatsOf(kernel), [channels, depthMultiplier, ...lines], [2, 3, 0, 1]);
  const flat = rank === 1 ? layers.reshaped(of, [1, ...of.shape]) : of;
  const along = (list: readonly number[]): readonly number[] => (rank === 1 ? [1, ...list] : list);
  const result = layers.add(
    "depthwiseConv2d",
    {
      ...options,
      kernelSize: lines,
      strides: along(windows.strides),
      dilationRate: along(windows.dilations),
      depthMultiplier,
    },
    [flat],
    { kernel: { array: kernel, floats }, bias },
  );
  return curveOf(images(rank === 1 ? layers.reshaped(result, result.shape.slice(1)) : result));
};

/** A kernel [a, b, ...size] as [...size, b, a]. */
function placesFirst(kernel: Known): Turned {
  const order = [...upTo(kernel.shape.length - 2).map((axis) => axis + 2), 1, 0];
  return { array: kernel, floats: () => permuted(floatsOf(kernel), kernel.shape, order) };
}

/** The adjoint of a convolution: kernel [channels, filters, ...size]. */
export const transposedConvolution: Row = (context) => {
  const { layers } = context;
  const { attributes } = context.node;
  const view = rowsIn(context);
  const [given, bias] = [knownIn(context, 1), knownIn(context, 2)];
  const rank = mustBeImages(layers, view);
  const kernel = mustBeKernel(layers, given, rank);
  const [, filters, ...size] = kernel.shape;
  const { strides, dilations, before, after } = windowsOf(layers, attributes, size, view.shape.slice(1));
  const more = numbers(
    attributes,
    "output_padding",
    size.map(() => 0),
  );
  const way = attributes.get("auto_pad") ?? "NOTSET";
  if (
    rank === 3 ||
    (attributes.get("group") ?? 1) !== 1 ||
    attributes.has("output_shape") ||
    (way !== "NOTSET" && way !== "VALID")
  )
    throw layers.unsupported("must have one group, padding by numbers, and images or sequences");
  const of = layers.add(
    `conv${rank}dTranspose`,
    { filters, ...settings({ size, strides, dilations, before, after }), useBias: bias !== undefined },
    [layers.held(view, channelsLast(rank))],
    { kernel: placesFirst(kernel), bias },
  );
  const lengths = view.shape
    .slice(1)
    .map(
      (length, i) =>
        (length - 1) * strides[i] + (size[i] - 1) * dilations[i] + 1 + more[i] - before[i] - after[i],
    );
  const ends = before.map((start, i) => [start, of.shape[i] - start - lengths[i]]);
  if (ends.some(([, end]) => end < 0))
    throw layers.unsupported("has an output_padding that exceeds its padding");
  if (ends.every(isZero)) return curveOf(images(of));
  const cropping = rank === 1 ? ends[0] : ends;
  return curveOf(images(layers.add(`cropping${rank}d`, { cropping }, [of])));
};

/** Pooling by windows. */
export const pooling =
  (kind: "max" | "average"): Row =>
  (context) => {
    const { layers } = context;
    const { attributes } = context.node;
    const view = rowsIn(context);
    const rank = mustBeImages(layers, view);
    const size = attributes.get("kernel_shape");
    if (!Array.isArray(size) || size.length !== rank) throw layers.unsupported("must have a kernel_shape");
    const image = layers.held(view, channelsLast(rank));
    const places = image.shape.slice(0, -1);
    const given = windowsOf(layers, attributes, size, places);
    const windows = attributes.get("ceil_mode") === 1 ? withRest(given, places) : given;
    if (!windows.dilations.every((each) => each === 1))
      throw layers.unsupported("has dilations, which pooling does not have");
    const { strides, before, after } = windows;
    const options = { poolSize: one(size), strides: one(strides) };
    const name = `${kind}Pooling${rank}d`;
    const isValid = isZero(before) && isZero(after);
    const countsZeros = kind === "average" && attributes.get("count_include_pad") === 1;
    const isLonger = String(windows.after) !== String(given.after);
    if (!isValid && !countsZeros && isSame(windows, places))
      return curveOf(images(layers.add(name, { ...options, padding: "same" }, [image])));
    const canHaveZeros = kind === "max" ? isPositive(context.inputs[0]) : countsZeros && !isLonger;
    if (!isValid && !canHaveZeros)
      throw layers.unsupported(
        kind === "max"
          ? `pads numbers that may be below 0 by [${before}] and [${after}]; Fettle pads as auto_pad SAME_UPPER, or after an activation without negative numbers`
          : `pads means by [${before}] and [${after}]; Fettle pads as auto_pad SAME_UPPER, or counts the padding`,
      );
    const of = isValid ? image : withZeros(layers, image, before, after);
    return curveOf(images(layers.add(name, options, [of])));
  };

/** Whether no number of a value is below 0, as far as the file tells. */
const isPositive = (value: Value | undefined): boolean =>
  value !== undefined &&
  !isKnown(value) &&
  value.made !== undefined &&
  value.values.every((each) => each >= 0);

/** With padding for a last window that is not complete. */
function withRest(windows: Windows, places: Shape): Windows {
  const { size, strides, before, after } = windows;
  const more = places.map((length, i) => {
    const room = length + before[i] + after[i] - size[i];
    const last = Math.ceil(room / strides[i]) * strides[i];
    // a window begins within the image or the padding before it
    return last >= length + before[i] ? after[i] : after[i] + Math.max(last - room, 0);
  });
  return { ...windows, after: more };
}

/** The largest numbers or means over axes of rows. */
export function reduced(
  layers: Layers,
  view: View,
  axes: readonly number[],
  keepsAxes: boolean,
  kind: "Max" | "Average",
): View {
  const others = upTo(view.shape.length).filter((axis) => !axes.includes(axis));
  const lengths = [axes, others].map((list) => list.map((axis) => view.shape[axis]));
  const of = layers.held(view, [...axes, ...others]);
  const rank = axes.length === 2 && others.length === 1 ? 2 : 1;
  const held = rank === 2 ? of : layers.reshaped(of, [sizeOf(lengths[0]), sizeOf(lengths[1])]);
  const result = viewOf(layers.add(`global${kind}Pooling${rank}d`, {}, [held]));
  const shape = keepsAxes ? view.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : lengths[1];
  return { ...result, shape };
}

/** Zeros around the places of rows, or without their ends where there are fewer. */
export function pad(layers: Layers, view: View, ends: readonly (readonly [number, number])[]): View {
  const moved = upTo(view.shape.length).filter((axis) => !isZero(ends[axis]));
  return moved.reduce((padded, axis) => {
    const [start, end] = ends[axis];
    const kept =
      start < 0 || end < 0
        ? part(layers, padded, axis, Math.max(-start, 0), padded.shape[axis] - Math.max(-end, 0))
        : padded;
    if (start <= 0 && end <= 0) return kept;
    return along(layers, kept, axis, "zeroPadding1d", { padding: [Math.max(start, 0), Math.max(end, 0)] });
  }, view);
}

/** The places of an axis from a start to an end. */
export function part(layers: Layers, view: View, axis: number, start: number, end: number): View {
  const [from, to] = sliced(view.shape[axis], start, end);
  if (from === 0 && to === view.shape[axis]) return view;
  if (to === from) throw layers.unsupported("takes no numbers of its input");
  return along(layers, view, axis, "cropping1d", { cropping: [from, view.shape[axis] - to] });
}

/** A layer of sequences along any axis. */
function along(
  layers: Layers,
  view: View,
  axis: number,
  name: string,
  options: Readonly<Record<string, unknown>>,
): View {
  const others = upTo(view.shape.length).filter((each) => each !== axis);
  const order = [axis, ...others];
  const of = layers.held(view, order);
  const rest = of.shape.slice(1);
  const result = layers.add(name, options, [layers.reshaped(of, [of.shape[0], sizeOf(rest)])]);
  const held = layers.reshaped(result, [result.shape[0], ...rest]);
  return {
    of: held,
    order: upTo(order.length).map((each) => order.indexOf(each)),
    shape: view.shape.with(axis, result.shape[0]),
    rows: view.rows,
  };
}
