/** Terms that several optimizers share. No rule of any optimizer is here. */
import { add, expm1, log, mul, neg, type Operand, sub } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";

/** The exponential moving average: decay · average + (1 − decay) · x. */
export function movingAverage(average: Value, x: Value, decay: Operand): Value {
  return add(mul(decay, average), mul(sub(1, decay), x));
}

/**
 * 1 − decayᵗ: the total weight of a moving average from 0 after t steps. It is computed as −(e^(t log decay) − 1), since
 * the difference would lose most of float32's digits for a decay near 1.
 */
export function gatheredWeight(decay: Value, step: Value): Value {
  return neg(expm1(mul(step, log(decay))));
}
