/**
 * Views of a block of numbers with the interface of the `ndarray` package, so that results can be used as
 * ndarrays. The package itself builds its classes with `new Function`, which edge runtimes forbid; this file
 * generates no code. It has no arithmetic on views.
 */
import type { NdArray } from "ndarray";
import { must } from "./refusals.js";

/** Numbers of one precision in one block. */
export type Floats = Float32Array | Float64Array;

/** Those, or integers. */
type Block = Floats | Int32Array;

/**
 * Nested arrays of numbers with `Rank` axes, such as `number[][]` for 2; if the number of axes is unknown to
 * the compiler, numbers at any depth.
 */
export type Nested<Rank extends number = number, Axes extends readonly unknown[] = []> = number extends Rank
  ? number | Nested[]
  : Axes["length"] extends Rank
    ? number
    : Nested<Rank, [...Axes, unknown]>[];

/** Columns [offset, offset + size) of a matrix of `units` columns, in its precision. */
export function columnsOf(all: Floats, units: number, offset: number, size: number): Floats {
  const own = all.slice(0, (all.length / units) * size);
  // a filter by place would call a function for each number, and be a hundred times slower
  for (let row = 0, to = 0; to < own.length; row++)
    for (let j = 0; j < size; j++) own[to++] = all[row * units + offset + j];
  return own;
}

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
export function view(data: Floats, shape: number[], stride: number[], offset: number): NdArray<Floats>;
export function view(
  data: Int32Array,
  shape: number[],
  stride: number[],
  offset: number,
): NdArray<Int32Array>;
export function view(data: Block, shape: number[], stride: number[], offset: number): NdArray<Block> {
  return new View(data, shape, stride, offset);
}

/**
 * The numbers of an ndarray as nested arrays, such as `[[1, 2], [3, 4]]`: TensorFlow.js' `arraySync`, and
 * NumPy's `tolist`.
 *
 * @param array - an ndarray, such as the result of `predict`, of any number of axes
 * @param rank - how many axes it must have; the compiler then knows the type, such as `number[][]` for 2.
 * Default: as many as it has
 * @throws FettleError `invalid_argument` for anything but an ndarray; `invalid_shape` for another number of
 * axes
 * @example
 * ```ts
 * const model = sequential([dense(1, { kernelInitializer: "ones" })]);
 * await model.build(2);
 * const rows = toNested(model.predict([[1, 2], [3, 4]]), 2); // [[3], [7]]
 * rows.map(([sum]) => sum); // [3, 7]
 * ```
 */
export function toNested<Rank extends number = number>(array: NdArray, rank?: Rank): Nested<Rank> {
  const isArray = typeof array === "object" && array !== null && "stride" in array && "data" in array;
  must(isArray, "array", "an ndarray, such as the result of predict", array);
  const { shape } = array;
  must(
    rank === undefined || shape.length === rank,
    "the shape of array",
    `of rank ${rank}`,
    shape,
    "invalid_shape",
  );
  return nestedOf(array) as Nested<Rank>;
}

function nestedOf({ data, shape, stride, offset }: NdArray): Nested {
  const numberAt = "get" in data ? (at: number) => data.get(at) : (at: number) => data[at];
  const nested = (axis: number, at: number): Nested =>
    axis === shape.length
      ? numberAt(at)
      : Array.from({ length: shape[axis] }, (_, i) => nested(axis + 1, at + i * stride[axis]));
  return nested(0, offset);
}

/** Its methods are on the prototype: most views are made for one prediction. */
class View implements NdArray<Block> {
  constructor(
    readonly data: Block,
    readonly shape: number[],
    readonly stride: number[],
    readonly offset: number,
  ) {}

  get dtype(): "float32" | "float64" | "int32" {
    if (this.data instanceof Int32Array) return "int32";
    return this.data instanceof Float32Array ? "float32" : "float64";
  }

  get dimension(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  get order(): number[] {
    return this.axes.sort((a, b) => Math.abs(this.stride[a]) - Math.abs(this.stride[b]));
  }

  get T(): NdArray<Block> {
    return this.transpose(...this.axes.reverse());
  }

  private get axes(): number[] {
    return this.shape.map((_, axis) => axis);
  }

  index(...at: number[]): number {
    let place = this.offset;
    for (let axis = this.dimension; axis-- > 0; ) place += this.stride[axis] * at[axis];
    return place;
  }

  get(...at: number[]): number {
    return this.data[this.index(...at)];
  }

  set(...atAndValue: number[]): number {
    this.data[this.index(...atAndValue)] = atAndValue[this.dimension];
    return atAndValue[this.dimension];
  }

  lo(...at: number[]): NdArray<Block> {
    const rest = this.axes.map((axis) => this.shape[axis] - (at[axis] ?? 0));
    return new View(this.data, rest, [...this.stride], this.index(...this.axes.map((axis) => at[axis] ?? 0)));
  }

  hi(...at: number[]): NdArray<Block> {
    const shape = this.axes.map((axis) => at[axis] ?? this.shape[axis]);
    return new View(this.data, shape, [...this.stride], this.offset);
  }

  step(...at: number[]): NdArray<Block> {
    const step = this.axes.map((axis) => at[axis] ?? 1);
    return new View(
      this.data,
      this.axes.map((axis) => Math.ceil(this.shape[axis] / Math.abs(step[axis]))),
      this.axes.map((axis) => this.stride[axis] * step[axis]),
      // A negative step starts from the last element.
      this.index(...this.axes.map((axis) => (step[axis] < 0 ? this.shape[axis] - 1 : 0))),
    );
  }

  transpose(...at: number[]): NdArray<Block> {
    const from = this.axes.map((axis) => at[axis] ?? axis);
    return new View(
      this.data,
      from.map((axis) => this.shape[axis]),
      from.map((axis) => this.stride[axis]),
      this.offset,
    );
  }

  pick(...at: (number | null)[]): NdArray<Block> {
    const kept = this.axes.filter((axis) => typeof at[axis] !== "number");
    return new View(
      this.data,
      kept.map((axis) => this.shape[axis]),
      kept.map((axis) => this.stride[axis]),
      this.index(...this.axes.map((axis) => at[axis] ?? 0)),
    );
  }

  toJSON(): unknown {
    return nestedOf(this);
  }

  [INSPECT](): unknown {
    return this.toJSON();
  }
}
