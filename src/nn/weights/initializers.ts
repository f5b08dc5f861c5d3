/**
 * How parameters start. An initializer is written in operations and runs on the engine from the seed, so that
 * a model starts from the same bits everywhere.
 */

import { broadcastTo, constant } from "../../graph/functions.js";
import { type AliasOf, byNameOrAlias, nameIn } from "../../names.js";
import { recipeOf } from "../../recipe.js";
import { identity, orthogonal, varianceScaling } from "./initializerFactories.js";
import {
  fanIn,
  fanInAndOut,
  type InitializerFunction,
  normal,
  TRUNCATED_DEVIATION,
  truncatedNormal,
  uniform,
} from "./varianceScaling.js";

export type { InitializerFunction };

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
  /** The factories of `initializers` with their defaults. */
  orthogonal: orthogonal(),
  identity: identity(),
  varianceScaling: varianceScaling(),
} satisfies Record<string, InitializerFunction>;

/** The names of Keras' functions and classes; where Keras has none, of PyTorch's functions. */
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
  orthogonal: ["Orthogonal", "OrthogonalInitializer"],
  identity: ["Identity", "IdentityInitializer"],
  varianceScaling: ["variance_scaling", "VarianceScaling"],
} as const satisfies Record<keyof typeof initializers, readonly string[]>;

/** The name of a built-in initializer, or Keras' or PyTorch's name for it. */
export type InitializerName = keyof typeof initializers | AliasOf<typeof aliases>;
/**
 * `zeros`, `ones`, `glorotUniform`, `glorotNormal` (X. Glorot and Y. Bengio, AISTATS 2010), `heUniform`,
 * `heNormal` (K. He and others, ICCV 2015), `lecunUniform`, `lecunNormal` (Y. LeCun and others, "Efficient
 * BackProp", 1998),
 * `randomUniform` in ±0.05, `randomNormal` and `truncatedNormal` of deviation 0.05, `orthogonal`, `identity`,
 * `varianceScaling`, Keras' names for them, such as `glorot_uniform`, or a function: the result of a factory
 * of `initializers`, such as `initializers.constant(0.1)`, or a custom one.
 *
 * The normal ones are truncated at two standard deviations of the normal distribution behind them, as in
 * Keras; their variance is that of the papers. Not truncated are `xavierNormal` and `kaimingNormal`,
 * PyTorch's `xavier_normal_` and
 * `kaiming_normal_`: the distributions of `glorotNormal` and `heNormal` with their tails.
 */
export type Initializer = InitializerName | InitializerFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getInitializer(initializer: Initializer): InitializerFunction {
  return typeof initializer === "function"
    ? initializer
    : byNameOrAlias("initializer", initializers, aliases, initializer, " or a function");
}

/** The identity of an initializer, see `madeFrom`; undefined for a custom function. */
export function initializerRecipe(initializer: InitializerFunction): string | undefined {
  return nameIn(initializers, initializer) ?? recipeOf(initializer);
}
