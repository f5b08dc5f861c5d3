/**
 * Layers made while an ONNX file is read, and views of their results. ONNX has channels first, Fettle last: a
 * view is the result of a layer in Fettle's order with the order and the shape that the file means, so that
 * axes move only where a layer needs them elsewhere. It knows no operators.
 */
import { check, FettleError, show } from "../../errors.js";
import type { LayerDescription, PieceDescription } from "../../predict/description.js";
import { MOST_LAYERS } from "../../predict/description.js";
import { checkSizes } from "../../predict/network.js";
import { layerFrom } from "../../predict/pieces.js";
import type { Tensor } from "../../predict/safetensors.js";
import type { Known } from "./onnxFile.js";

export type Shape = readonly number[];

/** The result of a layer, or an input. */
export interface Held {
  readonly id: string;
  /** Of a row. */
  readonly shape: Shape;
}

/** A value of the file. */
export interface View {
  readonly of: Held;
  /** Its axes in the order of the file: axis i is axis order[i] of what is held. */
  readonly order: readonly number[];
  /** Of a row, in the file: the shape of the ordered axes, or another one of as many numbers. */
  readonly shape: Shape;
  /** The axis of the rows in the file; −1 if the first axis of `shape` is counted with the rows. */
  readonly rows: number;
}

export const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const isSame = (a: Shape, b: Shape): boolean => String(a) === String(b);

export const viewOf = (of: Held): View => ({ of, order: upTo(of.shape.length), shape: of.shape, rows: 0 });

/** The axes of what is held, in the order of the file. */
const orderedShape = ({ of, order }: View): Shape => order.map((axis) => of.shape[axis]);

/** Whether a view only reorders axes. */
export const isOrdered = (view: View): boolean => isSame(orderedShape(view), view.shape);

/** A weight whose numbers are in another layout than in the file. */
export interface Turned {
  /** The array that they are of; undefined for computed numbers. */
  readonly array?: Known | undefined;
  readonly floats: () => Float32Array;
}

/** The numbers of an array as weights. */
export const floatsOf = ({ data }: Known): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);

/** Makes the layers of a network in the order of the file. */
export class Layers {
  readonly described: LayerDescription[] = [];
  readonly tensors: Record<string, Tensor> = {};
  /** The node that is read, for messages. */
  place = "";
  private readonly counts = new Map<string, number>();
  private readonly calls = new Map<string, number>();
  private readonly shared = new Map<string, string>();
  private size = 0;

  /** @param most - the numbers that all weights may have together */
  constructor(private readonly most: number) {}

  /** The refusal of what Fettle has no layer for. */
  unsupported(reason: string, place = this.place): FettleError {
    return new FettleError("unsupported", `${place} of the ONNX file ${reason}`);
  }

  /**
   * The result of a layer.
   *
   * @param weights - by parameter; equal layers of the same arrays share them
   */
  add(
    name: string,
    options: PieceDescription["options"],
    inputs: readonly Held[],
    weights: Readonly<Record<string, Known | Turned | undefined>> = {},
  ): Held {
    check(
      this.described.length < MOST_LAYERS,
      () => `the network of an ONNX file must have at most ${MOST_LAYERS} layers`,
      "unsupported",
    );
    const shapes = inputs.map(({ shape }) => shape);
    const taken = inputs.map(({ id }) => id);
    const arrays = Object.values(weights).flatMap((weight) =>
      weight === undefined ? [] : ["floats" in weight ? weight.array?.name : weight.name],
    );
    const key = JSON.stringify([name, options, shapes, arrays]);
    const first = this.shared.get(key);
    if (first !== undefined) return this.again(first, taken, shapes);
    const { layer, shape } = this.inFile(() => {
      const layer = layerFrom({ name, options }, NOTHING);
      const shape = layer.outputShape(...shapes);
      checkSizes(this.place, shape);
      return { layer, shape };
    });
    const number = (this.counts.get(layer.type) ?? 0) + 1;
    this.counts.set(layer.type, number);
    const id = `${layer.type}_${number}`;
    const paths = layer.parameters(...shapes).map((parameter) => {
      this.size += sizeOf(parameter.shape);
      check(
        this.size <= this.most,
        () => `the layers of an ONNX file must not repeat its weights many times; received ${this.place}`,
        "limit_exceeded",
      );
      const path = `${id}.${parameter.name}`;
      const weight = weights[parameter.name] as Known | Turned;
      const data = "floats" in weight ? weight.floats() : floatsOf(weight);
      check(
        data.length === sizeOf(parameter.shape),
        () => `${this.place} must have weights of shape ${show(parameter.shape)}`,
        "invalid_checkpoint",
      );
      this.tensors[path] = { shape: parameter.shape, data };
      return [parameter.name, path] as const;
    });
    this.described.push({ id, name, options, inputs: taken, weights: Object.fromEntries(paths) });
    // layers of the same arrays are this one again
    if (arrays.length > 0 && !arrays.includes(undefined)) this.shared.set(key, id);
    return { id, shape };
  }

