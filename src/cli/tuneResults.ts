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
import { inFlags } from "./explain.js";
import { titleOf } from "./files.js";
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

export function reportOf(
  { seed }: TuneFlags,
  trials: readonly TrialRecord<Params>[],
  result: TuneResult<Space> | undefined,
  baselines: BaselineReport | undefined,
): JsonReport {
  const { bestTrials = [], metrics = [], endedBy, networks, shortened, ensemble, calibration } = result ?? {};
  const [best, final] = [result && bestOrNone(result.study), finalOrNone(result)];
  const { positive } = final ?? {};
  const report = {
    best,
    test: final?.test ?? {},
    trials,
    seed,
    ...(metrics.length > 1 && { bestTrials }),
    ...(endedBy !== undefined && { endedAfter: trials.length, endedBy }),
    ...(networks !== undefined && { networks }),
    ...(shortened && { shortened }),
    ...(positive !== undefined && { positive }),
    ...(final?.notes.thresholdBy !== undefined && { threshold: final.threshold }),
    ...(ensemble && { ensemble }),
    ...(calibration && { calibration }),
    ...(baselines && { baselines }),
  };
  return jsonReport(report);
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
  const { bestTrials, trials, study, metric, ensemble, calibration } = result;
  const [best, final] = [bestOrNone(study), finalOrNone(result)];
  const { endedBy, networks, shortened } = result;
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  // without the time, by the typed words; the words of a resumed study differ
  const isTyped = setup.study === undefined && file !== "-";
  const again = isTyped && (endedBy ?? networks) !== undefined ? repeat : undefined;
  const common = {
    trials,
    folds: setup.folds,
    seconds,
    ...(endedBy !== undefined && { endedAfter: trials.length, endedBy }),
    ...(networks !== undefined && { networks }),
    ...(shortened && { shortened }),
    ...(again && { repeat: repeated(process.argv.slice(2), again) }),
  };
  if (best) {
    const { direction } = study;
    const report = {
      ...common,
      metric,
      direction,
      best,
      test: final?.test ?? {},
      ...(final?.positive !== undefined && { positive: final.positive }),
      ...(final?.notes.thresholdBy !== undefined && {
        threshold: { metric: String(final.notes.thresholdBy), value: final.threshold },
      }),
      ...(ensemble && { ensemble }),
      ...(calibration && { calibration }),
      ...(baselines && { baselines }),
      testRows: setup.sizes.test,
    };
    printLines(summarize(report, width, paint));
  } else {
    const { directions } = study;
    printLines(summarizeFront({ ...common, metrics: setup.labels, directions, bestTrials }, width, paint));
  }
  if (plot) printLines(picturesOf(dataOf(file, setup, result)));
}
