/** Initializers with options, exported as `initializers`. `initializers.ts` has those with only names. */
import { byName, check, checkOptions, must, type OptionNames } from "../../errors.js";
import {
  broadcastTo,
  div,
  greaterEqual,
  mul,
  constant as node,
  pad,
  randomUniform,
  reshape,
  select,
  slice,
  sqrt,
  square,
  sum,
} from "../../graph/functions.js";
import { checkShape, showShape, sizeOf } from "../../graph/shape.js";
import { newtonSchulz } from "../../optim/newtonSchulz.js";
import { madeFrom } from "../../recipe.js";
import {
  type Fan,
  fanIn,
  fanInAndOut,
  fanOut,
  type InitializerFunction,
  normal,
  type Scaled,
  truncatedNormal,
  uniform,
} from "./varianceScaling.js";

/**
 * All numbers equal to `value`, as Keras' `Constant`.
 *
 * @param value - a finite number, default 0
 * @throws FettleError `invalid_argument` for anything but a finite number
 * @example
 * ```ts
 * const model = sequential([dense(1, { biasInitializer: initializers.constant(0.5) })]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[1], [2]], [2, 4], { epochs: 0 });
 * model.getWeights()["dense_1.bias"].get(0); // 0.5
 * ```
 */
export function constant(value = 0): InitializerFunction {
  must(Number.isFinite(value), "the value of constant", "a finite number", value);
  return madeFrom((graph, shape) => broadcastTo(node(graph, value), shape), ["constant", value]);
}

/**
 * A matrix with `gain` on its diagonal and 0 elsewhere, as Keras' `Identity`: a layer that starts as the
 * identity.
 *
 * @param gain - a finite number, default 1
 * @throws FettleError `invalid_argument` for anything but a finite number; when it starts a parameter that is
 * not a matrix, `invalid_shape`
 * @example
 * ```ts
 * const model = sequential([dense(2, { kernelInitializer: initializers.identity() })]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[1, 2]], [[1, 2]], { epochs: 0 });
 * model.predict([[3, 4]]); // [[3, 4]]
 * ```
 */
export function identity(gain = 1): InitializerFunction {
  must(Number.isFinite(gain), "the gain of identity", "a finite number", gain);
  const start: InitializerFunction = (graph, shape) => {
    checkShape(shape, "identity");
    check(
      shape.length === 2,
      () => `identity must start a matrix; received shape ${showShape(shape)}`,
      "invalid_shape",
    );
    const [rows, columns] = shape;
    const least = Math.min(rows, columns);
    // end to end, the ones are columns + 1 apart
    const spread = pad(broadcastTo(node(graph, gain), [least, 1]), [0, 0], [rows - least, columns]);
    return reshape(slice(reshape(spread, [rows * (columns + 1)]), [0], [rows * columns]), shape);
  };
  return madeFrom(start, ["identity", gain]);
}

/**
 * Newton–Schulz steps of Muon, by which small singular values grow 3.4-fold: those of 1e-8 of the norm become
 * 0.68 to 1.14.
 */
const GROWING = [3.4445, -4.775, 2.0315] as const;
const GROWTHS = 16;
/** The step that ends at 1, of error 3/2 ε²: from 0.68 or 1.14 to float32's rounding. */
const POLISHING = [1.5, -0.5, 0] as const;
const POLISHES = 6;

const gaussian = normal(1, () => 1);

/**
 * A random matrix with orthonormal columns, or rows if it is wider than tall, times `gain`, as Keras'
 * `Orthogonal`: it preserves the length of vectors, which recurrent layers need. Parameters with more axes
 * count as matrices [.., last].
 *
 * It is the polar factor UVᵀ of a matrix USVᵀ of independent normal numbers, which like the Q of its QR
 * decomposition has the uniform (Haar) distribution, and needs only products: 22 Newton–Schulz steps (see
 * {@link muon}).
 *
 * @param gain - a finite number, default 1
 * @throws FettleError `invalid_argument` for anything but a finite number
 * @see A. M. Saxe, J. L. McClelland and S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in
 * deep linear neural networks", ICLR 2014; F. Mezzadri, "How to generate random matrices from the classical
 * compact groups", Notices of the AMS 54, 2007
 * @example
 * ```ts
 * const model = sequential([dense(8, { kernelInitializer: initializers.orthogonal() }), dense(1)]);
 * ```
 */
