/**
 * Operators on arrays that do not depend on the rows, such as the shapes that exporters compute: computed
 * while a file is read. It makes no layers.
 */
import { check } from "../../errors.js";
import type { Attribute, Known, OnnxNode } from "./onnxFile.js";
import { permuted } from "./onnxValues.js";

type Attributes = ReadonlyMap<string, Attribute>;

/** The numbers that may be computed while a small file is read, so that it does not take minutes. */
const MOST_NUMBERS = 2 ** 20;

/** Computes arrays, within a bound for all of them. */
export class Folding {
  private count = 0;
  private readonly most: number;

  /** @param size - bytes of the file, which bound what is computed from large arrays */
  constructor(size: number) {
    this.most = Math.max(MOST_NUMBERS, size);
  }

  /** The result of a node of known arrays; undefined if it is not computed here. */
  result({ operator, attributes }: OnnxNode, inputs: readonly (Known | undefined)[]): Known | undefined {
    if (!Object.hasOwn(FOLDS, operator)) return undefined;
    const needed = NEEDS[operator] ?? Math.max(inputs.length, 1);
    if (Array.from({ length: needed }, (_, i) => inputs[i]).includes(undefined)) return undefined;
    const known = FOLDS[operator](inputs as readonly Known[], attributes);
    this.count += known?.data.length ?? 0;
    check(
      this.count <= this.most,
      () => `the constants of the file must be computed from at most ${this.most} numbers`,
      "limit_exceeded",
    );
    return known;
  }
}

type Fold = (inputs: readonly Known[], attributes: Attributes) => Known | undefined;

/** Axes of an attribute, or of an input as in newer versions. */
export function axesOf(attributes: Attributes, given: Known | undefined): number[] | undefined {
  const axes = attributes.get("axes") ?? given?.data;
  return axes === undefined ? undefined : Array.from(axes as ArrayLike<number>);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);
const list = (data: number[]): Known => ({ shape: [data.length], data, isInteger: true });

const reshaped: Fold = ([x, target]) => {
  const sizes = Array.from(target.data, (size, i) => (size === 0 ? x.shape[i] : size));
  const rest = sizes.filter((size) => size !== -1);
  const shape = sizes.map((size) => (size === -1 ? x.data.length / sizeOf(rest) : size));
  return sizeOf(shape) === x.data.length && shape.every(Number.isSafeInteger) ? { ...x, shape } : undefined;
};

/** An operator on numbers, with NumPy's broadcasting. */
const each =
  (of: (a: number, b: number) => number): Fold =>
  ([a, b]) => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const [left, right] = [a, b].map(({ shape }) => [...Array(rank - shape.length).fill(1), ...shape]);
    const shape = left.map((size, i) => (size === 1 ? right[i] : size));
    if (!right.every((size, i) => size === 1 || size === shape[i]) || sizeOf(shape) > MOST_NUMBERS)
      return undefined;
    const place = (own: readonly number[], index: number): number => {
      let [rest, at, stride] = [index, 0, 1];
      for (let axis = rank - 1; axis >= 0; axis--) {
        if (own[axis] > 1) at += (rest % shape[axis]) * stride;
        stride *= own[axis];
        rest = Math.floor(rest / shape[axis]);
      }
      return at;
    };
    const data = Array.from({ length: sizeOf(shape) }, (_, i) =>
      of(a.data[place(left, i)], b.data[place(right, i)]),
    );
    return { shape, data, isInteger: a.isInteger && b.isInteger };
  };

const alone =
  (of: (x: number) => number): Fold =>
  ([x]) => ({ shape: x.shape, data: Array.from(x.data, of), isInteger: x.isInteger });

/** The entries of a list from a start to an end, as NumPy slices. */
export function sliced(length: number, start: number, end: number): readonly [number, number] {
  const [from, to] = [start, end].map((at) => Math.min(Math.max(at < 0 ? at + length : at, 0), length));
  return [from, Math.max(from, to)];
}

/** Whether arrays of a file may have an operator, which then needs no layer. */
export const isFolded = (operator: string): boolean => Object.hasOwn(FOLDS, operator);

