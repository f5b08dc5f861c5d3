/** `fettle tune`: reads a table, has its network tuned and prints what came of it. Every figure is computed elsewhere. */
import { basename } from "node:path";
import type { Command } from "commander";
import type { Dataset } from "../data/dataset.js";
import { check } from "../errors.js";
import { type BuiltInMetric, canonicalMetric, metrics } from "../metrics/registry.js";
import { jsonReport } from "../report/json.js";
import { countStatuses, firstFailure, introduce, summarize, summarizeFront } from "../report/study.js";
import { createScheduler, schedulerNames } from "../search/schedulers/index.js";
import type { Scheduler } from "../search/schedulers/scheduler.js";
import { type Params, type Space, spaceFromJson } from "../search/space/space.js";
import { defaultStrategy } from "../search/strategies/default.js";
import { createStrategy, strategyNames } from "../search/strategies/index.js";
import { pbt } from "../search/strategies/pbt/pbt.js";
import type { Strategy } from "../search/strategies/strategy.js";
import type { StudyEvent } from "../search/study/optimize.js";
import { checkDenseSpace, DENSE_DEFAULTS, denseModel, denseSpace } from "../tune/dense.js";
import { type PartSizes, partSizes } from "../tune/trial/folds.js";
import type { FitSettings } from "../tune/trial/training.js";
import { tune } from "../tune/tune.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { EXIT } from "./exit.js";
import { inFile, readJson } from "./files.js";
import { takeInterrupts } from "./interrupt.js";
import { share, wholeNumber } from "./options.js";
import { createProgressBar } from "./progress.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";
import { addTableOptions, readDataset, type TableOptions } from "./table.js";

/** What commander hands over. */
interface Options extends TableOptions {
  readonly strategy?: string;
  readonly scheduler: string;
  readonly points?: number;
  readonly trials?: number;
  readonly metric?: string;
  readonly cv: number;
  readonly test: number;
  readonly epochs: number;
  readonly batch?: number;
  readonly space?: string;
  readonly seed: number;
  readonly jobs?: number;
  readonly json?: true;
}

/** Population-based training is a strategy around another; on the command line it stands where schedulers do. */
const POPULATION = "pbt";

/** Adds the command; `done` is told the exit code. */
export function addTuneCommand(program: Command, done: (exitCode: number) => void): void {
  const list = (words: readonly string[]) => words.join(", ");
  const command = program
    .command("tune")
    .summary("tune a dense network on a table")
    .description(
      "Searches the hyperparameters of a dense network for a table, each trial judged by " +
        "cross-validation, and scores the best on rows that no trial saw.",
    );
  addTableOptions(command)
    .option(
      "--strategy <name>",
      `${list(strategyNames.filter((name) => name !== POPULATION))} (default: gp; of several metrics nsga2)`,
    )
    .option(
      "--scheduler <name>",
      `what ends unpromising trials early: none, ${list(schedulerNames)}; or ${POPULATION}: each trial ` +
        "trains one of 8 networks for --epochs more, the worst as copies of the best with other numbers",
      "none",
    )
    .option("--points <n>", "grid: how many values of each number to take", wholeNumber(1))
    .option("--trials <n>", "the budget (default: 30; grid: every combination)", wholeNumber(1))
    .option(
      "--metric <name>",
      `what to tune for: ${list(Object.keys(metrics))} (default: accuracy or r2); several, as in accuracy,logLoss, give a Pareto front`,
    )
    .option("--cv <folds>", "folds of cross-validation", wholeNumber(2), 5)
    .option("--test <share>", "the share of rows held out, 0 for none", share, 0.2)
    .option("--epochs <n>", "epochs of each training", wholeNumber(1), 30)
    .option("--batch <rows>", "rows in a batch (default: tuned)", wholeNumber(1))
    .option("--space <file.json>", `what to search; parameters: ${list(Object.keys(DENSE_DEFAULTS))}`)
    .option("--seed <n>", "decides everything random", wholeNumber(0), 0)
    .option("--jobs <n>", "threads; results are the same at any number (default: all cores)", wholeNumber(1))
    .option("--json", "print one JSON object and nothing else")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: Options) => done(await run(file, options)));
}

const EXAMPLES = `
Examples:
  fettle tune examples/data/breast-cancer.csv --target diagnosis
  fettle tune houses.csv --target price --metric mae --drop id,address
  fettle tune data.csv --target y --trials 100 --seed 1 --json > result.json
  fettle tune data.csv --target y --strategy tpe --scheduler asha --trials 100
  fettle tune data.csv --target y --metric recall,precision --test 0
  fettle tune data.csv --target y --scheduler pbt --epochs 5 --trials 160
  fettle tune data.csv --target y --space space.json --strategy grid --points 4

A space file names parameters and their ranges; those left out have defaults:
  {
    "learningRate": { "type": "float", "low": 1e-4, "high": 0.1, "log": true },
    "units": { "type": "int", "low": 8, "high": 64 },
    "optimizer": { "type": "choice", "values": ["adam", "sgd"] },
    "momentum": { "type": "float", "low": 0, "high": 0.9,
                  "when": { "optimizer": ["sgd"] } }
  }`;

