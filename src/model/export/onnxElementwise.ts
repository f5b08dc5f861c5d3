/**
 * Operators on each number, as layers: of one value and single numbers, as an activation; with a number for
 * each unit, as a bias or a scale; of several values, as a merge.
 */
import { ALONE, layersOfCurve, MERGED, POINTS, TOGETHER } from "./onnxCurves.js";
import type { Attribute, Known, OnnxNode } from "./onnxFile.js";
import { isOrdered, type Layers, sizeOf, upTo, type View, viewOf } from "./onnxLayers.js";

/** A function of each number of a view, which becomes a layer only when something else reads it. */
export interface Curve {
  readonly base: View;
  /** Its values at {@link POINTS}. */
  readonly values: Float64Array;
  /** What computes it from others and from numbers; undefined for the view itself. */
  readonly made?: {
    readonly place: string;
    readonly operator: string;
    readonly parents: readonly (Curve | number)[];
    readonly apply: (...given: number[]) => number;
  };
  /** The operators from the view on. */
  readonly depth: number;
}

export type Value = Known | Curve;
export const isKnown = (value: Value): value is Known => "data" in value;
export const curveOf = (base: View): Curve => ({ base, values: POINTS, depth: 0 });

/** The longest function of several operators; longer ones become layers on the way. */
const DEEPEST = 32;

/** Reads operators on each number, and makes layers of them. */
export class NumberOperators {
  private readonly views = new Map<Curve, View>();

  /** @param isReadOnce - whether a value of the file has one reader */
  constructor(
    private readonly layers: Layers,
    private readonly isReadOnce: (name: string) => boolean,
  ) {}

  /** Whether an operator is read here. */
  has(operator: string): boolean {
    return Object.hasOwn(ALONE, operator) || Object.hasOwn(TOGETHER, operator) || operator in OTHERS;
  }

  /** The result of a node. */
  result({ operator, attributes, inputs: names }: OnnxNode, inputs: readonly Value[]): Value {
    const number = (key: string, usual: number): number => {
      const given: Attribute | undefined = attributes.get(key);
      return typeof given === "number" ? given : usual;
    };
    if (operator === "Clip") {
      const [least, most] = ["min", "max"].map((key, i) => {
        const given = inputs[i + 1];
        return given && isKnown(given) ? given.data[0] : number(key, i === 0 ? -Infinity : Infinity);
      });
      return this.combined(operator, [inputs[0]], names, (x) => Math.min(Math.max(x, least), most));
    }
    if (operator === "Gelu") {
      const half = attributes.get("approximate") === "tanh" ? "geluTanh" : "gelu";
      return curveOf(this.changed(this.viewOf(inputs[0] as Curve), "activation", { activation: half }));
    }
    if (operator === "PRelu") return curveOf(this.prelu(this.viewOf(inputs[0] as Curve), inputs[1]));
    const apply = Object.hasOwn(ALONE, operator) ? ALONE[operator](number) : TOGETHER[operator];
    return this.combined(operator, inputs, names, apply);
  }

  /** The layer, or the input, of a value. */
  viewOf(curve: Curve): View {
    const view = this.views.get(curve) ?? this.made(curve);
    this.views.set(curve, view);
    return view;
  }

  /** A view after a layer that changes each of its numbers. */
  changed(view: View, name: string, options: Readonly<Record<string, unknown>>): View {
    return { ...view, of: this.layers.add(name, options, [view.of]) };
  }

  private made({ base, values, made }: Curve): View {
    if (made === undefined) return base;
    const whole = layersOfCurve(values);
    if (whole) return this.layered(base, whole);
    const { parents, apply, operator, place } = made;
    const views = parents.map((parent) => (typeof parent === "number" ? parent : this.viewOf(parent)));
    const [view, ...others] = new Set(views.filter((each) => typeof each !== "number"));
    const own =
      others.length === 0 &&
      layersOfCurve(POINTS.map((x) => apply(...views.map((each) => (typeof each === "number" ? each : x)))));
    return own ? this.layered(view, own) : this.merged(operator, place, views);
  }

