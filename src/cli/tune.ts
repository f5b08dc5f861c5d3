/** `fettle tune`: reads a table, tunes a network on it and prints the results. Every figure is computed elsewhere. */
import { basename } from "node:path";
import type { Command } from "commander";
import { diagnose } from "../data/diagnosis/diagnose.js";
import { FettleError } from "../errors.js";
import { metrics } from "../metrics/registry.js";
import { jsonReport } from "../report/json.js";
import { countStatuses, firstFailure, introduce, summarize, summarizeFront } from "../report/study.js";
import { schedulerNames } from "../search/schedulers/index.js";
import type { Params, Space } from "../search/space/space.js";
import { strategyNames } from "../search/strategies/index.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { DENSE_DEFAULTS, denseModel } from "../tune/dense.js";
import { tune } from "../tune/tune.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { addDatasetFlags } from "./dataset.js";
import { EXIT } from "./exit.js";
import { inFlags } from "./explain.js";
import { classWeight, integer, names, share } from "./flags.js";
import { type Interrupt, takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { createProgressBar } from "./progress.js";
import { coloursFor, note, paintFor, printLines, widthOf } from "./streams.js";
import { NO_SCHEDULER, POPULATION, readSetup, type TuneFlags, type TuneSetup } from "./tuneSetup.js";

/** Adds the command; `done` receives the exit code. */
export function addTuneCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command("tune")
    .summary("tune a dense network on a table")
    .description(
      "Tune the hyperparameters of a dense network on a table. Each trial is scored by cross-validation. The best " +
        "is trained again and scored on rows that no trial saw.",
    );
  addDatasetFlags(command).option(
    "--test-size <share>",
    "share of rows held out for the final scores, 0 for none",
    share("--test-size"),
    0.2,
  );
  addSearchFlags(command);
  addTrainingFlags(command);
  command
    .optionsGroup("Other options:")
    .option("--seed <n>", "seed of everything random", integer("--seed", 0), 0)
    .option(
      "--jobs <n>",
      "worker threads; they do not change the results (default: one per core)",
      integer("--jobs", 1),
    )
    .option("--json", "print one JSON object and nothing else")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: TuneFlags) => done(await run(file, flags)));
}

const list = (words: readonly string[]): string => words.join(", ");

function addSearchFlags(command: Command): void {
  command
    .optionsGroup("Search:")
    .option(
      "--trials <n>",
      "number of trials (default: 30, or every combination of a grid)",
      integer("--trials", 1),
    )
    .option(
      "--metric <names>",
      `metric to tune for: ${list(Object.keys(metrics))} (default: r2 or accuracy, or rocAuc where nine tenths are of one class); several, separated by commas, ` +
        "give a Pareto front",
      names("--metric"),
    )
    .option(
      "--threshold <metric>",
      "metric by which the decision threshold is chosen, such as f1, for two classes (default: 0.5)",
    )
    .option("--folds <n>", "folds of cross-validation", integer("--folds", 2), 5)
    .option(
      "--space <file.json>",
      `parameters to tune and their ranges: ${list(Object.keys(DENSE_DEFAULTS))}`,
    )
    .option(
      "--strategy <name>",
      `how points are suggested: ${list(strategyNames.filter((name) => name !== POPULATION))} (default: gp, or ` +
        "nsga2 for several metrics)",
    )
    .option("--points <n>", "with a grid: values of each numeric parameter", integer("--points", 1))
    .option(
      "--scheduler <name>",
      `how unpromising trials are stopped early: ${list([NO_SCHEDULER, ...schedulerNames])}; or ${POPULATION}: a ` +
        "population of 8 networks, each trial trains one for --epochs more, and the best replace the worst",
      NO_SCHEDULER,
    );
}

function addTrainingFlags(command: Command): void {
  command
    .optionsGroup("Training:")
    .option("--epochs <n>", "epochs of each training", integer("--epochs", 1), 30)
    .option("--batch-size <rows>", "rows of a batch (default: tuned)", integer("--batch-size", 1))
    .option(
      "--class-weight <how>",
      "how much classes count in training: balanced, or class=number; may be repeated",
      classWeight,
    );
}

const EXAMPLES = `
Examples:
  fettle tune examples/data/breast-cancer.csv --target diagnosis
  fettle tune houses.csv --target price --metric mae --drop id,address
  fettle tune data.csv --target y --trials 100 --seed 1 --json > result.json
  fettle tune data.csv --target y --strategy tpe --scheduler asha --trials 100
  fettle tune data.csv --target y --metric recall,precision --test-size 0
  fettle tune data.csv --target y --scheduler pbt --epochs 5 --trials 160
  fettle tune data.csv --target y --space space.json --strategy grid --points 4

A space file has the parameters to tune; the others keep their defaults:
  {
    "learningRate": { "type": "float", "low": 1e-4, "high": 0.1, "log": true },
    "units": { "type": "int", "low": 8, "high": 64 },
    "optimizer": { "type": "choice", "values": ["adam", "sgd"] },
    "momentum": { "type": "float", "low": 0, "high": 0.9,
                  "when": { "optimizer": ["sgd"] } }
  }`;

