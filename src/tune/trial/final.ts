/** The final fit: the best parameters, fitted to all development rows and scored on the test rows. */
import type { NdArray } from "ndarray";
import { fromMatrix, type MatrixLike, toMatrix64 } from "../../data/matrix.js";
import { applyPipeline, fitPipeline, type Pipeline } from "../../data/pipeline/pipeline.js";
import type { SavedRun } from "../../engine/executor.js";
import { must } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import type { Sequential } from "../../nn/sequential.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import { allMetrics, inUnits, meanAndStd, scoreOf } from "./scoring.js";
import type { Scores, TrialSetup } from "./setup.js";
import { jobTemplate } from "./training.js";

/** The final model, with what its inputs and predictions need. */
export interface FinalModel {
  /** The trained network. It takes what `pipeline` makes of inputs, where `predict` below accepts raw ones. */
  readonly model: Sequential;
  /** What was learnt of the development rows beside the network. */
  readonly pipeline: Pipeline;
  /** Scores on the test rows, by metric; empty without them. */
  readonly test: Scores;
  /** Predictions for raw inputs, [rows, columns] as in `x` or `data.x`, in the units of the target: [rows, outputs]. */
  predict(x: MatrixLike): NdArray<Floats>;
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
  const test =
    validation.length > 0
      ? allMetrics(setup).map((metric) => [metric.name, scoreOf(metric, finalFold, result)] as const)
      : [];
  return {
    ...{ model, pipeline },
    test: Object.fromEntries(test),
    predict(x) {
      // Missing cells are imputed as in training, if there were any.
      const given = toMatrix64(x, {
        what: "x",
        columns: data.inputs.length,
        allowNonFinite: setup.imputes,
      });
      const inputs = applyPipeline(pipeline, given.data);
      const shape = [given.rows, pipeline.features.length] as const;
      const prediction = model.predict({ data: inputs, shape }).data;
      return fromMatrix(inUnits(finalFold, prediction), given.rows, data.outputs);
    },
  };
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
