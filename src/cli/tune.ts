/**
 * `fettle tune`: reads a table, tunes a network on it and prints the results. It computes no figure itself.
 */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { check, show } from "../errors.js";
import type { StudySource } from "../report/plots/studyData.js";
import type { Space } from "../search/space/space.js";
import { digestOfData } from "../tune/trial/receipt.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import type { JobQueue } from "../workers/queue/queue.js";
import { defineCommand } from "./command.js";
import { TABLE_HELP } from "./dataset.js";
import { cappedJobs } from "./jobs.js";
import { openKeeper } from "./keeper.js";
import { quotedPath } from "./messages.js";
import { type OpenStudy, openStudy } from "./openTune.js";
import { repeatOf } from "./repeat.js";
import { writeReport } from "./report.js";
import { tableParts } from "./reportParts.js";
import { runStudy } from "./runStudy.js";
import { shownStorage } from "./storageFile.js";
import { note } from "./streams.js";
import { MODEL_FILE, type SavedTable } from "./studyFolder.js";
import { heldFlags, TUNE, type TuneFlags } from "./tuneFlags.js";
import { markdownLines, printIntroduction, printResult, reportOf } from "./tuneResults.js";
import { baselinesFor, compared, search } from "./tuneSearch.js";
import { readSetup, type TuneSetup } from "./tuneSetup.js";
import { type Watch, watchRun } from "./tuneWatch.js";

export const define = defineCommand({
  description:
    "Tune the hyperparameters of a dense network on a table. Each trial is scored by cross-validation. The " +
    "best network is trained again and scored on rows that no trial saw.",
  arguments: [["[data.csv]", TABLE_HELP]],
  flags: TUNE,
  after: `Examples:
  fettle tune examples/data/breast-cancer.csv --target diagnosis
  fettle tune houses.csv --target price --metric mae --drop id,address
  fettle tune data.csv --target y --trials 100 --seed 1 --json > result.json
  fettle tune data.csv --target y --seconds 60
  fettle tune data.csv --target y --strategy tpe --scheduler asha --trials 100
  fettle tune data.csv --target y --metric recall,precision --test-size 0
  fettle tune data.csv --target y --scheduler pbt --epochs 5 --trials 160
  fettle tune data.csv --target y --space space.json --strategy grid --points 4
  fettle tune data.csv --target y --out study
  fettle tune --resume study --trials 100
  fettle tune data.csv --target y --storage studies.db --study first
  fettle tune --storage studies.db --study first --trials 100
  fettle tune data.csv --target y --watch
  fettle tune data.csv --target y --storage s.db --study all --queue storage
  fettle worker --storage s.db --study all

A space file lists the parameters to tune; the others keep their defaults:
  {
    "learningRate": { "type": "float", "low": 1e-4, "high": 0.1, "log": true },
    "units": { "type": "int", "low": 8, "high": 64 },
    "optimizer": { "type": "choice", "values": ["adam", "sgd"] },
    "momentum": { "type": "float", "low": 0, "high": 0.9,
                  "when": { "optimizer": ["sgd"] } }
  }`,
  run,
});

/** @returns the exit code */
async function run(file: string | undefined, flags: TuneFlags, command: Command): Promise<number> {
  const study = await openStudy(command, file, flags);
  try {
    return await runOpen(study);
  } finally {
    await study.record?.release();
  }
}

async function runOpen(opened: OpenStudy): Promise<number> {
  const { file, flags: given, data: dataOfStudy } = opened;
  if (dataOfStudy !== undefined && file === "-")
    note("The table of this study came from standard input, and is read from there again.");
  const setup = await readSetup(file, given, opened.study);
  const { searchRows } = setup;
  // kept with the study, which resumes with the same rows
  const flags: TuneFlags = { ...given, ...(searchRows !== undefined && { searchRows }) };
  const study: OpenStudy = { ...opened, flags };
  const { data } = await digestOfData(setup.data);
  check(
    dataOfStudy === undefined || dataOfStudy === data,
    () =>
      `${show(file)} must be the table that the study in ${show(flags.storage === undefined ? flags.out : shownStorage(flags.storage))} began with; its cells have changed`,
  );
  const command: SavedTable = {
    file: file === "-" ? file : resolve(file),
    data,
    flags: heldFlags(flags),
    ...(flags.study !== undefined && { stored: flags.study }),
  };
  const written = (files: readonly string[]): string[] => filesWritten(files, setup.data.target);
  const keeper = await openKeeper({ ...study, command, metrics: setup.labels, written });
  let queue: JobQueue | undefined;
  let watch: Watch | undefined;
  try {
    queue = await keeper?.openQueue?.();
    const jobs = cappedJobs(flags.jobs);
    const others = await baselinesFor(setup, flags);
    let running: { stop(): void } | undefined;
    watch = flags.watch ? await watchRun(study, setup.labels, keeper, () => running?.stop()) : undefined;
    return await runStudy<TuneResult<Space>>({
      command: "tune",
      flags,
      metric: setup.labels[0],
      running: "the running trials",
      keeper,
      introduce: ({ trials, finished }) => printIntroduction(file, flags, setup, Math.max(trials, finished)),
      search: (onEvent) => search(setup, { ...flags, ...(jobs !== undefined && { jobs }) }, onEvent, queue),
      onEvent(event) {
        if (event.type === "studyStarted") running = event.study;
        watch?.onEvent(event);
      },
      show({ trials, result, seconds, isWhole }) {
        const baselines = result && compared(others, result, flags);
        const repeat = result && isWhole ? repeatOf(result, setup.searchRows) : undefined;
        const { receipt } = setup.data;
        const found = result as TuneResult<Space>; // called only with one
        return {
          report: reportOf(flags, trials, result, baselines),
          made: result,
          more: { ...(repeat && { repeat }), ...(receipt && { receipt }) },
          markdown: () => markdownLines(file, setup, found, baselines),
          print: () => printResult(file, flags, setup, found, baselines, repeat, seconds),
          writeReport: (out, summary) => reportIn(out, { ...command, file }, setup, found, summary),
          async stay(release) {
            if (!watch) return;
            release(); // from now on, Ctrl-C closes the dashboard
            await watch.finish(result, study, trials.length, baselines);
          },
        };
      },
    });
  } finally {
    await watch?.close();
    await queue?.close();
    await keeper?.release();
  }
}

/** The written files, and the command that predicts with them. */
function filesWritten(files: readonly string[], target: string): string[] {
  const model = files.find((path) => path.endsWith(MODEL_FILE));
  const use =
    model === undefined
      ? []
      : [`Predict ${target} of other rows: npx fettle predict ${quotedPath(model)} <data.csv>`];
  return [`Written: ${files.join(", ")}`, ...use];
}

/** The report among the files of `--out`. */
async function reportIn(
  folder: string,
  { file, data, flags }: SavedTable,
  setup: TuneSetup,
  result: TuneResult<Space>,
  summary: Readonly<Record<string, unknown>>,
): Promise<string> {
  return writeReport(
    folder,
    result.study as StudySource,
    { ...summary, command: { file, data, flags } },
    await tableParts(file, setup, finalOrNone(result), join(folder, MODEL_FILE)),
  );
}
