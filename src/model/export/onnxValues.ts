/**
 * Values of an ONNX graph, each written on demand in the form that its reader needs. Fettle has channels
 * last, [rows, height, width, channels]; ONNX' convolutions and pooling take them first, [rows, channels,
 * height, width]. A reshape, a broadcast or windows are written if an operator needs an array, and a
 * transpose if it needs the other order. It knows no operations.
 */
import { check } from "../../errors.js";
import type { WindowAttributes } from "../../graph/graph.js";
import { extent, type Shape, sameShape, showShape, sizeOf } from "../../graph/shape.js";
import type { Known } from "./inference.js";
import { type Attributes, ELEMENT, type OnnxGraph } from "./onnxGraph.js";

/** The forms of a value's numbers, row by row, for any shape. */
interface Form {
  readonly shape: Shape;
  /** Writes them as an array of that shape, unless they already are. */
  readonly write: () => string;
  readonly isBoolean?: boolean;
  readonly known?: Known;
  /** Their name as images with channels first. */
  readonly images?: string;
  /** The value that they repeat. */
  readonly repeated?: Value;
  /**
   * Their windows, with each element multiplied by a kernel [elements, channels, multiplier], if there is
   * one.
   */
  readonly windows?: { readonly of: Value; readonly on: WindowAttributes; readonly kernel?: Value };
  /** The matrices of their product, if only `addPatches` reads it. */
  readonly product?: { readonly left: Value; readonly right: Value };
}

/** A value of the graph, for one node of Fettle. */
export class Value {
  private own: string | undefined;
  private first: string | undefined;

  /** @param shape - in Fettle's order */
  constructor(
    private readonly values: Values,
    readonly shape: Shape,
    readonly form: Form,
  ) {}

  /** The name of an array of its shape. */
  get name(): string {
    const { form, shape, values } = this;
    this.own ??= sameShape(form.shape, shape) ? form.write() : values.reshaped(form.write(), shape);
    return this.own;
  }

  /** The name of images [rows, channels, height, width], of a value [rows, height, width, channels]. */
  get images(): string {
    const { form, shape, values } = this;
    if (form.images !== undefined && sameShape(form.shape, shape)) return form.images;
    this.first ??= values.graph.node("Transpose", [this.name], { perm: [0, 3, 1, 2] });
    return this.first;
  }

  /** The same numbers in another shape. */
  as(shape: Shape): Value {
    return new Value(this.values, shape, this.form);
  }

  /** The name of an array with the numbers in another shape and then in another order of its axes. */
  turned(shape: Shape, perm: readonly number[]): string {
    const { known } = this.form;
    const { graph } = this.values;
    if (known === undefined) return graph.node("Transpose", [this.as(shape).name], { perm });
    const turned = perm.map((axis) => shape[axis]);
    return graph.constant(permuted(known.data, shape, perm), turned, known.name);
  }

  /** The value that it repeats along axes, by NumPy's broadcasting; undefined if it does not. */
  get repeated(): Value | undefined {
    return sameShape(this.shape, this.form.shape) ? this.form.repeated : undefined;
  }

  get isBoolean(): boolean {
    return this.form.isBoolean === true;
  }
}

/** The numbers of an array with its axes in another order. */
export function permuted(
  data: ArrayLike<number>,
  shape: Shape,
  perm: readonly number[],
): Float32Array<ArrayBuffer> {
  let places = [0];
  for (const axis of perm) {
    const stride = sizeOf(shape.slice(axis + 1));
    places = places.flatMap((place) => Array.from({ length: shape[axis] }, (_, i) => place + i * stride));
  }
  return Float32Array.from(places, (place) => data[place]);
}

/** Makes values. */
export class Values {
  /** The current layer, for the names of nodes; undefined to use names of operators. */
  layer: string | undefined;
  private readonly scalars = new Map<number, Value>();
  private count: string | undefined;

  /** @param rows - a value whose first axis is the rows */
  constructor(
    readonly graph: OnnxGraph,
    private readonly rows: string,
    private readonly outside?: Values,
  ) {}

  /** An array of the graph. */
  array(shape: Shape, name: string, isBoolean = false): Value {
    return new Value(this, shape, { shape, write: () => name, isBoolean });
  }

  /** @param write - called once, when it is read as an array */
  lazy(form: Form): Value {
    let name: string | undefined;
    const write = (): string => {
      name ??= form.write();
      return name;
    };
    return new Value(this, form.shape, { ...form, write });
  }

  known(shape: Shape, known: Known): Value {
    return this.lazy({ shape, known, write: () => this.graph.constant(known.data, shape, known.name) });
  }

  /** Images [rows, height, width, channels] whose array has the channels first. */
  images(shape: Shape, name: string, isBoolean = false): Value {
    const write = (): string => this.graph.node("Transpose", [name], { perm: [0, 2, 3, 1] });
    return this.lazy({ shape, images: name, write, isBoolean });
  }

  repeated(of: Value, shape: Shape): Value {
    const { isBoolean } = of;
    return this.lazy({ shape, repeated: of, isBoolean, write: () => this.expanded(of, shape) });
  }

