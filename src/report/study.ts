/**
 * A tuned table as text for people: what is tuned, and what came of it. As data for
 * programs, see json.ts.
 */
import type { Dataset } from "../data/dataset.js";
import type { Direction } from "../metrics/metric.js";
import type { Params } from "../search/space.js";
import { isBetter, statuses, type TrialRecord } from "../search/trial.js";
import { clip, count, formatDuration, formatScore, formatValue, plain } from "./format.js";
import { layOut, wrap } from "./table.js";

/** What a report says before the first trial. */
export interface StudyIntroduction {
  /** The table's file. */
  readonly file: string;
  readonly data: Pick<Dataset, "rows" | "features" | "task" | "target" | "classes">;
  readonly strategy: string;
  /** The budget. */
  readonly trials: number;
  readonly folds: number;
  /** Rows that trials see, and rows that they do not. */
  readonly development: number;
  readonly test: number;
  readonly seed: number;
}

/** What a report says at the end. */
export interface StudyReport {
  readonly metric: string;
  readonly direction: Direction;
  readonly folds: number;
  readonly trials: readonly TrialRecord<Params>[];
  readonly best: TrialRecord<Params>;
  /** Scores on held-out rows, by metric; empty without any. */
  readonly test: Readonly<Record<string, number>>;
  readonly testRows: number;
  /** Since the study started. */
  readonly seconds: number;
}

/** How headings are marked; the identity without colours. */
export interface Paint {
  heading(text: string): string;
  faint(text: string): string;
}

/** How many trials are shown side by side, where there is room. */
const TOP = 5;

/** What is about to be tuned, in lines of at most `width` characters. */
export function introduce(about: StudyIntroduction, width: number): string[] {
  const { file, data, test } = about;
  const held = test > 0 ? `, ${count(test, "row")} held out` : "";
  return [
    describeData(file, data),
    `${about.strategy} search: ${count(about.trials, "trial")}, each by ${about.folds}-fold cross-validation on ${count(about.development, "row")}${held}; seed ${about.seed}`,
  ].flatMap((line) => wrap(line, width));
}

/** A table in a line: `iris.csv: 150 rows, 4 inputs, classification of species (setosa, versicolor, virginica)`. */
export function describeData(file: string, data: StudyIntroduction["data"]): string {
  const classes = data.classes.map(plain);
  const aim =
    data.task === "regression"
      ? `regression of ${plain(data.target)}`
      : `classification of ${plain(data.target)} (${clip(classes.join(", "), 60)})`;
  return `${plain(file)}: ${count(data.rows, "row")}, ${count(data.features.length, "input")}, ${aim}`;
}

/** What came of it, in lines of at most `width` characters. */
export function summarize(report: StudyReport, width: number, paint: Paint): string[] {
  const { best, metric, test, trials } = report;
  const heading = (text: string): string[] => ["", ...wrap(text, width).map(paint.heading)];
  const params = Object.entries(best.params).map(([name, value]) => [name, formatValue(value)]);
  const scores = Object.entries(test).map(([name, value]) => [name, formatScore(value)]);
  const top = topTrials(report);
  return [
    ...heading(`Best parameters (trial ${best.number})`),
    ...layOut(params, { width }),
    ...heading(`Cross-validated ${metric} (mean ± std of ${report.folds} folds)`),
    clip(`  ${formatScore(best.value)} ± ${formatScore(best.std)}`, width),
    ...(scores.length > 0
      ? [...heading(`Scores on the ${count(report.testRows, "row")} held out`), ...layOut(scores, { width })]
      : []),
    ...(top.length > 1 ? [...heading("Best trials"), ...layOut(compare(top, metric), { width })] : []),
    "",
    ...wrap(`${countStatuses(trials)}, in ${formatDuration(report.seconds)}`, width).map(paint.faint),
    ...firstFailure(trials).flatMap((text) => wrap(text, width).map(paint.faint)),
  ];
}

/** Complete trials, the best first, the earlier of equals before. */
function topTrials({ trials, direction }: StudyReport): TrialRecord<Params>[] {
  return trials
    .filter(({ status }) => status === "complete")
    .sort((a, b) => (isBetter(a, b, direction) ? -1 : 1))
    .slice(0, TOP);
}

/** Trials side by side: one column each, so that any number of parameters fits a narrow terminal. */
function compare(top: readonly TrialRecord<Params>[], metric: string): string[][] {
  const names = [...new Set(top.flatMap(({ params }) => Object.keys(params)))];
  const row = (label: string, cell: (trial: TrialRecord<Params>) => string): string[] => [
    label,
    ...top.map(cell),
  ];
  return [
    row("trial", ({ number }) => String(number)),
    row(metric, ({ value }) => formatScore(value)),
    row("± std", ({ std }) => formatScore(std)),
    ...names.map((name) => row(name, ({ params }) => formatValue(params[name]))),
    row("seconds", ({ seconds }) => (seconds === null ? formatValue(undefined) : seconds.toFixed(1))),
  ];
}

/** How many trials ended in which way: `30 trials: 28 complete, 1 failed, 1 diverged`. */
export function countStatuses(trials: readonly Pick<TrialRecord, "status">[]): string {
  const parts = statuses.flatMap((status) => {
    const n = trials.filter((trial) => trial.status === status).length;
    return n > 0 ? [`${n} ${status}`] : [];
  });
  return [count(trials.length, "trial"), ...(parts.length > 0 ? [parts.join(", ")] : [])].join(": ");
}

/** Why the first trial that failed did; nothing if none did. */
export function firstFailure(trials: readonly TrialRecord<Params>[]): string[] {
  const failed = trials.find(({ status }) => status === "failed");
  return failed ? [`Trial ${failed.number} failed: ${plain(failed.error ?? "no reason was given")}`] : [];
}
