/** Terms that several optimizers and the steps of models share. No rule of any optimizer is here. */
import {
  add,
  concat,
  constant,
  expm1,
  flush,
  log,
  mul,
  neg,
  type Operand,
  reshape,
  select,
  slice,
  sub,
} from "../graph/functions.js";
import type { Graph, Value } from "../graph/graph.js";

/**
 * The exponential moving average, decay · average + (1 − decay) · x; 0 if that is a denormal number, as in
 * stored state.
 */
export function movingAverage(average: Value, x: Value, decay: Operand): Value {
  return flush(add(mul(decay, average), mul(sub(1, decay), x)));
}

/**
 * 1 − decayᵗ: the total weight of a moving average from 0 after t steps. It is computed as −(e^(t log decay)
 * − 1), because the difference would lose most of float32's digits for a decay near 1.
 */
export function gatheredWeight(decay: Value, step: Value): Value {
  return neg(expm1(mul(step, log(decay))));
}

/** The shape of a running sum: the rounded sum, and its rounding error. */
export const RUNNING_SUM = [2] as const;

/** A running sum without terms. */
export const noTerms = (graph: Graph): Value => constant(graph, [0, 0], RUNNING_SUM);

/**
 * A running sum with one more term; both are pairs, [2]. A float32 sum of millions of terms drifts, and
 * counts no further than 2²⁴. Here the rounding error of a sum is added to the next. After n terms the sum is
 * off by at most 2⁻²³ + O(n 2⁻⁴⁸) of the sum of their magnitudes.
 *
 * @see W. Kahan, "Further remarks on reducing truncation errors", Communications of the ACM 8, 1965; N. J.
 * Higham, "Accuracy and stability of numerical algorithms", 2nd ed. (2002), section 4.3
 */
export function runningSum(sum: Value, term: Operand): Value {
  const high = totalOf(sum);
  const whole = add(term, part(sum, 1));
  const next = add(high, whole);
  const lost = sub(whole, sub(next, high));
  // an infinite or NaN sum stays so, without a rounding error: its difference with itself would be NaN
  const kept = select(sub(next, next), 0, lost);
  return concat([reshape(next, [1]), reshape(kept, [1])]);
}

/** A running sum, rounded. */
export const totalOf = (sum: Value): Value => part(sum, 0);

const part = (sum: Value, i: number): Value => reshape(slice(sum, [i], [1]), []);
