/**
 * Random initial values whose variance follows from the shape, so that the sums of a layer start at the right
 * scale.
 */
import {
  add,
  cos,
  log,
  maximum,
  minimum,
  mul,
  neg,
  randomUniform,
  reshape,
  slice,
  sqrt,
  sub,
} from "../../graph/functions.js";
import type { Graph, Value } from "../../graph/graph.js";
import { type Shape, sizeOf } from "../../graph/shape.js";

/** Writes the initial value of a parameter of `shape`; `stream` is the parameter's random stream. */
export type InitializerFunction = (graph: Graph, shape: Shape, stream: number) => Value;

/** A number divided by the fan of a shape: the variance, or the square of the limit. */
export type Scaled = (scale: number, fan: Fan) => InitializerFunction;

/** The fan-in or fan-out of each unit, by the shape of its kernel. */
export type Fan = (shape: Shape) => number;

/** How many places a kernel of a convolution has: [...places, inputs, units]. */
const places = (shape: Shape): number => sizeOf(shape.slice(0, -2));

/** Of a kernel [inputs, units] or [...places, inputs, units]; of a vector, its length. */
export const fanIn: Fan = (shape) => places(shape) * (shape.at(-2) ?? shape[0]);
export const fanOut: Fan = (shape) => places(shape) * (shape.at(-1) as number);
export const fanInAndOut: Fan = (shape) => fanIn(shape) + fanOut(shape);

/** Uniform in ±√(scale / fan). */
export const uniform: Scaled = (scale, fan) => (graph, shape, stream) =>
  mul(sub(mul(randomUniform(graph, shape, stream), 2), 1), Math.sqrt(scale / fan(shape)));

/** The largest float32 below 1. */
const BELOW_ONE = 1 - 2 ** -24;

/**
 * Normal of variance scale / fan by Box and Muller (1958): √(−2 log u) cos 2πv, with u in (0, 1), so that it
 * is never 0.
 */
export const normal: Scaled = (scale, fan) => (graph, shape, stream) => {
  const size = sizeOf(shape);
  const draws = randomUniform(graph, [2, size], stream);
  const [u, v] = [0, 1].map((row) => slice(draws, [row, 0], [1, size]));
  const radius = sqrt(mul(log(minimum(sub(1, u), BELOW_ONE)), -2 * (scale / fan(shape))));
  return reshape(mul(radius, cos(mul(v, 2 * Math.PI))), shape);
};

/** The standard deviation of a standard normal variable that is truncated at ±2. */
export const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Normal, truncated at two standard deviations, and stretched to have the variance scale / fan. */
export const truncatedNormal: Scaled = (scale, fan) => (graph, shape, stream) =>
  mul(
    truncatedQuantile(randomUniform(graph, shape, stream)),
    Math.sqrt(scale / fan(shape)) / TRUNCATED_DEVIATION,
  );

/** erf √2: the probability that a standard normal variable is within ±2. */
const WITHIN_TWO = 0.9544997361036416;

/** From the highest power. */
const GILES = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];

/**
 * The quantile at u in [0, 1) of a standard normal variable truncated at ±2: √2 erf⁻¹((2u − 1) erf √2).
 *
 * @see M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011: x times a polynomial of
 * −log(1 − x²) − 2.5, here only its central part, which covers all except 1 − |x| < 0.0034
 */
export function truncatedQuantile(u: Value): Value {
  const x = mul(sub(mul(u, 2), 1), WITHIN_TWO);
  const w = sub(neg(log(mul(sub(1, x), add(1, x)))), 2.5);
  const [highest, next, ...rest] = GILES;
  const start = add(mul(highest, w), next);
  const polynomial = rest.reduce((sum, coefficient) => add(mul(sum, w), coefficient), start);
  return maximum(minimum(mul(mul(polynomial, x), Math.SQRT2), 2), -2);
}
