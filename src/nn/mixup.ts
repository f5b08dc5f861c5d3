/**
 * Mixup: a network is trained on points between two rows of a batch instead of on the rows. It changes what a step of training sees, and
 * neither evaluation nor prediction.
 *
 * H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz, "mixup: beyond empirical risk minimization", arXiv:1710.09412, 2018.
 */
import { checkOptions, must, type OptionNames } from "../errors.js";
import {
  add,
  cos,
  div,
  expm1,
  log,
  maximum,
  minimum,
  mul,
  neg,
  randomUniform,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  takeRows,
} from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { rowCount } from "../graph/operations/leaves.js";

/** The option `mixup` of `compile`. */
export interface MixupOptions {
  /** The shares of two rows are drawn from Beta(alpha, alpha): near 0 for almost one row, 1 for all shares alike. Above 0. */
  readonly alpha: number;
}

const OPTIONS: OptionNames<MixupOptions> = { alpha: true };

/** @throws FettleError `unknown_name`, `invalid_argument` */
export function checkMixup(mixup: MixupOptions | undefined): MixupOptions | undefined {
  if (mixup === undefined) return undefined;
  checkOptions(mixup, "mixup", OPTIONS);
  const { alpha } = mixup;
  must(Number.isFinite(alpha) && alpha > 0, "mixup.alpha", "a finite number above 0", alpha);
  return Object.freeze({ alpha });
}

/** A random stream that neither layers nor initializers have. */
const STREAM = 0x20000;
/** The least that is divided by, so that no number is 0 / 0. */
const LEAST = 1e-30;

/**
 * The streams of a training step, x, y and weights if there are some, mixed: each row with one that is drawn from the batch, itself
 * among them. Rows of weights w and v are mixed to one whose loss, where it is linear in the targets, is the mean of theirs by share and weight.
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
  const partners = reshape(minimum(mul(draw(0), count), sub(count, 1)), [rows]);
  const blend = (own: Value, share: Value): Value =>
    add(mul(own, share), mul(takeRows(own, partners), sub(1, share)));
  const share = betaOf(draw(1), draw(2), alpha); // [rows, 1]
  if (weights === undefined) return { ...streams, x: blend(x, share), y: blend(y, share) };
  const mixed = blend(weights, share);
  const shareOfLoss = div(mul(weights, share), maximum(mixed, LEAST));
  return { x: blend(x, share), y: blend(y, shareOfLoss), weights: mixed };
}

/**
 * Draws of Beta(α, α) from two uniform ones: (1 + T / √(2α + T²)) / 2 of Student's T with 2α degrees of freedom, which is
 * √(2α (u^(−1/α) − 1)) cos 2πv.
 *
 * R. Bailey, "Polar generation of random variates with the t-distribution", Mathematics of Computation 62, 1994.
 */
export function betaOf(u: Value, v: Value, alpha: Value): Value {
  const cosine = cos(mul(2 * Math.PI, v));
  const powers = expm1(div(neg(log(sub(1, u))), alpha)); // u^(−1/α) − 1, of u in (0, 1]
  const inverse = div(1, maximum(powers, LEAST));
  const scaled = div(cosine, sqrt(add(square(cosine), inverse)));
  return mul(0.5, add(1, scaled));
}
