/**
 * `tune()`: joins a search and a model. Each trial builds a model from suggested
 * parameters, trains it on every fold, and is told the mean of a metric. It knows no
 * strategy by name and no layer.
 */

import { platform } from "#platform";
import type { Dataset, Task } from "../data/dataset.js";
import type { MatrixLike } from "../data/matrix.js";
import { check, checkOptions, show } from "../errors.js";
import type { CustomMetric, Direction, Metric } from "../metrics/metric.js";
import { getMetric } from "../metrics/registry.js";
import type { Sequential } from "../nn/sequential.js";
import { ready } from "../numerics/kernels.js";
import { RandomStream } from "../numerics/random.js";
import { ancestry } from "../search/ancestry.js";
import type { Objective, OptimizeOptions, StudyEvent } from "../search/optimize.js";
import type { Scheduler } from "../search/schedulers/scheduler.js";
import type { Constraint, ParamsOf, Space } from "../search/space.js";
import type { StopRules } from "../search/stopping.js";
import { defaultStrategy } from "../search/strategies/default.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { createStudy, type Study } from "../search/study.js";
import type { TrialRecord } from "../search/trial.js";
import { toDataset } from "./data.js";
import { prepareFolds, type Validation } from "./folds.js";
import { lineageOf } from "./lineage.js";
import { createRunner } from "./runner.js";
import { DEFAULT_EPOCHS, type FitSettings, settingsFor } from "./training.js";
import { evaluateTrial, type Final, fitBest, type Scores, type Work } from "./trials.js";

/** What every tuning has. */
export interface SearchOptions<S extends Space> {
  readonly space: S;
  /**
   * Default `gp()`, Bayesian optimization; of several objectives `random()`. `pbt()` around another trains a population,
   * whose hyperparameters change on the way.
   */
  readonly strategy?: Strategy;
  /** Points of the space for which it is false do not exist, and are never suggested. Pure. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /** The budget. Default 30, or the whole of a strategy that ends by itself. With `pbt()`, a trial is an interval. */
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
  /**
   * Ends the search before its budget: at a value (`target`), after trials without a better one (`patience`), when so
   * many steps are used up, epochs for models (`steps`), or by a rule of one's own (`rule`).
   */
  readonly stop?: StopRules;
  /** Ends unpromising trials early: `halving()`, `hyperband()`, `asha()` or `medianStopping()`. Default none. */
  readonly scheduler?: Scheduler;
  /**
   * With a scheduler: the whole budget of a trial, in epochs or, of an objective, in the steps that it reports.
   * Default for models: the epochs of `fit`, if that is no function, or 20.
   */
  readonly steps?: number;
  /** Points to try first. They count towards the budget. */
  readonly enqueue?: readonly ParamsOf<S>[];
  /** Trials of an earlier study over the same parameters, to learn from; they do not count towards the budget. */
  readonly warmStart?: readonly Pick<
    TrialRecord<ParamsOf<S>>,
    "params" | "value" | "values" | "constraints" | "status"
  >[];
}

/** Tuning of anything that has a value. */
export interface TuneObjectiveOptions<S extends Space> extends SearchOptions<S> {
  /** The value of some parameters. One that throws fails its own trial and no other. */
  readonly objective: Objective<S>;
  /** What is better; of several objectives, a list. */
  readonly direction: Direction | readonly Direction[];
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
  /** What is tuned for; several in a list are as many objectives. Default `accuracy` or `r2`. */
  readonly metric?: string | CustomMetric | readonly (string | CustomMetric)[];
  /**
   * Soft constraints: each is kept where it is at most 0. Mean scores over the folds by metric, of all metrics of the
   * task, say whether: `({ recall }) => [0.9 - recall]`. A trial that breaks one is never the best.
   */
  readonly constraints?: (scores: Scores, params: ParamsOf<S>) => readonly number[];
  /** `{ folds: 5 }` (default) or `{ split: 0.2 }`; classes keep their proportions. */
  readonly validation?: Validation;
  /** The share of rows that no trial sees, to score the best on at the end. Default 0. */
  readonly testSize?: number;
  /** Whether inputs and regression targets are standardised, by each fold's training rows. Default true. */
  readonly standardize?: boolean;
}

