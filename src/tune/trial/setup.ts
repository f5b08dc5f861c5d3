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
import type { ThresholdRule } from "./threshold.js";
import type { JobTemplate, TrainingSetup } from "./training.js";

/** Mean scores over the folds by metric: of the most common metrics of the task, and of those that were given. */
export type Scores = Readonly<Record<string, number>>;

export interface TrialSetup<S extends Space> extends TrainingSetup<S> {
  readonly task: Task;
  /** What is tuned for, and in a detailed search what else is reported. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** How many of the metrics are tuned for, each an objective. */
  readonly objectives: number;
  /** Soft constraints, from mean scores by metric. */
  readonly constraints?: (scores: Scores, params: ParamsOf<S>) => readonly number[];
  /** Whether trials keep the scores by every metric and the times of each fold. */
  readonly detailed: boolean;
  /** Whether trials keep their curves. */
  readonly curves: boolean;
  /** The scheduler that ends trials early, and the epochs of a whole trial. */
  readonly schedule?: { readonly scheduler: Scheduler; readonly epochs: number };
  /** How the decision threshold of the final model is chosen; without it, the threshold is ½. */
  readonly threshold?: ThresholdRule;
  /** What the final model does with a word that it was not trained on. */
  readonly unknown: UnknownRule;
  /** Models that need no tuning, which an ensemble may be of too, for the pipeline of a trial. */
  readonly plain?: (template: JobTemplate) => Promise<readonly PlainModel[]>;
  /** Predictions of the best trials, where the end of the study needs them. */
  readonly kept?: KeptPredictions;
  /** Whether the time of a trial is limited. */
  readonly timed?: true;
  /** What measures trainings, where the time of the search is limited. */
  readonly fitTimes?: FitTimes;
  /** Where the trainings of trials ended, if other trials continue them. */
  readonly lineage?: Lineage;
}
