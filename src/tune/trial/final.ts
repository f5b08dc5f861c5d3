import type { Dataset } from "../../data/dataset.js";
import { fitPipeline } from "../../data/pipeline/pipeline.js";
import type { ColumnSchema, Schema } from "../../data/schema.js";
import type { SavedRun } from "../../engine/executor.js";
import { must } from "../../errors.js";
import { decided } from "../../metrics/decided.js";
import type { Metric } from "../../metrics/metric.js";
import { Model } from "../../model/model.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import { seedOfTrial } from "../../search/study/ledger.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import type { Fold } from "../jobs/score.js";
import { allMetrics, meanAndStd, scoreOf } from "./scoring.js";
import type { TrialSetup } from "./setup.js";
import { chooseThreshold, HALF, type Predictions } from "./threshold.js";
import { type JobTemplate, templateAgain, trainOnFolds } from "./training.js";

/** @param line - the best trial, after the trials whose training it continues */
export async function fitFinal<S extends Space>(
  setup: TrialSetup<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<Model> {
  const { data, folds } = setup.rows;
  const templates = line.map((trial) => templateAgain(setup, trial, seed, true));
  let result = await fitTrial(setup, line[0], templates[0]);
  for (const [i, trial] of line.entries())
    if (i > 0) result = await fitTrial(setup, trial, templates[i], result.state);
  const last = line[line.length - 1];
  const { finalFold, job, built: model } = templates[line.length - 1];
  const { train, validation } = folds[folds.length - 1];
  const { pipeline } = fitPipeline(data, { ...job.pipeline, rows: train });
  if (result.state) model.restore(data.shape ?? pipeline.features.length, result.state);
  const threshold = setup.threshold
    ? chooseThreshold(setup.threshold, await outOfFold(setup, line, seed))
    : HALF;
  const decide = (metric: Metric): JobResult =>
    metric.decides && threshold !== HALF
      ? { ...result, prediction: decided(result.prediction, threshold) }
      : result;
  const test =
    validation.length > 0
      ? allMetrics(setup).map((metric) => [metric.name, scoreOf(metric, finalFold, decide(metric))] as const)
      : [];
  const table = {
    schema: schemaOf(data),
    inputs: data.inputs,
    pipeline,
    ...{ task: data.task, target: data.target, outputs: data.outputs, classes: data.classes, threshold },
    ...(data.targets && { targets: data.targets }),
  };
  const { params, number, value } = last;
  const [metric] = setup.metrics;
  const notes = {
    test: Object.fromEntries(test),
    params,
    trial: number,
    metric: metric.name,
    value,
    seed,
  };
  return new Model(model, table, notes);
}

/** How the columns in use are written: the inputs, and the targets if they come from a table. */
function schemaOf({ schema, inputs, target, targets = [target] }: Dataset): Schema {
  if (!schema) {
    return { na: [], columns: inputs.map(({ name, kind, categories }) => ({ name, kind, categories })) };
  }
  const isInput = new Set(inputs.map(({ name }) => name));
  const columns = schema.columns
    .filter(({ name }) => isInput.has(name) || targets.includes(name))
    .map(({ samples: _, role: __, ...column }): ColumnSchema => {
      return isInput.has(column.name) ? column : { ...column, role: "target" };
    });
  return { na: schema.na, columns };
}

/** Predictions of the best trial for the validation rows of each fold: it is trained once more, to the same bits. */
async function outOfFold<S extends Space>(
  setup: TrialSetup<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<Predictions[]> {
  let results: readonly JobResult[] = [];
  let folds: readonly Fold[] = [];
  for (const trial of line) {
    const template = templateAgain(setup, trial, seedOfTrial(seed, trial.number));
    folds = template.folds;
    const job = { ...template.job, keepState: line.length > 1 };
    results = await trainOnFolds(
      setup,
      job,
      results.map(({ state }) => state),
    );
  }
  return results.map(({ prediction }, i) => {
    const { yTrue, weights } = folds[i];
    return { yTrue, yPred: prediction, ...(weights && { weights }) };
  });
}

/** The part of one trial in the final fit, from where the part before it ended. */
function fitTrial<S extends Space>(
  setup: TrialSetup<S>,
  { attributes }: TrialRecord<ParamsOf<S>>,
  { job }: JobTemplate,
  from?: SavedRun,
): Promise<JobResult> {
  const { rows, backend } = setup;
  // Without validation rows the final fit cannot stop early: it runs as many epochs as the folds did.
  const { earlyStopping: _, measured: __, ...whole } = job;
  const epochs = attributes?.epochs === undefined ? job.epochs : meanEpochs(attributes.epochs, job.epochs);
  return backend.run({
    ...whole,
    epochs,
    fold: rows.folds.length - 1,
    keepState: true,
    ...(from && { from }),
  });
}

/** The mean of the epochs that the folds kept, at least 1. They may come from a saved study. */
function meanEpochs(kept: ParamValue, most: number): number {
  const isEpochs = (each: unknown) =>
    Number.isSafeInteger(each) && (each as number) >= 0 && (each as number) <= most;
  must(
    Array.isArray(kept) && kept.length > 0 && kept.every(isEpochs),
    "the epochs attribute of a trial",
    `a list of integers from 0 to ${most}`,
    kept,
    "invalid_checkpoint",
  );
  return Math.max(1, Math.round(meanAndStd(kept as readonly number[]).value));
}