  private layered(base: View, pieces: NonNullable<ReturnType<typeof layersOfCurve>>): View {
    return pieces.reduce((view, { name, options }) => this.changed(view, name, options), base);
  }

  private combined(
    operator: string,
    inputs: readonly Value[],
    names: readonly string[],
    apply: (...given: number[]) => number,
  ): Value {
    const { place } = this.layers;
    const curves = inputs.filter((value): value is Curve => !isKnown(value));
    const numbers = inputs.map((value) =>
      isKnown(value) ? (value.data.length === 1 ? value.data[0] : undefined) : value,
    );
    if (numbers.includes(undefined)) return this.withVector(operator, inputs, names);
    const parents = numbers as (Curve | number)[];
    const [first] = curves;
    const deepest = Math.max(...curves.map(({ depth }) => depth)) + 1;
    if (curves.some(({ base }) => base !== first.base) || deepest > DEEPEST) {
      const views = parents.map((parent) => (typeof parent === "number" ? parent : this.viewOf(parent)));
      if (new Set(curves).size > 1) return curveOf(this.merged(operator, place, views));
      const again = curveOf(this.viewOf(first));
      return this.combined(
        operator,
        inputs.map((value) => (value === first ? again : value)),
        names,
        apply,
      );
    }
    const values = POINTS.map((_, i) =>
      apply(...parents.map((parent) => (typeof parent === "number" ? parent : parent.values[i]))),
    );
    return { base: first.base, values, depth: deepest, made: { place, operator, parents, apply } };
  }

  /** Values of one shape, or numbers that are the same for all rows of an image. */
  private merged(operator: string, place: string, views: readonly (View | number)[]): View {
    const way = MERGED[operator];
    const [first, ...others] = views as readonly View[];
    if (way === undefined || views.some((view) => typeof view === "number") || others.length === 0)
      throw this.layers.unsupported(
        "computes a function of each number that no activation, rescaling or merge is; replace it before the export",
        place,
      );
    const all = this.spread(place, [first, ...others]);
    const [{ order }] = all;
    const isAlike = all.every((view) => isOrdered(view) && String(view.order) === String(order));
    const held = all.map((view) => (isAlike ? view.of : this.layers.held(view)));
    const of = this.layers.add("merge", { way }, held);
    return isAlike ? { ...all[0], of } : { ...viewOf(of), rows: all[0].rows };
  }

  /** Values of one shape: those with one number for a channel repeat it over the places of an image. */
  private spread(place: string, views: readonly View[]): View[] {
    const rank = Math.max(...views.map(({ shape }) => shape.length));
    const shape = upTo(rank).map((axis) => Math.max(...views.map((view) => view.shape[axis] ?? 0)));
    return views.map((view) => {
      if (String(view.shape) === String(shape) && view.rows === views[0].rows) return view;
      const [channels, height, width] = shape;
      if (rank !== 3 || String(view.shape) !== String([channels, 1, 1]) || view.rows !== 0)
        throw this.layers.unsupported(
          `takes values of shapes ${views.map((each) => `[${each.shape}]`).join(" and ")}, which no layer merges`,
          place,
        );
      const of = this.layers.add("upSampling2d", { size: [height, width] }, [
        this.layers.held(view, [1, 2, 0]),
      ]);
      return { of, order: [2, 0, 1], shape, rows: 0 };
    });
  }

