/** What all trials of a tuner have in common. Types only. */

import type { Task } from "../../data/dataset.js";
import type { UnknownRule } from "../../data/read.js";
import type { Metric } from "../../metrics/metric.js";
import type { Scheduler } from "../../search/schedulers/scheduler.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { FitTimes } from "./fitTimes.js";
import type { KeptPredictions } from "./kept.js";
import type { Lineage } from "./lineage.js";
import type { PlainModel } from "./plainModels.js";
import type { JobTemplate, TrainingSetup } from "./training.js";

/** Mean scores over the folds by metric: of the most common metrics of the task, and of the given ones. */
export type Scores = Readonly<Record<string, number>>;

export interface TrialSetup<S extends Space> extends TrainingSetup<S> {
  readonly task: Task;
  /** The tuned metrics, and in a detailed search the other reported ones. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** How many of the metrics are tuned, each an objective. */
  readonly objectives: number;
  /** Soft constraints, from mean scores by metric. */
  readonly constraints?: (scores: Scores, params: ParamsOf<S>) => readonly number[];
  /** Whether trials keep the scores by every metric and the times of each fold. */
  readonly detailed: boolean;
  /** Whether a detailed search scores the training rows, too. */
  readonly trainScores?: true;
  /** Whether trials keep their curves. */
  readonly curves: boolean;
  /** The scheduler that ends trials early, and the epochs of a complete trial. */
  readonly schedule?: { readonly scheduler: Scheduler; readonly epochs: number };
  /** What the final model does with a category that it was not trained on. */
  readonly unknown: UnknownRule;
  /** Untuned models for the pipeline of a trial, as further candidates for an ensemble. */
  readonly plain?: (template: JobTemplate) => Promise<readonly PlainModel[]>;
  /** Predictions of the best trials, if the end of the study needs them. */
  readonly kept?: KeptPredictions;
  /** Whether the time of a trial is limited. */
  readonly timed?: true;
  /** Measures trainings, if the time of the search is limited. */
  readonly fitTimes?: FitTimes;
  /** The final states of trainings, if other trials continue them. */
  readonly lineage?: Lineage;
}
