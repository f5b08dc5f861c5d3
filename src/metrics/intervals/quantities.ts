/**
 * How rows move means over rows, and scores derived from them: roots, and shares of the error of the best
 * constant.
 */
import type { Floats } from "../../ndarray.js";
import { classAt } from "../decided.js";
import { column, type Score, weighing } from "../define.js";
import type { Metric } from "../metric.js";
import { skill } from "../scores.js";
import type { Effect, Unseen } from "./interval.js";
import { type Predicted, rowsOf, weighed, weightedMean } from "./predicted.js";

/** The influence on a mean over rows: the difference of a row's score from the mean. */
export function meanEffect(metric: Metric, predicted: Predicted): Effect {
  const { yTrue, yPred, outputs, weights } = predicted;
  const own = (values: Floats, i: number): Floats => values.subarray(i * outputs, (i + 1) * outputs);
  const influence = new Float64Array(rowsOf(predicted));
  for (let i = 0; i < influence.length; i++)
    influence[i] = metric.compute(own(yTrue, i), own(yPred, i), outputs);
  const mean = weightedMean(influence, weights);
  for (let i = 0; i < influence.length; i++) influence[i] -= mean;
  return { influence };
}

/**
 * The influence on the mean score of probabilities. Kinds of rows that the sample lacks are known here: each
 * row could have another class, as often as the model predicts. Half such a row is added if no row was
 * predicted wrongly, and a quarter if many were.
 */
export function probabilityEffect(metric: Metric, predicted: Predicted): Effect {
  const { yTrue, yPred, outputs, weights } = predicted;
  const effect = meanEffect(metric, predicted);
  const mean = metric.compute(yTrue, yPred, outputs, weights);
  const others = Math.max(1, outputs - 1);
  const rows = rowsOf(predicted);
  const [influence, mass] = [new Float64Array(rows * others), new Float64Array(rows * others)];
  const truth = new Float64Array(outputs);
  let [all, wrong] = [0, 0];
  for (let i = 0, at = 0; i < rows; i++) {
    if (classAt(yTrue, i * outputs, outputs) !== classAt(yPred, i * outputs, outputs)) wrong++;
    const guess = yPred.subarray(i * outputs, (i + 1) * outputs);
    for (let k = 0; k < outputs; k++) {
      if (outputs > 1 && yTrue[i * outputs + k] === 1) continue;
      truth.fill(0);
      truth[k] = outputs > 1 ? 1 : 1 - yTrue[i];
      influence[at] = metric.compute(truth, guess, outputs) - mean;
      const chance = outputs > 1 || truth[0] === 1 ? guess[k] : 1 - guess[k];
      mass[at] = (weights?.[i] ?? 1) * Math.max(chance, 2 ** -23);
      all += mass[at++];
    }
  }
  for (let at = 0; at < mass.length; at++) mass[at] *= (1 + 1 / (1 + wrong)) / 4 / all;
  const unseen: Unseen = { influence, mass };
  return { ...effect, unseen };
}

/** The influence on a root of a mean, averaged over outputs. */
export function rootEffect(error: Score): (metric: Metric, predicted: Predicted) => Effect {
  return (_, predicted) =>
    ofOutputs(predicted, (yTrue, yPred) => {
      const errors = ofRows(error, yTrue, yPred);
      const mean = weightedMean(errors, predicted.weights);
      return { influence: errors.map((each) => (mean > 0 ? (each - mean) / (2 * Math.sqrt(mean)) : 0)) };
    });
}

/**
 * The influence on 1 − an error / that of the best constant, averaged over outputs. The constant is optimal,
 * so moving it has no effect to first order.
 */
export function skillEffect(
  error: Score,
  best: (yTrue: Float64Array, weightOf: (row: number) => number) => number,
): (metric: Metric, predicted: Predicted) => Effect {
  return (_, predicted) => {
    const { weights } = predicted;
    return ofOutputs(predicted, (yTrue, yPred) => {
      const constant = yTrue.slice().fill(best(yTrue, weighing(weights)));
      return ofRatio(ofRows(error, yTrue, yPred), ofRows(error, yTrue, constant), weights);
    });
  };
}

