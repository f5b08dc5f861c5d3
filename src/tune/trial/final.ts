/** The final fit: the best parameters, fitted to all development rows and scored on the test rows. */
import type { NdArray } from "ndarray";
import type { Dataset, EncodedRows } from "../../data/dataset.js";
import { columnsOf, fromMatrix, type MatrixLike, toMatrix64 } from "../../data/matrix.js";
import { applyPipeline, fitPipeline, type Pipeline } from "../../data/pipeline/pipeline.js";
import type { SavedRun } from "../../engine/executor.js";
import { check, FettleError, must, show } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import type { Floats } from "../../ndarray.js";
import type { Sequential } from "../../nn/sequential.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import { seedOfTrial } from "../../search/study/ledger.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import type { Fold } from "./folds.js";
import { allMetrics, inUnits, meanAndStd, scoreOf } from "./scoring.js";
import type { Scores, TrialSetup } from "./setup.js";
import { chooseThreshold, decided, HALF, type Predictions } from "./threshold.js";
import { jobTemplate, trainOnFolds } from "./training.js";

/** Rows before the pipeline: a matrix, or columns as `encodeTable` and `encodeRows` have them. */
export type RawInputs = MatrixLike | Pick<EncodedRows, "rows" | "columns">;

/** The final model, with what its inputs and predictions need. */
export interface FinalModel {
  /** The trained network. It takes what `pipeline` makes of inputs, where `predict` below accepts raw ones. */
  readonly model: Sequential;
  /** What was learnt of the development rows beside the network. */
  readonly pipeline: Pipeline;
  /** The probability above which the second of two classes is predicted: ½, unless option `threshold` chose another. */
  readonly threshold: number;
  /** Scores on the test rows, by metric; empty without them. */
  readonly test: Scores;
  /**
   * Predictions in the units of the target, [rows, outputs].
   *
   * @param x - raw inputs: [rows, columns] as in `x`, or what `encodeRows` returns
   */
  predict(x: RawInputs): NdArray<Floats>;
  /**
   * The names of the predicted classes: of two, by `threshold`; of more, the most probable.
   *
   * @throws FettleError `invalid_state` for a model of quantities
   */
  classify(x: RawInputs): string[];
}

/** @param line - the best trial, after the trials whose training it continues */
export async function fitFinal<S extends Space>(
  setup: TrialSetup<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<FinalModel> {
  const { data, folds } = setup.rows;
  let result = await fitTrial(setup, line[0], seed);
  for (const trial of line.slice(1)) result = await fitTrial(setup, trial, seed, result.state);
  const last = line[line.length - 1];
  const { finalFold, job } = jobTemplate(setup, last.params, seed, true);
  const { train, validation } = folds[folds.length - 1];
  const { pipeline } = fitPipeline(data, { ...job.pipeline, rows: train });
  const model = setup.model(last.params);
  if (result.state) model.restore(pipeline.features.length, result.state);
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
  const predict = (x: RawInputs): NdArray<Floats> => {
    const columns = columnsIn(x, data, setup.imputes);
    const inputs = applyPipeline(pipeline, columns);
    const rows = columns[0].length;
    const prediction = model.predict({ data: inputs, shape: [rows, pipeline.features.length] }).data;
    return fromMatrix(inUnits(finalFold, prediction), rows, data.outputs);
  };
  return {
    ...{ model, pipeline, threshold, test: Object.fromEntries(test), predict },
    classify: (x) => classesOf(data, predict(x), threshold),
  };
}

/** Missing cells are imputed as in training, if there were any. */
function columnsIn(x: RawInputs, { inputs }: Dataset, imputes: boolean): readonly Floats[] {
  if (!("columns" in x))
    return columnsOf(toMatrix64(x, { what: "x", columns: inputs.length, allowNonFinite: imputes }));
  const gaps = imputes ? [] : inputs.filter((_, j) => x.columns[j]?.some(Number.isNaN));
  check(
    gaps.length === 0,
    () =>
      `columns must have every cell, as in training; cells are missing in ${gaps.map(({ name }) => show(name))}`,
    "invalid_data",
  );
  return x.columns;
}

function classesOf({ task, classes }: Dataset, predictions: NdArray<Floats>, threshold: number): string[] {
  if (task === "regression")
    throw new FettleError(
      "invalid_state",
      "classify needs a model of classes; predict quantities with predict",
    );
  const [rows, outputs] = predictions.shape;
  return Array.from({ length: rows }, (_, row) => {
    if (outputs === 1) return classes[Number(predictions.get(row, 0) > threshold)];
    let best = 0;
    for (let j = 1; j < outputs; j++) if (predictions.get(row, j) > predictions.get(row, best)) best = j;
    return classes[best];
  });
}

/** Predictions of the best trial for the validation rows of each fold: it is trained once more, to the same bits. */
async function outOfFold<S extends Space>(
  setup: TrialSetup<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<Predictions[]> {
  let results: readonly JobResult[] = [];
  let folds: readonly Fold[] = [];
  for (const { params, number } of line) {
    const template = jobTemplate(setup, params, seedOfTrial(seed, number));
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
  { params, attributes }: TrialRecord<ParamsOf<S>>,
  seed: number,
  from?: SavedRun,
): Promise<JobResult> {
  const { rows, backend } = setup;
  const { job } = jobTemplate(setup, params, seed, true);
  // Without validation rows the final fit cannot stop early: it runs as many epochs as the folds did.
  const { earlyStopping: _, ...whole } = job;
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
