/**
 * The quality of a classifier on rows with known answers. For numbers and for parts of the rows, see
 * residuals.ts.
 */

import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import { check, isRecord, must } from "../../errors.js";
import { precisionRecallCurve, rocCurve } from "../../metrics/curve.js";
import { columnsOf } from "../columns.js";
import { clip, count, formatScore, percent } from "../format.js";
import {
  axisOf,
  axisOfWords,
  diagonal,
  INSET,
  line,
  mark,
  plotOf,
  ROOM,
  SIZE,
  thinned,
  topOf,
} from "./frame.js";
import { COLORS, RAMP, SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";

/** Predictions for rows whose answers are known. */
export interface Predictions {
  /** The name of the target. */
  readonly target: string;
  /** The names of the classes; empty or missing for regression. */
  readonly classes?: readonly string[];
  /** For each row its number, or the index of its class. */
  readonly truth: ArrayLike<number>;
  /** For each row the predicted number, or the index of the predicted class. */
  readonly predicted: ArrayLike<number>;
  /** For each row the probability of each class. */
  readonly probabilities?: readonly ArrayLike<number>[];
  /** Of two classes, the second is predicted above this probability. Default 0.5. */
  readonly threshold?: number;
  /** For each row what it is called in descriptions, as in "row 12". Default its index. */
  readonly rows?: readonly (number | string)[];
}

const LONGEST = 14;
/** The most classes whose cells contain numbers. */
const MOST_NUMBERED = 12;
/** The most classes whose cells have space for shares. */
const MOST_SHARED = 5;
/** The most classes with a curve each. */
const MOST_CURVES = 6;

const isList = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);

/** @throws FettleError `invalid_data`, and `invalid_argument` for anything but predictions */
export function checkPredictions(predictions: Predictions): void {
  must(
    isRecord(predictions) && isList(predictions.truth) && isList(predictions.predicted),
    "predictions",
    "an object with target and the lists truth and predicted",
    predictions,
  );
  const { truth, predicted, probabilities, classes = [] } = predictions;
  const matches =
    truth.length === predicted.length &&
    (probabilities === undefined || probabilities.length === truth.length);
  check(
    matches && truth.length > 0,
    () =>
      `predictions must have at least one row, and as many as the truth; received ${truth.length} of truth and ${predicted.length} predicted`,
    "invalid_data",
  );
  if (classes.length === 0) return;
  for (const [row, own] of (probabilities ?? []).entries()) {
    const fits = isList(own) && own.length === classes.length && Array.from(own).every(Number.isFinite);
    must(fits, `the probabilities of row ${row}`, `${classes.length} finite numbers`, own, "invalid_data");
  }
  for (const indices of [truth, predicted])
    for (let row = 0; row < indices.length; row++) {
      const isClass = Number.isInteger(indices[row]) && indices[row] >= 0 && indices[row] < classes.length;
      must(
        isClass,
        `the class of row ${row}`,
        `an index below ${classes.length}`,
        indices[row],
        "invalid_data",
      );
    }
}

/** @throws FettleError as {@link checkPredictions}; `invalid_argument` for predictions without classes */
export function checkClasses(predictions: Predictions): void {
  checkPredictions(predictions);
  const { classes = [] } = predictions;
  must(classes.length > 0, "classes", "the names of the classes, for a picture of a classifier", classes);
}

/**
 * How many rows of each class were predicted as each class. Its series holds
 * `[predicted, true, rows, share of the true class]`.
 *
 * @throws FettleError `invalid_data` for classes that do not exist, or lists of different lengths;
 * `invalid_argument` without classes
 * @example
 * ```ts
 * const rows = { target: "kind", classes: ["a", "b"], truth: [0, 1, 1], predicted: [0, 1, 0] };
 * plotConfusion(rows).description; // "2 of 3 rows are right (67 %). The most frequent error is b predicted as a: 1 row."
 * ```
 */