  /** A number for each unit or place, added or multiplied. */
  private withVector(operator: string, inputs: readonly Value[], names: readonly string[]): Value {
    const { layers } = this;
    const [left, right] = inputs;
    const isRight = right !== undefined && isKnown(right);
    const [value, known] = (isRight ? [left, right] : [right, left]) as [Curve, Known];
    if (inputs.length !== 2 || isKnown(value) || !(operator in VECTORS) || (operator === "Div" && !isRight))
      throw layers.unsupported(`is ${operator} with an array of numbers, which no layer computes`);
    const view = this.viewOf(value);
    const axis = this.axisOf(view, known);
    const data = Float32Array.from(known.data);
    const isBias = operator === "Add" || (operator === "Sub" && isRight);
    const offset = operator === "Sub" && isRight ? data.map((each) => -each) : data;
    const isWhole = isOrdered(view) && axis !== undefined && view.order[axis] === view.of.shape.length - 1;
    if (isBias && isWhole && this.isReadOnce(names[isRight ? 0 : 1]) && layers.addBias(view.of, offset))
      return curveOf(view);
    const scale =
      operator === "Mul"
        ? data
        : operator === "Div"
          ? data.map((each) => 1 / each)
          : data.map(() => (operator === "Sub" && !isRight ? -1 : 1));
    const added = operator === "Mul" || operator === "Div" ? undefined : offset;
    return curveOf(this.affine(view, axis, known, scale, added));
  }

  /** The axis of a row along which an array has its numbers; undefined if it has several. */
  private axisOf({ shape, rows }: View, { shape: given }: Known): number | undefined {
    const own = rows < 0 ? shape.with(0, 1) : shape.toSpliced(rows, 0, 1);
    const first = own.length - given.length;
    if (first < 0 || !given.every((size, i) => size === 1 || size === own[first + i]))
      throw this.layers.unsupported(
        `takes an array of shape [${given}]; it must have a number for each unit of rows of shape [${shape}]`,
      );
    const long = given.flatMap((size, i) => (size === 1 ? [] : [first + i]));
    if (long.length !== 1) return undefined;
    return rows >= 0 && long[0] > rows ? long[0] - 1 : long[0];
  }

  /** scale · x + offset along an axis, or by place: a depthwise convolution of one pixel. */
  affine(
    view: View,
    axis: number | undefined,
    known: Known | undefined,
    scale: Float32Array,
    offset?: Float32Array,
  ): View {
    const { layers } = this;
    if (axis === undefined) {
      if (known && known.data.length !== sizeOf(view.shape))
        throw layers.unsupported(
          `takes an array of shape [${known.shape}], which must have a number for each unit, or for each place of rows of shape [${view.shape}]`,
        );
      const flat = viewOf(layers.reshaped(layers.held(view), [sizeOf(view.shape)]));
      return { ...this.affine(flat, 0, undefined, scale, offset), shape: view.shape, rows: view.rows };
    }
    const { of, order } = layers.withLast(view, axis);
    const channels = view.shape[axis];
    const image = layers.reshaped(of, [1, sizeOf(of.shape) / channels, channels]);
    const weights = { kernel: { floats: () => scale }, bias: offset && { floats: () => offset } };
    const options = { kernelSize: 1, useBias: offset !== undefined };
    const result = layers.reshaped(layers.add("depthwiseConv2d", options, [image], weights), of.shape);
    return { ...view, of: result, order, shape: view.shape };
  }

  private prelu(view: View, slopes: Value | undefined): View {
    const { layers } = this;
    if (!slopes || !isKnown(slopes)) throw layers.unsupported("has slopes that are computed from rows");
    const isOne = slopes.data.length === 1;
    const axis = isOne ? 0 : this.axisOf(view, slopes);
    if (axis === undefined) throw layers.unsupported("must have one slope, or one for each channel");
    const { of, order } = layers.withLast(view, axis);
    const sharedAxes = upTo(of.shape.length - (isOne ? 0 : 1)).map((each) => each + 1);
    return { ...view, of: layers.add("prelu", { sharedAxes }, [of], { alpha: slopes }), order };
  }
}

const OTHERS: Readonly<Record<string, true>> = { Clip: true, Gelu: true, PRelu: true };

/** Operators with an array of numbers. */
const VECTORS: Readonly<Record<string, true>> = { Add: true, Sub: true, Mul: true, Div: true };
