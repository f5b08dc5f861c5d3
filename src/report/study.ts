/**
 * A study on a table as text for people: its introduction and its results. For programs, see json.ts.
 */
import { compact } from "../compact.js";
import type { Dataset } from "../data/dataset.js";
import type { Direction } from "../direction.js";
import type { Params } from "../search/space/space.js";
import { ancestry } from "../search/trial/ancestry.js";
import { costVectorOf, sparseFirst } from "../search/trial/pareto.js";
import { isBetter, statuses, type TrialRecord } from "../search/trial/trial.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import type { Shortened } from "../tune/trial/finalLimits.js";
import type { BesideScores } from "../tune/trial/scoring.js";
import { scoreLines } from "./baselines.js";
import { clip, count, formatDuration, formatScore, formatValue, plain, scoreLabel } from "./format.js";
import { layOut, wrap } from "./layout.js";

/** The study before its first trial. */
export interface StudyIntroduction {
  /** The table's file. */
  readonly file: string;
  readonly data: Pick<Dataset, "rows" | "inputs" | "task" | "target" | "classes">;
  /** What was decided when it was read. */
  readonly notes?: readonly string[];
  /** Its problems, see `diagnose`. */
  readonly warnings?: readonly string[];
  /** The metric to optimize. */
  readonly metrics: readonly string[];
  readonly strategy: string;
  /** The budget in trials; undefined if only the time ends the search. */
  readonly trials?: number;
  /** The budget in seconds. */
  readonly seconds?: number;
  readonly folds: number;
  /** The splitter that made the folds, if it was chosen. */
  readonly splitter?: string;
  /** Rows that trials see, and rows held out from them. */
  readonly development: number;
  /** The number of those rows that trials use. */
  readonly searched: number;
  readonly test: number;
  readonly seed: number;
}

/** A finished study. */
export interface StudyReport extends Ending {
  readonly metric: string;
  readonly direction: Direction;
  readonly best: TrialRecord<Params>;
  /** Scores on held-out rows, by metric; empty without any. */
  readonly test: Readonly<Record<string, number>>;
  readonly testRows: number;
  /** The decision threshold of the final model, if one was chosen, and the metric that chose it. */
  readonly threshold?: { readonly metric: string; readonly value: number } | undefined;
}

/** The temperature of a final model, and scores of its probabilities without and with it. */
export interface CalibrationReport {
  readonly temperature: number;
  readonly logLoss: { readonly before: number; readonly after: number };
  readonly error: { readonly before: number; readonly after: number };
}

/**
 * The networks of a final model, by trial, including models that need no tuning, and their score compared
 * with that of one network.
 */
export interface EnsembleReport {
  readonly members: readonly { readonly trial: number; readonly networks: number }[];
  /** Missing if all come from trials. */
  readonly untuned?: { readonly linear?: number; readonly constant?: number };
  readonly score: number;
  readonly single: number;
  /** The number of further divisions into folds that chose them; missing for 0. */
  readonly confirm?: number;
}

/** A finished study with several metrics. */
export interface FrontReport extends Ending {
  readonly metrics: readonly string[];
  readonly directions: readonly Direction[];
  /** The Pareto front, of at least one trial. */
  readonly bestTrials: readonly TrialRecord<Params>[];
}

/** What a tuning has besides its trials, in each form of its report. */
export interface Outcome {
  /**
   * The number of trials after which the search ended early, and the reason: `timeout`, or `standardErrors`
   * if its gains were within chance.
   */
  readonly endedAfter?: number | undefined;
  readonly endedBy?: string | undefined;
  /** The number of networks of the final model, if time allowed fewer than requested. */
  readonly networks?: number | undefined;
  /** The epochs and rows of the final model, if time ran out. */
  readonly shortened?: Shortened | undefined;
  /** The positive class of two, to which the threshold, precision, recall, F1 and AUC refer. */
  readonly positive?: string | undefined;
  /** The networks of the final model, if there are several; as `Ensemble` of `tune`. */
  readonly ensemble?: EnsembleReport | undefined;
  /** The calibration of its probabilities; as `Calibration` of `tune`. */
  readonly calibration?: CalibrationReport | undefined;
  /** Scores on held-out rows compared with those of models that need no tuning; missing without such rows. */
  readonly baselines?: BaselineReport | undefined;
}

