/**
 * What a final model knows of its errors: how far the out-of-fold predictions of its networks are from the
 * truth. `predict/conformal.ts` makes intervals and sets of them.
 */

import type { Task } from "../../data/dataset.js";
import { meansOf } from "../../data/pipeline/target.js";
import type { Floats } from "../../ndarray.js";
import { shareOf } from "../../predict/conformal.js";
import type { Conformal, Misses } from "../../predict/description.js";
import { meanAt } from "../ensemble/temperature.js";
import { type Fold, inUnitsOf } from "../jobs/score.js";

/** The most distances that are kept of predictions of one size. */
const MOST = 500;
/** Predictions of quantities are divided by size: parts of at least so many rows, and at most so many. */
const PART = 200;
const PARTS = 8;

/** One error: how far a prediction is from the truth. */
interface Miss {
  readonly prediction: number;
  readonly distance: number;
  readonly weight: number;
}

/**
 * @param networks - for each network of the final model, its predictions for the validation rows of each fold
 * @returns undefined if one of the predictions is NaN
 */
export function conformalOf(
  networks: readonly (readonly Floats[])[],
  folds: readonly Fold[],
  task: Task,
  temperature: number,
): Conformal | undefined {
  if (!networks.flat().every((own) => own.every(Number.isFinite))) return undefined;
  const [{ outputs }] = folds;
  const misses: Miss[][] = Array.from({ length: task === "classification" ? 1 : outputs }, () => []);
  for (const [k, fold] of folds.entries()) {
    const { yTrue, weights, target } = fold;
    const mean = meanAt(
      networks.map((own) => own[k]),
      networks[0][k].length / (yTrue.length / outputs),
      temperature,
    );
    const predictions = meansOf(target, inUnitsOf(fold, mean));
    for (let row = 0; row < yTrue.length / outputs; row++) {
      const weight = weights?.[row] ?? 1;
      if (weight === 0) continue;
      if (task === "classification") {
        const truth =
          outputs === 1 ? yTrue[row] : yTrue.subarray(row * outputs, (row + 1) * outputs).indexOf(1);
        misses[0].push({ prediction: 0, distance: 1 - shareOf(predictions, row, outputs, truth), weight });
      } else
        for (const [j, own] of misses.entries()) {
          const prediction = predictions[row * outputs + j];
          own.push({ prediction, distance: Math.abs(prediction - yTrue[row * outputs + j]), weight });
        }
    }
  }
  const isOne = task === "classification";
  return { rows: misses[0].length, misses: misses.map((own) => missesBySize(own, isOne)) };
}

/** Parts of about as many rows, by the size of the prediction; equal predictions are in one. */
function missesBySize(misses: readonly Miss[], isOne: boolean): Misses {
  const sorted = [...misses].sort((a, b) => a.prediction - b.prediction);
  const parts = isOne ? 1 : Math.max(1, Math.min(PARTS, Math.floor(sorted.length / PART)));
  const ends = Array.from({ length: parts - 1 }, (_, k) => Math.floor(((k + 1) * sorted.length) / parts));
  const edges = [...new Set(ends.map((end) => sorted[end - 1].prediction))];
  // the last part has all larger predictions, of which there are none if many are equal
  while (edges.length > 0 && edges[edges.length - 1] >= sorted[sorted.length - 1].prediction) edges.pop();
  const starts = [0, ...edges.map((edge) => sorted.findIndex(({ prediction }) => prediction > edge))];
  return {
    edges,
    distances: starts.map((start, k) => distancesOf(sorted.slice(start, starts[k + 1]))),
  };
}

/**
 * Distances at K steps of probability: a new row exceeds the k-th with the probability 1 − k / (K + 1) at
 * most. Where there are more rows than steps, they are rounded up, so that this stays true.
 */
function distancesOf(misses: readonly Miss[]): number[] {
  const sorted = [...misses].sort((a, b) => a.distance - b.distance);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const steps = Math.min(sorted.length, MOST);
  const whole = total + total / sorted.length; // with the next row
  let [at, passed] = [0, sorted[0].weight];
  return Array.from({ length: steps }, (_, k) => {
    while (passed < ((k + 1) * whole) / (steps + 1) && at + 1 < sorted.length) passed += sorted[++at].weight;
    return sorted[at].distance;
  });
}
