/** Which parameters matter, with how sure that is. */
import { RandomStream } from "../../numerics/random.js";
import { FittedForest, importances, type ScoredTrial } from "../../search/analysis/importance.js";
import { clip } from "../format.js";
import { axisOf, axisOfWords, plotOf } from "./frame.js";
import { objectiveOf } from "./objective.js";
import { COLORS } from "./palette.js";
import type { Plot } from "./plot.js";
import type { StudyData } from "./studyData.js";

/** How importances are computed and drawn. */
export interface ImportancePlotOptions {
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
  /** How many draws of the trials give the intervals; 0 for none. Default 10. */
  readonly draws?: number;
  /** How many parameters are drawn, the most important. Default 15. */
  readonly most?: number;
}

/** The share of one parameter. */
export interface Importance {
  readonly name: string;
  readonly share: number;
  /** The least and the most of it over draws of the trials. */
  readonly interval: readonly [low: number, high: number];
}

/** A forest is grown from at most so many trials, evenly by number. */
export const MOST_ANALYSED = 1000;

/** Complete trials of one objective, for the analyses of `search/`; at most `MOST_ANALYSED`. */
export function scoredTrials(study: StudyData, objective = 0): ScoredTrial[] {
  const { outcomeOf } = objectiveOf(study, objective);
  const all = study.trials.flatMap((trial): ScoredTrial[] => {
    const outcome = outcomeOf(trial);
    return trial.status === "complete" && outcome
      ? [{ params: trial.params, status: "complete", value: outcome.value }]
      : [];
  });
  if (all.length <= MOST_ANALYSED) return all;
  return Array.from({ length: MOST_ANALYSED }, (_, i) => all[Math.floor((i * all.length) / MOST_ANALYSED)]);
}

/** The forest of each objective of a study. */
const fitted = new WeakMap<StudyData, (FittedForest | undefined)[]>();

/** The forest that all pictures of a study share; undefined with fewer than 2 complete trials. */
export function forestOf(study: StudyData, objective = 0): FittedForest | undefined {
  const ofStudy = fitted.get(study) ?? [];
  fitted.set(study, ofStudy);
  const trials = scoredTrials(study, objective);
  if (trials.length >= 2) ofStudy[objective] ??= new FittedForest(trials, study.space);
  return ofStudy[objective];
}

/**
 * The importance of each parameter by `importances`, with the range that it has over draws of the trials with replacement (bootstrap).
 * Empty with fewer than 4 complete trials.
 */
export function importancesWithIntervals(
  study: StudyData,
  { objective = 0, draws = 10 }: Omit<ImportancePlotOptions, "most"> = {},
): Importance[] {
  const trials = scoredTrials(study, objective);
  const forest = forestOf(study, objective);
  if (!forest || trials.length < LEAST) return [];
  const { main } = forest.importances();
  const random = new RandomStream(0, DRAWS_STREAM);
  const drawn = Array.from({ length: draws }, (_, seed) => {
    const some = trials.map(() => trials[random.integer(trials.length)]);
    return importances(some, study.space, { trees: 16, seed }).main;
  });
  return Object.entries(main).map(([name, share]) => {
    const shares = [share, ...drawn.map((each) => each[name])];
    return { name, share, interval: [Math.min(...shares), Math.max(...shares)] };
  });
}

const LEAST = 4;
const DRAWS_STREAM = 0x6472;

/**
 * The share of the variance that each parameter explains by itself, the most important at the top. Lines are the range over draws of the
 * trials with replacement.
 *
 * @example
 * ```ts
 * const space = { a: float(0, 1), b: float(0, 1) };
 * const study = createStudy({ space, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a, b }) => 4 * a + b, { trials: 30 });
 * const { option } = plotImportances(studyData(study));
 * (option.yAxis as { data: string[] }).data; // ["b", "a"]
 * ```
 * @see `importances`
 */
export function plotImportances(study: StudyData, options: ImportancePlotOptions = {}): Plot {
  return importancePlot(study, importancesWithIntervals(study, options), options);
}

/** Importances that were computed before. */
export function importancePlot(
  study: StudyData,
  all: readonly Importance[],
  options: Pick<ImportancePlotOptions, "objective" | "most"> = {},
): Plot {
  const { most = 15 } = options;
  const { metric } = objectiveOf(study, options.objective ?? 0);
  // ECharts draws the first word at the bottom
  const shown = all.slice(0, most).reverse();
  const rows = shown.length;
  const left = Math.min(200, 40 + 7 * Math.max(4, ...shown.map(({ name }) => clip(name, 26).length)));
  const y = axisOfWords(
    shown.map(({ name }) => clip(name, 26)),
    "",
  );
  const label = { width: left - 24, overflow: "truncate", interval: 0, fontSize: 12, hideOverlap: false };
  const high = Math.max(0.1, ...shown.map(({ interval }) => interval[1])) * 1.05;
  return plotOf(
    {
      ...{ name: "importances", title: `What matters for ${metric}` },
      description: said(all, shown.length, metric),
      height: Math.max(200, 120 + 26 * rows),
    },
    axisOf([0, high], "share of the variance", { log: false, low: 0, high: Math.min(1.05, high) }),
    { ...y, option: { ...y.option, axisLabel: label } },
    [
      {
        ...{ type: "bar", barWidth: "55%", data: shown.map(({ share }) => share) },
        itemStyle: { color: COLORS.best, borderRadius: [0, 2, 2, 0] },
      },
      ...shown.map(({ interval }, row) => ({
        ...{ type: "line" as const, symbol: "none", z: 5, silent: true },
        lineStyle: { color: COLORS.grey, width: 2 },
        data: interval.map((share) => [share, row]),
      })),
    ],
    { grid: { left, right: 24, top: 56, bottom: 56 } },
  );
}

function said(all: readonly Importance[], shown: number, metric: string): string {
  if (all.length === 0)
    return `With fewer than ${LEAST} complete trials nothing can be said of what matters.`;
  const [first, second] = all;
  if (first.share === 0) return `No parameter explains how ${metric} varies.`;
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const [low, high] = first.interval.map(percent);
  const next = second && second.share > 0 ? `, ${second.name} ${percent(second.share)}` : "";
  const part = shown === all.length ? "" : ` ${shown} of ${all.length} parameters are drawn.`;
  return `${first.name} explains ${percent(first.share)} of how ${metric} varies (${low} to ${high} over draws of the trials)${next}.${part}`;
}
