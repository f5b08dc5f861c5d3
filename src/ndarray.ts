/**
 * Views of a block of numbers with the interface of the `ndarray` package, so that results can be used as
 * ndarrays. The package itself builds its classes with `new Function`, which edge runtimes forbid; this file
 * generates no code. It has no arithmetic on views.
 */
import type { NdArray } from "ndarray";

/** Numbers of one precision in one block. */
export type Floats = Float32Array | Float64Array;

/** The method that Node, Deno and Bun call to print an object. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A view of `data`, sharing its memory: element (i, j, …) is
 * `data[offset + i * stride[0] + j * stride[1] + …]`.
 *
 * `JSON.stringify` and consoles show it as nested arrays.
 *
 * @param data - the block
 * @param shape - length along each axis
 * @param stride - step in `data` along each axis
 * @param offset - where element (0, 0, …) is
 * @see the `ndarray` package, whose methods these are: `lo`, `hi`, `step`, `transpose` and `pick` give
 * further views
 */
export function view(data: Floats, shape: number[], stride: number[], offset: number): NdArray<Floats> {
  const axes = shape.map((_, axis) => axis);
  const index = (...at: number[]): number => {
    let place = offset;
    for (const axis of axes) place += stride[axis] * at[axis];
    return place;
  };
  const transpose = (...order: number[]): NdArray<Floats> => {
    const from = axes.map((axis) => order[axis] ?? axis);
    return view(
      data,
      from.map((axis) => shape[axis]),
      from.map((axis) => stride[axis]),
      offset,
    );
  };
  const nested = (axis: number, at: number): unknown =>
    axis === shape.length
      ? data[at]
      : Array.from({ length: shape[axis] }, (_, i) => nested(axis + 1, at + i * stride[axis]));
  const value = (): unknown => nested(0, offset);
  const array: NdArray<Floats> = {
    data,
    shape,
    stride,
    offset,
    dtype: data instanceof Float32Array ? "float32" : "float64",
    dimension: shape.length,
    size: shape.reduce((product, length) => product * length, 1),
    order: [...axes].sort((a, b) => Math.abs(stride[a]) - Math.abs(stride[b])),
    index,
    get: (...at) => data[index(...at)],
    set(...atAndValue) {
      const value = atAndValue[shape.length];
      data[index(...atAndValue)] = value;
      return value;
    },
    lo(...starts) {
      const start = axes.map((axis) => starts[axis] ?? 0);
      const rest = axes.map((axis) => shape[axis] - start[axis]);
      return view(data, rest, [...stride], index(...start));
    },
    hi: (...lengths) =>
      view(
        data,
        axes.map((axis) => lengths[axis] ?? shape[axis]),
        [...stride],
        offset,
      ),
    step(...steps) {
      const step = axes.map((axis) => steps[axis] ?? 1);
      // A negative step starts from the last element.
      const start = axes.map((axis) => (step[axis] < 0 ? shape[axis] - 1 : 0));
      return view(
        data,
        axes.map((axis) => Math.ceil(shape[axis] / Math.abs(step[axis]))),
        axes.map((axis) => stride[axis] * step[axis]),
        index(...start),
      );
    },
    transpose,
    get T() {
      return transpose(...[...axes].reverse());
    },
    pick(...at) {
      const kept = axes.filter((axis) => typeof at[axis] !== "number");
      return view(
        data,
        kept.map((axis) => shape[axis]),
        kept.map((axis) => stride[axis]),
        index(...axes.map((axis) => at[axis] ?? 0)),
      );
    },
  };
  // not enumerable: a walk over all fields would transpose forever; JSON and consoles get nested arrays
  return Object.defineProperties(array, {
    T: { enumerable: false },
    toJSON: { value },
    [INSPECT]: { value },
  });
}
