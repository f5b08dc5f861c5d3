/**
 * How parameters start. An initializer is written in operations and runs on the engine from the seed, so that a model
 * starts from the same bits everywhere.
 */

import {
  broadcastTo,
  constant,
  cos,
  log,
  mul,
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

/** Every built-in initializer, by name. */
export const initializers = {
  zeros: (graph, shape) => broadcastTo(constant(graph, 0), shape),
  ones: (graph, shape) => broadcastTo(constant(graph, 1), shape),
  /** Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
  glorotUniform: (graph, shape, stream) => uniform(graph, shape, stream, 6 / (fanIn(shape) + fanOut(shape))),
  /** Normal of variance 2 / (fanIn + fanOut) (Glorot and Bengio, 2010). Keras cuts off its tails. */
  glorotNormal: (graph, shape, stream) => normal(graph, shape, stream, 2 / (fanIn(shape) + fanOut(shape))),
  /** Uniform in ±√(6 / fanIn) (He and others, 2015). */
  heUniform: (graph, shape, stream) => uniform(graph, shape, stream, 6 / fanIn(shape)),
  /** Normal of variance 2 / fanIn (He and others, 2015). Keras cuts off its tails. */
  heNormal: (graph, shape, stream) => normal(graph, shape, stream, 2 / fanIn(shape)),
} satisfies Record<string, InitializerFunction>;

/** The names of Keras' functions and classes. */
const aliases = {
  zeros: ["Zeros"],
  ones: ["Ones"],
  glorotUniform: ["glorot_uniform", "GlorotUniform"],
  glorotNormal: ["glorot_normal", "GlorotNormal"],
  heUniform: ["he_uniform", "HeUniform"],
  heNormal: ["he_normal", "HeNormal"],
} as const satisfies Record<keyof typeof initializers, readonly string[]>;

/** The name of a built-in initializer, or Keras' name for it. */
export type InitializerName = keyof typeof initializers | AliasOf<typeof aliases>;
/**
 * `zeros`, `ones`, `glorotUniform`, `glorotNormal` (X. Glorot and Y. Bengio, AISTATS 2010), `heUniform`, `heNormal`
 * (K. He and others, ICCV 2015), Keras' names for them, such as `glorot_uniform`, or a
 * custom function. The normal ones keep the tails that Keras cuts off.
 */
export type Initializer = InitializerName | InitializerFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getInitializer(initializer: Initializer): InitializerFunction {
  return typeof initializer === "function"
    ? initializer
    : byNameOrAlias("initializer", initializers, aliases, initializer, " or a function");
}

/** Of a kernel [inputs, units]; of a vector, its length. */
const fanIn = (shape: Shape): number => shape[0];
const fanOut = (shape: Shape): number => shape[shape.length - 1];

/** Uniform in ±√limitSquared. */
function uniform(graph: Graph, shape: Shape, stream: number, limitSquared: number): Value {
  return mul(sub(mul(randomUniform(graph, shape, stream), 2), 1), Math.sqrt(limitSquared));
}

/** Normal by Box and Muller (1958): √(−2 log u) cos 2πv, with u in (0, 1]. */
function normal(graph: Graph, shape: Shape, stream: number, variance: number): Value {
  const size = sizeOf(shape);
  const draws = randomUniform(graph, [2, size], stream);
  const [u, v] = [0, 1].map((row) => slice(draws, [row, 0], [1, size]));
  const radius = sqrt(mul(log(sub(1, u)), -2 * variance));
  return reshape(mul(radius, cos(mul(v, 2 * Math.PI))), shape);
}
