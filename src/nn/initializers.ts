/**
 * How parameters start. An initializer is written in operations and runs on the engine from the seed, so that a model
 * starts from the same bits everywhere.
 */

import {
  add,
  broadcastTo,
  constant,
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
} from "../graph/functions.js";
import type { Graph, Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import { type AliasOf, byNameOrAlias } from "../names.js";

/** Writes the first value of a parameter of `shape`; `stream` is a random stream of the parameter's own. */
export type InitializerFunction = (graph: Graph, shape: Shape, stream: number) => Value;

/** Of a kernel [inputs, units]; of a vector, its length. */
const fanIn = (shape: Shape): number => shape[0];
const fanInAndOut = (shape: Shape): number => shape[0] + shape[shape.length - 1];

/** A number that a shape divides: the variance, or the square of the limit. */
type Scaled = (scale: number, fan: (shape: Shape) => number) => InitializerFunction;

/** Uniform in ±√(scale / fan). */
const uniform: Scaled = (scale, fan) => (graph, shape, stream) =>
  mul(sub(mul(randomUniform(graph, shape, stream), 2), 1), Math.sqrt(scale / fan(shape)));

/** Normal of variance scale / fan by Box and Muller (1958): √(−2 log u) cos 2πv, with u in (0, 1]. */
const normal: Scaled = (scale, fan) => (graph, shape, stream) => {
  const size = sizeOf(shape);
  const draws = randomUniform(graph, [2, size], stream);
  const [u, v] = [0, 1].map((row) => slice(draws, [row, 0], [1, size]));
  const radius = sqrt(mul(log(sub(1, u)), -2 * (scale / fan(shape))));
  return reshape(mul(radius, cos(mul(v, 2 * Math.PI))), shape);
};

/** The standard deviation of a standard normal variable that is truncated at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Normal, truncated at two standard deviations, and stretched to have the variance scale / fan. */
const truncatedNormal: Scaled = (scale, fan) => (graph, shape, stream) =>
  mul(
    truncatedQuantile(randomUniform(graph, shape, stream)),
    Math.sqrt(scale / fan(shape)) / TRUNCATED_DEVIATION,
  );

/** The limit of `randomUniform`, and the deviation of `randomNormal` and `truncatedNormal`, as in Keras. */
const SMALL = 0.05;
const one = (): number => 1;

/** Every built-in initializer, by name. */
export const initializers = {
  zeros: (graph, shape) => broadcastTo(constant(graph, 0), shape),
  ones: (graph, shape) => broadcastTo(constant(graph, 1), shape),
  /** Glorot and Bengio, 2010: of variance 2 / (fanIn + fanOut). */
  glorotUniform: uniform(6, fanInAndOut),
  glorotNormal: truncatedNormal(2, fanInAndOut),
  xavierNormal: normal(2, fanInAndOut),
  /** He and others, 2015: of variance 2 / fanIn. */
  heUniform: uniform(6, fanIn),
  heNormal: truncatedNormal(2, fanIn),
  kaimingNormal: normal(2, fanIn),
  /** LeCun and others, 1998: of variance 1 / fanIn. */
  lecunUniform: uniform(3, fanIn),
  lecunNormal: truncatedNormal(1, fanIn),
  randomUniform: uniform(SMALL * SMALL, one),
  randomNormal: normal(SMALL * SMALL, one),
  truncatedNormal: truncatedNormal(SMALL * SMALL * TRUNCATED_DEVIATION * TRUNCATED_DEVIATION, one),
} satisfies Record<string, InitializerFunction>;

/** The names of Keras' functions and classes; for what Keras does not have, PyTorch's functions. */
const aliases = {
  zeros: ["Zeros"],
  ones: ["Ones"],
  glorotUniform: ["glorot_uniform", "GlorotUniform"],
  glorotNormal: ["glorot_normal", "GlorotNormal"],
  xavierNormal: ["xavier_normal_"],
  heUniform: ["he_uniform", "HeUniform"],
  heNormal: ["he_normal", "HeNormal"],
  kaimingNormal: ["kaiming_normal_"],
  lecunUniform: ["lecun_uniform", "LecunUniform"],
  lecunNormal: ["lecun_normal", "LecunNormal"],
  randomUniform: ["random_uniform", "RandomUniform", "uniform"],
  randomNormal: ["random_normal", "RandomNormal", "normal"],
  truncatedNormal: ["truncated_normal", "TruncatedNormal"],
} as const satisfies Record<keyof typeof initializers, readonly string[]>;

/** The name of a built-in initializer, or Keras' or PyTorch's name for it. */
export type InitializerName = keyof typeof initializers | AliasOf<typeof aliases>;
/**
 * `zeros`, `ones`, `glorotUniform`, `glorotNormal` (X. Glorot and Y. Bengio, AISTATS 2010), `heUniform`, `heNormal`
 * (K. He and others, ICCV 2015), `lecunUniform`, `lecunNormal` (Y. LeCun and others, "Efficient BackProp", 1998),
 * `randomUniform` in ±0.05, `randomNormal` and `truncatedNormal` of deviation 0.05, Keras' names for them, such as `glorot_uniform`, or a custom function.
 *
 * The normal ones are truncated at two standard deviations of the normal distribution behind them, as in Keras; their
 * variance is that of the papers. Not truncated are `xavierNormal` and `kaimingNormal`, PyTorch's `xavier_normal_` and
 * `kaiming_normal_`: the distributions of `glorotNormal` and `heNormal` with their tails.
 */
export type Initializer = InitializerName | InitializerFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getInitializer(initializer: Initializer): InitializerFunction {
  return typeof initializer === "function"
    ? initializer
    : byNameOrAlias("initializer", initializers, aliases, initializer, " or a function");
}

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
 * @see M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011: x times a polynomial of −log(1 − x²) − 2.5,
 * here of its central part alone, which covers all but 1 − |x| < 0.0034
 */
export function truncatedQuantile(u: Value): Value {
  const x = mul(sub(mul(u, 2), 1), WITHIN_TWO);
  const w = sub(neg(log(mul(sub(1, x), add(1, x)))), 2.5);
  const [highest, next, ...rest] = GILES;
  const start = add(mul(highest, w), next);
  const polynomial = rest.reduce((sum, coefficient) => add(mul(sum, w), coefficient), start);
  return maximum(minimum(mul(mul(polynomial, x), Math.SQRT2), 2), -2);
}
