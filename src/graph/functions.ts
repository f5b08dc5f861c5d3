/**
 * The vocabulary in which models, losses, optimizers and gradient rules are written:
 * functions from values to values, which append nodes to a graph. Nothing is computed here.
 *
 * Broadcasting: elementwise functions bring their operands to one shape as NumPy does. Shapes are aligned
 * at the right, and a dimension that is 1 or missing is spread: [rows, 1] and [4] give [rows, 4]. Numbers
 * may stand where operands are asked for, and are spread to any shape; one operand must be a value.
 *
 * Gradients: every function has one, of the same shape as its input, and it can be differentiated again.
 * At kinks: `abs`, `sign` and `relu` have gradient 0 at 0; `maximum` and `minimum` give half to each side
 * at a tie, and `max` an equal share to each of the largest. `sign` and comparisons have gradient 0 everywhere.
 *
 * Errors of all of them: FettleError `invalid_shape` where shapes do not fit, `invalid_argument` where no
 * operand is a value, one is neither value nor number, or values of two graphs meet.
 *
 * @example
 * ```ts
 * const layer = (x: Value, w: Value, b: Value) => relu(add(matmul(x, w), b)); // [2, 3], [3, 1], [1] → [2, 1]
 * const run = createEngine().load(compile(layer, [2, 3], [3, 1], [1]));
 * run([[1, 2, 3], [4, 5, 6]], [[1], [0], [-1]], [3]); // [[1], [1]]
 * ```
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

// Leaves: values that do not depend on others

/** A named value from outside the graph. */
export function input(graph: Graph, name: string, shape: Shape): Value {
  return apply("input", [], { name, shape }, graph);
}

/**
 * Numbers that are known when the graph is written.
 *
 * @param values - one number, a scalar; or a flat array, row-major
 * @param shape - default: [] for one number, [values.length] for an array
 * @throws FettleError `invalid_shape` unless there are as many numbers as the shape has elements
 */
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

/**
 * Independent uniform numbers in [0, 1), multiples of 2⁻²⁴, new at each step: a function of the run's seed,
 * `stream`, the step and the element's index alone, by Philox (J. Salmon and others, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). Exported as `randomUniform`. It has no gradient.
 *
 * @param stream - tells uses apart: an integer in [0, 2³² − 2]; nodes with one stream draw the same numbers
 * @throws FettleError `invalid_argument` for another stream
 */
export function random(graph: Graph, shape: Shape, stream: number): Value {
  return apply("random", [], { shape, stream }, graph);
}

/** The number of this step of the run, from 1, as a scalar. */
export function step(graph: Graph): Value {
  return apply("step", [], {}, graph);
}

// Elementwise, of one operand

/** −x */
export const neg = (x: Operand): Value => elementwise("neg", x);
/** |x|; its gradient at 0 is 0. */
export const abs = (x: Operand): Value => elementwise("abs", x);
/** −1, 0 or 1; its gradient is 0. */
export const sign = (x: Operand): Value => elementwise("sign", x);
/** The largest whole number that is not above x; its gradient is 0. */
export const floor = (x: Operand): Value => elementwise("floor", x);
/** √x, NaN below 0; its gradient at 0 is infinite. */
export const sqrt = (x: Operand): Value => elementwise("sqrt", x);
/** eˣ */
export const exp = (x: Operand): Value => elementwise("exp", x);
/** eˣ − 1, accurate where x is close to 0. */
export const expm1 = (x: Operand): Value => elementwise("expm1", x);
/** The natural logarithm; −∞ at 0, NaN below. */
export const log = (x: Operand): Value => elementwise("log", x);
/** log(1 + x), accurate where x is close to 0. */
export const log1p = (x: Operand): Value => elementwise("log1p", x);
/** sin x, of radians. */
export const sin = (x: Operand): Value => elementwise("sin", x);
/** cos x, of radians. */
export const cos = (x: Operand): Value => elementwise("cos", x);
/** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) */
export const tanh = (x: Operand): Value => elementwise("tanh", x);
/** 1 / (1 + e⁻ˣ), without overflow. */
export const sigmoid = (x: Operand): Value => elementwise("sigmoid", x);
/** log(1 + eˣ), without overflow. */
export const softplus = (x: Operand): Value => elementwise("softplus", x);
/** The error function: 2/√π times the integral of exp(−t²) from 0 to x. */
export const erf = (x: Operand): Value => elementwise("erf", x);
/** x where x > 0, else 0 (NaN stays); its gradient at 0 is 0. */
export const relu = (x: Operand): Value => elementwise("relu", x);
/**
 * 0 where |x| is below float32's smallest normal number 2⁻¹²⁶, else x. For what decays step by step: on x86,
 * arithmetic on denormal numbers is slow, and WebAssembly cannot flush them.
 */
export const flush = (x: Operand): Value => elementwise("flush", x);

// Elementwise, of two operands

/** x + y */
export const add = (x: Operand, y: Operand): Value => elementwise("add", x, y);
/** x − y */
export const sub = (x: Operand, y: Operand): Value => elementwise("sub", x, y);
/** x · y, element by element; see `matmul` for matrices. */
export const mul = (x: Operand, y: Operand): Value => elementwise("mul", x, y);
/** x / y */
export const div = (x: Operand, y: Operand): Value => elementwise("div", x, y);
/** xʸ; its gradient in y is 0 where x ≤ 0. */
export const pow = (x: Operand, y: Operand): Value => elementwise("pow", x, y);
/** The larger of x and y, NaN if one is; half of the gradient to each at a tie. See `max` for the largest element. */
export const maximum = (x: Operand, y: Operand): Value => elementwise("maximum", x, y);
/** The smaller of x and y, NaN if one is; half of the gradient to each at a tie. */
export const minimum = (x: Operand, y: Operand): Value => elementwise("minimum", x, y);

