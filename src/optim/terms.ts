/** Terms that several optimizers and the steps of models share. No rule of any optimizer is here. */
import {
  add,
  concat,
  constant,
  equal,
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

/** The exponential moving average, decay · average + (1 − decay) · x; 0 where that is a denormal number, as it will be kept. */
export function movingAverage(average: Value, x: Value, decay: Operand): Value {
  return flush(add(mul(decay, average), mul(sub(1, decay), x)));
}

/**
 * 1 − decayᵗ: the total weight of a moving average from 0 after t steps. It is computed as −(e^(t log decay) − 1), since
 * the difference would lose most of float32's digits for a decay near 1.
 */
export function gatheredWeight(decay: Value, step: Value): Value {
  return neg(expm1(mul(step, log(decay))));
}

/** The shape of a running sum: the sum rounded, and what rounding took off it. */
export const RUNNING_SUM = [2] as const;

/** A running sum without terms. */
export const noTerms = (graph: Graph): Value => constant(graph, [0, 0], RUNNING_SUM);

/**
 * A running sum with one more term; both are pairs, [2]. A float32 sum of millions of terms drifts, and counts no further than
 * 2²⁴. What an addition loses is exact here (D. Knuth, "The art of computer programming", volume 2, 1969, section 4.2.2,
 * theorem B) and goes into the next (T. Dekker, "A floating-point technique for extending the available precision", Numerische
 * Mathematik 18, 1971). After n terms the pair is off by at most n 2⁻⁴⁷ times the sum of their magnitudes.
 */
export function runningSum(sum: Value, term: Operand): Value {
  const [high, low] = [totalOf(sum), part(sum, 1)];
  const next = add(high, term);
  const gained = sub(next, high);
  const error = add(low, add(sub(high, sub(next, gained)), sub(term, gained)));
  // a sum that is infinite stays so: of it, what was lost is NaN
  const lost = select(equal(error, error), error, 0);
  const total = add(next, lost);
  return concat([reshape(total, [1]), reshape(sub(lost, sub(total, next)), [1])]);
}

/** A running sum, rounded. */
export const totalOf = (sum: Value): Value => part(sum, 0);

const part = (sum: Value, i: number): Value => reshape(slice(sum, [i], [1]), []);
