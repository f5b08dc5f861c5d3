/**
 * Windows of sequences, images and volumes in operations, which know images alone, [n, height, width,
 * channels]. geometry.ts has where windows lie.
 */
import { type PatchOptions, patches, reshape, transpose } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { lines } from "../../graph/shape.js";
import type { Axis, Placed } from "./geometry.js";

/**
 * The windows of rows as a matrix: [rows, ...lengths, channels] → [windows, elements of a window × channels].
 */
export function patchRows(x: Value, axes: readonly Axis[], at: readonly Placed[]): Value {
  const windows = patches(asImages(x), pairOf(axes, "size", 1), windowOptions(axes, at));
  return reshape(windows, [lines(windows.shape.slice(0, 3)), windows.shape[3]]);
}

/** Sequences as images of height 1. */
export function asImages(x: Value): Value {
  return x.shape.length === 4 ? x : reshape(x, [x.shape[0], 1, ...x.shape.slice(1)]);
}

/** Arguments of operations for windows along one or two axes. */
export function windowOptions(axes: readonly Axis[], at: readonly Placed[]): Required<PatchOptions> {
  return {
    strides: pairOf(axes, "stride", 1),
    dilation: pairOf(axes, "dilation", 1),
    before: pairOf(at, "before", 0),
    after: pairOf(at, "after", 0),
  };
}

/** A number for each axis of images; for a sequence, `first` is that of the height. */
export function pairOf<K extends string>(
  each: readonly Readonly<Record<K, number>>[],
  name: K,
  first: number,
): [number, number] {
  const numbers = each.map((axis) => axis[name]);
  return numbers.length === 1 ? [first, numbers[0]] : [numbers[0], numbers[1]];
}

/** The planes of volumes, [rows, depth, height, width, channels], as images. */
export function planesOf(x: Value): Value {
  const [rows, depth, ...plane] = x.shape;
  return reshape(x, [lines([rows, depth]), ...plane]);
}

/** Volumes as images of width 1 whose height is the depth: [rows, depth, 1, numbers of a plane]. */
export function depthsOf(x: Value): Value {
  const [rows, depth, ...plane] = x.shape;
  return reshape(x, [rows, depth, 1, lines(plane)]);
}

/** Windows along the height of images of width 1. */
export const alongHeight = (axis: Axis, at: Placed): [Axis[], Placed[]] => [
  [axis, { size: 1, stride: 1, dilation: 1 }],
  [at, { before: 0, after: 0, count: 1 }],
];

/**
 * The windows of volumes along their depth as images, which have the planes of a window among their channels:
 * [rows × windows, height, width, size × channels].
 */
export function depthWindows(x: Value, axis: Axis, at: Placed): Value {
  const [rows, , height, width, channels] = x.shape;
  const windows = patches(depthsOf(x), [axis.size, 1], windowOptions(...alongHeight(axis, at)));
  const count = lines([rows, at.count]);
  const planes = reshape(windows, [count, axis.size, height * width, channels]);
  return reshape(transpose(planes, [0, 2, 1, 3]), [count, height, width, axis.size * channels]);
}