// Comparisons and choice

/** 1 where x > y, else 0. */
export const greater = (x: Operand, y: Operand): Value => elementwise("greater", x, y);
/** 1 where x ≥ y, else 0. */
export const greaterEqual = (x: Operand, y: Operand): Value => elementwise("greaterEqual", x, y);
/** 1 where x = y, else 0. */
export const equal = (x: Operand, y: Operand): Value => elementwise("equal", x, y);
/** x where the condition is not 0, else y. The side not taken may be NaN and gets gradient 0; the condition has none. */
export const select = (condition: Operand, x: Operand, y: Operand): Value =>
  elementwise("select", condition, x, y);

// Compositions

/** x² */
export const square = (x: Value): Value => mul(x, x);
/** x Φ(x), by the error function: ½ x (1 + erf(x/√2)) (D. Hendrycks and K. Gimpel, arXiv:1606.08415, 2016). */
export const gelu = (x: Value): Value => mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));

// Views and moves: elements change their place only

/** x itself, through which no gradient flows. */
export const stopGradient = (x: Value): Value => apply("stopGradient", [x], {});

/** x spread to `shape`, to which it must broadcast. Elementwise functions do this by themselves. */
export function broadcastTo(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("broadcast", [x], { shape });
}

/** The same elements in row-major order, in another shape of as many. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("reshape", [x], { shape });
}

/** x with its axes permuted: axis i of the result is axis `permutation[i]` of x. Default: in reverse order. */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  return apply("transpose", [x], {
    permutation: permutation ?? x.shape.map((_, i) => x.shape.length - 1 - i),
  });
}

/**
 * The block of shape `size` that begins at `begin`, one entry an axis each. Rows of the batch are kept whole:
 * 0 in `begin` and `ROWS` in `size`.
 */
export const slice = (x: Value, begin: readonly number[], size: Shape): Value =>
  apply("slice", [x], { begin, size });

/** x with zeros around it: `before[i]` and `after[i]` of them along axis i. Rows of the batch are not padded. */
export const pad = (x: Value, before: readonly number[], after: readonly number[]): Value =>
  apply("pad", [x], { before, after });

/** Values one after the other along `axis` (a negative one counts from the end), alike in all other axes. */
export const concat = (values: readonly Value[], axis = 0): Value =>
  apply("concat", values, { axis: axis < 0 && values.length > 0 ? axis + values[0].shape.length : axis });

/**
 * Rows of a table by number: [n, columns] and ids [m] → [m, columns]. A fraction is dropped from an id; one outside
 * the table gives a row of NaN. Ids have no gradient.
 *
 * @example
 * ```ts
 * createEngine().load(compile(takeRows, [2, 2], [3]))([[1, 2], [3, 4]], [1, 0, 1]); // [[3, 4], [1, 2], [3, 4]]
 * ```
 */
export const takeRows = (table: Value, ids: Value): Value => apply("takeRows", [table, ids], {});

/**
 * The sums of the rows with each id, the adjoint of `takeRows`: x [m, columns] and ids [m] → [rows, columns]. A fraction
 * is dropped from an id; rows whose id is outside [0, rows) are left out.
 */
export const scatterRows = (x: Value, ids: Value, rows: number): Value =>
  apply("scatterRows", [x, ids], { rows });

// Reductions: axes vanish

/**
 * The sum over `axis`: one axis or several, negative ones counted from the end, all when left out. They vanish from the
 * shape, or stay as 1 with `keepDims`.
 *
 * @example
 * ```ts
 * const sums = compile((x: Value) => [sum(x), sum(x, 0), sum(x, -1, true)], [2, 3]);
 * createEngine().load(sums)([[1, 2, 3], [4, 5, 6]]); // [21, [5, 7, 9], [[6], [15]]]
 * ```
 */
export function sum(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduce("sum", x, axis, keepDims);
}

/** The largest over `axis` as in `sum`; equal largest elements share the gradient. See `maximum` for two operands. */
export function max(x: Value, axis?: number | readonly number[], keepDims = false): Value {
  return reduce("max", x, axis, keepDims);
}

/** The mean over `axis` as in `sum`, of as many rows as the batch has. */
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
    while (axes[start - 1] === axes[start] - 1) start--; // there is no axes[-1]
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
  return reshape(sum(x, axes), shape);
}

// Along the last axis

/** eˣ / Σ eˣ along the last axis, without overflow. */
export const softmax = (x: Value): Value => apply("softmax", [x], {});
/** log softmax(x) = x − log Σ eˣ along the last axis, without overflow. */
export const logSoftmax = (x: Value): Value => apply("logSoftmax", [x], {});

// Products

/** The matrix product, [m, k] · [k, n] → [m, n]. */
export const matmul = (a: Value, b: Value): Value => apply("matmul", [a, b], {});
/** The scalar xᵀy of two vectors [n], or Σ xy of any two values that broadcast. */
export const dot = (x: Value, y: Value): Value => sum(mul(x, y));

/** The number behind a scalar constant, or undefined. */
export function constantValue(value: Value): number | undefined {
  const node = value.node;
  return isNode(node, "constant") && node.attributes.values.length === 1
    ? node.attributes.values[0]
    : undefined;
}