/** A search as it is about to run; nothing has been computed yet. */
interface Plan {
  readonly data: Dataset;
  readonly sizes: PartSizes;
  readonly space: Space;
  readonly strategy: Strategy;
  readonly scheduler: Scheduler | undefined;
  readonly fit: (params: Params) => FitSettings;
  readonly metrics: readonly [BuiltInMetric, ...BuiltInMetric[]];
}

/** @returns the exit code */
async function run(file: string, options: Options): Promise<number> {
  const plan = await readPlan(file, options);
  const started = performance.now();
  const bar = createProgressBar(process.stderr, plan.metrics[0]);
  const interrupt = takeInterrupts(
    () => {
      bar.stop();
      note("Stopping once the trials at work have ended; press Ctrl-C again to end at once.");
    },
    () => bar.stop(),
  );
  const onEvent = (event: StudyEvent): void => {
    if (options.json) return;
    if (event.type === "studyStarted") printIntroduction(file, options, plan, event.trials);
    bar.update(event);
  };
  try {
    const { data, space, strategy, scheduler, fit } = plan;
    const result = await tune({
      ...{ data, space, strategy, fit, onEvent, signal: interrupt.signal },
      model: (params) => denseModel(data, params),
      metric: plan.metrics,
      validation: { folds: options.cv },
      testSize: options.test,
      seed: options.seed,
      ...(scheduler ? { scheduler, steps: options.epochs } : {}),
      ...(options.trials === undefined ? {} : { trials: options.trials }),
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
    });
    bar.stop();
    const seconds = (performance.now() - started) / 1000;
    printResult(options, plan, result, seconds);
    if (interrupt.signal.aborted) return EXIT.interrupted;
    return result.bestTrials.length > 0 ? EXIT.success : EXIT.failure;
  } finally {
    bar.stop();
    interrupt.release();
  }
}

/** @throws FettleError for whatever of files and options can be refused before anything runs */
async function readPlan(file: string, options: Options): Promise<Plan> {
  const { batch, points, strategy, scheduler } = options;
  const data = readDataset(file, options);
  const sizes = partSizes(data.rows, { validation: { folds: options.cv }, testSize: options.test });
  const space = readSpace(options, data, sizes);
  check(
    batch === undefined || batch <= sizes.training,
    `--batch is ${batch}, but a fold trains on only ${sizes.training} of the ${data.rows} rows`,
  );
  check(
    points === undefined || strategy === "grid",
    () => `--points is for --strategy grid, not ${strategy ?? "the default"}`,
  );
  check(
    strategy !== POPULATION,
    `population-based training is --scheduler ${POPULATION}; --strategy says how its networks begin`,
  );
  const metrics = readMetrics(options, data);
  const search =
    strategy === undefined
      ? await defaultStrategy(metrics.length)
      : createStrategy(strategy, points === undefined ? {} : { points });
  return {
    data,
    sizes,
    space,
    strategy: scheduler === POPULATION ? pbt({ start: search }) : search,
    scheduler: ["none", POPULATION].includes(scheduler) ? undefined : createScheduler(scheduler),
    fit: (params) => {
      const batchSize = batch ?? (params.batchSize as number | undefined);
      return { epochs: options.epochs, ...(batchSize === undefined ? {} : { batchSize }) };
    },
    metrics,
  };
}

function readMetrics({ metric }: Options, { task }: Dataset): Plan["metrics"] {
  const [first, ...others] = (metric ?? (task === "classification" ? "accuracy" : "r2")).split(",");
  return [canonicalMetric(first), ...others.map(canonicalMetric)];
}

function readSpace({ space: path, batch }: Options, data: Dataset, { training }: PartSizes): Space {
  if (path === undefined) {
    const space = Object.entries(denseSpace(training));
    return Object.fromEntries(space.filter(([name]) => name !== "batchSize" || batch === undefined));
  }
  const json = readJson(path);
  const space = inFile(path, () => spaceFromJson(json));
  inFile(path, () => checkDenseSpace(data, space, training));
  check(
    batch === undefined || !Object.hasOwn(space, "batchSize"),
    "give --batch or batchSize in the space, not both",
  );
  return space;
}

function printIntroduction(file: string, { cv, seed }: Options, plan: Plan, trials: number): void {
  const { data, sizes, strategy } = plan;
  const { development, test } = sizes;
  const about = {
    file: basename(file),
    data,
    strategy: strategy.name,
    trials,
    folds: cv,
    development,
    test,
    seed,
  };
  printLines(introduce(about, widthOf(process.stdout)));
}

function printResult(options: Options, plan: Plan, result: TuneResult<Space>, seconds: number): void {
  const { best, bestTrials, trials, final, study, metric, metrics } = result;
  const test = final?.test ?? {};
  const common = { trials, folds: options.cv, seconds };
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  if (options.json) {
    const report = { best, test, trials, seed: options.seed, ...(metrics.length > 1 && { bestTrials }) };
    printLines([JSON.stringify(jsonReport(report))]);
  }
  if (bestTrials.length === 0) {
    note([`No trial gave a value (${countStatuses(trials)}).`, ...firstFailure(trials)].join("\n"));
  } else if (options.json) {
    return;
  } else if (best) {
    const { direction } = study;
    const report = { ...common, metric, direction, best, test, testRows: plan.sizes.test };
    printLines(summarize(report, width, paint));
  } else {
    const { directions } = study;
    printLines(summarizeFront({ ...common, metrics, directions, bestTrials }, width, paint));
  }
}
