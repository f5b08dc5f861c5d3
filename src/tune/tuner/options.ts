/** The options of `tune` and its result: types, and the names of options. Nothing here runs. */
import type { TensorLike } from "../../arrays.js";
import type { Labels } from "../../data/classes.js";
import type { Dataset, Task } from "../../data/dataset.js";
import type { Groups, Times } from "../../data/groups.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import type { UnknownRule } from "../../data/read.js";
import type { FoldRows } from "../../data/split/splitter.js";
import type { Direction } from "../../direction.js";
import type { FettleError, OptionNames } from "../../errors.js";
import type { MetricLike, TestScore } from "../../metrics/names.js";
import type { Model } from "../../model/model.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { Scheduler } from "../../search/schedulers/scheduler.js";
import type { Constraint, ParamsOf, Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type {
  Objective,
  StopReason,
  StopRules,
  Study,
  StudyEvent,
  StudyJson,
} from "../../search/study/contract.js";
import type { BestTrial, TrialRecord } from "../../search/trial/trial.js";
import type { JobQueue } from "../../workers/queue/queue.js";
import type { Calibration } from "../trial/calibration.js";
import type { CallbackMaker } from "../trial/callbacks.js";
import type { ErrorCosts } from "../trial/cost.js";
import type { MissingCells } from "../trial/data.js";
import type { Ensemble } from "../trial/ensemble.js";
import type { EnsembleOptions } from "../trial/ensembleOptions.js";
import type { Shortened } from "../trial/finalLimits.js";
import type { Validation } from "../trial/folds.js";
import type { FitSettings } from "../trial/settings.js";
import type { Scores } from "../trial/setup.js";
import type { ValidationData } from "../trial/validationData.js";

/** The options of every search. */
export interface SearchOptions<S extends Space> {
  readonly space: S;
  /**
   * Default `gp()`, Bayesian optimization; for several objectives `nsga2()`. `pbt()` trains a population
   * whose hyperparameters change during training.
   */
  readonly strategy?: Strategy;
  /** Which points of the space exist: points for which it returns false are never suggested. Pure. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /**
   * The number of trials. Default 30, or no limit with a `timeout`; or all points of a finite strategy, such
   * as `grid()`. With `pbt()`, a trial is an interval.
   */
  readonly trials?: number;
  /** Decides everything random. Default 0. */
  readonly seed?: number;
  /**
   * For models, the threads: at most one per core and per training; default -1, as many as cores, or with
   * `callbacks` 1, the only number then.
   * For an objective, the trials that run at the same time; default 1, and -1 means as many as cores. The
   * results depend on `lag`, not on the number.
   */
  readonly jobs?: number;
  /**
   * The queue from which workers of other processes and machines take jobs, with `runWorker` of
   * `fettle/queue` and a `tuneWorker`. Then `jobs` is how many jobs this process runs itself, 0 for none. The
   * results are the same. Default: all jobs run here.
   */
  readonly queue?: JobQueue;
  /**
   * The number of most recent trials whose values an adaptive strategy does not know, so that up to `lag + 1`
   * trials can run in parallel; see `createStudy`. Default 2 for models, whose folds are trained in parallel
   * too; for an objective 0, or 7 if `jobs` is not 1. A saved study keeps its `lag`.
   */
  readonly lag?: number;
  /** Called at each event, in order; an error or rejection ends the study: see `OptimizeOptions`. */
  readonly onEvent?: (event: StudyEvent<S>) => void;
  /**
   * Ends the search within 0.1 s of `aborted` being true, as soon as this thread is free, and also the final
   * fit. Running trials are dropped; the result has the finished ones, without a final model. To let them
   * end, and fit the final model, call `stop()` of the study in the event `studyStarted`.
   */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Milliseconds after which the search ends: running trials are dropped, or with a scheduler end first. For
   * models this limits all of `tune`. The search leaves time for the final fit, estimated from the trainings
   * so far: at most 0.6 of the limit for its first network, and 0.4 for all networks of an `ensemble`. It
   * does not end before the first trial, whose trainings are cut after 0.4 of the limit. Then as many
   * networks are fitted as there is time for, or one for fewer epochs. Default no limit.
   */
  readonly timeout?: number;
  /** A clock in milliseconds, for the time limits and the seconds of trials. Default the host's. */
  readonly clock?: () => number;
  /**
   * Milliseconds that a trial may take, for models in trainings. A longer trial is recorded as failed, with
   * the reason, and the search continues. An objective is notified through its `signal`; one that never
   * awaits cannot be interrupted, and fails when it returns. With a `queue`, an objective's worker measures
   * it; for models choose `jobTimeout` of `runWorker`. Default no limit.
   */
  readonly trialTimeout?: number;
  /**
   * Ends the search early: at a value (`target`), after a number of trials without a better one (`patience`),
   * after a number of steps, for models epochs (`steps`), or by a custom rule (`rule`).
   */
  readonly stop?: StopRules;
  /**
   * Ends unpromising trials early: `halving()`, `hyperband()`, `asha()` or `medianStopping()`. Default none.
   */
  readonly scheduler?: Scheduler;
  /**
   * With a scheduler: the budget of a complete trial, for models in epochs, for an objective in its reported
   * steps. Default for models: the epochs of `fit` if that is an object, else 20.
   */
  readonly steps?: number;
  /**
   * A saved search to resume, from `JSON.stringify(study)`: it ends with the same bits as if it had never
   * stopped. The other options must be those with which it started; `trials` counts all of them.
   */
  readonly study?: StudyJson;
  /** Points to try first, even if there are more than `trials`, towards which they count. */
  readonly enqueue?: readonly ParamsOf<S>[];
  /**
   * Trials of an earlier study over the same parameters, to learn from. They do not count towards `trials`.
   */
  readonly warmStart?: readonly Pick<
    TrialRecord<ParamsOf<S>>,
    "params" | "value" | "values" | "constraints" | "status"
  >[];
}

/** The options of `tune` for an objective. */
export interface TuneObjectiveOptions<S extends Space> extends SearchOptions<S> {
  /**
   * Returns the value of parameters. If it throws, or takes longer than `trialTimeout`, only that trial
   * fails.
   */
  readonly objective: Objective<S>;
  /** Whether larger or smaller values are better; for several objectives, a list. */
  readonly direction: Direction | readonly Direction[];
}

/** The options of `tune` for a model and data. */
export interface TuneOptions<S extends Space, M extends MetricLike = MetricLike> extends SearchOptions<S> {
  /**
   * Inputs, [rows, columns], or rows of another shape, such as [rows, height, width, channels]; or give
   * `data`.
   */
  readonly x?: TensorLike;
  /**
   * Targets: quantities, or classes: words, booleans, 0 and 1, one-hot rows, or integers with
   * `task: "classification"` or with models that end in a softmax of as many units for a loss of several
   * classes. A model of two classes has one unit, or two with a softmax; for more classes, one unit each.
   */
  readonly y?: TensorLike | Labels;
  /** An encoded table, from `encodeTable`. */
  readonly data?: Dataset;
  /**
   * Whether NaN in `x` is a missing cell, which the pipeline fills (`"impute"`), or refused (`"refuse"`); for
   * `data`, the option of `encodeTable` decides. Default: `"impute"` with a `pipeline` that has `impute`, or
   * an `indicator` other than `false`; else `"refuse"`.
   */
  readonly missing?: MissingCells;
  /**
   * What `y` holds. Default: classification if `y` is words, booleans, 0 and 1, one-hot rows, or integers for
   * a model of classes.
   */
  readonly task?: Task;
  /**
   * The positive class of two, for precision, recall, F1, AUC and the decision threshold; `predict` returns
   * its probability. Models need one unit, with a sigmoid. Default: that of `data`; for `y`, `yes`, `true` or
   * `1` if the other class is its opposite, else the rarer class.
   */
  readonly positive?: string;
  /**
   * How much each row of `x` counts in losses and metrics, [rows], at least 0. Only ratios matter. Default:
   * all equally.
   */
  readonly sampleWeight?: ArrayLike<number>;
  /**
   * The group of each row of `x`, such as a patient, [rows]: words or numbers. No fold and no test part
   * divides a group; classes are then not stratified. Default: each row is its own group.
   */
  readonly groups?: Groups;
  /**
   * The time of each row of `x`, [rows]: numbers, of which only the order counts, or dates. Every fold is
   * then validated, and the final model tested, on rows after all training rows; classes are not stratified.
   * Default: rows have no order.
   */
  readonly time?: Times;
  /** Builds and compiles a model from parameters of the space. */
  readonly model: (params: ParamsOf<S>) => LayersModel;
  /** How trials are trained: settings, or a function of the parameters that returns settings. */
  readonly fit?: FitSettings | ((params: ParamsOf<S>) => FitSettings);
  /**
   * Makes the callbacks of one training: `() => [earlyStopping({ patience: 3 })]`. It is called for each fold
   * of each trial, and for each network of the final model, so that none shares a state; and once before the
   * first trial, to check what it returns. Trainings then run in this thread.
   *
   * On a fold, callbacks do what they do in `fit` with the validation rows as `validationData`: logs have
   * `loss`, the metrics of `compile`, and both on the validation rows, metrics in the units of the target. In
   * the final fit, which has no validation rows, logs have no such numbers, and callbacks that monitor one
   * are left out: it trains as many epochs as the folds kept on average, at most. There,
   * `reduceLROnPlateau` must monitor a number of the training rows. Not with a scheduler. With `pbt()`, each
   * interval is a training.
   */
  readonly callbacks?: CallbackMaker<S>;
  /**
   * The metric to tune for; a list gives several objectives. Default `r2`; the loss for models of
   * `gaussianNll` or `gaussianCrps`, in the units of the target; or `logLoss`, with which each trial also
   * reports its accuracy in `attributes.scores`: log loss distinguishes trials that are right
   * about the same rows.
   */
  readonly metric?: M | readonly M[];
  /**
   * A metric of predicted classes, such as `f1`, that chooses the decision threshold of the final model, on
   * the predictions of the best trial for the validation rows of each fold. Two classes only. Default: the
   * threshold is ½.
   */
  readonly threshold?: MetricLike;
  /**
   * The costs of errors, each above 0, such as `{ missed: 100, false: 5 }`: the decision threshold of the
   * final model then has the least cost, on the same predictions as for `threshold`, which must be left out.
   * Two classes only. Default: the threshold is ½.
   */
  readonly cost?: ErrorCosts;
  /**
   * How many networks the final model has: their mean, an ensemble, is mostly better than one network, and as
   * many times larger and slower. They are trained on all development rows, with the parameters of the trials
   * whose mean prediction for the validation rows of each fold is nearest to the targets; options are
   * {@link EnsembleOptions}. If `pipeline` is a function, only trials with the best trial's pipeline take
   * part. For one metric. Default 1.
   */
  readonly ensemble?: number | EnsembleOptions;
  /**
   * Whether the probabilities of the final model are calibrated: the logits of all its networks are divided
   * by one temperature, which minimizes log loss on the validation rows of each fold. It stays unchanged if
   * that does not help. For one metric and classification; models must end with `dense` with `sigmoid` for
   * two classes, `softmax` for more. A threshold is chosen after it. Default false.
   *
   * @see C. Guo and others, "On calibration of modern neural networks", ICML 2017
   */
  readonly calibrate?: boolean;
  /**
   * Soft constraints, each satisfied if at most 0, from the mean scores over the folds of `metric` and of the
   * most common metrics of the task:
   * `({ recall }) => [0.9 - recall]`. A trial that violates one is never the best.
   */
  readonly constraints?: (scores: Scores, params: ParamsOf<S>) => readonly number[];
  /**
   * How trials are scored: by `{ folds: 5 }` (default) or `{ split: 0.2 }`, in the order of time, by groups,
   * or stratified by class, depending on the data; by a splitter such as `timeSeriesSplit({ folds: 4 })`, or
   * a function of rows that returns folds; or by folds, `[{ train, validation }]`, of row ids. The final
   * model also trains on rows in no fold.
   */
  readonly validation?: Validation;
  /**
   * Rows on which every trial is scored instead of folds: [x, y] or [x, y, sampleWeight]; with `data`,
   * another table, encoded alike and read with its schema. Trials, pipelines and the final model are fitted
   * to the rows of `x` or `data` alone. In `folds` of the result, these rows are numbered after the others.
   * Leave out `validation`, `groups` and `time`. Default: `validation` divides the rows.
   */
  readonly validationData?: ValidationData;
  /** The share of rows that no trial sees, on which the final model is scored. Default 0. */
  readonly testSize?: number;
  /**
   * On how many of the other rows trials are trained and scored, at least 2: the last in time, complete
   * groups, or random ones by class. The final model is fitted to all. For tables so large that only few
   * trials fit into the time. Default all.
   */
  readonly searchRows?: number;
  /**
   * How missing cells are filled, categories encoded, inputs and targets scaled, by the training rows of each
   * fold: choices, or a function of the parameters that returns them. Default: everything is standardized,
   * except what a layer reads differently: ids, as for `embedding`, stay unchanged, and so does padding of
   * sequences, as for `masking`; see `notes` of the result.
   */
  readonly pipeline?: PipelineOptions | ((params: ParamsOf<S>) => PipelineOptions);
  /**
   * How the final model treats a row with a category that it was not trained on; saved in the file, and can
   * be changed when the model is loaded. Default `"refuse"`; `"ignore"` if a column will have such a category
   * in a twentieth of new rows or more, by the estimate of `diagnose`.
   */
  readonly unknown?: UnknownRule;
  /**
   * Whether trials keep their `curves`, by epoch and fold:
   *
   * - `loss`, the mean over the training rows during training, with penalties, in the units that the network
   *   learns;
   * - `valLoss`, the loss of the validation rows after the epoch, in the same units, and metrics such as
   *   `valAccuracy`, in the units of the target, like the scores of the trial: if early stopping monitors one
   *   of them, and the metric at the rungs of a scheduler.
   *
   * `"validation"` measures `valLoss` and every tuned metric after each epoch, at the cost of one prediction
   * of the validation rows; the metrics must be built-in. Default true, which measures nothing just for the
   * curves.
   */
  readonly curves?: boolean | "validation";
}

/**
 * The options of a tuner: those of `tune` for a model without `jobs`, `signal` and time limits, because it
 * has no threads, and its caller can stop it at any step; and without `callbacks`, whose states no bytes
 * have.
 */
export type TunerOptions<S extends Space> = Omit<
  TuneOptions<S>,
  "jobs" | "queue" | "signal" | "timeout" | "trialTimeout" | "clock" | "callbacks"
>;

/** The result of a search. */
export interface SearchResult<S extends Space> {
  /**
   * The best trial.
   *
   * @throws FettleError `invalid_state` if `bestTrials` is empty, because every trial violates a constraint
   * or the search was ended first; and for several objectives
   */
  readonly best: BestTrial<ParamsOf<S>>;
  /** The Pareto front: the trials that no other dominates; for one objective, the best and its equals. */
  readonly bestTrials: readonly TrialRecord<ParamsOf<S>>[];
  /** Every trial, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** For `JSON.stringify`, and to continue with `study.optimize`. */
  readonly study: Study<S>;
}

/** The result of tuning a model on data; `Name` is a tuned metric's. */
export interface TuneResult<S extends Space, Name extends string = string> extends SearchResult<S> {
  /** The name of the tuned metric; of several, the first. */
  readonly metric: string;
  /** The names of all tuned metrics. */
  readonly metrics: readonly string[];
  /** The folds by which trials were scored, as row ids; can be passed to `validation`. */
  readonly folds: readonly FoldRows[];
  /** The ids of the test rows, on which the final model is scored; empty without `testSize`. */
  readonly testRows: Int32Array;
  /**
   * The best parameters, refitted to all development rows.
   *
   * @throws FettleError `finalError`, if there is one
   */
  readonly final: Model<Name | TestScore>;
  /**
   * What the layers decided about columns, each with the option that overrides it: which are ids or padded
   * steps, and so not scaled like others. For the final model, or else the best trial; empty for a model that
   * reads only numbers.
   */
  readonly notes: readonly string[];
  /** The networks of the final model, and their scores; undefined for a single network. */
  readonly ensemble?: Ensemble;
  /**
   * How well the probabilities of the final model are calibrated, before and after; undefined without
   * `calibrate`.
   */
  readonly calibration?: Calibration;
  /**
   * Why there is no final model: `aborted` by the signal; `invalid_state` without a best trial, and if
   * `model`, `fit` or `pipeline` returned something else in the trial; or an error with the fit's own as its
   * `cause`. The trials are not affected.
   */
  readonly finalError?: FettleError;
  /**
   * If `timeout` ended the search: its number of trials. The same search with this number as `trials`, and no
   * `timeout`, gives the same bits.
   */
  readonly endedAfter?: number;
  /** What ended the search before all its trials: its time limit, or a rule of `stop`. */
  readonly endedBy?: "timeout" | StopReason;
  /**
   * If `timeout` left no time for all networks of `ensemble`: for how many it did. To repeat the search, set
   * `ensemble` to this number, with `confirm` of the result's `ensemble`.
   */
  readonly networks?: number;
  /** If `timeout` left no time for all epochs of the final fit. More time would train longer. */
  readonly shortened?: Shortened;
}

const SEARCH_OPTIONS: OptionNames<SearchOptions<Space>> = {
  space: true,
  strategy: true,
  constraint: true,
  trials: true,
  seed: true,
  jobs: true,
  lag: true,
  onEvent: true,
  signal: true,
  timeout: true,
  clock: true,
  trialTimeout: true,
  stop: true,
  scheduler: true,
  steps: true,
  enqueue: true,
  warmStart: true,
  study: true,
  queue: true,
};

export const OBJECTIVE_OPTIONS: OptionNames<TuneObjectiveOptions<Space>> = {
  ...SEARCH_OPTIONS,
  objective: true,
  direction: true,
};

export const TUNE_OPTIONS: OptionNames<TuneOptions<Space>> = {
  ...SEARCH_OPTIONS,
  x: true,
  y: true,
  data: true,
  missing: true,
  task: true,
  positive: true,
  sampleWeight: true,
  groups: true,
  time: true,
  model: true,
  fit: true,
  callbacks: true,
  metric: true,
  constraints: true,
  validation: true,
  validationData: true,
  testSize: true,
  searchRows: true,
  pipeline: true,
  threshold: true,
  cost: true,
  unknown: true,
  curves: true,
  ensemble: true,
  calibrate: true,
};

/**
 * The options of searches that are passed through, while all others are copied: instances, and values that
 * are read once, before the first trial.
 */
export const KEPT: readonly string[] = [
  "strategy",
  "scheduler",
  "queue",
  "signal",
  "metric",
  "threshold",
  "scoring",
  "refit",
  "x",
  "y",
  "validationData",
  "sampleWeight",
  "groups",
  "time",
  "study",
  "warmStart",
] satisfies (keyof TuneOptions<Space> | "scoring" | "refit")[];