interface Ending extends Outcome {
  /** Undefined if values are not means of folds. */
  readonly folds?: number;
  readonly trials: readonly TrialRecord<Params>[];
  /** Since the study started. */
  readonly seconds: number;
  /** The command that repeats the search. */
  readonly repeat?: string | undefined;
  /** The command that runs the best trial again, if trials are commands. */
  readonly again?: string | undefined;
}

/** Marks headings and notes; the identity without colours. */
export interface Paint {
  heading(text: string): string;
  faint(text: string): string;
}

/** The number of trials shown side by side, if there is space. */
const TOP = 5;

/** The study that is about to run, in lines of at most `width` characters. */
export function introduce(about: StudyIntroduction, width: number): string[] {
  const { file, data, test } = about;
  const held = test > 0 ? `, ${count(test, "row")} held out` : "";
  return [
    describeData(file, data),
    ...(about.notes ?? []).map(plain),
    ...(about.warnings ?? []).map((warning) => `warning: ${plain(warning)}`),
    `${about.strategy} search: ${budget(about)}, each by ${howScored(about)} on ${searched(about)}${held}; seed ${about.seed}`,
  ].flatMap((line) => wrap(line, width));
}

function searched({ searched, development }: StudyIntroduction): string {
  return searched < development
    ? `${searched} of ${count(development, "row")}, the final model on all`
    : count(development, "row");
}

function howScored({ folds, splitter }: StudyIntroduction): string {
  if (splitter !== undefined) return `${count(folds, "fold")} of ${splitter}`;
  return folds === 1 ? "one validation part" : `${folds}-fold cross-validation`;
}

/** A study of a program that is about to run, in lines of at most `width` characters. */
export function introduceProgram(
  about: Pick<StudyIntroduction, "strategy" | "trials" | "seconds" | "seed"> & { readonly command: string },
  width: number,
): string[] {
  const { strategy, command, seed } = about;
  return wrap(`${strategy} search: ${budget(about)}, each a run of ${plain(command)}; seed ${seed}`, width);
}

function budget({ trials, seconds }: Pick<StudyIntroduction, "trials" | "seconds">): string {
  return compact<string>(
    trials !== undefined && count(trials, "trial"),
    seconds !== undefined && `trials for ${formatDuration(seconds)} in all`,
  ).join(", or ");
}

/**
 * A table in a line:
 * `iris.csv: 150 rows, 4 inputs, classification of species (setosa, versicolor, virginica)`.
 */
export function describeData(file: string, data: StudyIntroduction["data"]): string {
  const classes = data.classes.map(plain);
  const aim =
    data.task === "regression"
      ? `regression of ${plain(data.target)}`
      : `classification of ${plain(data.target)} (${clip(classes.join(", "), 60)})`;
  return `${plain(file)}: ${count(data.rows, "row")}, ${count(data.inputs.length, "input")}, ${aim}`;
}

/** The results, in lines of at most `width` characters. */
export function summarize(report: StudyReport, width: number, paint: Paint): string[] {
  const { best, positive, threshold, ensemble, calibration } = report;
  const heading = headings(width, paint);
  const line = (text: string): string => clip(`  ${text}`, width);
  const lines = (text: string): string[] => wrap(text, width - 2).map((each) => `  ${each}`);
  const params = Object.entries(best.params).map(([name, value]) => [name, formatValue(value)]);
  const scores = scoreLines(report.test, report.baselines, positive, width);
  const metric = scoreLabel(report.metric, positive);
  const top = topTrials(report);
  const ancestors = ancestry(report.trials, best.number).map(({ number }) => number);
  return compact<string>(
    heading(`Best parameters (trial ${ancestors.toReversed().join(", resumed from ")})`),
    layOut(params, { width }),
    hasSpread(report)
      ? [
          ...heading(`Cross-validated ${metric} (mean ± std of ${report.folds} folds)`),
          line(`${formatScore(best.value)} ± ${formatScore(best.std)}${beside(best, true)}`),
        ]
      : [
          ...heading(report.folds === undefined ? `Best ${plain(metric)}` : `Validated ${metric}`),
          line(`${formatScore(best.value)}${beside(best, false)}`),
        ],
    ensemble && [
      ...heading(`Final model: ${networksOf(ensemble).title}`),
      ...lines(networksOf(ensemble).list),
      line(
        `${metric} ${formatScore(ensemble.score)}, of one network ${formatScore(ensemble.single)}; chosen without the fold that is scored`,
      ),
    ],
    calibration && [...heading("Calibration of probabilities"), ...lines(calibrated(calibration))],
    threshold && [
      ...heading(`Decision threshold${positive === undefined ? "" : ` of ${plain(positive)}`}`),
      line(`${formatScore(threshold.value)}, by ${threshold.metric} on out-of-fold predictions`),
    ],
    scores.length > 0 && [...heading(`Scores on ${count(report.testRows, "held-out row")}`), ...scores],
    top.length > 1 && [...heading("Best trials"), ...layOut(comparison(report, top), { width })],
    ending(report, width, paint),
  );
}

