/**
 * Elementwise operations. All inputs and the result have one shape; broadcasting is an
 * operation of its own, so no rule here needs to know about it.
 *
 * Kinks and ties: relu, abs and sign have gradient 0 at 0; at a tie, maximum and minimum
 * give half of the gradient to each side.
 */
import { check } from "../../errors.js";
import * as special from "../../numerics/special.js";
import * as f from "../functions.js";
import type { OperationName, Value } from "../graph.js";
import * as Elementwise from "../opcodes/elementwise.js";
import { type Shape, sameShape, showShape } from "../shape.js";
import type { GradientContext, Operation, Rows } from "./operation.js";

type Names =
  | ("copy" | "neg" | "abs" | "sign" | "sqrt" | "exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "tanh")
  | ("sigmoid" | "softplus" | "erf" | "relu" | "flush" | "add" | "sub" | "mul" | "div" | "pow" | "maximum")
  | ("minimum" | "greater" | "greaterEqual" | "equal" | "select" | "floor");

/** The smallest normal float32, whose reciprocal is finite. */
const SMALLEST = 2 ** -126;
/** The smallest normal number of float32. */
const SMALLEST_NORMAL = 2 ** -126;

/** d erf(x)/dx = 2/√π e^(−x²) */
const TWO_OVER_SQRT_PI = 1.1283791670955126;

export const elementwiseRows: Rows<Names> = {
  // the same numbers laid out row-major; the compiler inserts it where a view will not do
  copy: unary(
    Elementwise.Move,
    (x) => x,
    ({ g }) => g,
  ),
  // d(−x) = −dx
  neg: unary(
    Elementwise.Neg,
    (x) => -x,
    ({ g }) => f.neg(g),
  ),
  // d|x| = sign(x) dx
  abs: unary(Elementwise.Abs, Math.abs, ({ g, x }) => f.mul(g, f.sign(x))),
  // constant where it is differentiable
  sign: unary(
    Elementwise.Sign,
    (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
    () => undefined,
  ),
  // constant where it is differentiable
  floor: unary(Elementwise.Floor, Math.floor, () => undefined),
  // d√x = dx / 2√x
  sqrt: unary(Elementwise.Sqrt, Math.sqrt, ({ g, y }) => f.div(f.mul(g, 0.5), y)),
  // d eˣ = eˣ dx
  exp: unary(Elementwise.Exp, special.exp, ({ g, y }) => f.mul(g, y)),
  // d(eˣ − 1) = (y + 1) dx
  expm1: unary(Elementwise.Expm1, special.expm1, ({ g, y }) => f.mul(g, f.add(y, 1))),
  // d log x = dx / x
  log: unary(Elementwise.Log, special.log, ({ g, x }) => f.div(g, x)),
  // d log(1 + x) = dx / (1 + x)
  log1p: unary(Elementwise.Log1p, special.log1p, ({ g, x }) => f.div(g, f.add(x, 1))),
  // d sin x = cos x dx
  sin: unary(Elementwise.Sin, special.sin, ({ g, x }) => f.mul(g, f.cos(x))),
  // d cos x = −sin x dx
  cos: unary(Elementwise.Cos, special.cos, ({ g, x }) => f.neg(f.mul(g, f.sin(x)))),
  // d tanh x = (1 − y²) dx
  tanh: unary(Elementwise.Tanh, special.tanh, ({ g, y }) => f.mul(g, f.sub(1, f.mul(y, y)))),
  // dσ(x) = y (1 − y) dx
  sigmoid: unary(Elementwise.Sigmoid, special.sigmoid, ({ g, y }) => f.mul(g, f.mul(y, f.sub(1, y)))),
  // d log(1 + eˣ) = σ(x) dx
  softplus: unary(Elementwise.Softplus, special.softplus, ({ g, x }) => f.mul(g, f.sigmoid(x))),
  // d erf x = 2/√π e^(−x²) dx
  erf: unary(Elementwise.Erf, special.erf, ({ g, x }) =>
    f.mul(g, f.mul(TWO_OVER_SQRT_PI, f.exp(f.neg(f.mul(x, x))))),
  ),
  // d relu(x) = [y > 0] dx, in the result, so that x need not be kept
  relu: unary(
    Elementwise.Relu,
    (x) => (x > 0 ? x : Number.isNaN(x) ? x : 0),
    ({ g, y }) => f.mul(g, f.greater(y, 0)),
  ),
  // 0 for what float32 holds only as a denormal number, x itself otherwise: dx but for those
  flush: unary(
    Elementwise.Flush,
    (x) => (Math.abs(x) < SMALLEST_NORMAL ? 0 : x),
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
    ({ g }) => [g, f.neg(g)],
  ),
  // d(xy) = y dx + x dy
  mul: binary(
    Elementwise.Mul,
    (x, y) => x * y,
    ({ g, x, y }) => [f.mul(g, y), f.mul(g, x)],
  ),
  // d(x/y) = dx/y − (x/y) dy/y
  div: binary(
    Elementwise.Div,
    (x, y) => x / y,
    ({ g, y, z }) => {
      const dx = f.div(g, y);
      return [dx, f.neg(f.mul(dx, z))];
    },
  ),
  // d(xʸ) = y xʸ⁻¹ dx + xʸ log x dy; 0 in x where y = 0 and 1/x overflows, and 0 in y where x ≤ 0
  pow: binary(Elementwise.Pow, special.pow, ({ g, x, y, z }) => [
    f.mul(
      g,
      f.select(f.mul(f.equal(y, 0), f.greater(SMALLEST, f.abs(x))), 0, f.mul(y, f.pow(x, f.sub(y, 1)))),
    ),
    f.mul(g, f.mul(z, f.log(f.select(f.greater(x, 0), x, 1)))),
  ]),
  // d max(x, y) = [x > y] dx + [y > x] dy, halves at a tie
  maximum: binary(
    Elementwise.Maximum,
    (x, y) => Math.max(x, y),
    ({ g, x, y }) => [f.mul(g, wins(x, y)), f.mul(g, wins(y, x))],
  ),
  // d min(x, y) = [x < y] dx + [y < x] dy, halves at a tie
  minimum: binary(
    Elementwise.Minimum,
    (x, y) => Math.min(x, y),
    ({ g, x, y }) => [f.mul(g, wins(y, x)), f.mul(g, wins(x, y))],
  ),
  // Comparisons give 0 or 1 and are constant where they are differentiable.
  greater: binary(Elementwise.Greater, (x, y) => (x > y ? 1 : 0), constant),
  greaterEqual: binary(Elementwise.GreaterEqual, (x, y) => (x >= y ? 1 : 0), constant),
  equal: binary(Elementwise.Equal, (x, y) => (x === y ? 1 : 0), constant),

  // d(c ? x : y) = c dx + (1 − c) dy
  select: {
    shape: sameShapes,
    gradient: ({ g, inputs: [c] }) => [undefined, f.select(c, g, 0), f.select(c, 0, g)],
    reference: ({ inputs: [c, x, y] }) => c.map((ci, i) => (ci !== 0 ? x[i] : y[i])),
    lowering: { elementwise: Elementwise.Select },
  },
};

/** 1 where x > y, 1/2 where they are equal, 0 elsewhere. */
function wins(x: Value, y: Value): Value {
  return f.mul(0.5, f.add(f.greater(x, y), f.greaterEqual(x, y)));
}

function constant(): readonly undefined[] {
  return [undefined, undefined];
}

function sameShapes(inputs: readonly Shape[]): Shape {
  for (const shape of inputs) {
    check(
      sameShape(shape, inputs[0]),
      () => `an elementwise operation needs equal shapes, got ${inputs.map(showShape).join(" and ")}`,
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