  number(value: number): Value {
    const { outside } = this;
    if (outside) return outside.number(value);
    const known =
      this.scalars.get(value) ??
      this.lazy({ shape: [], write: () => this.graph.constant(Float32Array.of(value), []) });
    this.scalars.set(value, known);
    return known;
  }

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.graph.node(operator, inputs, attributes, this.layer);
  }

  /**
   * An operator on each number of operands that broadcast to a shape: in the order of images if all of them
   * are images.
   */
  each(
    operator: string,
    operands: readonly (Value | number)[],
    shape: Shape,
    attributes: Attributes = {},
  ): Value {
    const isBoolean = OF_BOOLEANS.has(operator) || attributes.to === ELEMENT.bool;
    const inputs = operands.map((operand, i) => {
      if (typeof operand === "number") return this.repeated(this.number(operand), shape);
      if (operator === "Cast") return operand;
      return operator === "And" || (operator === "Where" && i === 0)
        ? this.booleans(operand)
        : this.floats(operand);
    });
    const all = inputs.filter(({ repeated }) => repeated === undefined);
    const image = all.length > 0 ? all[0].form : undefined;
    const channels = image?.shape[3];
    const isVector = ({ shape: own }: Value): boolean =>
      sizeOf(own) === 1 ||
      (sizeOf(own) === channels && own[own.length - 1] === channels && shape[shape.length - 1] === channels);
    const areImages =
      image?.images !== undefined &&
      all.every(({ form }) => form.images !== undefined && sameShape(form.shape, image.shape)) &&
      inputs.every(
        ({ repeated }) => repeated === undefined || (isFixed(repeated.shape) && isVector(repeated)),
      );
    if (image && areImages) {
      const names = inputs.map(({ form, repeated }) =>
        repeated
          ? repeated.as(sizeOf(repeated.shape) === 1 ? [] : [channels as number, 1, 1]).name
          : (form.images as string),
      );
      return this.images(image.shape, this.node(operator, names, attributes), isBoolean).as(shape);
    }
    // ONNX broadcasts as NumPy does
    const isWhole = inputs.some((value) => sameShape((value.repeated ?? value).shape, shape));
    const names = inputs.map((value, i) => (!isWhole && i === 0 ? value : (value.repeated ?? value)).name);
    return this.array(shape, this.node(operator, names, attributes), isBoolean);
  }

  /**
   * An operator that moves numbers of values, either all images or none.
   *
   * @param write - receives the position
   * of an axis in its arrays
   */
  moved(
    inputs: readonly Value[],
    shape: Shape,
    write: (names: readonly string[], place: (axis: number) => number) => string,
  ): Value {
    const [{ isBoolean }] = inputs;
    const areImages = inputs.every(
      ({ form, shape: own }) => form.images !== undefined && sameShape(own, form.shape),
    );
    return areImages
      ? this.images(
          shape,
          write(
            inputs.map(({ images }) => images),
            (axis) => [0, 2, 3, 1][axis],
          ),
          isBoolean,
        )
      : this.array(
          shape,
          write(
            inputs.map(({ name }) => name),
            (axis) => axis,
          ),
          isBoolean,
        );
  }

  /** As numbers, 1 for true and 0 for false. */
  floats(value: Value): Value {
    return value.isBoolean ? this.cast(value, false) : value;
  }

  /** Whether numbers are not 0. */
  booleans(value: Value): Value {
    return value.isBoolean ? value : this.cast(value, true);
  }

  private cast(value: Value, isBoolean: boolean): Value {
    const { repeated } = value;
    if (repeated) return this.repeated(this.cast(repeated, isBoolean), value.shape);
    return this.each("Cast", [value], value.shape, { to: ELEMENT[isBoolean ? "bool" : "float"] });
  }

  reshaped(name: string, shape: Shape): string {
    check(
      shape.filter((size) => size < 0).length < 2,
      () =>
        `ONNX has no reshape to ${showShape(shape)}, of which two axes depend on the rows; export the model to JavaScript`,
      "unsupported",
    );
    return this.graph.node("Reshape", [name, this.graph.integers(shape.map((size) => Math.max(size, -1)))]);
  }

  /** The number of elements of a shape, a scalar. */
  countOf(shape: Shape): Value {
    const { scale, power } = extent(shape);
    const count = this.graph.node("Squeeze", [
      this.graph.node("Cast", [this.rowCount()], { to: ELEMENT.float }),
    ]);
    const rows = this.array([], count);
    return Array.from({ length: power }, () => rows).reduce(
      (product, each) => this.each("Mul", [product, each], []),
      this.number(scale),
    );
  }

  private expanded(of: Value, shape: Shape): string {
    const { graph } = this;
    if (isFixed(shape)) return graph.node("Expand", [of.name, graph.integers(shape)]);
    const sizes = shape.map((size) => {
      if (size >= 0) return graph.integers([size]);
      return size === -1 ? this.rowCount() : graph.node("Mul", [this.rowCount(), graph.integers([-size])]);
    });
    return graph.node("Expand", [
      of.name,
      sizes.length === 1 ? sizes[0] : graph.node("Concat", sizes, { axis: 0 }),
    ]);
  }

  /** The number of rows, int64 [1]. */
  private rowCount(): string {
    if (this.outside) return this.outside.rowCount();
    this.count ??= this.graph.node("Shape", [this.rows], { end: 1 });
    return this.count;
  }
}

/** Operators whose results are booleans. */
const OF_BOOLEANS: ReadonlySet<string> = new Set(["Greater", "GreaterOrEqual", "Less", "Equal", "And"]);

const isFixed = (shape: Shape): boolean => shape.every((size) => size > 0);
