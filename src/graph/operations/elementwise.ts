/**
 * Elementwise operations. All inputs and the result have one shape; broadcasting is a separate operation,
 * which the functions apply to their operands.
 *
 * Kinks and ties: relu, abs and sign have gradient 0 at 0; at a tie, maximum and minimum give half of the
 * gradient to each side.
 *
 * @example
 * ```ts
 * const hinge = compile((x: Value) => relu(sub(mul(2, x), 3)), [3]);
 * createEngine().load(hinge)([1, 2, 3]); // [0, 1, 3]
 * ```
 */
import { check } from "../../errors.js";
import * as special from "../../numerics/special.js";
import type { ElementwiseName, OperationName, Value } from "../graph.js";
import * as Elementwise from "../opcodes/elementwise.js";
import { broadcastShapes, type Shape, sameShape, showShape } from "../shape.js";
import { append, graphOf, type Operand } from "./append.js";
import { broadcastTo } from "./broadcast.js";
import { lift } from "./leaves.js";
import type { GradientContext, Operation, Rows } from "./operation.js";

/** The smallest normal number of float32; its reciprocal is finite. */
const SMALLEST_NORMAL = 2 ** -126;
/** Its root: the smallest number whose square is a normal number. */
const ROOT = 2 ** -63;

/** d erf(x)/dx = 2/√π e^(−x²) */
const TWO_OVER_SQRT_PI = 1.1283791670955126;

