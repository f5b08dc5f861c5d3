/** The errors of a model: by prediction, and by parts of the rows. */
import { must, show } from "../../errors.js";
import { skewedInterval, wilson } from "../../metrics/intervals/interval.js";
import { clip, count, formatMoment, formatScore, formatValue, percent } from "../format.js";
import { axisOf, dots, line, plotOf, thinned, thinnedNote } from "./frame.js";
import { COLORS } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import { checkPredictions, type Predictions } from "./quality.js";
import { plotOfRows } from "./rows.js";

/**
 * The residual of each row, truth less prediction, by what was predicted.
 *
 * @throws FettleError `invalid_data` for lists of different lengths
 * @example
 * ```ts
 * plotResiduals({ target: "price", truth: [1, 4], predicted: [2, 3] }).description;
 * // "Half of the residuals of price are within ±1.0000 of 0; the largest is −1.0000, in row 0. Their mean is 0.0000."
 * ```
 */
export function plotResiduals(predictions: Predictions): Plot {
  checkPredictions(predictions);
  const { target, truth, predicted, rows } = predictions;
  const all = Array.from(predicted, (at, row): Point => [at, truth[row] - at]);
  const sizes = all.map(([, off]) => Math.abs(off));
  const largest = sizes.reduce((most, size, i) => (size > sizes[most] ? i : most), 0);
  const half = [...sizes].sort((a, b) => a - b)[Math.ceil(sizes.length / 2) - 1];
  const mean = all.reduce((sum, [, off]) => sum + off, 0) / all.length;
  const points = thinned([...all].sort((a, b) => a[0] - b[0]));
  const x = axisOf(
    all.map(([at]) => at),
    `predicted ${clip(target, 32)}`,
    { log: false },
  );
  const signed = (value: number): string => formatScore(value).replace("-", "−");
  return plotOf(
    {
      name: "residuals",
      title: "Residuals",
      description:
        `Half of the residuals of ${target} are within ±${formatScore(half)} of 0; the largest is ${signed(all[largest][1])}, in row ${rows?.[largest] ?? largest}. ` +
        `Their mean is ${signed(mean)}.${thinnedNote(points.length, all.length)}`,
    },
    x,
    axisOf([0, ...all.map(([, off]) => off)], "truth − prediction", { log: false }),
    [
      line(
        "",
        COLORS.grey,
        [
          [x.low, 0],
          [x.high, 0],
        ],
        { silent: true, lineStyle: { color: COLORS.grey, width: 1.5 } },
      ),
      dots("", COLORS.best, points, { symbolSize: 5, itemStyle: { color: COLORS.best, opacity: 0.6 } }),
    ],
  );
}

/** A column of the rows: numbers, split at their quartiles, or words. */
export interface SegmentColumn {
  readonly name: string;
  readonly values: readonly (number | string | null)[];
  /**
   * Whether the numbers are dates, in milliseconds since 1970 in UTC, to be written as days. Default false.
   */
  readonly isDate?: boolean;
}

/** The rows of one part. */
export interface Segment {
  readonly label: string;
  readonly rows: number;
  /** The share of rows that is wrong, or the mean absolute error. */
  readonly error: number;
  /** 95 %: Wilson's of shares; of means Student's, corrected for skewness. */
  readonly interval: readonly [low: number, high: number];
}

const MOST_SEGMENTS = 8;

/** The error of each part of the rows, in the order of its values; rare words are grouped. */
export function segmentsOf(predictions: Predictions, column: SegmentColumn): Segment[] {
  const { truth, predicted, classes = [] } = predictions;
  const isWrong = classes.length > 0;
  const { labels, of } = partsOf(column);
  const parts = labels.map((label) => ({ label, errors: [] as number[] }));
  for (const [row, part] of of.entries())
    parts[part].errors.push(
      isWrong ? Number(truth[row] !== predicted[row]) : Math.abs(truth[row] - predicted[row]),
    );
  return parts.flatMap(({ label, errors }) => {
    const rows = errors.length;
    if (rows === 0) return [];
    const error = errors.reduce((sum, each) => sum + each, 0) / rows;
    return [{ label, rows, error, interval: isWrong ? wilson(error, rows) : meanInterval(errors, error) }];
  });
}

function meanInterval(errors: readonly number[], mean: number): readonly [low: number, high: number] {
  const influence = Float64Array.from(errors, (error) => error - mean);
  const range = [0, Number.POSITIVE_INFINITY] as const;
  return skewedInterval(mean, { influence }, undefined, () => 0, range).interval;
}

/** The parts of a column, and the number of each row's part. */
interface Parts {
  readonly labels: readonly string[];
  readonly of: readonly number[];
}

