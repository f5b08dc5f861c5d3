/** The history of a search: each trial and the best so far. */
import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import { type OptionRules, readOptions, rule } from "../../rules.js";
import { formatDuration, formatScore } from "../format.js";
import { countStatuses } from "../study.js";
import { axisOf, dots, line, metricAxis, plotOf, thinnedBy, thinnedNote } from "./frame.js";
import { type Feasible, objectiveOf } from "./objective.js";
import { outlierLimit } from "./outliers.js";
import { COLORS } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import { rangeOf } from "./scale.js";
import type { StudyData } from "./studyData.js";

/** Options of a history. */
export interface HistoryOptions {
  /** The horizontal axis: the number of trials, or their cumulative seconds. Default `"trials"`. */
  readonly against?: "trials" | "time";
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
}

const RULES = {
  against: [rule('"trials" or "time"', (value) => value === "trials" || value === "time"), "trials"],
  objective: [true, 0],
} satisfies OptionRules<HistoryOptions>;

/**
 * The value of each trial, and the best so far. Trials without a value are marked at the bottom, and values
 * that would flatten all others at the edge. It has the series `trials`, `pruned, infeasible`, `far off`,
 * `no value` and `best so far`, each of points `[number or seconds, value]`.
 *
 * @throws FettleError `invalid_argument` for an objective that the study does not have
 * @example
 * ```ts
 * const study = createStudy({ space: { x: choice([3, 1, 2]) }, strategy: grid(), direction: "minimize" });
 * await study.optimize(({ x }) => x, { trials: 3 });
 * plotHistory(studyData(study)).description; // "The best value is 1.0000, of trial 1; the first was 3.0000. 3 trials: 3 complete."
 * ```
 */
export function plotHistory(study: StudyData, options: HistoryOptions = {}): Plot {
  const { against, objective } = readOptions(options, "plotHistory", RULES);
  const { metric, better, outcomeOf } = objectiveOf(study, objective);
  let elapsed = 0;
  const places = study.trials.map((trial) => {
    elapsed += trial.seconds ?? 0;
    return against === "time" ? elapsed : trial.number;
  });
  const valued: (Feasible & { readonly x: number })[] = [];
  const without: number[] = [];
  // for thousands of trials while a page waits: a loop that copies nothing
  for (let i = 0; i < places.length; i++) {
    const outcome = outcomeOf(study.trials[i]);
    if (outcome === null) without.push(places[i]);
    else {
      const { number, value, counts } = outcome;
      valued.push({ number, value, counts, x: places[i] });
    }
  }
  const leaders = leadersOf(
    valued.filter(({ counts }) => counts),
    better,
  );
  const [first, leader] = [valued.find(({ counts }) => counts), leaders.at(-1)];
  const direction = study.directions[objective];
  const limit = outlierLimit(
    valued.map(({ value }) => value),
    direction,
  );
  const isBeyond = ({ value }: { readonly value: number }): boolean =>
    limit !== undefined && (direction === "minimize" ? value > limit : value < limit);
  const beyond = valued.filter(isBeyond);
  const near = valued.filter((each) => !isBeyond(each)).map(({ value }) => value);
  const y = metricAxis(near, metric, direction);
  const edge = direction === "minimize" ? y.high : y.low;
  const best = leaders.map((each): Point => [each.x, isBeyond(each) ? edge : each.value]);
  const last = places.at(-1);
  if (leader && last !== undefined && last > best[best.length - 1][0])
    best.push([last, best[best.length - 1][1]]);
  const x = axisOf(places, against === "time" ? "seconds of training" : "trial", {
    log: false,
    whole: against === "trials",
  });
  const shown = (counts: boolean): readonly Point[] =>
    thinnedBy(
      valued.filter((each) => each.counts === counts && !isBeyond(each)),
      ({ value }) => value,
    ).map(({ x, value }): Point => [x, value]);
  const [complete, other] = [shown(true), shown(false)];
  const failed = thinnedBy(without, () => 0).map((place): Point => [place, y.low]);
  const far = thinnedBy(beyond, ({ value }) => value).map(({ x }): Point => [x, edge]);
  const shownCount = complete.length + other.length + far.length;
  return plotOf(
    {
      name: against === "time" ? "history-time" : "history",
      title: `Best ${metric} so far${against === "time" ? ", by time" : ""}`,
      description: `${said(metric, first, leader, against === "time" ? elapsed : undefined)} ${countStatuses(study.trials)}.${saidOfOutliers(beyond)}${thinnedNote(shownCount, valued.length)}`,
    },
    x,
    y,
    compact<SeriesOption>(
      complete.length > 0 && dots("trials", COLORS.trial, complete),
      other.length > 0 && dots("pruned, infeasible", COLORS.grey, other, { symbol: "emptyTriangle" }),
      far.length > 0 &&
        dots("far off", COLORS.third, far, {
          symbol: "triangle",
          symbolSize: 9,
          clip: false,
          symbolRotate: direction === "minimize" ? 0 : 180,
        }),
      failed.length > 0 &&
        dots("no value", COLORS.warm, failed, { symbol: "rect", symbolSize: [2, 10], clip: false }),
      best.length > 0 && line("best so far", COLORS.best, best, { step: "end" }),
    ),
  );
}

function saidOfOutliers(beyond: readonly Feasible[]): string {
  if (beyond.length === 0) return "";
  const [least, most] = rangeOf(beyond.map(({ value }) => value)).map(formatScore);
  return beyond.length === 1
    ? ` 1 value is far off, ${least}, and is marked at the edge.`
    : ` ${beyond.length} values are far off, from ${least} to ${most}, and are marked at the edge.`;
}

/** The trials that were better than all before, in order. */
export function leadersOf<T extends { readonly value: number }>(
  trials: readonly T[],
  better: (a: number, b: number) => boolean,
): readonly T[] {
  const leaders: T[] = [];
  for (const trial of trials) {
    const last = leaders.at(-1);
    if (!last || better(trial.value, last.value)) leaders.push(trial);
  }
  return leaders;
}

function said(metric: string, first?: Feasible, best?: Feasible, seconds?: number): string {
  const time = seconds === undefined ? "" : ` All trials together took ${formatDuration(seconds)}.`;
  if (!first || !best) return `No trial is complete, so there is no best ${metric}.${time}`;
  const began = first === best ? "" : `; the first was ${formatScore(first.value)}`;
  return `The best ${metric} is ${formatScore(best.value)}, of trial ${best.number}${began}.${time}`;
}