/**
 * The score of a skill by the weights of rows, with the constant of the given weights. A quantile jumps from
 * row to row, which has no effect to first order, but no curvature either.
 */
export function heldSkill(
  error: Score,
  best: (yTrue: Float64Array, weightOf: (row: number) => number) => number,
): (predicted: Predicted) => (weights: Floats | undefined) => number {
  return ({ yTrue, yPred, outputs, weights: given }) => {
    const parts = Array.from({ length: outputs }, (_, k) => {
      const own = column(yTrue, outputs, k);
      const constant = best(own, weighing(given));
      return { own, guesses: column(yPred, outputs, k), score: skill(error, () => constant) };
    });
    return (weights) =>
      parts.reduce((sum, { own, guesses, score }) => sum + score(own, guesses, weighing(weights)), 0) /
      outputs;
  };
}

/** The influence on 1 − the variance of errors / that of the truth, averaged over outputs. */
export function explainedEffect(_: Metric, predicted: Predicted): Effect {
  const { weights } = predicted;
  const spreads = (values: Float64Array): Float64Array => {
    const mean = weightedMean(values, weights);
    return values.map((value) => (value - mean) * (value - mean));
  };
  return ofOutputs(predicted, (yTrue, yPred) =>
    ofRatio(spreads(yTrue.map((y, i) => y - yPred[i])), spreads(yTrue), weights, true),
  );
}

/**
 * The influence on 1 − Σ `lost` / Σ `whole`; a score with a `whole` of 0 does not move. Rows far from the
 * constant that is fitted to them pull it, which lowers their `whole` as much as it lowers squares around a
 * mean.
 *
 * @param isFitted - whether the lost part is also around a mean of the same rows
 */
function ofRatio(
  lost: Float64Array,
  whole: Float64Array,
  weights: Floats | undefined,
  isFitted = false,
): Effect {
  const all = weightedMean(whole, weights);
  const left = weightedMean(lost, weights);
  const influence = lost.map((each, i) => (all > 0 ? ((left / all) * whole[i] - each) / all : 0));
  const { sum } = weighed(whole.length, weights);
  let bias = 0;
  for (let i = 0; i < whole.length && all > 0; i++) {
    const share = (weights?.[i] ?? 1) / sum;
    const drawn = ((left / all) * whole[i] - (isFitted ? lost[i] : 0)) / all;
    bias -= share * share * ((influence[i] * whole[i]) / all + drawn);
  }
  return {
    influence,
    bias,
    parts: [lost.map((each) => each - left), whole.map((each) => each - all)],
  };
}

/** The mean influence over outputs. */
function ofOutputs(
  predicted: Predicted,
  effectOf: (yTrue: Float64Array, yPred: Float64Array) => Effect,
): Effect {
  const { yTrue, yPred, outputs } = predicted;
  const effects = Array.from({ length: outputs }, (_, k) =>
    effectOf(column(yTrue, outputs, k), column(yPred, outputs, k)),
  );
  const influence = new Float64Array(rowsOf(predicted));
  for (const each of effects) {
    for (let i = 0; i < influence.length; i++) influence[i] += each.influence[i] / outputs;
  }
  const biases = effects.flatMap(({ bias = [] }) => bias);
  return {
    influence,
    parts: effects.flatMap(({ parts = [] }) => parts),
    ...(biases.length > 0 && { bias: biases.reduce((sum, bias) => sum + bias, 0) / outputs }),
  };
}

/** The individual score of each row. */
function ofRows(score: Score, yTrue: Float64Array, yPred: Float64Array): Float64Array {
  const one = (): number => 1;
  return yTrue.map((_, i) => score(yTrue.subarray(i, i + 1), yPred.subarray(i, i + 1), one));
}