/** The outcome of a search. */
export interface SearchResult<S extends Space> {
  /** The best trial; undefined if none gave a value, and of several objectives. */
  readonly best: TrialRecord<ParamsOf<S>> | undefined;
  /** The Pareto front: the trials that no other beats in all objectives; of one objective, the best and its equals. */
  readonly bestTrials: readonly TrialRecord<ParamsOf<S>>[];
  /** Every trial, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** For `JSON.stringify`, and to go on with `study.optimize`. */
  readonly study: Study<S>;
}

/** The outcome of tuning a model on data. */
export interface TuneResult<S extends Space> extends SearchResult<S> {
  /** The name of the metric that was tuned for, the first of several. */
  readonly metric: string;
  /** The names of all metrics that were tuned for. */
  readonly metrics: readonly string[];
  /** The best parameters, fitted again to all rows that trials saw; undefined without a best trial. */
  readonly final: Final | undefined;
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
  await ready();
  return "objective" in options ? tuneObjective(options) : tuneModel(options);
}

async function tuneObjective<S extends Space>(given: TuneObjectiveOptions<S>): Promise<SearchResult<S>> {
  checkOptions(given, "tune", [...SEARCH_OPTIONS, "objective", "direction"]);
  const options = await withStrategy(given, [given.direction].flat().length);
  const study = studyOf(options, options.direction);
  await study.optimize(options.objective, budgetOf(options, options.jobs ?? 1));
  return { best: study.best, bestTrials: study.bestTrials, trials: study.trials, study };
}

async function tuneModel<S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>> {
  checkOptions(options, "tune", [...SEARCH_OPTIONS, ...MODEL_OPTIONS, "metric"]);
  const { metric = [] } = options;
  const metrics = [metric].flat();
  return searchModel(options, {
    metrics,
    objectives: Math.max(1, metrics.length),
    detailed: false,
    refit: true,
  });
}

/** How a search over models reports, beside what it searches. */
export interface SearchDetails {
  /** What is tuned for, and what else is scored. Default the task's own metric. */
  readonly metrics: readonly (string | CustomMetric)[];
  /** How many of the metrics are tuned for. */
  readonly objectives: number;
  /** Whether trials keep the scores by every metric and the times of each round. */
  readonly detailed: boolean;
  /** Whether the best parameters are fitted again to everything. */
  readonly refit: boolean;
}

/** `tune` for models, after its options were checked. */
export async function searchModel<S extends Space>(
  given: TuneOptions<S>,
  { metrics: names, objectives, detailed, refit }: SearchDetails,
): Promise<TuneResult<S>> {
  check(
    typeof given.model === "function",
    () => `model is a function of parameters, got ${show(given.model)}`,
  );
  const options = {
    ...(await withStrategy(given, objectives)),
    ...(given.scheduler && { steps: given.steps ?? epochsOf(given.fit) }),
  };
  const { seed = 0, jobs = platform.parallelism() } = options;
  const data = toDataset(options);
  const [first = data.task === "classification" ? "accuracy" : "r2", ...others] = names;
  const metric = metricFor(first, data.task);
  const metrics = [metric, ...others.map((other) => metricFor(other, data.task))] as const;
  const study = studyOf(
    options,
    metrics.slice(0, objectives).map(({ direction }) => direction),
  );
  const folds = prepareFolds(data, {
    validation: options.validation ?? { folds: 5 },
    testSize: options.testSize ?? 0,
    standardize: options.standardize ?? true,
    seed: new RandomStream(seed, SPLIT_STREAM).integer(2 ** 31),
  });
  // Settings that no trial could be trained with are refused now; those that depend on parameters, trial by trial.
  if (typeof options.fit !== "function") settingsFor(options.fit ?? {}, folds.rounds);
  const work: Omit<Work<S>, "runner"> = {
    model: options.model,
    ...(options.fit && { fit: options.fit }),
    task: data.task,
    metrics,
    objectives,
    ...(options.constraints && { constraints: options.constraints }),
    detailed,
    ...(options.scheduler && { schedule: { scheduler: options.scheduler, epochs: options.steps as number } }),
    imputes: data.x.some(Number.isNaN),
    folds,
  };
  const runner = createRunner([...folds.rounds, folds.last], jobs);
  try {
    const whole: Work<S> = { ...work, runner };
    const lineage = study.strategy.proceed && lineageOf(whole, study);
    // More trials than threads, so that none waits while a trial is being built, and short jobs come in batches.
    const concurrency = runner.jobs === 1 ? 1 : 4 * runner.jobs;
    await study.optimize(
      (params, trial) => evaluateTrial({ ...whole, ...(lineage && { lineage }) }, params, trial),
      budgetOf(options, concurrency),
    );
    const { best, bestTrials, trials } = study;
    const final = best && refit ? await fitBest(whole, ancestry(trials, best.number), seed) : undefined;
    const objectiveNames = metrics.slice(0, objectives).map(({ name }) => name);
    return { best, bestTrials, trials, study, metric: metric.name, metrics: objectiveNames, final };
  } finally {
    await runner.close();
  }
}

