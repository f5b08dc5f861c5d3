/**
 * Mixup: a network is trained on points between two rows of a batch instead of on the rows. It affects only
 * training steps, not evaluation or prediction. It is not a layer, because it changes targets too.
 */
import { must } from "../../errors.js";
import {
  add,
  cos,
  div,
  expm1,
  floor,
  log,
  maximum,
  minimum,
  mul,
  neg,
  randomUniform,
  reshape,
  select,
  slice,
  sqrt,
  square,
  sub,
  takeRows,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { rowCount } from "../../graph/operations/leaves.js";
import { madeFrom } from "../../recipe.js";

/** Changes the rows and targets of a batch in training, for the option `augmentation` of `compile`. */
export interface Augmentation {
  /** Numbers by their names among the inputs of the program: changing one compiles nothing. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /**
   * The batch that a training step sees.
   *
   * @param streams - x, y and weights, if any
   * @param inputs - of the program
   * @internal
   */
  apply(
    streams: Readonly<Record<string, Value>>,
    inputs: Readonly<Record<string, Value>>,
  ): Readonly<Record<string, Value>>;
}

/** `alpha` among the inputs of a program. */
export const MIXUP_ALPHA = "mixup.alpha";

/**
 * Trains on points between rows instead of the rows: each row of a batch, and its target, is mixed with a
 * random row of the batch, by a share drawn from Beta(α, α). For numbers, not for ids of an `embedding`;
 * classes are mixed as one-hot rows. If rows have weights, targets are mixed by share and weight, and rows of
 * weight 0 are not mixed into others.
 *
 * @param alpha - near 0 for almost unmixed rows, 1 for uniform shares; a finite number above 0
 * @throws FettleError `invalid_argument` for another alpha
 * @see H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz, "mixup: beyond empirical risk minimization",
 * arXiv:1710.09412, 2018
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError", augmentation: mixup(0.2) });
 * await model.fit([[1], [2], [3]], [1, 4, 9]);
 * ```
 */
export function mixup(alpha: number): Augmentation {
  must(Number.isFinite(alpha) && alpha > 0, "alpha", "a finite number above 0", alpha);
  const augmentation: Augmentation = {
    hyperparameters: Object.freeze({ [MIXUP_ALPHA]: alpha }),
    apply: (streams, inputs) => mixRows(streams, inputs[MIXUP_ALPHA]),
  };
  return madeFrom(augmentation, ["mixup"]);
}

/** The recipe of every `mixup`. */
export const MIXUP = '["mixup"]';

/** A random stream separate from those of layers and initializers. */
const STREAM = 0x20000;
/** The least divisor, to avoid 0 / 0. */
const LEAST = 1e-30;

/**
 * The streams of a training step, x, y and weights, if any, mixed: each row with a random row of the batch,
 * possibly itself. Rows of weights w and v are mixed so that a loss linear in the targets is the mean of
 * theirs by share and weight; of a row of weight 0 nothing is mixed in.
 *
 * @param alpha - a scalar
 */
export function mixRows(
  streams: Readonly<Record<string, Value>>,
  alpha: Value,
): Readonly<Record<string, Value>> {
  const { x, y, weights } = streams;
  const [rows] = x.shape;
  const draws = randomUniform(x.graph, [rows, 3], STREAM);
  const draw = (column: number): Value => slice(draws, [0, column], [rows, 1]);
  const count = rowCount(x.graph);
  // a draw of almost 1 may be rounded up to the number of rows
  const partners = reshape(floor(minimum(mul(draw(0), count), sub(count, 1))), [rows]);
  const blend = (own: Value, share: Value): Value =>
    add(mul(own, share), mul(takeRows(own, partners), sub(1, share)));
  const share = betaOf(draw(1), draw(2), alpha); // [rows, 1]
  if (weights === undefined) return { x: blend(x, share), y: blend(y, share) };
  const mixed = blend(weights, share);
  const shareOfLoss = div(mul(weights, share), maximum(mixed, LEAST));
  const shareOfInputs = select(takeRows(weights, partners), select(weights, share, 0), 1);
  return { x: blend(x, shareOfInputs), y: blend(y, shareOfLoss), weights: mixed };
}

/**
 * Draws of Beta(α, α) from two uniform ones: (1 + T / √(2α + T²)) / 2, where Student's T with 2α degrees of
 * freedom is √(2α (u^(−1/α) − 1)) cos 2πv.
 *
 * R. Bailey, "Polar generation of random variates with the t-distribution", Mathematics of Computation 62,
 * 1994.
 */
export function betaOf(u: Value, v: Value, alpha: Value): Value {
  const cosine = cos(mul(2 * Math.PI, v));
  const powers = expm1(div(neg(log(sub(1, u))), alpha)); // u^(−1/α) − 1, of u in (0, 1]
  const inverse = div(1, maximum(powers, LEAST));
  const scaled = div(cosine, sqrt(add(square(cosine), inverse)));
  return mul(0.5, add(1, scaled));
}
