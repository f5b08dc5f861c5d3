/**
 * The vocabulary in which models, losses, optimizers and gradient rules are written:
 * functions from values to values, which append nodes to a graph. Numbers may stand
 * where values may, and shapes broadcast as in NumPy. Nothing is computed here.
 */
import { check, show } from "../errors.js";
import { type AttributesOf, type Graph, isNode, type OperationName, Value } from "./graph.js";
import { operation } from "./operations/index.js";
import { broadcastShapes, ROWS, type Shape, sameShape, showShape } from "./shape.js";

export { Value };

/** What functions take: a value, or a number that becomes a constant. */
export type Operand = Value | number;

/** Appends one node after its shape rule. */
export function apply<K extends OperationName>(
  op: K,
  inputs: readonly Value[],
  attributes: AttributesOf[K],
  graph: Graph = graphOf(inputs),
): Value {
  const shape = operation(op).shape(
    inputs.map((input) => input.shape),
    attributes,
  );
  graph.nodes.push({ op, inputs: inputs.map((input) => input.id), attributes, shape });
  return new Value(graph, graph.nodes.length - 1);
}

function graphOf(operands: readonly Operand[]): Graph {
  const values = operands.filter((operand) => operand instanceof Value);
  check(values.length > 0, "at least one operand must be a value of a graph, not a number");
  for (const value of values) {
    check(value.graph === values[0].graph, "values of two different graphs met in one operation");
  }
  return values[0].graph;
}

function lift(operand: Operand, graph: Graph): Value {
  if (operand instanceof Value) return operand;
  check(typeof operand === "number", () => `an operand is a value or a number, got ${show(operand)}`);
  return constant(graph, operand);
}

/** Brings operands to one shape and applies an elementwise operation. */
function elementwise(op: ElementwiseName, ...operands: readonly Operand[]): Value {
  const graph = graphOf(operands);
  const values = operands.map((operand) => lift(operand, graph));
  const shape = values.map((value) => value.shape).reduce(broadcastShapes);
  return apply(
    op,
    values.map((value) => broadcastTo(value, shape)),
    {},
  );
}

type ElementwiseName = {
  [K in OperationName]: keyof AttributesOf[K] extends never ? K : never;
}[OperationName];

// Leaves

/** A named value from outside the graph. */
export function input(graph: Graph, name: string, shape: Shape): Value {
  return apply("input", [], { name, shape }, graph);
}

/** A number, or an array of numbers with its shape. */
export function constant(graph: Graph, values: number | readonly number[], shape?: Shape): Value {
  const list = typeof values === "number" ? [values] : values;
  return apply(
    "constant",
    [],
    { values: list, shape: shape ?? (typeof values === "number" ? [] : [list.length]) },
    graph,
  );
}

/** A scalar spread to the shape of `x`. */
export function fullLike(x: Value, value: Operand): Value {
  return broadcastTo(lift(value, x.graph), x.shape);
}

/** Zeros of the shape of `x`. */
export function zerosLike(x: Value): Value {
  return fullLike(x, 0);
}

/** The number of elements of `x` as a scalar; it may depend on the rows of the batch. */
export function count(x: Value): Value {
  return x.shape.includes(ROWS)
    ? apply("count", [], { of: x.shape }, x.graph)
    : constant(
        x.graph,
        x.shape.reduce((a, b) => a * b, 1),
      );
}

/** The number of rows of the batch as a scalar. */
export function rowCount(graph: Graph): Value {
  return apply("count", [], { of: [ROWS] }, graph);
}

/** Uniform numbers in [0, 1), new at each step. Two nodes of one graph with one `stream` draw the same numbers. */
export function random(graph: Graph, shape: Shape, stream: number): Value {
  return apply("random", [], { shape, stream }, graph);
}

/** The number of this step, from 1, as a scalar. */
export function step(graph: Graph): Value {
  return apply("step", [], {}, graph);
}

// Elementwise

export const neg = (x: Operand): Value => elementwise("neg", x);
export const abs = (x: Operand): Value => elementwise("abs", x);
export const sign = (x: Operand): Value => elementwise("sign", x);
export const sqrt = (x: Operand): Value => elementwise("sqrt", x);
export const exp = (x: Operand): Value => elementwise("exp", x);
export const expm1 = (x: Operand): Value => elementwise("expm1", x);
export const log = (x: Operand): Value => elementwise("log", x);
export const log1p = (x: Operand): Value => elementwise("log1p", x);
export const sin = (x: Operand): Value => elementwise("sin", x);
export const cos = (x: Operand): Value => elementwise("cos", x);
export const tanh = (x: Operand): Value => elementwise("tanh", x);
export const sigmoid = (x: Operand): Value => elementwise("sigmoid", x);
export const softplus = (x: Operand): Value => elementwise("softplus", x);
export const erf = (x: Operand): Value => elementwise("erf", x);
export const relu = (x: Operand): Value => elementwise("relu", x);
export const add = (x: Operand, y: Operand): Value => elementwise("add", x, y);
export const sub = (x: Operand, y: Operand): Value => elementwise("sub", x, y);
export const mul = (x: Operand, y: Operand): Value => elementwise("mul", x, y);
export const div = (x: Operand, y: Operand): Value => elementwise("div", x, y);
export const pow = (x: Operand, y: Operand): Value => elementwise("pow", x, y);
export const maximum = (x: Operand, y: Operand): Value => elementwise("maximum", x, y);
export const minimum = (x: Operand, y: Operand): Value => elementwise("minimum", x, y);
/** 1 where x > y, else 0. */
export const greater = (x: Operand, y: Operand): Value => elementwise("greater", x, y);
/** 1 where x ≥ y, else 0. */
export const greaterEqual = (x: Operand, y: Operand): Value => elementwise("greaterEqual", x, y);
/** 1 where x = y, else 0. */
export const equal = (x: Operand, y: Operand): Value => elementwise("equal", x, y);
/** x where the condition is not 0, else y. The side not taken may be NaN. */
export const select = (condition: Operand, x: Operand, y: Operand): Value =>
  elementwise("select", condition, x, y);
