/** What is given to a tuning, and what it gives: types and the names of options. Nothing here runs. */

import type { Dataset, Task } from "../../data/dataset.js";
import type { MatrixLike } from "../../data/matrix.js";
import type { Direction } from "../../direction.js";
import type { MetricLike } from "../../metrics/registry.js";
import type { Sequential } from "../../nn/sequential.js";
import type { Scheduler } from "../../search/schedulers/scheduler.js";
import type { Constraint, ParamsOf, Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { Objective, StudyEvent } from "../../search/study/optimize.js";
import type { StopRules } from "../../search/study/stopping.js";
import type { Study } from "../../search/study/study.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { Validation } from "../trial/folds.js";
import type { FitSettings } from "../trial/training.js";
import type { Final, Scores } from "../trial/trials.js";

/** What every tuning has. */
export interface SearchOptions<S extends Space> {
  readonly space: S;
  /**
   * Default `gp()`, Bayesian optimization; of several objectives `nsga2()`. `pbt()` around another trains a population,
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
  readonly metric?: MetricLike | readonly MetricLike[];
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

/** What `tune` takes for a model, but for threads and a signal: a tuner has neither. */
export type TunerOptions<S extends Space> = Omit<TuneOptions<S>, "jobs" | "signal">;

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

/** The names of `SearchOptions`. */
export const SEARCH_OPTIONS = [
  ...["space", "strategy", "constraint", "trials", "seed", "jobs", "lag", "onEvent", "signal"],
  ...["stop", "scheduler", "steps", "enqueue", "warmStart"],
];
/** The names that `TuneOptions` adds, but for the metric. */
export const MODEL_OPTIONS = [
  ...["x", "y", "data", "task", "model", "fit", "validation", "testSize", "standardize", "constraints"],
];