const FOLDS: Readonly<Record<string, Fold>> = {
  Constant(_, attributes) {
    const value = attributes.get("value");
    if (typeof value === "object" && "data" in value) return value;
    const [number, float] = [attributes.get("value_int"), attributes.get("value_float")];
    if (typeof number === "number") return { shape: [], data: [number], isInteger: true };
    if (typeof float === "number") return { shape: [], data: [float], isInteger: false };
    const [numbers, floats] = [attributes.get("value_ints"), attributes.get("value_floats")];
    if (Array.isArray(numbers)) return list(numbers);
    return Array.isArray(floats) ? { ...list(floats), isInteger: false } : undefined;
  },
  Identity: ([x]) => x,
  Cast: ([x], attributes) => {
    const isInteger = ![1, 10, 11, 16].includes(attributes.get("to") as number);
    return isInteger && !x.isInteger
      ? { ...x, data: Array.from(x.data, Math.trunc), isInteger }
      : { ...x, isInteger };
  },
  Reshape: reshaped,
  Flatten: ([x]) => ({ ...x, shape: [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))] }),
  Squeeze([x, given], attributes) {
    const axes = axesOf(attributes, given)?.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    return { ...x, shape: x.shape.filter((size, i) => (axes ? !axes.includes(i) : size !== 1)) };
  },
  Unsqueeze([x, given], attributes) {
    const axes = axesOf(attributes, given) ?? [];
    const rank = x.shape.length + axes.length;
    if (rank > 8) return undefined;
    const shape = [...x.shape];
    for (const axis of axes.map((at) => (at < 0 ? at + rank : at)).sort((a, b) => a - b))
      shape.splice(axis, 0, 1);
    return { ...x, shape };
  },
  Transpose([x], attributes) {
    const axes = x.shape.map((_, i) => i);
    const perm = attributes.get("perm") ?? axes.reverse();
    if (!Array.isArray(perm) || String([...perm].sort((a, b) => a - b)) !== String(x.shape.map((_, i) => i)))
      return undefined;
    const data = permuted(Float64Array.from(x.data), x.shape, perm);
    return { shape: perm.map((axis) => x.shape[axis]), data, isInteger: x.isInteger };
  },
  Concat: (inputs) =>
    inputs.every(({ shape }) => shape.length === 1)
      ? list(inputs.flatMap(({ data }) => [...Array.from(data)]))
      : undefined,
  Gather([x, indices]) {
    if (x.shape.length !== 1) return undefined;
    const data = Array.from(indices.data, (at) => x.data[at < 0 ? at + x.data.length : at]);
    return data.includes(undefined as never) ? undefined : { ...x, shape: indices.shape, data };
  },
  /** Along the first axis, forwards or backwards. */
  Slice([x, starts, ends, axes, steps]) {
    const [from, to, axis, step] = [starts, ends, axes, steps].map((each) => each?.data[0]);
    if ([starts, ends].some(({ data }) => data.length !== 1) || (axis ?? 0) !== 0) return undefined;
    const [length = 0, ...rest] = x.shape;
    const size = sizeOf(rest);
    const rows = Array.from({ length }, (_, i) => Array.from(x.data).slice(i * size, (i + 1) * size));
    const isWholeBack = step === -1 && from === -1 && (to as number) < -length;
    if ((step ?? 1) !== 1 && !isWholeBack) return undefined;
    const kept = isWholeBack ? rows.reverse() : rows.slice(...sliced(length, from as number, to as number));
    return { ...x, shape: [kept.length, ...rest], data: kept.flat() };
  },
  ConstantOfShape([shape], attributes) {
    const value = attributes.get("value");
    const known = typeof value === "object" && "data" in value ? value : undefined;
    const sizes = Array.from(shape.data);
    if (!(sizeOf(sizes) <= MOST_NUMBERS) || !sizes.every((size) => size >= 0)) return undefined;
    const data = Array(sizeOf(sizes)).fill(known?.data[0] ?? 0);
    return { shape: sizes, data, isInteger: known?.isInteger ?? false };
  },
  ReduceProd: ([x]) => ({ ...x, shape: [], data: [sizeOf(Array.from(x.data))] }),
  Add: each((a, b) => a + b),
  Sub: each((a, b) => a - b),
  Mul: each((a, b) => a * b),
  Div: (inputs, attributes) =>
    each(inputs.every(({ isInteger }) => isInteger) ? (a, b) => Math.trunc(a / b) : (a, b) => a / b)(
      inputs,
      attributes,
    ),
  Sqrt: alone(Math.sqrt),
  Neg: alone((x) => -x),
  Reciprocal: alone((x) => 1 / x),
  Floor: alone(Math.floor),
};

/** The inputs that must be given, of operators with optional ones; of all others each. */
const NEEDS: Readonly<Record<string, number>> = {
  Constant: 0,
  Reshape: 2,
  Squeeze: 1,
  Unsqueeze: 1,
  Gather: 2,
  Slice: 3,
  Add: 2,
  Sub: 2,
  Mul: 2,
  Div: 2,
};
