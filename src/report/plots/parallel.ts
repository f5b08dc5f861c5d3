/** All parameters and the value of each trial, side by side: a line for each trial. */
import { type OptionRules, readOptions, rule } from "../../rules.js";
import type { Params } from "../../search/space/space.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { clip, count, formatScore, formatValue } from "../format.js";
import { framed, metricAxis, SIZE } from "./frame.js";
import { objectiveOf, ranked } from "./objective.js";
import { mixed } from "./palette.js";
import { parameterAxis, parameterNames } from "./parameters.js";
import type { Plot } from "./plot.js";
import type { StudyData } from "./studyData.js";

/** How parallel coordinates are drawn. */
export interface ParallelOptions {
  /** Default: all of the space, at most 12. */
  readonly parameters?: readonly string[];
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
}

const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
const RULES = {
  parameters: rule("a list of at least one name", isList),
  objective: [true, 0],
} satisfies OptionRules<ParallelOptions>;

/** The space around its axes. */
export const PANEL = { left: 48, right: 72, top: 76, bottom: 20 } as const;
const MOST_AXES = 12;
/** The most lines, since more could not be distinguished: the best, and others evenly by rank. */
const MOST_LINES = 200;

/** The trials of the lines, in their order: the worst first, so that the best are in front. */
export function parallelTrials(
  study: StudyData,
  objective = 0,
): { trial: TrialRecord<Params>; value: number }[] {
  const all = ranked(study, objective);
  const kept =
    all.length <= MOST_LINES
      ? all
      : Array.from({ length: MOST_LINES }, (_, i) =>
          i < MOST_LINES / 2
            ? all[i]
            : all[Math.round(i + ((i - MOST_LINES / 2) * (all.length - MOST_LINES)) / (MOST_LINES / 2 - 1))],
        );
  return kept.toReversed();
}

/**
 * A line for each complete trial through its parameters and its value; better ones are bluer and in front. A
 * parameter that does not apply leaves a gap. In a page, ECharts selects lines by a drag along an axis.
 *
 * @throws FettleError `unknown_name` for a parameter that the space does not have; `invalid_argument` for no
 * parameters
 * @example
 * ```ts
 * const study = createStudy({ space: { a: float(0, 1), b: choice(["x", "y"]) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a }) => a, { trials: 4 });
 * const { option } = plotParallel(studyData(study));
 * (option.parallelAxis as { name: string }[]).map(({ name }) => name); // ["a", "b", "value"]
 * ```
 */
export function plotParallel(study: StudyData, options: ParallelOptions = {}): Plot {
  const read = readOptions(options, "plotParallel", RULES);
  const { parameters = parameterNames(study).slice(0, MOST_AXES), objective } = read;
  const { metric } = objectiveOf(study, objective);
  const axes = parameters.map((name) => parameterAxis(study, name));
  const lines = parallelTrials(study, objective);
  const all = ranked(study, objective).length;
  const values = lines.map((each) => each.value);
  const value = metricAxis(values, metric, study.directions[objective]);
  const width = Math.max(SIZE.width, 118 * (axes.length + 1));
  const parallelAxis = [...axes.map(({ axis }) => axis), value].map(({ option }, dim) => ({
    ...option,
    dim,
    nameLocation: "end",
    nameGap: 14,
    splitLine: { show: false },
    z: 8,
    nameTruncate: { maxWidth: Math.floor(width / (axes.length + 1)) - 10 },
    // an axis of words is clipped to its space
    axisLabel: { ...(option.axisLabel as object), width: 72, overflow: "truncate", fontSize: 11 },
  }));
  return {
    ...framed(
      {
        name: "parallel",
        title: "Parameters of each trial",
        width,
        height: 360,
        description: said(study, lines.length, all, parameters, metric, objective),
      },
      {
        parallel: { ...PANEL, parallelAxisDefault: {} },
        parallelAxis,
        series: [
          {
            type: "parallel",
            smooth: false,
            z: 3,
            inactiveOpacity: 0.06,
            lineStyle: { width: 1.2, opacity: 0.7 },
            data: lines.map(({ trial, value: reached }, i) => ({
              name: `trial ${trial.number}`,
              value: [...axes.map(({ placeOf }) => placeOf(trial) ?? "-"), reached],
              lineStyle: {
                color: mixed(((i + 1) / lines.length) ** 2),
                ...(i === lines.length - 1 && { width: 3, opacity: 1 }),
              },
            })),
          },
        ],
      },
    ),
  };
}

function said(
  study: StudyData,
  shown: number,
  all: number,
  parameters: readonly string[],
  metric: string,
  objective: number,
): string {
  const best = ranked(study, objective)[0];
  if (!best) return "No trial is complete.";
  const has = parameters
    .filter((name) => Object.hasOwn(best.trial.params, name))
    .slice(0, 4)
    .map((name) => `${clip(name, 32)} ${formatValue(best.trial.params[name])}`);
  const part =
    shown === all ? "" : ` ${shown} of ${all} lines are drawn: the best, and others evenly by rank.`;
  return `${count(all, "complete trial")}; the thick line is the best, trial ${best.trial.number} with ${metric} ${formatScore(best.value)}: ${has.join(", ")}.${part}`;
}