/** The epochs of trials, where they do not depend on parameters. */
function epochsOf<S extends Space>(fit: TuneOptions<S>["fit"]): number {
  return (typeof fit === "function" ? undefined : fit?.epochs) ?? DEFAULT_EPOCHS;
}

function metricFor(given: string | CustomMetric, task: Task): Metric {
  const metric = getMetric(given);
  check(
    metric.tasks.includes(task),
    () => `${metric.name} is for ${metric.tasks.join(" and ")}, but the target is for ${task}`,
  );
  return metric;
}

/** The names of `SearchOptions`. */
export const SEARCH_OPTIONS = [
  ...["space", "strategy", "constraint", "trials", "seed", "jobs", "lag", "onEvent", "signal"],
  ...["stop", "scheduler", "steps", "enqueue", "warmStart"],
];
/** The names that `TuneOptions` adds, but for the metric. */
export const MODEL_OPTIONS = [
  ...["x", "y", "data", "task", "model", "fit", "validation", "testSize", "standardize", "constraints"],
];

/** The options with the default strategy where they have none. */
async function withStrategy<O extends { readonly strategy?: Strategy }>(
  options: O,
  objectives: number,
): Promise<O & { readonly strategy: Strategy }> {
  return { ...options, strategy: options.strategy ?? (await defaultStrategy(objectives)) };
}

function studyOf<S extends Space>(
  options: SearchOptions<S> & { readonly strategy: Strategy },
  direction: Direction | readonly Direction[],
): Study<S> {
  const { jobs, constraint } = options;
  check(
    jobs === undefined || (Number.isSafeInteger(jobs) && jobs > 0),
    () => `jobs is a positive number of threads, got ${show(jobs)}`,
  );
  const { space, strategy, seed = 0, warmStart = [], enqueue = [], scheduler, steps } = options;
  // Trials that wait for each other must all have been asked.
  const width = scheduler && steps !== undefined ? scheduler.width(steps) : 1;
  const lag = Math.max(options.lag ?? DEFAULT_LAG, width - 1);
  const study = createStudy({
    ...{ space, strategy, seed, direction, lag, clock: () => platform.now() },
    ...(constraint && { constraint }),
  });
  for (const [name, list] of Object.entries({ warmStart, enqueue })) {
    check(Array.isArray(list), () => `${name} is a list, got ${show(list)}`);
  }
  check(
    strategy.proceed === undefined || warmStart.length === 0,
    () =>
      `strategy ${show(strategy.name)} goes on with trainings, and warmStart has none; enqueue the parameters of its trials`,
  );
  for (const { params, status, value, values, constraints } of warmStart) {
    study.add(params, {
      status,
      ...(value !== null && { value }),
      ...(values && { values }),
      ...(constraints && { constraints: constraints.map((each) => each ?? Number.POSITIVE_INFINITY) }),
    });
  }
  for (const params of enqueue) study.enqueue(params);
  return study;
}

function budgetOf<S extends Space>(options: SearchOptions<S>, concurrency: number): OptimizeOptions<S> {
  const { space, strategy, onEvent, signal, stop, scheduler, steps, warmStart = [], enqueue = [] } = options;
  const whole = strategy?.size?.(space, options.constraint as Constraint | undefined);
  const trials = options.trials ?? (whole === undefined ? DEFAULT_TRIALS : whole + enqueue.length);
  return {
    trials: trials + warmStart.length,
    concurrency,
    ...(onEvent ? { onEvent } : {}),
    ...(signal ? { signal } : {}),
    ...(stop ? { stop } : {}),
    ...(scheduler ? { scheduler } : {}),
    ...(steps === undefined ? {} : { steps }),
  };
}

/** Apart from the streams of the study itself. */
const SPLIT_STREAM = 0x7370;
