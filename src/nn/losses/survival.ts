/** Losses of times until an event. Every export is a loss of the namespace `losses`. */
import { check } from "../../errors.js";
import {
  abs,
  add,
  div,
  exp,
  greater,
  greaterEqual,
  log,
  max,
  maximum,
  mul,
  mulNoNan,
  select,
  stopGradient,
  sub,
  sum,
  transpose,
} from "../../graph/functions.js";
import { defineLoss, type LossFunction, NO_OPTIONS } from "./loss.js";

/** Far below every score: e^ of it is 0. */
const ABSENT = -1e30;
/** The smallest normal number of float32, instead of no events. */
const LEAST = 2 ** -126;

/**
 * The negative partial log-likelihood of Cox' proportional hazards, divided by the number of events: the
 * mean, over the rows i of a batch with an event, of log Σ exp ηⱼ − ηᵢ, the sum being over the rows j of the
 * batch that are still at risk, tⱼ ≥ tᵢ. Events at equal times count by Breslow's approximation. η are
 * predictions, [rows, 1]: logarithms of hazards, up to a number common to all, so that larger ones mean
 * earlier events. `yTrue`: times of events, and times until which a row was observed without one, with a
 * minus, [rows, 1], as in XGBoost.
 *
 * It is no mean over rows: rows are compared with those of their batch, so batches should be large, and
 * `evaluate` compares up to 256 rows at a time. A row's weight is how often it counts, among events and among
 * rows at risk. A batch without events has 0. It takes memory for the square of the rows of a batch.
 *
 * @throws FettleError `invalid_shape` for predictions of several columns
 * @example
 * ```ts
 * const loss = compile(losses.coxPartialLikelihood, [3, 1], [3, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [-2], [3]], [[0], [0], [0]]); // 0.54930...
 * ```
 * @see D. Cox, "Regression models and life-tables", 1972; N. Breslow, in its discussion; J. Katzman and
 * others, "DeepSurv", 2018; XGBoost, `survival:cox`
 */
export const coxPartialLikelihood = defineLoss({
  name: "coxPartialLikelihood",
  defaults: NO_OPTIONS,
  make() {
    const loss: LossFunction = (yTrue, yPred, weights) => {
      check(
        yPred.shape.length === 2 && yPred.shape[1] === 1,
        () => `yPred of losses.coxPartialLikelihood must have 1 column; received ${yPred.shape[1]}`,
        "invalid_shape",
      );
      const [times, isEvent] = [abs(yTrue), greater(yTrue, 0)];
      const isAtRisk = greaterEqual(transpose(times), times); // [rows i, rows j]
      const counts = weights ? mul(isAtRisk, transpose(weights)) : isAtRisk;
      const scores = select(counts, transpose(yPred), ABSENT);
      const largest = stopGradient(max(scores, -1, true));
      const hazards = mul(counts, exp(sub(scores, largest)));
      const total = add(largest, log(sum(hazards, -1, true)));
      const events = weights ? mul(isEvent, weights) : isEvent;
      return div(sum(mulNoNan(sub(total, yPred), events)), maximum(sum(events), LEAST));
    };
    return loss;
  },
});
