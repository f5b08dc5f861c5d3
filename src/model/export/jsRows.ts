/**
 * Operations as JavaScript, one row each. A module predicts one row, so all sizes are known when it is
 * generated. Nothing here runs.
 */
import { FettleError } from "../../errors.js";
import type { ElementwiseName, Node, OperationName, WindowAttributes } from "../../graph/graph.js";
import { sizeOf } from "../../graph/shape.js";
import type { Part } from "./jsParts.js";

type Shape = readonly number[];
/** A node with the shapes of its inputs. */
type Given<K extends OperationName> = Node<K> & { readonly shapes: readonly Shape[] };

/**
 * An expression of one number, for rounded operands, unless it keeps their digits: then rounding may happen
 * before or after.
 */
export interface Expression {
  readonly write: (...operands: string[]) => string;
  /** Whether float32 operands give a float32 result. */
  readonly isExact?: true;
  readonly keeps?: true;
  readonly needs?: Part;
}

export type Row<K extends OperationName> =
  | Expression
  /**
   * A call of a part with the arrays of the inputs, the output array, and these arguments, after a constant
   * of the module.
   */
  | {
      readonly call: (given: Given<K>) => Part;
      readonly others: (given: Given<K>) => readonly (number | string)[];
      readonly places?: (given: Given<K>) => object;
    }
  /** Blocks of an array of zeros: where each input begins. */
  | { readonly blocks: (given: Given<K>) => readonly Shape[] }
  /** A view, which only changes addresses. */
  | { readonly view: true }
  /** Inputs of a network, and loops, which the writer handles. */
  | { readonly own: true };

const rounds = (write: Expression["write"], needs?: Part): Expression => ({ write, ...(needs && { needs }) });
const exact = (write: Expression["write"]): Expression => ({ write, isExact: true });
const keeps = (write: Expression["write"]): Expression => ({ write, isExact: true, keeps: true });
const by = (needs: Part): Expression => rounds((...operands) => `${needs}(${operands.join(", ")})`, needs);

const elementwise: { readonly [K in ElementwiseName]: Expression } = {
  copy: keeps((x) => x),
  neg: exact((x) => `(-${x})`),
  abs: keeps((x) => `Math.abs(${x})`),
  sign: exact((x) => `Math.sign(${x})`),
  floor: exact((x) => `Math.floor(${x})`),
  sqrt: rounds((x) => `Math.sqrt(${x})`),
  exp: rounds((x) => `Math.exp(${x})`),
  expm1: rounds((x) => `Math.expm1(${x})`),
  log: rounds((x) => `Math.log(${x})`),
  log1p: rounds((x) => `Math.log1p(${x})`),
  sin: rounds((x) => `Math.sin(${x})`),
  cos: rounds((x) => `Math.cos(${x})`),
  tanh: rounds((x) => `Math.tanh(${x})`),
  sigmoid: rounds((x) => `1 / (1 + Math.exp(-${x}))`),
  softplus: by("softplus"),
  erf: by("erf"),
  relu: keeps((x) => `Math.max(${x}, 0)`),
  flush: rounds((x) => `flush(${x}, 2 ** -126)`, "flush"),
  flushRoot: rounds((x) => `flush(${x}, 2 ** -63)`, "flush"),
  add: rounds((x, y) => `${x} + ${y}`),
  sub: rounds((x, y) => `${x} - ${y}`),
  mul: rounds((x, y) => `${x} * ${y}`),
  mulNoNan: by("mulNoNan"),
  div: rounds((x, y) => `${x} / ${y}`),
  pow: by("pow"),
  maximum: keeps((x, y) => `Math.max(${x}, ${y})`),
  minimum: keeps((x, y) => `Math.min(${x}, ${y})`),
  greater: exact((x, y) => `+(${x} > ${y})`),
  greaterEqual: exact((x, y) => `+(${x} >= ${y})`),
  equal: exact((x, y) => `+(${x} === ${y})`),
  select: exact((c, x, y) => `(${c.startsWith("+(") ? c.slice(1) : `${c} !== 0`} ? ${x} : ${y})`),
};

