/** The study that the flags of `fettle tune` describe, checked as far as possible before anything runs. */
import { platform } from "#platform";
import type { Dataset } from "../data/dataset.js";
import { positiveOf } from "../data/positive.js";
import { checkClassWeight } from "../data/weights.js";
import { check, show } from "../errors.js";
import type { MetricName } from "../metrics/names.js";
import { getMetrics } from "../metrics/registry.js";
import { defined } from "../options.js";
import { jobsOf } from "../platform/jobs.js";
import { scoreLabel } from "../report/format.js";
import { createScheduler } from "../search/schedulers/index.js";
import type { Scheduler } from "../search/schedulers/scheduler.js";
import { type Params, type Space, spaceFromJson } from "../search/space/space.js";
import { defaultStrategy } from "../search/strategies/default.js";
import { pbt } from "../search/strategies/pbt/pbt.js";
import { startWith } from "../search/strategies/startWith.js";
import type { Strategy } from "../search/strategies/strategy.js";
import type { StudyJson } from "../search/study/contract.js";
import { checkDenseSpace, DENSE_DEFAULTS, denseFit, densePoints, denseSpace } from "../tune/dense.js";
import { divideRows, type Folds, type PartSizes, sizesOf, type Validation } from "../tune/trial/folds.js";
import { DEFAULT_METRICS } from "../tune/trial/forms.js";
import type { FitSettings } from "../tune/trial/settings.js";
import { thresholdRule } from "../tune/trial/threshold.js";
import { splitSeed } from "../tune/tuner/setup.js";
import { pipelineOf, readDataset } from "./dataset.js";
import { verbatim } from "./messages.js";
import { paceOf, speedOf } from "./pace.js";
import { NO_SCHEDULER, POPULATION, readSpace, spaceName, strategyOf } from "./strategyFlags.js";
import { note } from "./streams.js";
import { ENSEMBLE, type TuneFlags } from "./tuneFlags.js";
import { DEFAULT_FOLDS, validationOf } from "./validation.js";

/** A study that has not started. */
export interface TuneSetup {
  readonly data: Dataset;
  /** Milliseconds spent reading it. */
  readonly reading: number;
  /** The folds; the last entry is the development rows with the test rows. */
  readonly rows: Folds;
  readonly sizes: PartSizes;
  readonly validation: Validation;
  /** The number of folds that score trials. */
  readonly folds: number;
  /** The number of development rows that trials use, if not all. */
  readonly searchRows?: number;
  readonly space: Space;
  readonly strategy: Strategy;
  readonly scheduler: Scheduler | undefined;
  /** The epochs of every trial, if a scheduler needs them. */
  readonly steps: number;
  readonly fit: (params: Params) => FitSettings;
  /** By their names in results. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  /** The metrics' titles, with the class that they refer to. */
  readonly labels: readonly string[];
  /** The study that is resumed. */
  readonly study?: StudyJson;
}

/** @throws FettleError for every fault in files and flags that shows before anything runs */
export async function readSetup(file: string, flags: TuneFlags, study?: StudyJson): Promise<TuneSetup> {
  const { batchSize, epochs, scheduler, classWeight } = flags;
  const steps = epochs ?? DENSE_DEFAULTS.epochs;
  const began = performance.now();
  const data = await readDataset(file, flags);
  const reading = performance.now() - began;
  const { testSize } = flags;
  const validation = validationOf(flags, data);
  if (flags.validation === undefined) checkRows(data, flags);
  const how = { validation, testSize, seed: splitSeed(flags.seed) };
  const all = divideRows(data, how);
  const searchRows = study ? flags.searchRows : await searchRowsOf(flags, data, all, reading);
  const rows = searchRows === undefined ? all : divideRows(data, { ...how, searchRows });
  const sizes = sizesOf(rows);
  check(
    batchSize === undefined || batchSize <= sizes.training,
    `--batch-size must be at most ${sizes.training}, the rows of a fold's training part; received ${batchSize}`,
  );
  const metrics = readMetrics(flags, data);
  check(
    flags.allSeconds === undefined || flags.seconds !== undefined,
    "--all-seconds needs --seconds; add --seconds 60, or leave it out",
  );
  check(
    !flags.confirm || metrics.length === 1,
    () =>
      `--confirm needs a single metric, since several have no ensemble; received ${metrics.length}: ${metrics.join(", ")}`,
  );
  check(
    metrics.length === 1 || [undefined, ENSEMBLE].includes(flags.ensemble),
    () =>
      `--ensemble needs a single metric, since several have no final model; received ${metrics.length}: ${metrics.join(", ")}`,
  );
  thresholdRule(flags, data);
  if (classWeight !== undefined) checkClassWeight(classWeight, data.classes);
  const space = study ? verbatim(() => spaceFromJson(study.space)) : spaceOf(flags, data, sizes);
  const strategy = await readStrategy(flags, metrics.length);
  const isDefault = flags.space === undefined && strategy.name === defaultStrategy(metrics.length).name;
  return {
    labels: metrics.map((name) => scoreLabel(name, positiveOf(data))),
    data,
    reading,
    rows,
    sizes,
    metrics,
    validation,
    folds: rows.scored,
    space,
    ...defined({ searchRows, study }),
    steps,
    strategy: isDefault ? startWith(densePoints(space), strategy) : strategy,
    scheduler: [NO_SCHEDULER, POPULATION].includes(scheduler) ? undefined : createScheduler(scheduler),
    fit: (params) =>
      denseFit(params, {
        ...(fixesEpochs(flags) && { epochs: steps }),
        ...defined({ batchSize, classWeight }),
        // each interval of a population would start again at the full rate
        ...(scheduler === POPULATION && { learningRateDecay: "none" }),
      }),
  };
}

