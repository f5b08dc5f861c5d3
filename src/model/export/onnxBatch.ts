/**
 * Values of an ONNX graph in two orders of axes. Fettle has channels last, [rows, height, width, channels]; ONNX' convolutions and pooling
 * take them first, [rows, channels, height, width]. A value is transposed only where a layer asks for the order that it does not
 * have, and at most once, so that layers between convolutions cost no transposes. No layer is here.
 */
import type { LayerDescription } from "../../predict/description.js";
import type { Graph } from "./onnxGraph.js";

/** Of a row, in Fettle's order. */
export type Shape = readonly number[];

/** The name of a value in the order that it was made in: channels last, or first. */
export type Made = string | { readonly first: string };

/** A value of the graph, `float [rows, ...shape]`. */
export class Batch {
  private channelsLast: string | undefined;
  private channelsFirst: string | undefined;

  /**
   * @param mask - the value that says which of its steps count, `bool [rows, steps]`; undefined if all do
   * @param isZeroed - whether it is 0 at the others
   */
  constructor(
    private readonly graph: Graph,
    made: Made,
    readonly shape: Shape,
    readonly mask?: string,
    readonly isZeroed = false,
  ) {
    if (typeof made === "string") this.channelsLast = made;
    else this.channelsFirst = made.first;
  }

  /** Its name, in Fettle's order. */
  get value(): string {
    this.channelsLast ??= this.transposed(this.first, [0, ...this.axes.slice(2), 1]);
    return this.channelsLast;
  }

  /** Its name, with channels first. */
  get first(): string {
    const { length } = this.shape;
    this.channelsFirst ??= this.transposed(this.value, [0, length, ...this.axes.slice(1, -1)]);
    return this.channelsFirst;
  }

  /** Whether it is there with channels first, so that this order costs nothing. */
  get hasFirst(): boolean {
    return this.channelsFirst !== undefined;
  }

  private get axes(): number[] {
    return [0, ...this.shape].map((_, axis) => axis);
  }

  private transposed(value: string, perm: readonly number[]): string {
    return this.graph.node("Transpose", [value], { perm });
  }
}

/** What a layer adds to the graph. */
export interface Context {
  readonly graph: Graph;
  readonly layer: LayerDescription;
  readonly inputs: readonly Batch[];
  /** Of a row of the result. */
  readonly shape: Shape;
  /**
   * The layer's array of that name as a constant of the graph, its axes in another order, and then in another shape; undefined if it has
   * none.
   */
  readonly array: (name: string, form?: ArrayForm) => string | undefined;
  readonly numbers: (name: string) => Float32Array;
  /** The layer's activation of a value. */
  readonly activated: (made: Made) => Made;
  /** The result of another layer that has the arrays of this one, for a value with rows of shape `from`, whose result has rows of shape `to`. */
  readonly nested: (
    piece: Pick<LayerDescription, "name" | "options">,
    value: string,
    from: Shape,
    to: Shape,
  ) => string;
}

/** How an array of Fettle becomes one of ONNX. */
export interface ArrayForm {
  readonly perm?: readonly number[];
  readonly shape?: Shape;
}

/** Adds the nodes of a layer. */
export type Nodes = (context: Context) => Made;

/** Values all in one order: with channels first where they are all there so. */
export function inOneOrder(inputs: readonly Batch[]): {
  readonly values: readonly string[];
  /** A value in this order. */
  readonly made: (value: string) => Made;
  /** Where axis `axis` of rows of `rank` axes is among the axes of the graph's value. */
  readonly place: (axis: number, rank: number) => number;
  readonly isFirst: boolean;
} {
  const isFirst = inputs.every(({ hasFirst }) => hasFirst);
  return {
    isFirst,
    values: inputs.map((each) => (isFirst ? each.first : each.value)),
    made: (value) => (isFirst ? { first: value } : value),
    place: (axis, rank) => (isFirst ? ((axis + 1) % rank) + 1 : axis + 1),
  };
}

export const float = (graph: Graph, value: number): string => graph.constant(Float32Array.of(value), []);
