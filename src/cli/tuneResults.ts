/**
 * What `fettle tune` prints about a study: its setup, its results, and both as data. It computes no figure
 * itself.
 */
import type { Dataset } from "../data/dataset.js";
import { positiveOf } from "../data/positive.js";
import { type JsonReport, jsonReport } from "../report/json.js";
import { scoresMarkdown } from "../report/markdown.js";
import { type StudyData, studyData } from "../report/plots/studyData.js";
import { receiptLines } from "../report/receipt.js";
import { introduce, summarize, summarizeFront } from "../report/study.js";
import type { Params, Space } from "../search/space/space.js";
import { bestOrNone } from "../search/study/best.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { READING } from "./dataset.js";
import { markdownOf, picturesOf } from "./display.js";
import { titleOf } from "./files.js";
import { inFlags } from "./messages.js";
import { type Repeat, repeated } from "./repeat.js";
import { warningsOf } from "./reportParts.js";
import { paintFor, printLines, widthOf } from "./streams.js";
import type { TuneFlags } from "./tuneFlags.js";
import type { TuneSetup } from "./tuneSetup.js";

export function printIntroduction(file: string, flags: TuneFlags, setup: TuneSetup, trials: number): void {
  const { seed, seconds } = flags;
  const { data, sizes, folds, strategy, metrics, validation } = setup;
  const { development, searched, test } = sizes;
  const about = {
    file: titleOf(file),
    data,
    metrics,
    strategy: strategy.name,
    ...(seconds === undefined ? { trials } : { seconds, ...(flags.trials !== undefined && { trials }) }),
    folds,
    development,
    searched,
    test,
    seed,
    ...(typeof validation === "function" && { splitter: validation.name }),
    notes: readingOf(data),
    warnings: warningsOf(data, flags),
  };
  printLines(introduce(about, widthOf(process.stdout)));
}

/** How the table was read: its receipt and other notes. */
function readingOf({ receipt, notes = [] }: Dataset): string[] {
  const explain = (message: string): string => inFlags(message, ["task", "missing", "positive", ...READING]);
  if (receipt === undefined) return notes.map(explain);
  const told = receipt.findings.map(({ message }) => message);
  return [...receiptLines(receipt, explain), ...notes.filter((note) => !told.includes(note)).map(explain)];
}

/** What each form of the report has of a result. */
function outcomeOf(result: TuneResult<Space> | undefined, baselines: BaselineReport | undefined) {
  const { trials, endedBy, networks, shortened, ensemble, calibration } = result ?? {};
  const { positive, test = {}, notes, threshold } = finalOrNone(result) ?? {};
  const ended = { endedAfter: endedBy && trials?.length, endedBy, networks, shortened };
  const scored = { test, positive, ensemble, calibration, baselines };
  return { outcome: { ...ended, ...scored }, threshold, thresholdBy: notes?.thresholdBy };
}

export function reportOf(
  { seed }: TuneFlags,
  trials: readonly TrialRecord<Params>[],
  result: TuneResult<Space> | undefined,
  baselines: BaselineReport | undefined,
): JsonReport {
  const { outcome, threshold, thresholdBy } = outcomeOf(result, baselines);
  return jsonReport({
    ...outcome,
    best: result && bestOrNone(result.study),
    bestTrials: result && result.metrics.length > 1 ? result.bestTrials : undefined,
    threshold: thresholdBy === undefined ? undefined : threshold,
    trials,
    seed,
  });
}

/** The study in the form that pictures and Markdown read. */
const dataOf = (file: string, { labels: metrics }: TuneSetup, { study }: TuneResult<Space>): StudyData =>
  studyData(study, { name: titleOf(file), metrics });

/** The study as Markdown, with the scores of the final model. */
export const markdownLines = (
  file: string,
  setup: TuneSetup,
  result: TuneResult<Space>,
  baselines: BaselineReport | undefined,
): string[] => [
  ...markdownOf(dataOf(file, setup, result)),
  ...scoresMarkdown(finalOrNone(result)?.test ?? {}, setup.sizes.test, baselines, positiveOf(setup.data)),
];

export function printResult(
  file: string,
  { plot }: TuneFlags,
  setup: TuneSetup,
  result: TuneResult<Space>,
  baselines: BaselineReport | undefined,
  repeat: Repeat | undefined,
  seconds: number,
): void {
  const { bestTrials, trials, study, metric, endedBy, networks } = result;
  const { outcome, threshold = 0, thresholdBy } = outcomeOf(result, baselines);
  const best = bestOrNone(study);
  const { direction, directions } = study;
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  // without the time, by the typed words; the words of a resumed study differ
  const isTyped = setup.study === undefined && file !== "-";
  const again = isTyped && (endedBy ?? networks) !== undefined ? repeat : undefined;
  const common = {
    ...outcome,
    trials,
    folds: setup.folds,
    seconds,
    repeat: again && repeated(process.argv.slice(2), again),
  };
  const by = thresholdBy === undefined ? undefined : { metric: String(thresholdBy), value: threshold };
  printLines(
    best
      ? summarize(
          { ...common, metric, direction, best, threshold: by, testRows: setup.sizes.test },
          width,
          paint,
        )
      : summarizeFront({ ...common, metrics: setup.labels, directions, bestTrials }, width, paint),
  );
  if (plot) printLines(picturesOf(dataOf(file, setup, result)));
}
