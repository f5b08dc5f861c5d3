/** One training, of `fit` or of a trial: the loss, or another number of its logs, by epoch. */
import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import { isA, isRecord, must, unknownName } from "../../errors.js";
import { type History, validationName } from "../../nn/callbacks/history.js";
import { isBetterSmaller } from "../../nn/callbacks/monitor.js";
import { type OptionRules, readOptions, text } from "../../rules.js";
import { Curves } from "../../search/trial/curves.js";
import { count, formatScore, formatValue } from "../format.js";
import { meanByEpoch } from "./curves.js";
import { axisOf, framed, gapOf, leftOf, line, mark, ROOM, SIZE, thinned, topOf } from "./frame.js";
import { COLORS } from "./palette.js";
import type { Axis, Plot, Point } from "./plot.js";
import { rangeOf } from "./scale.js";

/** How a training is drawn. */
export interface TrainingPlotOptions {
  /** A number of the logs, such as `"accuracy"`, drawn with its `valAccuracy`. Default `loss`. */
  readonly metric?: string;
  /** Default: the metric and "by epoch". */
  readonly title?: string;
}

const RULES = { metric: text, title: text } satisfies OptionRules<TrainingPlotOptions>;

/** Pixels of the panel of learning rates, and of the space above it. */
const RATES = 60;
const BETWEEN = 34;

/** What is drawn of a training. */
export interface TrainingCurves {
  readonly metric: string;
  readonly training: readonly Point[];
  /** Empty without validation. */
  readonly validation: readonly Point[];
  /** Empty unless a callback set the learning rate. */
  readonly rates: readonly Point[];
  /** The best epoch of validation, or of training without one; undefined without a finite number. */
  readonly best: Point | undefined;
  readonly description: string;
}

/**
 * A training: the loss of training and validation by epoch, a mark at the best epoch, and below them the
 * learning rate, if a callback set it.
 *
 * @param history - what `fit` returned, or the `curves` of a trial, each the mean over its folds
 * @throws FettleError `invalid_argument` for anything else; `unknown_name` for a metric that it lacks
 * @example
 * ```ts
 * const history = { epoch: [0, 1, 2], history: { loss: [1, 0.5, 0.25], valLoss: [1, 0.75, 0.875] } };
 * plotTraining(history).description;
 * // "valLoss is best after epoch 2 of 3: 0.7500; loss ended at 0.2500, valLoss at 0.8750."
 * ```
 */
export function plotTraining(history: History | Curves, options: TrainingPlotOptions = {}): Plot {
  const { metric = "loss", title = `${metric} by epoch` } = readOptions(options, "plotTraining", RULES);
  const { training, validation, rates, best, description } = trainingCurves(history, metric);
  const drawn = [...training, ...validation];
  const x = axisOf(
    drawn.map(([epoch]) => epoch),
    "epoch",
    { log: false, whole: true },
  );
  const y = axisOf(
    drawn.map(([, value]) => value),
    metric,
  );
  const curve = (name: string, color: string, points: readonly Point[]) =>
    line(name, color, thinned(points), points.length === 1 ? ALONE : {});
  const series = compact<SeriesOption>(
    (training.length > 0 || validation.length === 0) && curve("training", COLORS.best, training),
    validation.length > 0 && curve("validation", COLORS.warm, validation),
    best && mark("best epoch", COLORS.trial, best),
  );
  const rate = rates.length > 0 ? axisOfRates(rates.map(([, value]) => value)) : undefined;
  const left = Math.max(leftOf(y), rate ? leftOf(rate) : 0);
  const more = rate ? BETWEEN + RATES : 0;
  const top = topOf(series, SIZE.width);
  const panel = { right: ROOM.right, left };
  const horizontal = { ...x.option, nameGap: 28 };
  return framed(
    { name: `training-${metric}`, title, description, height: SIZE.height + more },
    {
      grid: compact<object>(
        { ...panel, top, bottom: ROOM.bottom + more },
        rate && { ...panel, height: RATES, bottom: ROOM.bottom },
      ),
      xAxis: compact<object>(
        { ...horizontal, ...(rate && { name: "" }) },
        rate && { ...horizontal, gridIndex: 1 },
      ),
      yAxis: compact<object>(
        { ...y.option, nameGap: gapOf(y) },
        rate && { ...rate.option, nameGap: gapOf(rate), gridIndex: 1 },
      ),
      series: compact<SeriesOption>(
        series,
        rate && line("", COLORS.grey, thinned(rates), { ...BELOW, step: "middle" }),
      ),
    },
  );
}

