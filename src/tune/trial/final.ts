/** The final fit: the best parameters, fitted to all development rows and scored on the test rows. */
import type { NdArray } from "ndarray";
import { fromMatrix, type MatrixLike, toMatrix64 } from "../../data/matrix.js";
import { applyPreprocessor } from "../../data/preprocess.js";
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
  /** The trained network. It takes standardized inputs, where `predict` below accepts raw, unscaled ones. */
  readonly model: Sequential;
  /** Scores on the test rows, by metric; empty without them. */
  readonly test: Scores;
  /** Predictions for raw, unscaled inputs, in the units of the target: [rows, outputs]. */
  predict(x: MatrixLike): NdArray<Floats>;
}

/** @param line - the best trial, after the trials whose training it continues */
export async function fitFinal<S extends Space>(
  setup: TrialSetup<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<FinalModel> {
  const { finalFold: fold } = setup;
  let result = await fitTrial(setup, line[0], seed);
  for (const trial of line.slice(1)) result = await fitTrial(setup, trial, seed, result.state);
  const model = setup.model(line[line.length - 1].params);
  if (result.state) model.restore(fold.features, result.state);
  const test = fold.validation
    ? allMetrics(setup).map((metric) => [metric.name, scoreOf(metric, fold, result)] as const)
    : [];
  return {
    model,
    test: Object.fromEntries(test),
    predict(x) {
      // Missing cells are imputed as in training, if there were any.
      const { data, rows } = toMatrix64(x, {
        what: "x",
        columns: fold.features,
        allowNonFinite: setup.imputes,
      });
      const ids = Int32Array.from({ length: rows }, (_, i) => i);
      const inputs = fold.inputs ? applyPreprocessor(data, ids, fold.inputs) : data;
      const prediction = model.predict({ data: inputs, shape: [rows, fold.features] }).data;
      return fromMatrix(inUnits(fold, prediction), rows, fold.outputs);
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
  const { folds, finalFold, backend } = setup;
  const { job } = jobTemplate(setup, params, seed, [finalFold]);
  // Without validation rows the final fit cannot stop early: it runs as many epochs as the folds did.
  const { earlyStopping: _, ...whole } = job;
  const epochs = attributes?.epochs === undefined ? job.epochs : meanEpochs(attributes.epochs, job.epochs);
  return backend.run({ ...whole, epochs, fold: folds.length, keepState: true, ...(from && { from }) });
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