/** `temperature 1.21; expected calibration error 0.0340, before 0.0510` */
function calibrated({ temperature, error }: CalibrationReport): string {
  const after = `expected calibration error ${formatScore(error.after)}`;
  return temperature === 1
    ? `temperature 1, since no other is better; ${after}`
    : `temperature ${temperature.toFixed(2)}; ${after}, before ${formatScore(error.before)}`;
}

/** The networks of an ensemble by their origin: `trial 12 (3), trial 7 (2), linear model (3)` */
export function networksOf({ members, untuned = {}, confirm = 0 }: EnsembleReport): {
  title: string;
  list: string;
} {
  const named = Object.entries(untuned).map(
    ([name, networks]) => [name === "linear" ? "linear model" : name, networks] as const,
  );
  const parts = [...members.map(({ trial, networks }) => [`trial ${trial}`, networks] as const), ...named];
  const all = parts.reduce((sum, [, networks]) => sum + networks, 0);
  if (members.length === 0 && named.length === 1)
    return { title: `the ${named[0][0]}`, list: "no other network improved it on the validation rows" };
  return {
    title: `the mean of ${count(all, "network")}`,
    list:
      parts.map(([name, networks]) => `${name}${networks > 1 ? ` (${networks})` : ""}`).join(", ") +
      (confirm > 0 ? `; chosen on ${confirm + 1} divisions into folds` : ""),
  };
}

/** The results for several metrics: a part of the front, the best by the first metric first. */
export function summarizeFront(report: FrontReport, width: number, paint: Paint): string[] {
  const { bestTrials, trials, metrics, directions, folds } = report;
  const points = bestTrials.map((trial) => costVectorOf(trial, directions));
  const shown = sparseFirst([...bestTrials.keys()], points).slice(0, TOP);
  shown.sort((i, j) => points[i][0] - points[j][0] || i - j);
  const top = shown.map((i) => bestTrials[i]);
  const how =
    folds === undefined ? "" : folds === 1 ? " (on one validation part)" : ` (means of ${folds} folds)`;
  const part = top.length < bestTrials.length ? `, ${top.length} shown` : "";
  return [
    ...headings(
      width,
      paint,
    )(
      `Pareto front of ${metrics.map(plain).join(" and ")}${how}: ${bestTrials.length} of ${count(trials.length, "trial")}${part}`,
    ),
    ...layOut(
      compare(top, metrics, ({ values = [] }) => values.map(formatScore)),
      { width },
    ),
    ...ending(report, width, paint),
  ];
}

function headings(width: number, paint: Paint): (text: string) => string[] {
  return (text) => ["", ...wrap(text, width).map(paint.heading)];
}

