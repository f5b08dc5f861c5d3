/**
 * `fettle tune`: reads a table, tunes a network on it and prints the results. It computes no figure itself.
 */
import { join } from "node:path";
import type { Command } from "commander";
import type { Ending } from "../dashboard/ended.js";
import { check, show } from "../errors.js";
import type { StudySource } from "../report/plots/studyData.js";
import type { Params, Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { digestOfData } from "../tune/trial/receipt.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { TABLE_HELP } from "./dataset.js";
import { printsOneText } from "./display.js";
import { EXIT } from "./exit.js";
import { addFlags } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { type OpenStudy, openStudy } from "./openTune.js";
import { createProgressBar } from "./progress.js";
import { repeatOf } from "./repeat.js";
import { writeReport } from "./report.js";
import { tableParts } from "./reportParts.js";
import { complainOfNone, howToResume } from "./resume.js";
import { shownStorage } from "./storageFile.js";
import { note, printLines } from "./streams.js";
import { MODEL_FILE } from "./studyFolder.js";
import { heldFlags, TUNE, type TuneFlags } from "./tuneFlags.js";
import { openKeeper } from "./tuneKeeper.js";
import { markdownLines, printIntroduction, printResult, reportOf } from "./tuneResults.js";
import { baselinesFor, compared, search } from "./tuneSearch.js";
import { readSetup, type TuneSetup } from "./tuneSetup.js";
import { watchRun } from "./tuneWatch.js";

/** Adds the command; `done` receives the exit code. */
export function addTuneCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command("tune")
    .summary("tune a dense network on a table")
    .description(
      "Tune the hyperparameters of a dense network on a table. Each trial is scored by cross-validation. The " +
        "best network is trained again and scored on rows that no trial saw.",
    )
    .argument("[data.csv]", TABLE_HELP);
  addFlags(command, TUNE)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: TuneFlags) =>
      done(await run(await openStudy(command, file, flags))),
    );
}

const EXAMPLES = `
Examples:
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
  }`;

/** @returns the exit code */
async function run(study: OpenStudy): Promise<number> {
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
  const keeper = await openKeeper(study, data, setup);
  const queue = await keeper?.openQueue?.();
  const jobs = cappedJobs(flags.jobs);
  const others = await baselinesFor(setup, flags);
  const bar = createProgressBar(process.stderr, setup.labels[0], async ({ trials, finished }) => {
    await keeper?.stored?.(); // so that other commands find the study as soon as this says that there is one
    printIntroduction(file, flags, setup, Math.max(trials, finished));
  });
  let running: { stop(): void } | undefined;
  const interrupt = takeInterrupts("the running trials", bar, () => {
    running?.stop();
    keeper?.keep();
  });
  const watch = flags.watch ? await watchRun(study, setup.labels, keeper, () => running?.stop()) : undefined;
  const ended: TrialRecord<Params>[] = [];
  const onEvent = (event: StudyEvent): void => {
    if (event.type === "studyStarted") {
      running = event.study;
      if (interrupt.signal.aborted) running.stop();
    }
    if (event.type === "trialEnded") ended.push(event.record);
    keeper?.onEvent(event);
    watch?.onEvent(event);
    if (!printsOneText(flags)) bar.update(event);
  };
  try {
    const result = await search(setup, { ...flags, ...(jobs === undefined ? {} : { jobs }) }, onEvent, queue);
    await bar.shown();
    bar.stop();
    const trials = result?.trials ?? ended.sort((a, b) => a.number - b.number);
    const seconds = performance.now() / 1000; // of the complete command, with which the clock of the process started
    const baselines = result && compared(others, result, flags);
    const isWhole = interrupt.exitCode === undefined;
    const repeat = result && isWhole ? repeatOf(result, setup.enqueue ?? [], setup.searchRows) : undefined;
    if (flags.json) printLines([JSON.stringify(reportOf(flags, trials, result, baselines))]);
    else if (flags.markdown) printLines(result ? markdownLines(file, setup, result, baselines) : []);
    else if (result?.bestTrials.length) printResult(file, flags, setup, result, baselines, repeat, seconds);
    if (!result?.bestTrials.length) complainOfNone(trials);
    if (result?.bestTrials.length && result.metrics.length === 1 && result.finalError)
      note(`There is no model: ${result.finalError.message}.`);
    if (keeper) {
      const status: Ending = interrupt.signal.aborted
        ? "interrupted"
        : result?.bestTrials.length
          ? "finished"
          : "no result";
      const report = reportOf(flags, trials, result, baselines);
      const { receipt } = setup.data;
      const summary = {
        status,
        seconds,
        ...report,
        trials: trials.length,
        ...(repeat && { repeat }),
        ...(receipt && { receipt }),
      };
      const lines = await keeper.finish(trials, summary, result);
      const written =
        flags.out === undefined || !result
          ? []
          : [await reportIn(flags.out, { file, data, flags }, setup, result, summary)];
      if (!printsOneText(flags)) printLines([...lines, ...written]);
    }
    if (watch && interrupt.exitCode === undefined) {
      interrupt.release(); // from now on, Ctrl-C closes the dashboard
      await watch.finish(result, study, trials.length, baselines);
    }
    if (interrupt.exitCode !== undefined) {
      note(howToResume("tune", flags, trials.length));
      return interrupt.exitCode;
    }
    return result?.bestTrials.length ? EXIT.success : EXIT.failure;
  } finally {
    bar.stop();
    interrupt.release();
    await watch?.close();
    await queue?.close();
    await keeper?.release();
  }
}

/** The report among the files of `--out`. */
function reportIn(
  folder: string,
  { file, data, flags }: { readonly file: string; readonly data: string; readonly flags: TuneFlags },
  setup: TuneSetup,
  result: TuneResult<Space>,
  summary: Readonly<Record<string, unknown>>,
): Promise<string> {
  const command = { file, data, flags: heldFlags(flags) };
  return writeReport(
    folder,
    result.study as StudySource,
    { ...summary, command },
    tableParts(file, setup, finalOrNone(result), join(folder, MODEL_FILE)),
  );
}
