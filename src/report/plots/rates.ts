/** Learning rates: a range test, and the values of a sweep. */
import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import type { Direction } from "../../direction.js";
import { isRecord, must } from "../../errors.js";
import { sameValue } from "../../search/space/value.js";
import { mustBeDirection } from "../../search/trial/trial.js";
import type { RateFinderResult } from "../../tune/rateFinder.js";
import { formatScore, formatValue } from "../format.js";
import { axisOf, dots, line, mark, metricAxis, plotOf, thinned } from "./frame.js";
import { objectiveOf, ranked } from "./objective.js";
import { COLORS } from "./palette.js";
import { parameterAxis, parameterNames } from "./parameters.js";
import type { Plot, Point } from "./plot.js";
import type { StudyData } from "./studyData.js";

/**
 * A learning-rate range test: the loss of each batch and the smoothed loss by rate, with the suggested rates.
 *
 * @param result - of `findLearningRate`
 * @example
 * ```ts
 * const result = { rates: [0.01, 0.1, 1], losses: [2, 1, 3], smoothed: [2, 1.5, 2], suggested: 0.1, belowMinimum: 0.01 };
 * plotRates({ ...result, reason: "finished" }).description;
 * // "The loss falls fastest at a rate of 0.1; a tenth of the rate of the lowest loss is 0.01."
 * ```
 */
export function plotRates(result: RateFinderResult): Plot {
  const isResult = isRecord(result) && [result.rates, result.losses, result.smoothed].every(Array.isArray);
  must(isResult, "result", "what findLearningRate returns", result);
  const { rates, losses, smoothed, suggested, belowMinimum } = result;
  const at = (values: readonly number[]): Point[] => rates.map((rate, i): Point => [rate, values[i]]);
  const marked = (rate: number | undefined, name: string, color: string) =>
    rate !== undefined && mark(name, color, [rate, heightAt(rate, rates, smoothed)]);
  return plotOf(
    {
      name: "rates",
      title: "Loss by learning rate",
      description:
        suggested === undefined || belowMinimum === undefined
          ? "The loss does not fall at any of these rates."
          : `The loss falls fastest at a rate of ${formatValue(suggested)}; a tenth of the rate of the lowest loss is ${formatValue(belowMinimum)}.`,
    },
    axisOf(rates, "learning rate", { log: true }),
    axisOf([...losses, ...smoothed], "loss"),
    compact<SeriesOption>(
      dots("each batch", COLORS.grey, thinned(at(losses)), { symbolSize: 4 }),
      line("smoothed", COLORS.best, thinned(at(smoothed))),
      marked(suggested, "falls fastest", COLORS.warm),
      marked(belowMinimum, "lowest / 10", COLORS.trial),
    ),
  );
}

/** The smoothed loss at a rate, or the nearest below it. */
export function heightAt(rate: number, rates: readonly number[], smoothed: readonly number[]): number {
  const after = rates.findIndex((each) => each > rate);
  return smoothed[after < 0 ? rates.length - 1 : Math.max(0, after - 1)];
}

/** The most trials of a sweep; more are a search, even of one parameter. */
const MOST_SWEPT = 60;

/**
 * The values of a study in which only one numeric parameter varies, as in `sweep`; undefined for any other
 * study.
 */
export function sweepOf(study: StudyData): Sweep | undefined {
  const complete = ranked(study);
  if (study.directions.length > 1 || complete.length < 2 || complete.length > MOST_SWEPT) return undefined;
  const [first] = complete;
  const varied = parameterNames(study).filter((name) =>
    complete.some(({ trial }) => !sameValue(trial.params[name] ?? null, first.trial.params[name] ?? null)),
  );
  const [parameter] = varied;
  if (varied.length !== 1 || parameterAxis(study, parameter).isChoice) return undefined;
  const values = complete.map(({ trial, value }) => ({
    value: trial.params[parameter] as number,
    mean: value,
    std: trial.std,
  }));
  return new Set(values.map(({ value }) => value)).size === values.length
    ? { parameter, metric: objectiveOf(study, 0).metric, direction: study.directions[0], values }
    : undefined;
}

/** A value of a swept parameter, with its score, as in the rows of `sweep`. */
export interface SweptValue {
  readonly value: number;
  readonly mean: number;
  /** The standard deviation over folds. */
  readonly std: number | null;
}

/** The swept parameter and its scores. */
export interface Sweep {
  readonly parameter: string;
  /** The name of the scores. */
  readonly metric: string;
  readonly direction: Direction;
  readonly values: readonly SweptValue[];
}

/**
 * A sweep of one numeric parameter: the mean score at each value, and its standard deviation as thin lines.
 *
 * @param swept - from `rows.map(({ params, mean, std }) => ({ value: params.learningRate, mean, std }))` of
 * `sweep`
 * @example
 * ```ts
 * const swept = [{ value: 0.01, mean: 0.5, std: 0.1 }, { value: 0.1, mean: 0.75, std: 0.1 }];
 * plotSweep(swept, { parameter: "learningRate", metric: "accuracy", direction: "maximize" }).description;
 * // "accuracy is best at learningRate 0.1: 0.7500 ± 0.1000."
 * ```
 */
export function plotSweep(swept: readonly SweptValue[], about: Omit<Sweep, "values">): Plot {
  const isSwept: boolean = Array.isArray(swept) && swept.every((each) => isRecord(each));
  must(isSwept, "swept", "a list of { value, mean, std }", swept);
  const isNamed =
    isRecord(about) && [about.parameter, about.metric].every((name) => typeof name === "string");
  must(isNamed, "about", "an object with parameter, metric and direction", about);
  const { parameter, metric, direction } = about;
  mustBeDirection(direction);
  const known = swept.filter(({ mean }) => Number.isFinite(mean)).sort((a, b) => a.value - b.value);
  const sign = direction === "maximize" ? -1 : 1;
  const best =
    known.length === 0
      ? undefined
      : known.reduce((least, one) => (sign * one.mean < sign * least.mean ? one : least));
  const edge = (times: number): Point[] =>
    known.map(({ value, mean, std }) => [value, mean + times * (std ?? 0)]);
  const thin = { lineStyle: { color: COLORS.best, width: 1, opacity: 0.6 } };
  const heights = [...edge(-1), ...edge(1)].map(([, height]) => height);
  return plotOf(
    {
      name: `sweep-${parameter}`,
      title: `${metric} by ${parameter}`,
      description: best
        ? `${metric} is best at ${parameter} ${formatValue(best.value)}: ${formatScore(best.mean)} ± ${formatScore(best.std)}.`
        : `No value of ${parameter} has a score.`,
    },
    axisOf(
      known.map(({ value }) => value),
      parameter,
    ),
    metricAxis(heights, metric, direction),
    compact<SeriesOption>(
      line("mean", COLORS.best, edge(0), { symbol: "circle", showSymbol: true, symbolSize: 6 }),
      line("", COLORS.best, edge(-1), thin),
      line("", COLORS.best, edge(1), thin),
      best && mark("best", COLORS.warm, [best.value, best.mean]),
    ),
  );
}