const last = (shape: Shape): number => shape[shape.length - 1];

/** Over axes, as one axis of a length before `inner` others. */
const reduced = (first: string, join: string): Row<"sum" | "max"> => ({
  call: () => "fold",
  others: ({ shapes: [x], attributes: { axis, count } }) => [
    sizeOf(x.slice(axis, axis + count)),
    sizeOf(x.slice(axis + count)),
    ...[first, join],
  ],
});
const byColumns = <K extends OperationName>(part: Part, ...others: string[]): Row<K> => ({
  call: () => part,
  others: ({ shape }) => [last(shape), ...others],
});

/** The places of windows in an image, for a part. */
const placed = (
  image: Shape,
  windows: Shape,
  { size, strides, dilation, before }: Omit<WindowAttributes, "after">,
) => ({
  image,
  windows: windows.slice(1, 3),
  size,
  strides,
  dilation,
  before,
});
const windowed = <K extends "patches" | "addPatches">(
  part: Part,
  imageOf: (given: Given<K>) => Shape,
): Row<K> => ({
  call: () => part,
  places: (given) => {
    const image = imageOf(given);
    return placed(image, image === given.shape ? given.shapes[0] : given.shape, given.attributes);
  },
  others: () => [],
});
const refused = <K extends OperationName>(why: string): Row<K> => ({
  call({ op }) {
    throw new FettleError("unsupported", `a module of JavaScript has no operation ${op}: ${why}`);
  },
  others: () => [],
});

const ADJOINT = "it is what a gradient is made of";

/** By operation: one without a row does not compile. */
export const ROWS: { readonly [K in OperationName]: Row<K> } = {
  ...elementwise,
  input: { own: true },
  constant: { own: true },
  count: { own: true },
  randomUniform: refused("a prediction draws no random numbers; a custom layer may where `training` is true"),
  step: refused("a prediction is no step of a training; a custom layer may read it where `training` is true"),
  stopGradient: { view: true },
  flushGradient: { view: true },
  broadcast: { view: true },
  reshape: { view: true },
  transpose: { view: true },
  slice: { view: true },
  pad: { blocks: ({ attributes }) => [attributes.before] },
  concat: {
    blocks({ shapes, attributes: { axis } }) {
      const begins = shapes.map((_, i) => shapes.slice(0, i).reduce((sum, shape) => sum + shape[axis], 0));
      return begins.map((begin) => shapes[0].map((_, at) => (at === axis ? begin : 0)));
    },
  },
  takeRows: byColumns("takeRows"),
  scatterRows: refused(ADJOINT),
  patches: windowed("patches", ({ shapes: [image] }) => image),
  addPatches: windowed("addPatches", ({ shape }) => shape),
  takeLargest: {
    call: () => "takeLargest",
    places: ({ shapes: [image], shape, attributes }) =>
      placed(image, shape, { ...attributes, dilation: [1, 1] }),
    others: ({ shape, attributes }) => [sizeOf(attributes.size), last(shape)],
  },
  scatterLargest: refused(ADJOINT),
  sum: reduced("0", "(a, b) => a + b"),
  max: reduced("-Infinity", "Math.max"),
  softmax: byColumns("softmax"),
  logSoftmax: byColumns("softmax", "true"),
  logSoftmaxSlope: refused(ADJOINT),
  // [..., m, k] · [..., k, n]
  matmul: {
    call: ({ shapes: [a] }) => (sizeOf(a) === last(a) ? "product" : "products"),
    others: ({ shapes: [a, b] }) => (sizeOf(a) === last(a) ? [] : [...a.slice(-2), last(b)]),
  },
  scan: { own: true },
  scanCarry: { own: true },
  scanStack: { own: true },
};