/** The labels of missing cells, and of words that are too rare for a part of their own. */
const [MISSING, OTHERS] = ["missing", "others"];

const isMissing = (value: unknown): boolean => value === null || value === "" || Number.isNaN(value);

function partsOf({ values, isDate = false }: SegmentColumn): Parts {
  const known = values.filter((value) => !isMissing(value));
  const { labels, partOf } = known.every((value) => typeof value === "number")
    ? partsOfNumbers(known as readonly number[], isDate)
    : partsOfWords(known.map(String));
  return {
    labels: [...labels, MISSING],
    of: values.map((value) => (isMissing(value) ? labels.length : partOf(value as number | string))),
  };
}

/** How the values of a column that has them belong to its parts. */
interface Division {
  readonly labels: readonly string[];
  readonly partOf: (value: number | string) => number;
}

/** A few numbers one by one, and more by their quartiles. */
function partsOfNumbers(values: readonly number[], isDate: boolean): Division {
  const sorted = [...values].sort((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  if (distinct.length <= MOST_SEGMENTS)
    return { labels: shownApart(distinct, isDate), partOf: (value) => distinct.indexOf(value as number) };
  const quartiles = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  const cuts = [...new Set(quartiles)];
  const shown = shownApart(cuts, isDate);
  const between = shown.slice(1).map((cut, i) => `${shown[i]} – ${cut}`);
  return {
    labels: [`≤ ${shown[0]}`, ...between, `> ${shown[shown.length - 1]}`],
    partOf(value) {
      const at = cuts.findIndex((cut) => (value as number) <= cut);
      return at < 0 ? cuts.length : at;
    },
  };
}

/** Numbers for people: in full where rounding would write two of them alike. */
function shownApart(values: readonly number[], isDate: boolean): readonly string[] {
  const short = values.map((value) => (isDate ? formatMoment(value) : formatValue(value)));
  if (new Set(short).size === short.length) return short;
  return values.map((value) => (isDate ? formatMoment(value, true) : String(value)));
}

/** The most frequent words one by one, and all others together. */
function partsOfWords(values: readonly string[]): Division {
  const counts = new Map<string, number>();
  for (const word of values) counts.set(word, (counts.get(word) ?? 0) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
  const kept = order.slice(0, order.length > MOST_SEGMENTS ? MOST_SEGMENTS - 1 : MOST_SEGMENTS);
  const places = new Map(kept.map((word, i) => [word, i]));
  // a word like the label of another part is quoted
  const labels = kept.map((word) => ([MISSING, OTHERS].includes(word) ? show(word) : word));
  return { labels: [...labels, OTHERS], partOf: (value) => places.get(String(value)) ?? kept.length };
}

/**
 * The error of the model in parts of the rows, by one column: quartiles of numbers, or words. Lines are 95 %
 * intervals.
 *
 * @throws FettleError `invalid_data` for lists of different lengths
 * @example
 * ```ts
 * const rows = { target: "kind", classes: ["a", "b"], truth: [0, 1, 1, 0], predicted: [0, 1, 0, 0] };
 * const { description } = plotSegments(rows, { name: "city", values: ["Oslo", "Oslo", "Rome", "Rome"] });
 * description; // "kind is wrong most often where city is Rome: 50 % of 2 rows, 25 % of all, the dashed line."
 * ```
 */
export function plotSegments(predictions: Predictions, column: SegmentColumn): Plot {
  checkPredictions(predictions);
  const { truth, target, classes = [] } = predictions;
  must(
    column.values.length === truth.length,
    "the values of a column",
    `one for each of ${truth.length} rows`,
    column.values.length,
  );
  const segments = segmentsOf(predictions, column);
  const overall = segments.reduce((sum, { rows, error }) => sum + rows * error, 0) / truth.length;
  const worst = segments.reduce((most, one) => (one.error > most.error ? one : most));
  const isClass = classes.length > 0;
  return plotOfRows(
    {
      name: `segments-${column.name}`,
      title: `Errors by ${clip(column.name, 32)}`,
      description: isClass
        ? `${target} is wrong most often where ${column.name} is ${worst.label}: ${percent(worst.error)} of ${count(worst.rows, "row")}, ${percent(overall)} of all, the dashed line.`
        : `The mean absolute error of ${target} is largest where ${column.name} is ${worst.label}: ${formatScore(worst.error)}; of all rows, the dashed line, it is ${formatScore(overall)}.`,
    },
    segments.map(({ label, rows, error, interval }) => ({
      label: `${clip(label, 18)} (${rows})`,
      at: error,
      interval,
    })),
    { name: isClass ? "share that is wrong" : "mean absolute error" },
    overall,
  );
}
