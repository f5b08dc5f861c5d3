/** Which parameters matter, with intervals. */
import { checkOptions, mustBeInteger, type OptionNames } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { FittedForest, importances, type ScoredTrial } from "../../search/analysis/importance.js";
import { clip, percent } from "../format.js";
import { objectiveOf } from "./objective.js";
import type { Plot } from "./plot.js";
import { plotOfRows } from "./rows.js";
import type { StudyData } from "./studyData.js";

/** How importances are computed and drawn. */
export interface ImportancePlotOptions {
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
  /** The number of bootstrap samples for the intervals, at most 1,000; 0 for no intervals. Default 10. */
  readonly draws?: number;
  /** The number of parameters to draw, the most important first. Default 15. */
  readonly most?: number;
}

const OPTIONS: OptionNames<ImportancePlotOptions> = { objective: true, draws: true, most: true };

/** The share of one parameter. */
export interface Importance {
  readonly name: string;
  readonly share: number;
  /** The minimum and maximum over bootstrap samples of the trials. */
  readonly interval: readonly [low: number, high: number];
}

/** The most trials for a forest, chosen evenly by number. */
export const MOST_ANALYSED = 500;

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

/** The most bootstrap samples: each fits a separate forest. */
const MOST_DRAWS = 1000;

/**
 * The importance of each parameter by `importances`, with its range over bootstrap samples of the trials.
 * Empty with fewer than 4 complete trials, and for values whose squares are not finite.
 */
export function importancesWithIntervals(
  study: StudyData,
  options: Omit<ImportancePlotOptions, "most"> = {},
): Importance[] {
  checkOptions(options, "plotImportances", OPTIONS);
  const { objective = 0, draws = 10 } = options;
  mustBeInteger("draws", draws, 0, MOST_DRAWS);
  const trials = scoredTrials(study, objective);
  const forest = forestOf(study, objective);
  if (!forest || trials.length < LEAST) return [];
  const { main } = forest.importances();
  if (!Object.values(main).every(Number.isFinite)) return [];
  const random = new RandomStream(0, DRAWS_STREAM);
  const drawn = Array.from({ length: draws }, (_, seed) => {
    const some = trials.map(() => trials[random.integer(trials.length)]);
    return importances(some, study.space, { trees: TREES, seed }).main;
  });
  return Object.entries(main).map(([name, share]) => {
    const shares = [share, ...drawn.map((each) => each[name])];
    return { name, share, interval: [Math.min(...shares), Math.max(...shares)] };
  });
}

/** Characters of a name. */
const LONGEST = 22;
/** Trees of each sample's forest: fewer than usual, so that intervals are too wide rather than too narrow. */
const TREES = 8;
const LEAST = 4;
const DRAWS_STREAM = 0x6472;

/**
 * The share of the variance that each parameter explains by itself, the most important at the top. Lines are
 * the range over bootstrap samples of the trials.
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
  mustBeInteger("most", most);
  const { metric } = objectiveOf(study, options.objective ?? 0);
  const shown = all.slice(0, most);
  return plotOfRows(
    {
      name: "importances",
      title: `What matters for ${metric}`,
      description: said(all, shown.length, metric),
    },
    shown.map(({ name, share, interval }) => ({ label: clip(name, LONGEST), at: share, interval })),
    { name: "share of the variance", most: 1.05 },
  );
}

function said(all: readonly Importance[], shown: number, metric: string): string {
  if (all.length === 0)
    return `Importances need at least ${LEAST} complete trials, with values whose squares are finite.`;
  const [first, second] = all;
  if (first.share === 0) return `No parameter explains how ${metric} varies.`;
  const [low, high] = first.interval.map(percent);
  const next = second && second.share > 0 ? `, ${second.name} ${percent(second.share)}` : "";
  const part = shown === all.length ? "" : ` ${shown} of ${all.length} parameters are drawn.`;
  return `${first.name} explains ${percent(first.share)} of how ${metric} varies (${low} to ${high} over bootstrap samples of the trials)${next}.${part}`;
}