/** The most learning rates that have labels in their panel; of more, the largest and the smallest. */
const MOST_LABELS = 3;

function axisOfRates(rates: readonly number[]): Axis {
  const axis = axisOf(rates, "rate", { log: true });
  const values = [...new Set(rates)];
  const customValues = values.length > MOST_LABELS ? rangeOf(values) : values;
  const { axisTick, axisLabel } = axis.option as Readonly<Record<string, object>>;
  return {
    ...axis,
    longest: Math.max(...customValues.map((value) => formatValue(value).length)),
    option: {
      ...axis.option,
      axisTick: { ...axisTick, customValues },
      axisLabel: { ...axisLabel, customValues },
    },
  };
}

const ALONE = { showSymbol: true, symbol: "circle", symbolSize: 5 };
const BELOW = { xAxisIndex: 1, yAxisIndex: 1 };

/** @throws FettleError as `plotTraining` */
export function trainingCurves(given: History | Curves, metric: string): TrainingCurves {
  const logs = isA(given, Curves) ? meansOf(given) : pointsOf(given);
  const validated = validationName(metric);
  if (!logs.has(metric) && !logs.has(validated))
    throw unknownName("number of the history", metric, [...logs.keys()]);
  const [training, validation] = [logs.get(metric) ?? [], logs.get(validated) ?? []];
  const judged = validation.length > 0 ? validation : training;
  const sign = isBetterSmaller(metric) ? 1 : -1;
  const best = judged
    .filter(([, value]) => Number.isFinite(value))
    .reduce<Point | undefined>(
      (one, next) => (one && sign * one[1] <= sign * next[1] ? one : next),
      undefined,
    );
  const rates = logs.get("learningRate") ?? [];
  return {
    metric,
    training,
    validation,
    rates,
    best,
    description: said(metric, training, validation, rates, best),
  };
}

type Logs = ReadonlyMap<string, readonly Point[]>;

/** The numbers of `fit`, by name; epochs count from 1. */
function pointsOf(given: History): Logs {
  const logs: Readonly<Record<string, unknown>> =
    isRecord(given) && isRecord(given.history) ? given.history : {};
  const isHistory = Object.values(logs).every(Array.isArray) && Object.hasOwn(logs, "loss");
  must(isHistory, "history", "what fit of a model returns, or the curves of a trial", given);
  return new Map(
    Object.entries(logs as History["history"]).map(([name, values]) => [
      name,
      values.map((value, i): Point => [i + 1, value]),
    ]),
  );
}

/** The numbers of a trial, by name; a scheduler leaves epochs without a number. */
const meansOf = ({ history }: Curves): Logs =>
  new Map(
    Object.entries(history).map(([name, folds]) => [
      name,
      meanByEpoch(folds).filter(([, value]) => !Number.isNaN(value)),
    ]),
  );

function said(
  metric: string,
  training: readonly Point[],
  validation: readonly Point[],
  rates: readonly Point[],
  best: Point | undefined,
): string {
  const last = Math.max(0, ...[...training, ...validation].map(([epoch]) => epoch));
  const own = validation.length > 0 ? validationName(metric) : metric;
  if (best === undefined)
    return `The training had ${count(last, "epoch")}${last > 0 ? `, none with a finite ${own}` : ""}.`;
  const both = [[metric, training] as const, [validationName(metric), validation] as const];
  const ended = both.filter(([, points]) => points.length > 0);
  const rate = rates.at(-1);
  return [
    `${own} is best after epoch ${best[0]} of ${last}: ${formatScore(best[1])}; `,
    ended
      .map(
        ([name, points], i) =>
          `${name}${i === 0 ? " ended" : ""} at ${formatScore(points[points.length - 1][1])}`,
      )
      .join(", "),
    ...(rate ? [`, the learning rate at ${formatValue(rate[1])}`] : []),
    ".",
  ].join("");
}