const rows: Rows<ElementwiseName> = {
  // the same numbers in row-major order; the compiler inserts it where a view is not enough
  copy: unary(
    Elementwise.Copy,
    (x) => x,
    ({ g }) => g,
  ),
  // d(−x) = −dx
  neg: unary(
    Elementwise.Neg,
    (x) => -x,
    ({ g }) => neg(g),
  ),
  // d|x| = sign(x) dx
  abs: unary(Elementwise.Abs, Math.abs, ({ g, x }) => mul(g, sign(x))),
  // constant where it is differentiable
  sign: unary(
    Elementwise.Sign,
    (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
    () => undefined,
  ),
  // constant where it is differentiable
  floor: unary(Elementwise.Floor, Math.floor, () => undefined),
  // d√x = dx / 2√x
  sqrt: unary(Elementwise.Sqrt, Math.sqrt, ({ g, y }) => div(mul(g, 0.5), y)),
  // d eˣ = eˣ dx
  exp: unary(Elementwise.Exp, special.exp, ({ g, y }) => mul(g, y)),
  // d(eˣ − 1) = eˣ dx, which y + 1 would round off where it is small
  expm1: unary(Elementwise.Expm1, special.expm1, ({ g, x }) => mul(g, exp(x))),
  // d log x = dx / x
  log: unary(Elementwise.Log, special.log, ({ g, x }) => div(g, x)),
  // d log(1 + x) = dx / (1 + x)
  log1p: unary(Elementwise.Log1p, special.log1p, ({ g, x }) => div(g, add(x, 1))),
  // d sin x = cos x dx
  sin: unary(Elementwise.Sin, special.sin, ({ g, x }) => mul(g, cos(x))),
  // d cos x = −sin x dx
  cos: unary(Elementwise.Cos, special.cos, ({ g, x }) => neg(mul(g, sin(x)))),
  // d tanh x = (1 − y²) dx
  tanh: unary(Elementwise.Tanh, special.tanh, ({ g, y }) => mul(g, sub(1, mul(y, y)))),
  // dσ(x) = y (1 − y) dx
  sigmoid: unary(Elementwise.Sigmoid, special.sigmoid, ({ g, y }) => mul(g, mul(y, sub(1, y)))),
  // d log(1 + eˣ) = σ(x) dx
  softplus: unary(Elementwise.Softplus, special.softplus, ({ g, x }) => mul(g, sigmoid(x))),
  // d erf x = 2/√π e^(−x²) dx
  erf: unary(Elementwise.Erf, special.erf, ({ g, x }) => mul(g, mul(TWO_OVER_SQRT_PI, exp(neg(mul(x, x)))))),
  // d relu(x) = [y > 0] dx, in the result, so that x need not be kept
  relu: unary(
    Elementwise.Relu,
    (x) => (x > 0 ? x : Number.isNaN(x) ? x : 0),
    ({ g, y }) => mul(g, greater(y, 0)),
  ),
  // 0 for denormal numbers of float32, otherwise x: dx except for those
  flush: unary(
    Elementwise.Flush,
    (x) => (Math.abs(x) < SMALLEST_NORMAL ? 0 : x),
    ({ g }) => g,
  ),
  // 0 for numbers whose square is a denormal number of float32, otherwise x
  flushRoot: unary(
    Elementwise.FlushRoot,
    (x) => (Math.abs(x) < ROOT ? 0 : x),
    ({ g }) => g,
  ),

  // d(x + y) = dx + dy
  add: binary(
    Elementwise.Add,
    (x, y) => x + y,
    ({ g }) => [g, g],
  ),
  // d(x − y) = dx − dy
  sub: binary(
    Elementwise.Sub,
    (x, y) => x - y,
    ({ g }) => [g, neg(g)],
  ),
  // d(xy) = y dx + x dy
  mul: binary(
    Elementwise.Mul,
    (x, y) => x * y,
    ({ g, x, y }) => [mul(g, y), mul(g, x)],
  ),
  // the same, but 0 where y is 0, and no NaN of ∞ · 0
  mulNoNan: binary(
    Elementwise.MulNoNan,
    (x, y) => (y === 0 ? 0 : x * y),
    ({ g, x, y }) => [mulNoNan(g, y), mulNoNan(x, g)],
  ),
  // d(x/y) = dx/y − (x/y) dy/y
  div: binary(
    Elementwise.Div,
    (x, y) => x / y,
    ({ g, y, z }) => {
      const dx = div(g, y);
      return [dx, neg(mul(dx, z))];
    },
  ),
  // d(xʸ) = y xʸ⁻¹ dx + xʸ log x dy; 0 in x where y = 0 and 1/x overflows, and 0 in y where x ≤ 0
  pow: binary(Elementwise.Pow, special.pow, ({ g, x, y, z }) => [
    mul(g, select(mul(equal(y, 0), greater(SMALLEST_NORMAL, abs(x))), 0, mul(y, pow(x, sub(y, 1))))),
    mul(g, mul(z, log(select(greater(x, 0), x, 1)))),
  ]),
  // d max(x, y) = [x > y] dx + [y > x] dy, halves at a tie
  maximum: binary(
    Elementwise.Maximum,
    (x, y) => Math.max(x, y),
    ({ g, x, y }) => [mul(g, wins(x, y)), mul(g, wins(y, x))],
  ),
  // d min(x, y) = [x < y] dx + [y < x] dy, halves at a tie
  minimum: binary(
    Elementwise.Minimum,
    (x, y) => Math.min(x, y),
    ({ g, x, y }) => [mul(g, wins(y, x)), mul(g, wins(x, y))],
  ),
  // Comparisons give 0 or 1 and are constant where they are differentiable.
  greater: binary(Elementwise.Greater, (x, y) => (x > y ? 1 : 0), flat),
  greaterEqual: binary(Elementwise.GreaterEqual, (x, y) => (x >= y ? 1 : 0), flat),
  equal: binary(Elementwise.Equal, (x, y) => (x === y ? 1 : 0), flat),

  // d(c ? x : y) = c dx + (1 − c) dy
  select: {
    shape: sameShapes,
    gradient: ({ g, inputs: [c] }) => [undefined, select(c, g, 0), select(c, 0, g)],
    reference: ({ inputs: [c, x, y] }) => c.map((ci, i) => (ci !== 0 ? x[i] : y[i])),
    lowering: { elementwise: Elementwise.Select },
  },
};

export default rows;

/** 1 where x > y, 1/2 where they are equal, 0 elsewhere. */
function wins(x: Value, y: Value): Value {
  return mul(0.5, add(greater(x, y), greaterEqual(x, y)));
}

function flat(): readonly undefined[] {
  return [undefined, undefined];
}

function sameShapes(inputs: readonly Shape[]): Shape {
  for (const shape of inputs) {
    check(
      sameShape(shape, inputs[0]),
      () =>
        `the operands of an elementwise operation must have one shape; received ${inputs.map(showShape).join(" and ")}`,
      "invalid_shape",
    );
  }
  return inputs[0];
}

/** A row of one input: y = f(x). */
function unary<K extends OperationName>(
  elementwise: number,
  reference: (x: number) => number,
  gradient: (context: { g: Value; x: Value; y: Value }) => Value | undefined,
): Operation<K> {
  return {
    shape: sameShapes,
    gradient: ({ g, inputs: [x], output: y }: GradientContext<K>) => [gradient({ g, x, y })],
    reference: ({ inputs: [x] }) => x.map(reference),
    lowering: { elementwise },
  };
}

/** A row of two inputs: z = f(x, y). */
function binary<K extends OperationName>(
  elementwise: number,
  reference: (x: number, y: number) => number,
  gradient: (context: { g: Value; x: Value; y: Value; z: Value }) => readonly (Value | undefined)[],
): Operation<K> {
  return {
    shape: sameShapes,
    gradient: ({ g, inputs: [x, y], output: z }: GradientContext<K>) => gradient({ g, x, y, z }),
    reference: ({ inputs: [x, y] }) => x.map((xi, i) => reference(xi, y[i])),
    lowering: { elementwise },
  };
}

/** Brings operands to one shape and applies an elementwise operation. */
function elementwise(op: ElementwiseName, ...operands: readonly Operand[]): Value {
  const graph = graphOf(operands);
  const values = operands.map((operand) => lift(operand, graph));
  const shape = values.map((value) => value.shape).reduce(broadcastShapes);
  return append(
    op,
    rows[op],
    values.map((value) => broadcastTo(value, shape)),
    {},
    graph,
  );
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
 * 0 where |x| is below float32's smallest normal number 2⁻¹²⁶, else x. For values that decay step by step: on
 * x86, arithmetic on denormal numbers is slow, and WebAssembly cannot flush them.
 */
export const flush = (x: Operand): Value => elementwise("flush", x);
/**
 * 0 where |x| is below 2⁻⁶³, the root of float32's smallest normal number, else x. The product of two such
 * numbers is 0 or a normal number, and so is the square of one: for values that are multiplied with each
 * other, such as weights and gradients.
 */
export const flushRoot = (x: Operand): Value => elementwise("flushRoot", x);

// Elementwise, of two operands

/** x + y */
export const add = (x: Operand, y: Operand): Value => elementwise("add", x, y);
/** x − y */
export const sub = (x: Operand, y: Operand): Value => elementwise("sub", x, y);
/** x · y, element by element; see `matmul` for matrices. */
export const mul = (x: Operand, y: Operand): Value => elementwise("mul", x, y);
/** x · y, but 0 where y is 0, even if x is infinite or NaN. */
export const mulNoNan = (x: Operand, y: Operand): Value => elementwise("mulNoNan", x, y);
/** x / y */
export const div = (x: Operand, y: Operand): Value => elementwise("div", x, y);
/** xʸ; its gradient in y is 0 where x ≤ 0. */
export const pow = (x: Operand, y: Operand): Value => elementwise("pow", x, y);
/**
 * The larger of x and y, NaN if one is; half of the gradient to each at a tie. See `max` for the largest
 * element.
 */
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
/**
 * x where the condition is not 0, else y. The side not taken may be NaN and gets gradient 0; the condition
 * has none.
 */
export const select = (condition: Operand, x: Operand, y: Operand): Value =>
  elementwise("select", condition, x, y);

// Compositions

/** x² */
export const square = (x: Value): Value => mul(x, x);