/** @returns the exit code */
async function run(file: string, flags: TuneFlags): Promise<number> {
  const setup = await readSetup(file, flags);
  const jobs = cappedJobs(flags.jobs);
  const started = performance.now();
  const bar = createProgressBar(process.stderr, setup.metrics[0]);
  const interrupt = takeInterrupts("the running trials", bar);
  const ended: TrialRecord<Params>[] = [];
  const onEvent = (event: StudyEvent): void => {
    if (event.type === "trialEnded") ended.push(event.record);
    if (flags.json) return;
    if (event.type === "studyStarted") printIntroduction(file, flags, setup, event.trials);
    bar.update(event);
  };
  try {
    const result = await search(
      setup,
      { ...flags, ...(jobs === undefined ? {} : { jobs }) },
      onEvent,
      interrupt,
    );
    bar.stop();
    const trials = result?.trials ?? ended.sort((a, b) => a.number - b.number);
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) printJson(flags, trials, result);
    else if (result?.bestTrials.length) printResult(flags, setup, result, seconds);
    if (!result?.bestTrials.length) complainOfNone(trials);
    if (interrupt.signal.aborted) return EXIT.interrupted;
    return result?.bestTrials.length ? EXIT.success : EXIT.failure;
  } finally {
    bar.stop();
    interrupt.release();
  }
}

/** Runs the study; undefined if every trial failed. */
async function search(
  { data, space, strategy, scheduler, fit, metrics: metric }: TuneSetup,
  flags: TuneFlags,
  onEvent: (event: StudyEvent) => void,
  { signal }: Interrupt,
): Promise<TuneResult<Space> | undefined> {
  const { folds, testSize, seed, epochs, trials, jobs, threshold } = flags;
  try {
    return await tune({
      ...{ data, space, strategy, fit, metric, testSize, seed, onEvent, signal },
      model: (params) => denseModel(data, params),
      validation: { folds },
      ...(scheduler ? { scheduler, steps: epochs } : {}),
      ...(trials === undefined ? {} : { trials }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(jobs === undefined ? {} : { jobs }),
    });
  } catch (error) {
    if (error instanceof FettleError && error.code === "trial_failed") return undefined;
    throw error;
  }
}

function printIntroduction(file: string, flags: TuneFlags, setup: TuneSetup, trials: number): void {
  const { folds, seed } = flags;
  const { data, sizes, strategy, metrics } = setup;
  const { development, test } = sizes;
  const about = {
    file: basename(file),
    data,
    metrics,
    strategy: strategy.name,
    trials,
    folds,
    development,
    test,
    seed,
    isDefault: flags.metric === undefined,
    notes: (data.notes ?? []).map((note) => inFlags(note, ["task"])),
    warnings: diagnose(data).map(({ message }) => inFlags(message, ["drop", "weight"])),
  };
  printLines(introduce(about, widthOf(process.stdout)));
}

function printJson(
  { seed, threshold }: TuneFlags,
  trials: readonly TrialRecord<Params>[],
  result: TuneResult<Space> | undefined,
): void {
  const { best, bestTrials = [], final, metrics = [] } = result ?? {};
  const report = {
    ...{ best, test: final?.test ?? {}, trials, seed },
    ...(metrics.length > 1 && { bestTrials }),
    ...(threshold !== undefined && final && { threshold: final.threshold }),
  };
  printLines([JSON.stringify(jsonReport(report))]);
}

function printResult(
  { folds, threshold }: TuneFlags,
  setup: TuneSetup,
  result: TuneResult<Space>,
  seconds: number,
): void {
  const { best, bestTrials, trials, final, study, metric, metrics } = result;
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  const common = { trials, folds, seconds };
  if (best) {
    const { direction } = study;
    const report = {
      ...common,
      metric,
      direction,
      best,
      test: final?.test ?? {},
      ...(threshold !== undefined && final && { threshold: { metric: threshold, value: final.threshold } }),
      testRows: setup.sizes.test,
    };
    printLines(summarize(report, width, paint));
  } else {
    const { directions } = study;
    printLines(summarizeFront({ ...common, metrics, directions, bestTrials }, width, paint));
  }
}

/** Says that no trial has a value, and why. */
function complainOfNone(trials: readonly TrialRecord<Params>[]): void {
  const { red } = coloursFor(process.stderr);
  note(red([`error: no trial has a value (${countStatuses(trials)})`, ...firstFailure(trials)].join("\n")));
}
