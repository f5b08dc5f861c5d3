/**
 * `tune()`: joins a search and a model. Each trial builds a model from suggested
 * parameters, trains it on every fold, and is told the mean of a metric. It knows no
 * strategy by name and no layer.
 */

import type { NdArray } from "ndarray";
import { platform } from "#platform";
import type { Dataset, Task } from "../data/dataset.js";
import { fromMatrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { applyPreprocessor, restoreTarget } from "../data/preprocess.js";
import { check, checkOptions, show } from "../errors.js";
import type { CustomMetric, Direction, Metric } from "../metrics/metric.js";
import { getMetric, metrics } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import { hyperparametersOf, programOf } from "../nn/architecture.js";
import type { EarlyStoppingOptions } from "../nn/callbacks.js";
import { checkBatch, EVALUATION_BATCH, Sequential } from "../nn/sequential.js";
import { ready } from "../numerics/kernels.js";
import { RandomStream } from "../numerics/random.js";
import type { Objective, OptimizeOptions, StudyEvent } from "../search/optimize.js";
import type { ParamsOf, Space } from "../search/space.js";
import type { StopRules } from "../search/stopping.js";
import { random } from "../search/strategies/random.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { createStudy, type Study } from "../search/study.js";
import type { Trial, TrialOutcome, TrialRecord } from "../search/trial.js";
import { toDataset } from "./data.js";
import { type Fold, type Folds, prepareFolds, type Validation } from "./folds.js";
import { checkEarlyStopping, type Job, type JobResult } from "./job.js";
import { createRunner, type JobRunner } from "./runner.js";

/** How one trial is trained. */
export interface FitSettings {
  /** Default 20. */
  readonly epochs?: number;
  /** Default 32, or all rows of the smallest fold if they are fewer. */
  readonly batchSize?: number;
  /** Stops a training early by its fold's validation part. */
  readonly earlyStopping?: EarlyStoppingOptions;
}

/** What every tuning has. */
export interface SearchOptions<S extends Space> {
  readonly space: S;
  /** Default random search. */
  readonly strategy?: Strategy;
  /** The budget. Default 30, or the whole of a strategy that ends by itself. */
  readonly trials?: number;
  /** Decides everything random. Default 0. */
  readonly seed?: number;
  /** Threads for models, trials side by side for an objective. Default: all that the host has, and 1. The results are the same at any figure. */
  readonly jobs?: number;
  /** The trials that an adaptive strategy does without; see `createStudy`. Default 7. */
  readonly lag?: number;
  /** Called at each event, in order. */
  readonly onEvent?: (event: StudyEvent<S>) => void;
  /** Stops the search: no trial is begun any more. */
  readonly signal?: { readonly aborted: boolean };
  /** Ends the search before its budget: at a value (`target`), or after trials without a better one (`patience`). */
  readonly stop?: StopRules;
  /** Points to try first. They count towards the budget. */
  readonly enqueue?: readonly ParamsOf<S>[];
  /** Trials of an earlier study over the same parameters, to learn from; they do not count towards the budget. */
  readonly warmStart?: readonly Pick<TrialRecord<ParamsOf<S>>, "params" | "value" | "status">[];
}

/** Tuning of anything that has a value. */
export interface TuneObjectiveOptions<S extends Space> extends SearchOptions<S> {
  /** The value of some parameters. One that throws fails its own trial and no other. */
  readonly objective: Objective<S>;
  readonly direction: Direction;
}

/** Tuning of a model on data. */
export interface TuneOptions<S extends Space> extends SearchOptions<S> {
  /** Inputs, [rows, columns]; or give `data`. */
  readonly x?: MatrixLike;
  /** Targets: quantities, classes as 0 and 1, or one-hot rows. */
  readonly y?: MatrixLike;
  /** An encoded table, from `encodeTable`. */
  readonly data?: Dataset;
  /** What `y` is. Default: classification if all of it is 0 or 1. */
  readonly task?: Task;
  /** Builds and compiles a model from parameters of the space. */
  readonly model: (params: ParamsOf<S>) => Sequential;
  /** How trials are trained: settings, or a function of the parameters. */
  readonly fit?: FitSettings | ((params: ParamsOf<S>) => FitSettings);
  /** What is tuned for. Default `accuracy` or `r2`. */
  readonly metric?: string | CustomMetric;
  /** `{ folds: 5 }` (default) or `{ split: 0.2 }`; classes keep their proportions. */
  readonly validation?: Validation;
  /** The share of rows that no trial sees, to score the best on at the end. Default 0. */
  readonly testSize?: number;
  /** Whether inputs and regression targets are standardised, by each fold's training rows. Default true. */
  readonly standardize?: boolean;
}

/** The outcome of a search. */
export interface SearchResult<S extends Space> {
  /** The best trial; undefined if none gave a value. */
  readonly best: TrialRecord<ParamsOf<S>> | undefined;
  /** Every trial, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** For `JSON.stringify`, and to go on with `study.optimize`. */
  readonly study: Study<S>;
}

/** The outcome of tuning a model on data. */
export interface TuneResult<S extends Space> extends SearchResult<S> {
  /** The name of the metric that was tuned for. */
  readonly metric: string;
  /** The best parameters, fitted again to all rows that trials saw; undefined without a best trial. */
  readonly final: Final | undefined;
}

/** The model at the end. */
export interface Final {
  /** Trained; it takes inputs as they were standardised, where `predict` below takes them as they were given. */
  readonly model: Sequential;
  /** Scores on the test part, by metric; empty without one. */
  readonly test: Readonly<Record<string, number>>;
  /** Predictions for inputs as they were given, in the units of the target: [rows, outputs]. */
  predict(x: MatrixLike): NdArray<Floats>;
}

const DEFAULT_TRIALS = 30;
const DEFAULT_LAG = 7;

/**
 * Searches the parameters of a model: each trial builds one, trains it on every fold and is told the mean of a metric
 * over the folds. The best parameters are then fitted again to all rows but the test part.
 *
 * @throws FettleError before anything runs, for options, spaces and data that do not fit; a trial that fails or
 * diverges is recorded with that status, and the search goes on
 * @example
 * ```ts
 * // is a point within the unit circle?
 * const x = Array.from({ length: 200 }, (_, i) => [((i * 37) % 101) / 50 - 1, ((i * 53) % 97) / 48 - 1]);
 * const y = x.map(([a, b]) => (a * a + b * b < 1 ? 1 : 0));
 * const { best, final } = await tune({
 *   x,
 *   y,
 *   space: { units: int(8, 64, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
 *   model: ({ units, learningRate }) => {
 *     const model = sequential([dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
 *     model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
 *     return model;
 *   },
 *   trials: 5,
 *   testSize: 0.2,
 * });
 * Object.keys(best?.params ?? {}); // ["units", "learningRate"]
 * final?.predict([[0, 0], [1, 1]]).shape; // [2, 1]
 * ```
 */
export async function tune<const S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>>;
/**
 * Searches the parameters of anything that has a value: `objective(params)`, to be maximised or minimised.
 *
 * @throws FettleError before anything runs, for options and spaces that do not fit; an objective that throws fails its
 * own trial
 * @example
 * ```ts
 * const { best } = await tune({
 *   space: { x: int(-5, 5), y: int(-5, 5) },
 *   objective: ({ x, y }) => (x - 1) ** 2 + (y + 2) ** 2,
 *   direction: "minimize",
 *   strategy: grid(),
 * });
 * best?.params; // { x: 1, y: -2 }
 * ```
 */
export async function tune<const S extends Space>(options: TuneObjectiveOptions<S>): Promise<SearchResult<S>>;
export async function tune<const S extends Space>(
  options: TuneOptions<S> | TuneObjectiveOptions<S>,
): Promise<SearchResult<S>> {
  check(
    typeof options === "object" && options !== null,
    () => `tune takes an object of options, got ${show(options)}`,
  );
  const { jobs } = options;
  check(
    jobs === undefined || (Number.isSafeInteger(jobs) && jobs > 0),
    () => `jobs is a positive number of threads, got ${show(jobs)}`,
  );
  await ready();
  return "objective" in options ? tuneObjective(options) : tuneModel(options);
}

async function tuneObjective<S extends Space>(options: TuneObjectiveOptions<S>): Promise<SearchResult<S>> {
  checkOptions(options, "tune", [...SEARCH_OPTIONS, "objective", "direction"]);
  const study = studyOf(options, options.direction);
  await study.optimize(options.objective, budgetOf(options, options.jobs ?? 1));
  return { best: study.best, trials: study.trials, study };
}

async function tuneModel<S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>> {
  checkOptions(options, "tune", [...SEARCH_OPTIONS, ...MODEL_OPTIONS]);
  check(
    typeof options.model === "function",
    () => `model is a function of parameters, got ${show(options.model)}`,
  );
  const { seed = 0, jobs = platform.parallelism() } = options;
  const data = toDataset(options);
  const metric = getMetric(options.metric ?? (data.task === "classification" ? "accuracy" : "r2"));
  check(
    metric.tasks.includes(data.task),
    () => `${metric.name} is for ${metric.tasks.join(" and ")}, but the target is for ${data.task}`,
  );
  const study = studyOf(options, metric.direction);
  const folds = prepareFolds(data, {
    validation: options.validation ?? { folds: 5 },
    testSize: options.testSize ?? 0,
    standardize: options.standardize ?? true,
    seed: new RandomStream(seed, SPLIT_STREAM).integer(2 ** 31),
  });
  // Settings that no trial could be trained with are refused now; those that depend on parameters, trial by trial.
  if (typeof options.fit !== "function") settingsFor(options.fit ?? {}, folds.rounds);
  const runner = createRunner([...folds.rounds, folds.last], jobs);
  try {
    const work: Work<S> = {
      ...options,
      task: data.task,
      score: metric,
      imputes: data.x.some(Number.isNaN),
      folds,
      runner,
    };
    // More trials than threads, so that none waits while a trial is being built, and short jobs come in batches.
    const concurrency = runner.jobs === 1 ? 1 : 4 * runner.jobs;
    await study.optimize((params, trial) => objective(work, params, trial), budgetOf(options, concurrency));
    const { best, trials } = study;
    return { best, trials, study, metric: metric.name, final: best && (await finish(work, best, seed)) };
  } finally {
    await runner.close();
  }
}

const SEARCH_OPTIONS = [
  ...["space", "strategy", "trials", "seed", "jobs", "lag", "onEvent", "signal"],
  ...["stop", "enqueue", "warmStart"],
];
const MODEL_OPTIONS = [
  "x",
  "y",
  "data",
  "task",
  "model",
  "fit",
  "metric",
  "validation",
  "testSize",
  "standardize",
];

function studyOf<S extends Space>(options: SearchOptions<S>, direction: Direction): Study<S> {
  const { space, strategy = random(), seed = 0, lag = DEFAULT_LAG, warmStart = [], enqueue = [] } = options;
  const study = createStudy({ space, strategy, seed, direction, lag, clock: () => platform.now() });
  for (const [name, list] of Object.entries({ warmStart, enqueue })) {
    check(Array.isArray(list), () => `${name} is a list, got ${show(list)}`);
  }
  for (const { params, value, status } of warmStart) {
    study.add(params, value === null ? { status } : { status, value });
  }
  for (const params of enqueue) study.enqueue(params);
  return study;
}

function budgetOf<S extends Space>(options: SearchOptions<S>, concurrency: number): OptimizeOptions<S> {
  const { space, strategy, onEvent, signal, stop, warmStart = [], enqueue = [] } = options;
  const whole = strategy?.size?.(space);
  const trials = options.trials ?? (whole === undefined ? DEFAULT_TRIALS : whole + enqueue.length);
  return {
    trials: trials + warmStart.length,
    concurrency,
    ...(onEvent ? { onEvent } : {}),
    ...(signal ? { signal } : {}),
    ...(stop ? { stop } : {}),
  };
}

/** Apart from the streams of the study itself. */
const SPLIT_STREAM = 0x7370;

interface Work<S extends Space> extends TuneOptions<S> {
  readonly task: Task;
  readonly score: Metric;
  /** Whether missing cells are filled: the data had some. */
  readonly imputes: boolean;
  readonly folds: Folds;
  readonly runner: JobRunner;
}

/** Trains one trial on every round and scores it. */
async function objective<S extends Space>(
  work: Work<S>,
  params: ParamsOf<S>,
  trial: Pick<Trial, "seed">,
): Promise<TrialOutcome> {
  const { folds, runner } = work;
  const job = jobOf(work, params, trial.seed, folds.rounds);
  const results = await Promise.all(folds.rounds.map((_, fold) => runner.run({ ...job, fold })));
  const scores = results.map((result, i) => scoreOf(work.score, folds.rounds[i], result));
  const epochs = results.map((result) => result.epochs);
  return { ...meanAndStd(scores), scores, ...(job.earlyStopping ? { attributes: { epochs } } : {}) };
}

/** What all rounds of a trial have in common. */
function jobOf<S extends Space>(
  { model, fit: given = {} }: Work<S>,
  params: ParamsOf<S>,
  seed: number,
  folds: readonly Fold[],
): Omit<Job, "fold"> {
  const settings = typeof given === "function" ? given(params) : given;
  const { epochs, batchSize, earlyStopping } = settingsFor(settings, folds);
  const built = model(params);
  check(
    built instanceof Sequential,
    () => `model returns a compiled model, made by sequential(); got ${show(built)}`,
  );
  const architecture = built.architecture(folds[0].features);
  return {
    programs: {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", batchSize),
      evaluate: programOf(architecture, "evaluate", EVALUATION_BATCH),
    },
    hyperparameters: hyperparametersOf(architecture),
    epochs,
    batchSize,
    seed,
    keepState: false,
    ...(earlyStopping ? { earlyStopping } : {}),
  };
}

/** Settings with defaults for those left out, checked against the smallest fold. */
function settingsFor(
  settings: FitSettings,
  folds: readonly Fold[],
): FitSettings & Required<Pick<FitSettings, "epochs" | "batchSize">> {
  checkOptions(settings, "fit", ["epochs", "batchSize", "earlyStopping"]);
  const { epochs = 20, earlyStopping } = settings;
  if (earlyStopping) checkEarlyStopping(earlyStopping);
  check(Number.isSafeInteger(epochs) && epochs > 0, () => `epochs is a positive number, got ${show(epochs)}`);
  const fewest = Math.min(...folds.map(({ train }) => train.rows));
  const batchSize = checkBatch(settings.batchSize ?? Math.min(32, fewest), fewest);
  return { ...settings, epochs, batchSize };
}

/** The metric of a round's predictions in the target's own units; NaN if training diverged. */
function scoreOf(metric: Metric, fold: Fold, { prediction, finite }: JobResult): number {
  return finite ? metric.compute(fold.truth, inUnits(fold, prediction), fold.outputs) : Number.NaN;
}

function inUnits({ target }: Fold, prediction: Floats): Floats {
  return target ? restoreTarget(prediction, target) : prediction;
}

/** Mean and population standard deviation, as scikit-learn reports them. */
function meanAndStd(scores: readonly number[]): { value: number; std: number } {
  const value = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - value) * (score - value), 0) / scores.length;
  return { value, std: Math.sqrt(variance) };
}