export function plotConfusion(predictions: Predictions): Plot {
  checkClasses(predictions);
  const { classes = [], truth, predicted, target } = predictions;
  const cells = classes.map(() => classes.map(() => 0));
  for (let row = 0; row < truth.length; row++) cells[truth[row]][predicted[row]]++;
  const sums = cells.map((row) => row.reduce((sum, n) => sum + n, 0));
  const names = classes.map((name) => clip(name, LONGEST));
  const left = 4 * INSET + 7 * Math.max(4, ...names.map(columnsOf));
  const size = Math.min(SIZE.width - left - ROOM.right, Math.max(180, 72 * classes.length));
  const isNarrow = names.some((name) => 8 * columnsOf(name) > size / classes.length);
  const [x, y] = [axisOfWords(names, `predicted ${clip(target, 32)}`), axisOfWords(names, "true")];
  const label = { interval: 0, fontSize: 13, hideOverlap: false };
  const data = cells.flatMap((row, i) =>
    row.map((n, j) => {
      const share = sums[i] === 0 ? 0 : n / sums[i];
      const step = Math.min(RAMP.length - 1, Math.floor(share * RAMP.length));
      return {
        value: [j, i, n, share],
        label: { color: step >= 2 ? "#FFFFFF" : "#1F2328", formatter: textOf(n, share, classes.length) },
      };
    }),
  );
  const [top, bottom] = [topOf([], 0), isNarrow ? 90 : ROOM.bottom];
  return plotOf(
    {
      name: "confusion",
      title: "Confusion matrix",
      description: saidOfConfusion(classes, cells),
      height: top + size + bottom,
    },
    { ...x, option: { ...x.option, axisLabel: label } },
    { ...y, option: { ...y.option, inverse: true, axisLabel: label } },
    [
      {
        type: "heatmap",
        data,
        label: { show: classes.length <= MOST_NUMBERED, fontSize: 13 },
        itemStyle: { borderColor: COLORS.grey, borderWidth: 0.5 },
      } as SeriesOption,
    ],
    {
      grid: { left, top, bottom, width: size },
      ...(isNarrow && { xAxis: { ...x.option, axisLabel: { ...label, rotate: 35 }, nameGap: bottom - 22 } }),
      visualMap: { show: false, min: 0, max: 1, dimension: 3, inRange: { color: [...RAMP] } },
    },
  );
}

/** The text of a cell: its rows and, with few classes, their share; empty without rows. */
function textOf(rows: number, share: number, classes: number): string {
  if (rows === 0) return "";
  return classes > MOST_SHARED ? String(rows) : `${rows}\n${Math.round(100 * share)} %`;
}

function saidOfConfusion(classes: readonly string[], cells: readonly (readonly number[])[]): string {
  const rows = cells.flat().reduce((sum, n) => sum + n, 0);
  const right = cells.reduce((sum, row, i) => sum + row[i], 0);
  let [most, at, as] = [0, 0, 0];
  for (const [i, row] of cells.entries())
    for (const [j, n] of row.entries()) if (i !== j && n > most) [most, at, as] = [n, i, j];
  const worst =
    most === 0
      ? ""
      : ` The most frequent error is ${classes[at]} predicted as ${classes[as]}: ${count(most, "row")}.`;
  return `${right} of ${count(rows, "row")} are right (${Math.round((100 * right) / rows)} %).${worst}`;
}

/**
 * The classes with a curve each: the second of two, each of more against the others, and of many those with
 * the smallest area.
 */
function curvesOf({ classes = [], truth, probabilities }: Predictions) {
  must(probabilities !== undefined, "probabilities", "given, to draw a curve", probabilities);
  const shown = classes.length === 2 ? [1] : classes.map((_, i) => i);
  const all = shown.flatMap((k) => {
    const isIt = Array.from(truth, (label) => (label === k ? 1 : 0));
    const hits = isIt.reduce<number>((sum, one) => sum + one, 0);
    // a class of all rows or of no row has no curve
    if (hits === 0 || hits === isIt.length) return [];
    const scores = probabilities.map((row) => row[k]);
    const { falsePositiveRate: x, truePositiveRate: y } = rocCurve(isIt, scores);
    const area = y.reduce((sum, up, j) => (j === 0 ? 0 : sum + ((x[j] - x[j - 1]) * (up + y[j - 1])) / 2), 0);
    return [{ k, name: classes[k], isIt, scores, area, roc: Array.from(x, (at, j): Point => [at, y[j]]) }];
  });
  const kept = new Set([...all].sort((a, b) => a.area - b.area).slice(0, MOST_CURVES));
  return all.filter((one) => kept.has(one));
}

/**
 * Precision by recall as the threshold moves: for the second of two classes, with a mark at the threshold in
 * use; for more, each against the others. Points `[recall, precision]`.
 *
 * @throws FettleError `invalid_data` for lists of different lengths; `invalid_argument` without classes or
 * probabilities
 * @example
 * ```ts
 * const probabilities = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]];
 * const rows = { target: "kind", classes: ["a", "b"], truth: [0, 0, 1, 1], predicted: [0, 0, 0, 1], probabilities };
 * plotPrecisionRecall(rows).description; // "At the threshold 0.5000 the precision of b is 1.0000 and its recall 0.5000."
 * ```
 */