/**
 * Milliseconds that the command takes after the final model: at least, and per millisecond of reading the
 * table; with a report and without.
 */
const [REPORT, PRINT] = [
  { least: 500, reading: 3 },
  { least: 50, reading: 0.5 },
];
/**
 * A report draws all trials, and few rows mean many trials: its share of the time, at most and by rows, and
 * its most milliseconds.
 */
const DRAWN = { share: 0.1, byRows: 40, most: 2500 };
/**
 * Milliseconds between reading a table and the study, such as for its diagnosis, per millisecond of reading.
 */
const BETWEEN = 2;

/** Properties of a table. */
interface Read {
  readonly rows: number;
  /** Milliseconds spent reading it. */
  readonly reading: number;
}

/**
 * Milliseconds of `--seconds` left for the search and the final fit: the clock of the process started with
 * the command.
 */
export function timeLeft(
  { seconds = 0, out }: Pick<TuneFlags, "seconds" | "out">,
  { rows, reading }: Read,
): number {
  const after = out === undefined ? PRINT : REPORT;
  const all = 1000 * seconds;
  const share = out === undefined ? 0 : Math.min(DRAWN.share, DRAWN.byRows / rows);
  const drawn = Math.min(DRAWN.most, share * all);
  return all - performance.now() - after.least - after.reading * reading - drawn;
}

/** The rows that trials use: as the flag says, or as many as time allows. */
async function searchRowsOf(
  flags: TuneFlags,
  data: Dataset,
  rows: Folds,
  reading: number,
): Promise<number | undefined> {
  const { searchRows, seconds, validation } = flags;
  if (searchRows !== undefined || seconds === undefined || validation !== undefined) return searchRows;
  const speed = await speedOf(data, pipelineOf(data, flags));
  if (speed === undefined) return undefined;
  const { development } = sizesOf(rows);
  const jobs = Math.min(jobsOf(flags.jobs), platform.parallelism());
  const left = timeLeft(flags, { rows: data.rows, reading }) - BETWEEN * reading;
  const { searchRows: some, needed } = paceOf(speed, left, development, rows.scored, jobs);
  if (needed !== undefined)
    note(
      `--seconds ${seconds} is too short for a network that sees each of ${development} rows once: the command needs about ${Math.ceil(seconds + (needed - left) / 1000)} seconds on this machine`,
    );
  return some;
}

/** Refuses fewer rows, or fewer rows of a class, than folds, since each fold needs one. */
function checkRows(data: Dataset, { folds: given, testSize }: TuneFlags): void {
  const folds = given ?? DEFAULT_FOLDS;
  const { classes, labels, target } = data;
  const development = data.rows - Math.ceil(testSize * data.rows);
  if (data.groups || data.time) return;
  check(
    folds <= development || (given !== undefined && development > 1),
    () =>
      `a table must have at least ${folds} rows that are not held out, one for each of the --folds; received ${development} of ${data.rows}`,
    "invalid_data",
  );
  if (folds > development) return; // refused when rows are divided
  const rows = new Int32Array(classes.length);
  for (const label of labels) rows[label]++;
  const small = classes.flatMap((name, label) =>
    rows[label] < folds ? [`${show(name)} with ${rows[label]}`] : [],
  );
  check(
    small.length === 0,
    () =>
      `each class of ${show(target)} must have at least ${folds} rows, one for each of the --folds; received ${small.join(", ")}; ` +
      "choose --rare drop or --rare merge, or use fewer folds",
    "invalid_data",
  );
}

function readMetrics({ metric }: TuneFlags, data: Dataset): TuneSetup["metrics"] {
  const given = metric ?? DEFAULT_METRICS[data.task].slice(0, 1);
  // refuses unknown and repeated names
  const names = getMetrics("metric", given as MetricName[]).map(({ name }) => name);
  return names as [MetricName, ...MetricName[]];
}

/** Whether all trials train for the same epochs: schedulers, and populations, count in them. */
function fixesEpochs({ epochs, scheduler }: TuneFlags): boolean {
  return epochs !== undefined || scheduler !== NO_SCHEDULER;
}

function spaceOf(flags: TuneFlags, data: Dataset, { training }: PartSizes): Space {
  const { space: given, batchSize } = flags;
  const fixed = { batchSize: batchSize !== undefined, epochs: fixesEpochs(flags) };
  const isFixed = (name: string): boolean => fixed[name as keyof typeof fixed] === true;
  if (given === undefined) {
    return Object.fromEntries(
      Object.entries(denseSpace(training, data.inputs.length)).filter(([name]) => !isFixed(name)),
    );
  }
  const space = readSpace(given, (space) => checkDenseSpace(data, space, training));
  check(
    !fixed.batchSize || !Object.hasOwn(space, "batchSize"),
    () => `--batch-size must be left out if ${show(spaceName(given))} has "batchSize"; received ${batchSize}`,
  );
  check(
    !fixed.epochs || !Object.hasOwn(space, "epochs"),
    () =>
      `${flags.epochs === undefined ? "--scheduler" : "--epochs"} must be left out if ${show(spaceName(given))} has "epochs"; received ${flags.epochs ?? flags.scheduler}`,
  );
  return space;
}

async function readStrategy(flags: TuneFlags, objectives: number): Promise<Strategy> {
  const { strategy, scheduler } = flags;
  check(
    strategy !== POPULATION,
    `population-based training is --scheduler ${POPULATION}; --strategy suggests only its first networks`,
  );
  const chosen = await strategyOf(flags, objectives);
  return scheduler === POPULATION ? pbt({ start: chosen }) : chosen;
}