/** Fits the best parameters to everything but the test part, and scores them there. */
async function finish<S extends Space>(
  work: Work<S>,
  best: TrialRecord<ParamsOf<S>>,
  seed: number,
): Promise<Final> {
  const { folds, runner } = work;
  const { last, rounds } = folds;
  const job = jobOf(work, best.params, seed, [last]);
  // Without held-out rows of its own, the last training cannot stop early: it runs as many epochs as the rounds did.
  const { earlyStopping: _, ...whole } = job;
  const kept = best.attributes?.epochs as readonly number[] | undefined;
  const epochs = kept ? Math.max(1, Math.round(meanAndStd(kept).value)) : job.epochs;
  const result = await runner.run({ ...whole, epochs, fold: rounds.length, keepState: true });
  const model = work.model(best.params);
  if (result.state) model.restore(last.features, result.state);
  const builtIn = Object.values(metrics as Record<string, Metric>).filter(({ tasks }) =>
    tasks.includes(work.task),
  );
  const scored = [...builtIn, work.score];
  const test = last.validation ? scored.map((m) => [m.name, scoreOf(m, last, result)] as const) : [];
  return {
    model,
    test: Object.fromEntries(test),
    predict(x) {
      // Missing cells are filled as in training, if there were any.
      const { data, rows } = toMatrix64(x, {
        what: "x",
        columns: last.features,
        allowNonFinite: work.imputes,
      });
      const ids = Int32Array.from({ length: rows }, (_, i) => i);
      const inputs = last.inputs ? applyPreprocessor(data, ids, last.inputs) : data;
      const prediction = model.predict({ data: inputs, shape: [rows, last.features] }).data;
      return fromMatrix(inUnits(last, prediction), rows, last.outputs);
    },
  };
}