  /** The result of a layer that was made before. */
  private again(first: string, inputs: readonly string[], shapes: readonly Shape[]): Held {
    const known = this.described.find(({ id }) => id === first) as LayerDescription;
    const call = (this.calls.get(first) ?? 1) + 1;
    this.calls.set(first, call);
    const id = `${first}.${call}`;
    this.described.push({ ...known, id, inputs, shares: first });
    return { id, shape: layerFrom(known, NOTHING).outputShape(...shapes) };
  }

  /** Adds a vector to the units of a layer that has no bias, if it is used once. @returns whether it did */
  addBias({ id }: Held, bias: Float32Array): boolean {
    const at = this.described.findIndex((each) => each.id === id);
    const known = this.described[at];
    if (known?.options.useBias !== false || known.shares !== undefined || this.calls.has(id)) return false;
    for (const [key, first] of this.shared) if (first === id) this.shared.delete(key);
    const path = `${id}.bias`;
    this.tensors[path] = { shape: [bias.length], data: bias };
    this.described[at] = {
      ...known,
      options: { ...known.options, useBias: true },
      weights: { ...known.weights, bias: path },
    };
    return true;
  }

  /** What a view shows, with the axes of its shape in an order. */
  held(view: View, order: readonly number[] = upTo(view.shape.length)): Held {
    if (isOrdered(view))
      return this.permuted(
        view.of,
        order.map((axis) => view.order[axis]),
      );
    const plain = this.permuted(view.of, view.order);
    return this.permuted(this.reshaped(plain, view.shape), order);
  }

  /** A view with an axis last, and its place in the order. */
  withLast(view: View, axis: number): { readonly of: Held; readonly order: readonly number[] } {
    const plain = isOrdered(view) ? view : viewOf(this.held(view));
    // as it is held, except for that axis
    const places = upTo(view.shape.length).sort((a, b) => plain.order[a] - plain.order[b]);
    const order = [...places.filter((each) => each !== axis), axis];
    return { of: this.held(plain, order), order: order.map((_, i) => order.indexOf(i)) };
  }

  permuted(of: Held, dims: readonly number[]): Held {
    if (dims.every((axis, i) => axis === i)) return of;
    const turned = dims.map((axis) => of.shape[axis]);
    // axes of length 1 move without any number
    const long = dims.filter((axis) => of.shape[axis] > 1);
    if (long.every((axis, i) => i === 0 || axis > long[i - 1])) return this.reshaped(of, turned);
    return this.add("permute", { dims: dims.map((axis) => axis + 1) }, [of]);
  }

  reshaped(of: Held, shape: Shape): Held {
    if (isSame(of.shape, shape)) return of;
    if (shape.length === 1) return this.add("flatten", {}, [of]);
    return this.add("reshape", { targetShape: shape }, [of]);
  }

  /** An error of a factory becomes one of the file. */
  private inFile<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      throw new FettleError("invalid_checkpoint", `${this.place} is refused: ${error.message}`, {
        cause: error,
      });
    }
  }
}

/** A file has no custom pieces. */
const NOTHING = { own: nothing, piece: nothing };

function nothing(): never {
  throw new FettleError("invalid_checkpoint", "its settings must be of built-in layers");
}
