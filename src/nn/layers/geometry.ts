/** Where the windows of convolutions lie: Keras' options, per axis. It knows no kernel and no values. */
import { check, must } from "../../errors.js";
import { type Shape, showShape } from "../../graph/shape.js";
import { nameOf } from "../../rules.js";
import { mustHaveAxes } from "./sequence.js";

/** One number for all axes, or one for each. */
export type Sizes = number | readonly [vertical: number, horizontal: number];

/** One number for all axes of a volume, or one for each. */
export type Sizes3d = number | readonly [depth: number, vertical: number, horizontal: number];

/** How many at the start and at the end of an axis: one number for both, or a pair. */
export type Ends = number | readonly [start: number, end: number];

/** Of the height and the width: one number for all ends, or a number or pair for each axis. */
export type Ends2d = number | readonly [vertical: Ends, horizontal: Ends];

/** Options of all convolutions. */
export interface WindowOptions<Size = Sizes> {
  /** How far a window is from the next, positive. Default 1. */
  readonly strides?: Size;
  /** How far an element of a window is from the next, positive. Default 1. */
  readonly dilationRate?: Size;
}

/** `axesOf` checks their values. */
export const WINDOW_RULES = { strides: true, dilationRate: true } as const;

/** How windows lie along one axis. */
export interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Zeros before and after an axis, and how many windows then lie on it. */
export interface Placed {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/** How an axis of `length` is padded for windows that reach over `reach` elements, `stride` apart. */
const PADDINGS = {
  valid: () => [0, 0],
  // ⌈length / stride⌉ windows; less before than after
  same: (length, reach, stride) => {
    const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
    return [total >> 1, total - (total >> 1)];
  },
  // no window reaches past its last element
  causal: (_length, reach) => [reach - 1, 0],
} satisfies Record<string, (length: number, reach: number, stride: number) => readonly [number, number]>;

/**
 * No zeros; enough that windows cover the axis from end to end; or (along steps) so that no window sees later
 * ones.
 */
export type PaddingName = keyof typeof PADDINGS;

/** Of windows along steps, and of windows of images, which know no past. */
export const PADDING = nameOf("padding", PADDINGS);
export const IMAGE_PADDING = nameOf("padding", { valid: true, same: true });

/**
 * The numbers of windows along each of `rank` axes; `name` is the option of the size.
 *
 * @throws FettleError
 * `invalid_argument`
 */
export function axesOf(
  size: unknown,
  { strides = 1, dilationRate = 1 }: WindowOptions<unknown>,
  rank: number,
  name = "kernelSize",
): Axis[] {
  const given = { [name]: size, strides, dilationRate };
  const [sizes, steps, rates] = Object.entries(given).map(([name, given]) => {
    const each: readonly unknown[] = Array.isArray(given) ? given : Array(rank).fill(given);
    must(
      each.length === rank && each.every((value) => Number.isSafeInteger(value) && (value as number) > 0),
      name,
      `a positive integer${["", " or two of them", " or three of them"][rank - 1]}`,
      given,
    );
    return each as number[];
  });
  return sizes.map((size, i) => ({ size, stride: steps[i], dilation: rates[i] }));
}

/** How many elements of its axis a window spans. */
export const reachOf = ({ size, dilation }: Axis): number => (size - 1) * dilation + 1;

/**
 * Where the windows of a layer of `type` lie on axes of these lengths.
 *
 * @throws FettleError `invalid_shape` if
 * one does not fit
 */
export function placed(type: string, lengths: Shape, axes: readonly Axis[], padding: PaddingName): Placed[] {
  return axes.map((axis, i) => {
    const reach = reachOf(axis);
    const [before, after] = PADDINGS[padding](lengths[i], reach, axis.stride);
    const room = lengths[i] + before + after - reach;
    check(
      room >= 0,
      () =>
        `${type} with windows of ${showShape(axes.map(reachOf))} must take rows of at least that; received ${showShape(lengths)}. Use padding "same" or smaller windows.`,
      "invalid_shape",
    );
    return { before, after, count: Math.floor(room / axis.stride) + 1 };
  });
}

/**
 * Axes of an image that these windows reduce to `lengths`: as in Keras, `length` × `stride`, and for "valid"
 * longer by the excess of a window over its stride.
 */
export function unplaced(lengths: Shape, axes: readonly Axis[], padding: PaddingName): number[] {
  return axes.map((axis, i) => {
    const more = padding === "valid" ? Math.max(reachOf(axis) - axis.stride, 0) : 0;
    return lengths[i] * axis.stride + more;
  });
}

/** The number of axes of a layer's windows, by its type: `conv2d` has two. */
export const rankOf = (type: string): number => Number(/(\d)d/.exec(type)?.[1]);

/** Refuses rows that are not [...lengths, channels]. @throws FettleError `invalid_shape` */
export function mustHaveChannels(type: string, shape: Shape, axes: number): void {
  const names = axes === 1 ? ["steps"] : ["depth", "height", "width"].slice(-axes);
  mustHaveAxes(type, shape, [...names, "channel"]);
}

/** At the start and the end of each axis. @throws FettleError `invalid_argument` */
export function endsOf(name: string, given: Ends2d, axes: number): readonly (readonly number[])[] {
  const each: readonly Ends[] = axes === 2 && isPair(given) ? given : Array<Ends>(axes).fill(given as Ends);
  const ends = each.map((end): readonly number[] => (isPair(end) ? end : [end, end]));
  must(
    ends.every((pair) => pair.every((n) => Number.isSafeInteger(n) && n >= 0)),
    name,
    axes === 1
      ? "an integer of at least 0 or two of them"
      : "an integer of at least 0, or one or two of them for each axis",
    given,
  );
  return ends;
}

const isPair = <T>(given: T | readonly [T, T] | number): given is readonly [T, T] =>
  Array.isArray(given) && given.length === 2;