function ending(
  { trials, seconds, endedAfter, endedBy, networks, shortened, repeat, again }: Ending,
  width: number,
  paint: Paint,
): string[] {
  const lines = compact<string>(
    `${countStatuses(trials)}, in ${formatDuration(seconds)}`,
    firstFailure(trials),
    endedAfter !== undefined &&
      (endedBy === "standardErrors"
        ? `The search ended after ${count(endedAfter, "trial")}: its second half gained no more than chance would. --all-seconds keeps searching.`
        : `Time ran out after ${count(endedAfter, "trial")}.`),
    networks !== undefined && `Time allowed ${count(networks, "network")} for the final model.`,
    trials
      .filter(({ attributes }) => attributes?.cut === true)
      .map(
        ({ number, steps }) =>
          `Trial ${number} was stopped after ${count(steps ?? 0, "epoch")}, since it took too much of the time.`,
      ),
    shortened &&
      `Time allowed ${shortened.epochs} of its ${count(shortened.of, "epoch")}${
        shortened.rows === undefined
          ? "; more --seconds train it longer"
          : `, on ${shortened.rows} of the rows; more --seconds train it on all`
      }.`,
  );
  // a command stays in one line, so that it can be copied
  const commands = compact<string>(
    repeat !== undefined && `Reproduces exactly (bit for bit): ${repeat}`,
    again !== undefined && `Runs the best trial again: ${again}`,
  );
  return ["", ...lines.flatMap((line) => wrap(line, width).map(paint.faint)), ...commands.map(paint.faint)];
}

/** Other scores of the trial: `; accuracy 0.972 ± 0.011`; for one fold without the deviation. */
function beside({ attributes }: TrialRecord<Params>, spread: boolean): string {
  const { scores = {} } = (attributes ?? {}) as { readonly scores?: BesideScores };
  return Object.entries(scores)
    .map(
      ([name, { mean, std }]) =>
        `; ${plain(name)} ${formatScore(mean)}${spread ? ` ± ${formatScore(std)}` : ""}`,
    )
    .join("");
}

/** Whether values have a deviation: one fold has none. */
const hasSpread = ({ folds }: Ending): boolean => folds !== undefined && folds > 1;

/** The best trials side by side. */
function comparison(report: StudyReport, top: Parameters<typeof compare>[0]): ReturnType<typeof compare> {
  const metric = scoreLabel(report.metric, report.positive);
  return hasSpread(report)
    ? compare(top, [metric, "± std"], ({ value, std }) => [formatScore(value), formatScore(std)])
    : compare(top, [plain(metric)], ({ value }) => [formatScore(value)]);
}

/** Complete trials, the best first, and the earlier of equals first. */
function topTrials({ trials, direction }: StudyReport): TrialRecord<Params>[] {
  return trials
    .filter(({ status }) => status === "complete")
    .sort((a, b) => (isBetter(a, b, direction) ? -1 : 1))
    .slice(0, TOP);
}

/** Trials side by side: one column each, so that any number of parameters fits a narrow terminal. */
function compare(
  top: readonly TrialRecord<Params>[],
  labels: readonly string[],
  figures: (trial: TrialRecord<Params>) => readonly string[],
): string[][] {
  const names = [...new Set(top.flatMap(({ params }) => Object.keys(params)))];
  const row = (label: string, cell: (trial: TrialRecord<Params>) => string): string[] => [
    label,
    ...top.map(cell),
  ];
  return [
    row("trial", ({ number }) => String(number)),
    ...labels.map((label, i) => row(label, (trial) => figures(trial)[i])),
    ...names.map((name) => row(name, ({ params }) => formatValue(params[name]))),
    row("seconds", ({ seconds }) => (seconds === null ? formatValue(undefined) : seconds.toFixed(1))),
  ];
}

/** The number of trials by status: `30 trials: 28 complete, 1 failed, 1 diverged`. */
export function countStatuses(trials: readonly Pick<TrialRecord, "status">[]): string {
  const parts = statuses.flatMap((status) => {
    const n = trials.filter((trial) => trial.status === status).length;
    return n > 0 ? [`${n} ${status}`] : [];
  });
  return compact<string>(count(trials.length, "trial"), parts.length > 0 && parts.join(", ")).join(": ");
}

/** The error of the first failed trial; empty without one. */
export function firstFailure(trials: readonly TrialRecord<Params>[]): string[] {
  const failed = trials.find(({ status }) => status === "failed");
  return failed ? [`Trial ${failed.number} failed: ${plain(failed.error ?? "without a reason")}`] : [];
}