export const square = (x: Value): Value => mul(x, x);
/** x Φ(x), exact: ½ x (1 + erf(x/√2)) (Hendrycks and Gimpel, 2016). */
export const gelu = (x: Value): Value => mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));

// Views and moves

/** The same value, through which no gradient flows. */
export const stopGradient = (x: Value): Value => apply("stopGradient", [x], {});

export function broadcastTo(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("broadcast", [x], { shape });
}

export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("reshape", [x], { shape });
}

/** Permutes the axes; without a permutation, reverses them. */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  return apply("transpose", [x], {
    permutation: permutation ?? x.shape.map((_, i) => x.shape.length - 1 - i),
  });
}

export const slice = (x: Value, begin: readonly number[], size: Shape): Value =>
  apply("slice", [x], { begin, size });

/** Zeros before and after along each axis. */
export const pad = (x: Value, before: readonly number[], after: readonly number[]): Value =>
  apply("pad", [x], { before, after });

/** Values one after the other along `axis` (a negative one counts from the end). */
export const concat = (values: readonly Value[], axis = 0): Value =>
  apply("concat", values, { axis: axis < 0 && values.length > 0 ? axis + values[0].shape.length : axis });

export const takeRows = (table: Value, ids: Value): Value => apply("takeRows", [table, ids], {});

export const scatterRows = (x: Value, ids: Value, rows: number): Value =>
  apply("scatterRows", [x, ids], { rows });

// Reductions

/** The sum over `axis` (all axes when left out; negative ones count from the end). */
export function sum(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduce("sum", x, axis, keepDims);
}

/** The largest over `axis` (all axes when left out; negative ones count from the end). */
export function max(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduce("max", x, axis, keepDims);
}

/** The mean over `axis` (all axes when left out), of as many rows as the batch has. */
export function mean(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  const axes = normalizeAxes(x.shape, axis);
  const reduced = apply("count", [], { of: axes.map((i) => x.shape[i]) }, x.graph);
  return div(sum(x, axes, keepDims), reduced);
}

function reduce(
  op: "sum" | "max",
  x: Value,
  axis: number | readonly number[] | undefined,
  keepDims: boolean,
): Value {
  const axes = normalizeAxes(x.shape, axis);
  let result = x;
  // Neighbouring axes are reduced together, from the last, so that the earlier keep their numbers.
  for (let end = axes.length; end > 0; ) {
    let start = end - 1;
    while (start > 0 && axes[start - 1] === axes[start] - 1) start--;
    result = apply(op, [result], { axis: axes[start], count: end - start });
    end = start;
  }
  return keepDims
    ? reshape(
        result,
        x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
      )
    : result;
}

function normalizeAxes(shape: Shape, axis: number | readonly number[] | undefined): number[] {
  const given = axis === undefined ? shape.map((_, i) => i) : typeof axis === "number" ? [axis] : axis;
  const axes = given.map((a) => (a < 0 ? a + shape.length : a)).sort((a, b) => a - b);
  check(
    new Set(axes).size === axes.length &&
      axes.every((a) => Number.isInteger(a) && a >= 0 && a < shape.length),
    () => `axes ${show(axis)} do not fit ${showShape(shape)}`,
    "invalid_shape",
  );
  return axes;
}

/** Sums out whatever a broadcast from `shape` to the shape of `x` had spread. */
export function sumTo(x: Value, shape: Shape): Value {
  const extra = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, i) => i)
    .filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(axes.length > 0 ? sum(x, axes) : x, shape);
}

// Along the last axis, and products

export const softmax = (x: Value): Value => apply("softmax", [x], {});
export const logSoftmax = (x: Value): Value => apply("logSoftmax", [x], {});
/** [m, k] · [k, n] → [m, n] */
export const matmul = (a: Value, b: Value): Value => apply("matmul", [a, b], {});
/** xᵀy of two vectors [n], or of any two values of one shape: a scalar. */
export const dot = (x: Value, y: Value): Value => sum(mul(x, y));

/** The number behind a scalar constant, or undefined. */
export function constantValue(value: Value): number | undefined {
  const node = value.node;
  return isNode(node, "constant") && node.attributes.values.length === 1
    ? node.attributes.values[0]
    : undefined;
}
