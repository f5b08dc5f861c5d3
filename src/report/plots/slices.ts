/**
 * One parameter against the value: every trial, and the expected value over all values of the other
 * parameters.
 */
import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import { flag, type OptionRules, readOptions } from "../../rules.js";
import { formatScore, formatValue } from "../format.js";
import { dots, line, mark, metricAxis, plotOf, thinned, thinnedNote } from "./frame.js";
import { forestOf } from "./importances.js";
import { objectiveOf, ranked } from "./objective.js";
import { COLORS } from "./palette.js";
import { parameterAxis } from "./parameters.js";
import type { Plot, Point } from "./plot.js";
import type { StudyData } from "./studyData.js";

/** How a slice is drawn. */
export interface SlicePlotOptions {
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
  /** Whether the expected value is drawn too, by `marginals`. Default true. */
  readonly marginal?: boolean;
}

const RULES = { objective: [true, 0], marginal: [flag, true] } satisfies OptionRules<SlicePlotOptions>;

/**
 * The value of each complete trial by one parameter, and the expected value over all values of the others,
 * with thin lines one standard deviation of the trees above and below it.
 *
 * @throws FettleError `unknown_name` for a parameter that the space does not have
 * @example
 * ```ts
 * const space = { rate: float(0, 1), kind: choice(["a", "b"]) };
 * const study = createStudy({ space, strategy: random(), direction: "minimize" });
 * await study.optimize(({ kind }) => (kind === "a" ? 1 : 3), { trials: 30 });
 * plotSlice(studyData(study), "kind").description; // "The best trial has kind a. The expected value is lowest at a, 1.0000, and highest at b, 3.0000."
 * ```
 */
export function plotSlice(study: StudyData, parameter: string, options: SlicePlotOptions = {}): Plot {
  const { objective, marginal } = readOptions(options, "plotSlice", RULES);
  const { metric, outcomeOf } = objectiveOf(study, objective);
  const x = parameterAxis(study, parameter);
  const best = ranked(study, objective)[0];
  const points = study.trials
    .flatMap((trial): Point[] => {
      const [place, outcome] = [x.placeOf(trial), outcomeOf(trial)];
      return place === undefined || !outcome || trial.status !== "complete" ? [] : [[place, outcome.value]];
    })
    .sort((a, b) => a[0] - b[0]);
  const shown = thinned(points);
  const expected = (marginal && forestOf(study, objective)?.marginals(parameter)) || [];
  const heights = [...points.map(([, value]) => value), ...expected.map(({ mean }) => mean)];
  const y = metricAxis(heights, metric, study.directions[objective]);
  const at = (of: (one: (typeof expected)[number]) => number): Point[] =>
    expected.map((one) => [x.placeOfValue(one.value), of(one)]);
  const bounded = (value: number): number => Math.min(y.high, Math.max(y.low, value));
  const bestPlace = best && x.placeOf(best.trial);
  // the values of a choice have no order, so no line joins them
  const bars = (symbolSize: readonly [width: number, height: number]) =>
    x.isChoice && { symbol: "rect", symbolSize, showSymbol: true, lineStyle: { width: 0 } };
  const thin = { lineStyle: { color: COLORS.best, width: 1, opacity: 0.6 }, silent: true, ...bars([16, 1]) };
  const curve = (
    name: string,
    of: (one: (typeof expected)[number]) => number,
    options: Readonly<Record<string, unknown>>,
  ) => expected.length > 0 && line(name, COLORS.best, at(of), options);
  return plotOf(
    {
      name: `slice-${parameter}`,
      title: `${metric} by ${parameter}`,
      description:
        said(parameter, expected, best?.trial.params[parameter], metric) +
        thinnedNote(shown.length, points.length),
    },
    x.axis,
    y,
    compact<SeriesOption>(
      dots("trials", COLORS.trial, shown, {
        symbolSize: 5,
        itemStyle: { color: COLORS.trial, opacity: 0.7 },
      }),
      curve("expected", ({ mean }) => mean, { ...bars([30, 3]) }),
      curve("", ({ mean, std }) => bounded(mean - std), thin),
      curve("", ({ mean, std }) => bounded(mean + std), thin),
      best && bestPlace !== undefined && mark("best", COLORS.warm, [bestPlace, best.value], 11),
    ),
  );
}

function said(
  name: string,
  expected: readonly { readonly value: unknown; readonly mean: number }[],
  best: unknown,
  metric: string,
): string {
  const first = best === undefined ? "" : `The best trial has ${name} ${formatValue(best)}.`;
  if (expected.length === 0) return first || `No complete trial has ${name}.`;
  const sorted = [...expected].sort((a, b) => a.mean - b.mean);
  const [least, most] = [sorted[0], sorted[sorted.length - 1]];
  const rest =
    least.mean === most.mean
      ? `The expected ${metric} is the same at all of its values.`
      : `The expected ${metric} is lowest at ${formatValue(least.value)}, ${formatScore(least.mean)}, and highest at ${formatValue(most.value)}, ${formatScore(most.mean)}.`;
  return first ? `${first} ${rest}` : rest;
}