export function plotPrecisionRecall(predictions: Predictions): Plot {
  checkClasses(predictions);
  const { classes = [], threshold = 0.5 } = predictions;
  const curves = curvesOf(predictions);
  const series = curves.map(({ name, isIt, scores }, i) => {
    const { precision, recall } = precisionRecallCurve(isIt, scores);
    const points = Array.from(recall, (share, j): Point => [share, precision[j]]);
    return line(clip(name, LONGEST), SERIES[i], thinned(points));
  });
  const at = classes.length === 2 ? atThreshold(predictions) : undefined;
  return plotOf(
    {
      name: "precision-recall",
      title: "Precision by recall",
      description: at
        ? `At the threshold ${formatScore(threshold)} the precision of ${classes[1]} is ${formatScore(at.precision)} and its recall ${formatScore(at.recall)}.`
        : saidOfClasses(curves.length, classes.length),
    },
    axisOf([0, 1], "recall", UNIT),
    axisOf([0, 1], "precision", UNIT),
    compact<SeriesOption>(series, at && marked(threshold, [at.recall, at.precision])),
  );
}

/**
 * The true positive rate by the false positive rate, as the threshold moves. As
 * {@link plotPrecisionRecall}, in points `[false positive rate, true positive rate]`.
 *
 * @throws FettleError as {@link plotPrecisionRecall}
 * @example
 * ```ts
 * const probabilities = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]];
 * const rows = { target: "kind", classes: ["a", "b"], truth: [0, 0, 1, 1], predicted: [0, 0, 0, 1], probabilities };
 * plotRoc(rows).description; // "The area under the curve of b is 0.7500. The threshold 0.5000 finds 50 % of b, and 0 % of the others are false positives."
 * ```
 */
export function plotRoc(predictions: Predictions): Plot {
  checkClasses(predictions);
  const { classes = [], threshold = 0.5 } = predictions;
  const curves = curvesOf(predictions).map(({ name, area, roc }, i) => ({
    name,
    area,
    series: line(clip(name, LONGEST), SERIES[i], thinned(roc)),
  }));
  const at = classes.length === 2 ? atThreshold(predictions) : undefined;
  const areas = curves.map(({ name, area }) => `${name} ${formatScore(area)}`).join(", ");
  const more = at
    ? ` The threshold ${formatScore(threshold)} finds ${percent(at.recall)} of ${classes[1]}, and ${percent(at.fallOut)} of the others are false positives.`
    : "";
  return plotOf(
    {
      name: "roc",
      title: "ROC",
      description:
        curves.length === 0
          ? saidOfClasses(0, classes.length)
          : curves.length === 1
            ? `The area under the curve of ${curves[0].name} is ${formatScore(curves[0].area)}.${more}`
            : `Areas under the curves: ${areas}. ${saidOfClasses(curves.length, classes.length)}`,
    },
    axisOf([0, 1], "false positive rate", UNIT),
    axisOf([0, 1], "true positive rate", UNIT),
    compact<SeriesOption>(
      diagonal(),
      curves.map(({ series }) => series),
      at && marked(threshold, [at.fallOut, at.recall]),
    ),
  );
}

export const UNIT = { log: false, low: 0, high: 1.02 };
const marked = (threshold: number, at: Point): SeriesOption =>
  mark(`threshold ${Number(threshold.toPrecision(3))}`, COLORS.warm, at);

const saidOfClasses = (shown: number, all: number): string =>
  shown === 0
    ? "All rows have the same class, so there is no curve."
    : `Each class against the others${shown < all ? `; of ${all}, the ${shown} with the smallest area` : ""}.`;

/** Precision, recall and fall-out of the second of two classes, as predicted; never NaN. */
function atThreshold({ truth, predicted }: Predictions) {
  let [hits, misses, positives, negatives] = [0, 0, 0, 0];
  for (let row = 0; row < truth.length; row++) {
    if (truth[row] === 1) positives++;
    else negatives++;
    if (predicted[row] !== 1) continue;
    if (truth[row] === 1) hits++;
    else misses++;
  }
  if (positives === 0 || negatives === 0) return undefined;
  return {
    precision: hits + misses === 0 ? 1 : hits / (hits + misses),
    recall: hits / positives,
    fallOut: misses / negatives,
  };
}
