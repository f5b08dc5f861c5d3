/** How rows move scores of predicted classes: shares of rows, averages of such shares, and correlations. */
import type { Floats } from "../../ndarray.js";
import { countConfusion } from "../confusion.js";
import { type ClassCounts, countClasses, countLabels, total } from "../counts.js";
import { classAt } from "../decided.js";
import type { Metric } from "../metric.js";
import type { Effect, Share } from "./interval.js";
import { heftOf, type Predicted, rowsOf, weighed } from "./predicted.js";

/** A score of one class, hits / (hits·b + predicted·p + actual·a), up to a factor. */
export interface Form {
  readonly factor: number;
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

/** The options of averaged scores, as the metrics have them. */
interface Averaging {
  /** `recalls`: the mean over classes that occur in the truth. */
  readonly average?: "macro" | "micro" | "weighted" | "samples" | "recalls";
  readonly multiLabel?: boolean;
}

const eachRow = (
  { yTrue, yPred, outputs }: Predicted,
  use: (truth: number, guess: number, row: number) => void,
): void => {
  for (let row = 0, start = 0; start < yTrue.length; row++, start += outputs)
    use(classAt(yTrue, start, outputs), classAt(yPred, start, outputs), row);
};

const eachLabel = (
  { yTrue, yPred, outputs }: Predicted,
  use: (truth: number, guess: number, row: number, label: number) => void,
): void => {
  for (let k = 0; k < yTrue.length; k++)
    use(classAt(yTrue, k, 1), classAt(yPred, k, 1), Math.floor(k / outputs), k % outputs);
};

/** The share of rows with an individual score of 1 instead of 0. */
export function rightShare(metric: Metric, { yTrue, yPred, outputs }: Predicted): Share {
  const own = (values: Floats, i: number): Floats => values.subarray(i * outputs, (i + 1) * outputs);
  const part = Float64Array.from({ length: yTrue.length / outputs }, (_, i) =>
    metric.compute(own(yTrue, i), own(yPred, i), outputs),
  );
  return { part, whole: new Float64Array(part.length).fill(1) };
}

/** Whether a score of that form and average is one share of rows, rather than a mean of several. */
export const isShare = (outputs: number, { average }: Averaging): boolean =>
  average === "micro" || (average === undefined && outputs === 1);

/**
 * A score of class 1, or a micro average, as a share of rows: hits among the rows of the class, predicted as
 * it, or both. For Fβ it is the share of hits among all three kinds, whose odds are a multiple of the odds of
 * Fβ.
 */
export function hitShare(predicted: Predicted, form: Form, { average, multiLabel }: Averaging): Share {
  const rows = rowsOf(predicted);
  const [part, whole] = [new Float64Array(rows), new Float64Array(rows)];
  const { factor, hits, predicted: guessed, actual } = form;
  // the counts in the denominator of a hit, of a missed row of the class, and of a false hit
  const weights = { hit: hits + guessed + actual, missed: actual, wrong: guessed };
  const both = weights.missed > 0 && weights.wrong > 0;
  const isHit = both ? (weights.missed + weights.wrong) / 2 : weights.hit;
  const add = (row: number, truth: number, guess: number): void => {
    part[row] += truth * guess * isHit;
    whole[row] += truth && guess ? isHit : truth ? weights.missed : guess ? weights.wrong : 0;
  };
  if (multiLabel) eachLabel(predicted, (truth, guess, row) => add(row, truth, guess));
  else if (average === "micro") {
    eachRow(predicted, (truth, guess, row) => {
      if (truth === guess) return add(row, 1, 1);
      add(row, 1, 0);
      add(row, 0, 1);
    });
  } else eachRow(predicted, (truth, guess, row) => add(row, truth, guess));
  const odds = both ? factor / isHit : 1;
  if (multiLabel || average === "micro") return { part, whole, odds };
  const right = Float64Array.from(predicted.yTrue);
  return { part, whole, odds, right, ...(!both && { wrong: guessed > 0 ? right.map((y) => 1 - y) : right }) };
}

/** For a row of one class that is predicted as another: φ = actual + guessed + cell, up to a constant. */
interface Cells {
  readonly actual: Float64Array;
  readonly guessed: Float64Array;
  readonly cell: (truth: number, guess: number) => number;
}

/** The influence on the mean of a score over classes or labels, or weighted by rows. */
export function averageEffect(predicted: Predicted, form: Form, averaging: Averaging): Effect {
  const { multiLabel } = averaging;
  const { yTrue, yPred, outputs, weights } = predicted;
  const counts = multiLabel
    ? countLabels(false, yTrue, yPred, outputs, weights)
    : countClasses(yTrue, yPred, outputs, weights);
  const all = weighed(rowsOf(predicted), weights).sum;
  const cells = averageCells(counts, all, form, averaging);
  if (!multiLabel) return ofCells(predicted, cells, counts, all);
  const influence = new Float64Array(rowsOf(predicted));
  eachLabel(predicted, (truth, guess, row, label) => {
    influence[row] += truth * cells.actual[label] + guess * cells.guessed[label];
    if (truth && guess) influence[row] += cells.cell(label, label);
  });
  return { influence };
}

function averageCells(
  { hits, predicted, actual }: ClassCounts,
  all: number,
  form: Form,
  { average, multiLabel }: Averaging,
): Cells {
  const occurs = actual.map((count, j) =>
    Number(multiLabel || count + (average === "recalls" ? 0 : predicted[j]) > 0),
  );
  const shares = average === "weighted" ? actual : occurs;
  const sum = total(shares);
  const wholes = hits.map((h, j) => form.hits * h + form.predicted * predicted[j] + form.actual * actual[j]);
  const scores = hits.map((h, j) => (wholes[j] > 0 ? (form.factor * h) / wholes[j] : 0));
  const mean = scores.reduce((at, score, j) => at + (shares[j] / sum) * score, 0);
  const by = wholes.map((whole, j) => (whole > 0 ? ((shares[j] / sum) * all) / whole : 0));
  const moved = (j: number): number => (average === "weighted" ? ((scores[j] - mean) * all) / sum : 0);
  return {
    actual: scores.map((score, j) => moved(j) - by[j] * score * form.actual),
    guessed: scores.map((score, j) => -by[j] * score * form.predicted),
    cell: (truth, guess) => (truth === guess ? by[truth] * (form.factor - scores[truth] * form.hits) : 0),
  };
}

/** Of Matthews' correlation: Σ covariances of truth and prediction of a class / √ of their variances. */
export function correlationEffect(_: Metric, predicted: Predicted): Effect {
  const { yTrue, yPred, outputs, weights } = predicted;
  const counts = countClasses(yTrue, yPred, outputs, weights);
  const all = total(counts.actual);
  const [hits, guessed, actual] = [counts.hits, counts.predicted, counts.actual].map((each) =>
    each.map((x) => x / all),
  );
  const product = (a: Float64Array, b: Float64Array): number => total(a.map((x, j) => x * b[j]));
  const [ofTruth, ofGuess] = [1 - product(actual, actual), 1 - product(guessed, guessed)];
  const root = Math.sqrt(ofTruth * ofGuess);
  // 0 if all rows belong to one class, or are predicted as one: the effect of other rows is unknown
  const score = (total(hits) - product(guessed, actual)) / root;
  return ofCells(
    predicted,
    {
      actual: actual.map((share, j) => (score * share) / ofTruth - guessed[j] / root),
      guessed: guessed.map((share, j) => (score * share) / ofGuess - actual[j] / root),
      cell: (truth, guess) => (truth === guess ? 1 / root : 0),
    },
    counts,
    all,
  );
}

/** Of Cohen's kappa, 1 − the mean cost of a row / that of truths and predictions at random. */
export function kappaEffect(cost: (distance: number) => number): (_: Metric, predicted: Predicted) => Effect {
  return (_, predicted) => {
    const { yTrue, yPred, outputs, weights } = predicted;
    const counts = countClasses(yTrue, yPred, outputs, weights);
    const all = total(counts.actual);
    const { actual, predicted: guessed } = counts;
    const costs = (of: Float64Array): Float64Array =>
      of.map((__, i) => of.reduce((sum, count, j) => sum + (cost(i - j) * count) / all, 0));
    const [ofTruth, ofGuess] = [costs(guessed), costs(actual)];
    const byChance = total(ofTruth.map((each, i) => (each * actual[i]) / all));
    let observed = 0;
    countConfusion(yTrue, yPred, outputs, weights).forEach((row, i) => {
      row.forEach((count, j) => {
        observed += (cost(i - j) * count) / all;
      });
    });
    const slope = observed / (byChance * byChance);
    return ofCells(
      predicted,
      {
        actual: ofTruth.map((each) => each * slope),
        guessed: ofGuess.map((each) => each * slope),
        cell: (truth, guess) => -cost(truth - guess) / byChance,
      },
      counts,
      all,
    );
  };
}

/** Rows by their cells. For each class that occurs, half a right and half a wrong row are added as unseen. */
function ofCells(
  predicted: Predicted,
  { actual, guessed, cell }: Cells,
  counts: ClassCounts,
  all: number,
): Effect {
  const influence = new Float64Array(rowsOf(predicted));
  const truths = new Float64Array(influence.length);
  eachRow(predicted, (truth, guess, row) => {
    truths[row] = truth;
    influence[row] = actual[truth] + guessed[guess] + cell(truth, guess);
  });
  const { weights } = predicted;
  let mean = 0;
  for (let i = 0; i < influence.length; i++) mean += ((weights?.[i] ?? 1) * influence[i]) / all;
  for (let i = 0; i < influence.length; i++) influence[i] -= mean;
  const heft = heftOf(truths, counts.actual.length, weights);
  const unseen: number[] = [];
  for (const [truth, count] of counts.actual.entries()) {
    if (count === 0) continue;
    let [wrong, chances] = [0, 0];
    for (const [guess, often] of counts.predicted.entries()) {
      if (guess === truth) continue;
      // a class that is never predicted is predicted at most once
      const chance = often + all / actual.length / 100;
      wrong += chance * (guessed[guess] + cell(truth, guess));
      chances += chance;
    }
    // with the weight of rows of the class
    unseen.push(
      heft[truth] * (actual[truth] + guessed[truth] + cell(truth, truth) - mean),
      heft[truth] * (actual[truth] + wrong / chances - mean),
    );
  }
  return {
    influence,
    unseen: {
      influence: Float64Array.from(unseen),
      mass: new Float64Array(unseen.length).fill(0.5),
      group: 2,
      isEven: true,
    },
  };
}
