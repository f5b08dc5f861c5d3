/**
 * `fettle tune`: reads a table, tunes a network on it and prints the results. It computes no figure itself.
 */
import { join } from "node:path";
import type { Command } from "commander";
import type { Ending } from "../dashboard/ended.js";
import { check, show } from "../errors.js";
import { REPORTED } from "../metrics/registry.js";
import type { StudySource } from "../report/plots/studyData.js";
import type { Params, Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { DENSE_DEFAULTS } from "../tune/dense.js";
import { digestOfData } from "../tune/trial/receipt.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { addDatasetFlags } from "./dataset.js";
import { addDisplayFlags, printsOneText } from "./display.js";
import { EXIT } from "./exit.js";
import { costs, integer, names, positiveNumber, share } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { type OpenStudy, openStudy } from "./openTune.js";
import { createProgressBar } from "./progress.js";
import { QUEUE_FLAG } from "./queue.js";
import { repeatOf } from "./repeat.js";
import { writeReport } from "./report.js";
import { tableParts } from "./reportParts.js";
import { complainOfNone, howToResume } from "./resume.js";
import { shownStorage } from "./storageFile.js";
import { NO_SCHEDULER, POPULATION, SCHEDULERS, STRATEGIES, TRIALS_FLAG } from "./strategyFlags.js";
import { note, printLines } from "./streams.js";
import { MODEL_FILE } from "./studyFolder.js";
import { addTrainingFlags } from "./trainingFlags.js";
import { openKeeper } from "./tuneKeeper.js";
import { markdownLines, printIntroduction, printResult, reportOf } from "./tuneResults.js";
import { baselinesFor, compared, search } from "./tuneSearch.js";
import { heldFlags, readSetup, type TuneFlags, type TuneSetup } from "./tuneSetup.js";
import { watchRun } from "./tuneWatch.js";
import { addValidationFlags } from "./validation.js";

/** Adds the command; `done` receives the exit code. */
export function addTuneCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command("tune")
    .summary("tune a dense network on a table")
    .description(
      "Tune the hyperparameters of a dense network on a table. Each trial is scored by cross-validation. The " +
        "best network is trained again and scored on rows that no trial saw.",
    );
  addDatasetFlags(command, "[data.csv]").option(
    "--test-size <share>",
    "share of rows held out for the final scores; 0 holds out no rows",
    share("--test-size"),
    0.2,
  );
  command.option(
    "--search-rows <n>",
    "how many of the other rows trials use; the final model is fitted to all (default: all; with --seconds, as many as the time allows)",
    integer("--search-rows", 2),
  );
  addSearchFlags(command);
  addValidationFlags(command);
  addTrainingFlags(command);
  command
    .optionsGroup("Other options:")
    .option("--seed <n>", "random seed", integer("--seed", 0), 0)
    .option(
      "--jobs <n>",
      "worker threads; their number does not change results (default: one per core); with --queue, 0 leaves all work to other workers",
      integer("--jobs", 0),
    );
  addDisplayFlags(command, "print only a JSON object")
    .option(
      "--watch",
      "serve a dashboard of the run, to this machine only, and print its address (see fettle dashboard)",
    )
    .optionsGroup("Files:")
    .option(
      "--out <folder>",
      `write ${MODEL_FILE}, study.json, trials.csv, curves.csv and summary.json, while the study runs; and report.html, if echarts is installed`,
    )
    .option("--overwrite", "replace the study in the folder of --out")
    .option(
      "--resume <folder>",
      "resume the study in a folder of --out; with --trials, until it has that many trials; with --seconds, for that long",
    )
    .option(
      "--storage <database>",
      "keep the study in a database (a file, or postgres://host/name), each trial once it has ended; an existing study is resumed as with --resume; --out writes its files too (see fettle studies)",
    )
    .option("--study <name>", "the name of the study in the database of --storage")
    .option(...QUEUE_FLAG)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: TuneFlags) =>
      done(await run(await openStudy(command, file, flags))),
    );
}

const list = (words: readonly string[]): string => words.join(", ");

function addSearchFlags(command: Command): void {
  command
    .optionsGroup("Search:")
    .option(...TRIALS_FLAG)
    .option(
      "--seconds <n>",
      "time limit of the command, including the final fit and the baselines; the result names the trial after which the search ended",
      positiveNumber("--seconds"),
    )
    .option(
      "--all-seconds",
      "search for all of --seconds; without it, a search of at least 60 trials ends if its second half gained no more than chance would",
    )
    .option(
      "--metric <names>",
      `metric to tune for: ${list(REPORTED)}, or any other, such as balancedAccuracy or f1Macro (default: ` +
        "r2 or logLoss); several, separated by commas, give a Pareto front",
      names("--metric"),
    )
    .option(
      "--threshold <metric>",
      "metric that chooses the decision threshold, such as f1, for two classes (default: a threshold of 0.5)",
    )
    .option(
      "--cost <costs>",
      "costs of a missed row of the positive class and of a false alarm, such as missed=100,false=5; the decision threshold minimizes the cost",
      costs,
    )
    .option(
      "--space <file.json>",
      `parameters to tune and their ranges: ${list(Object.keys(DENSE_DEFAULTS))}`,
    )
    .option(
      "--strategy <name>",
      `how points are suggested: ${list(STRATEGIES)} (default: gp, or nsga2 for several metrics)`,
    )
    .option(
      "--points <n>",
      "with a grid: the number of values of each numeric parameter",
      integer("--points", 1),
    )
    .option(
      "--scheduler <name>",
      `how unpromising trials are pruned: ${list(SCHEDULERS)}; or ${POPULATION}: a ` +
        "population of 8 networks; each trial trains one for --epochs more, and the best replace the worst",
      NO_SCHEDULER,
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
