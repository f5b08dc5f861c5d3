/**
 * Models whose predictions are no estimates of the target, in a tuner. Those of normal distributions
 * (`gaussianNll`, `gaussianCrps`) are tuned: the pipeline knows how they predict means and variances, and
 * scales both back. Others are refused, each with its reason.
 */
import type { Task } from "../../data/dataset.js";
import type { Moments } from "../../data/pipeline/moments.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { check, FettleError, must } from "../../errors.js";
import { showShape } from "../../graph/shape.js";
import type { Metric } from "../../metrics/metric.js";
import { momentsMetric } from "../../metrics/moments.js";
import type { BuiltInMetric } from "../../metrics/names.js";
import { metricNamed } from "../../metrics/registry.js";
import { type Form, type JudgedLoss, rowOfLoss } from "../../nn/losses/truths.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { Network } from "../../nn/network/network.js";
import { madeOf } from "../../recipe.js";

/** Why a form cannot be tuned, after "whose". */
const REFUSED: Readonly<Record<Exclude<Form, "moments">, string>> = {
  levels: "predictions are chances of levels, which a final model does not read as classes",
  times: "value for a row depends on the other rows of its batch, so that folds have no mean over rows",
  alignments: "predictions are not of the shape of the targets",
};

/** The loss of a model and how it predicts distributions; undefined for one that estimates the target. */
interface Formed {
  readonly name: "gaussianNll" | "gaussianCrps";
  readonly moments: Moments;
  /** Whether the loss has its constant. */
  readonly full: boolean;
}

/**
 * How a model predicts distributions of the target; undefined if it estimates the target itself.
 *
 * @throws FettleError `invalid_argument` for a loss of a form that cannot be tuned, and for one of several
 * outputs with such a loss
 */
export function formOf(built: LayersModel): Formed | undefined {
  const { losses } = built.described().compiled;
  const rows = losses.map(rowOfLoss);
  const formed = rows.find((row) => row?.form);
  if (formed?.form === undefined) return undefined;
  if (formed.form !== "moments") throw refusalOf(formed, REFUSED[formed.form]);
  if (losses.length > 1) throw refusalOf(formed, "model has several outputs");
  const [loss] = losses;
  const options: Readonly<Record<string, unknown>> =
    typeof loss === "string" ? {} : (madeOf(loss)?.options ?? {});
  const { fromLogVariance = false, epsilon = 1e-6, full = false } = options;
  return {
    name: formed.name as Formed["name"],
    moments: { log: fromLogVariance === true, least: epsilon as number },
    full: full === true,
  };
}

const refusalOf = ({ name }: JudgedLoss, reason: string): FettleError =>
  new FettleError(
    "unsupported",
    `tune needs a loss whose predictions can be scored out of fold; received ${name}, whose ${reason}; ` +
      "fit the model in the objective of createStudy, and return its loss",
  );

/** The pipeline of a model from the user's: it knows how distributions are predicted, if they are. */
export function followForm(built: LayersModel, given: PipelineOptions): PipelineOptions {
  must(given.moments === undefined, "moments of the pipeline", "left out: the loss decides", given.moments);
  const formed = formOf(built);
  if (!formed) return given;
  must(
    given.target === undefined || given.target === "standard" || given.target === "none",
    `pipeline.target for ${formed.name}`,
    '"standard" or "none", since a normal distribution of its logarithm is not a normal distribution of the target',
    given.target,
  );
  return { ...given, moments: formed.moments };
}

/** The units that a network needs. @throws FettleError `invalid_shape`, and as {@link formOf} */
export function checkUnits(built: LayersModel, { units, outputs: ends }: Network, outputs: number): void {
  const formed = formOf(built);
  if (formed) {
    const { name } = formed;
    const needed = 2 * outputs;
    must(
      units === needed,
      `units of the last layer for ${name}`,
      `${needed}: a mean of each column of y, then as many variances`,
      units,
      "invalid_shape",
    );
    const [{ shape }] = ends;
    check(
      shape.length === 1,
      () => `the output of a tuned network for ${name} must have one axis; received ${showShape(shape)}`,
      "unsupported",
    );
    return;
  }
  check(
    units === outputs,
    () =>
      `units of the model's last layer must be ${outputs}: as many as classes if there are more than two, otherwise as many as ` +
      `columns of y; received ${units}${outputs === 1 ? '; integers are classes with task: "classification"' : ""}`,
    "invalid_shape",
  );
}

/** What the predictions of a model are used for. */
interface Uses {
  readonly task: Task;
  readonly metrics: readonly Metric[];
  /** How an ensemble is chosen. */
  readonly selection?: unknown;
}

/**
 * Refuses what predicted distributions cannot be used for, and metrics of them without them.
 *
 * @throws FettleError `invalid_argument`, `unsupported`
 */
export function judgeUses(built: LayersModel, { task, metrics, selection }: Uses): void {
  const formed = formOf(built);
  const [ofMoments] = metrics.filter(isOfMoments);
  check(
    formed || !ofMoments,
    () =>
      `the loss of each model must be gaussianNll or gaussianCrps for the metric ${ofMoments.name}; received another`,
  );
  if (!formed) return;
  must(task === "regression", `task for ${formed.name}`, '"regression"', task);
  check(
    selection === undefined,
    () =>
      `ensemble must be left out for ${formed.name}, since the mean of variances is not the variance of a mixture; fit several models and mix their distributions`,
    "unsupported",
  );
}

export const isOfMoments = ({ predictions }: Metric): boolean => predictions === "moments";

/**
 * The metric that is tuned by default, and what each trial reports in addition. For classification, log loss:
 * accuracy counts rows, so many trials tie and chance decides between them, and it hides that rare classes
 * are missed.
 */
export const DEFAULT_METRICS = {
  classification: ["logLoss", "accuracy"],
  regression: ["r2"],
} as const satisfies Record<Task, readonly BuiltInMetric[]>;

/** The name of a metric that is scored if none is asked for, which depends on the task. */
export type DefaultMetric = (typeof DEFAULT_METRICS)[Task][number];

/**
 * The metrics of a task by default; for a loss of distributions, the loss.
 *
 * @param form - of the models; called for quantities only, because it builds one
 */
export function defaultMetrics(task: Task, form: () => Formed | undefined): Metric[] {
  const formed = task === "regression" ? form() : undefined;
  return formed ? [momentsMetric(formed.name, formed.full)] : DEFAULT_METRICS[task].map(metricNamed);
}