export function orthogonal(gain = 1): InitializerFunction {
  must(Number.isFinite(gain), "the gain of orthogonal", "a finite number", gain);
  const start: InitializerFunction = (graph, shape, stream) => {
    checkShape(shape, "orthogonal");
    check(
      shape.length > 1,
      () => `orthogonal must start a matrix; received shape ${showShape(shape)}`,
      "invalid_shape",
    );
    const last = shape.at(-1) as number;
    const x = gaussian(graph, [sizeOf(shape) / last, last], stream);
    const y = newtonSchulz(div(x, sqrt(sum(square(x)))), GROWING, GROWTHS);
    return reshape(mul(newtonSchulz(y, POLISHING, POLISHES), gain), shape);
  };
  return madeFrom(start, ["orthogonal", gain]);
}

/**
 * 1 or −1, each by chance, by which members of an ensemble start apart: `random_sign` of BatchEnsemble.
 *
 * @see Y. Wen, D. Tran and J. Ba, "BatchEnsemble: an alternative approach to efficient ensemble and lifelong
 * learning", ICLR 2020
 * @example
 * ```ts
 * const layer = ensembleDense(8, { inputScaleInitializer: initializers.randomSigns() });
 * ```
 */
export function randomSigns(): InitializerFunction {
  return madeFrom(
    (graph, shape, stream) => select(greaterEqual(randomUniform(graph, shape, stream), 0.5), 1, -1),
    ["randomSigns"],
  );
}

/** The divisor of the variance of `varianceScaling`. */
const MODES = { fanIn, fanOut, fanAvg: (shape) => fanInAndOut(shape) / 2 } satisfies Record<string, Fan>;
/** The distributions of `varianceScaling`; the limits of the uniform one are at √3 deviations. */
const DISTRIBUTIONS = {
  truncatedNormal,
  untruncatedNormal: normal,
  uniform: (scale, fan) => uniform(3 * scale, fan),
} satisfies Record<string, Scaled>;

/** Options of {@link varianceScaling}. */
export interface VarianceScalingOptions {
  /** A finite number above 0. @defaultValue 1 */
  readonly scale?: number;
  /** Inputs of a unit, outputs of an input, or the mean of both. @defaultValue `"fanIn"` */
  readonly mode?: keyof typeof MODES;
  /** @defaultValue `"truncatedNormal"` */
  readonly distribution?: keyof typeof DISTRIBUTIONS;
}

/**
 * Random numbers of mean 0 and variance `scale` / fan, as Keras' `VarianceScaling`: `heNormal` has scale 2;
 * `glorotUniform` has scale 1, mode `fanAvg` and distribution `uniform`. The fans of a kernel [...places,
 * inputs, units] are places · inputs and places · units.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options
 * @see K. He and others, "Delving deep into rectifiers", ICCV 2015
 * @example
 * ```ts
 * const kernelInitializer = initializers.varianceScaling({ scale: 2, mode: "fanOut" });
 * const model = sequential([dense(8, { kernelInitializer, activation: "relu" }), dense(1)]);
 * ```
 */
export function varianceScaling(options: VarianceScalingOptions = {}): InitializerFunction {
  checkOptions(options, "varianceScaling", VARIANCE_OPTIONS);
  const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = options;
  must(Number.isFinite(scale) && scale > 0, "the scale of varianceScaling", "a finite number above 0", scale);
  const fan = byName("mode of varianceScaling", MODES, mode);
  const scaled: Scaled = byName("distribution of varianceScaling", DISTRIBUTIONS, distribution);
  return madeFrom(scaled(scale, fan), ["varianceScaling", scale, mode, distribution]);
}

const VARIANCE_OPTIONS: OptionNames<VarianceScalingOptions> = { scale: true, mode: true, distribution: true };
