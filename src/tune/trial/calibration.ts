/**
 * How well the probabilities of a final model are calibrated, and the temperature that calibrates them.
 * `ensemble/temperature.ts` has the arithmetic.
 */
import type { Task } from "../../data/dataset.js";
import { check, must } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { expectedCalibrationError, logLoss } from "../../metrics/probability.js";
import type { Floats } from "../../ndarray.js";
import { concatenated } from "../../search/trial/curves.js";
import { chooseTemperature, meanAt } from "../ensemble/temperature.js";
import type { Fold } from "../jobs/score.js";
import { validatedRows } from "./outOfFold.js";

/** A score by the uncalibrated probabilities, and by those with the temperature. */
export interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

/**
 * The temperature of a final model, and its effect on all validation rows together. For each part of them, a
 * fold or a fifth of the only fold, the temperature is then chosen without that part.
 */
export interface Calibration {
  /** The number that divides the logits of every network: from ¼ to 4; 1 if no other is better. */
  readonly temperature: number;
  readonly logLoss: BeforeAndAfter;
  /** By `metrics.expectedCalibrationError`. */
  readonly error: BeforeAndAfter;
}

/**
 * Refuses models that have no probabilities to calibrate.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkCalibrate(calibrate: unknown, task: Task, objectives: number): void {
  must(calibrate === undefined || typeof calibrate === "boolean", "calibrate", "true or false", calibrate);
  if (!calibrate) return;
  check(task === "classification", "calibrate needs a classification target; received a regression target");
  must(objectives === 1, "metric with calibrate", "one metric", objectives);
}

/**
 * @param networks - for each network of the final model, the predictions of its trial for the validation rows
 * of each fold
 * @returns undefined if one of the predictions is NaN, so that nothing can be chosen
 */
export function calibrationOf(
  networks: readonly (readonly Floats[])[],
  folds: readonly Fold[],
): Calibration | undefined {
  if (!networks.flat().every((own) => own.every(Number.isFinite))) return undefined;
  const joined = new Map([...new Set(networks)].map((own) => [own, concatenated(own)] as const));
  const all = networks.map((own) => joined.get(own) as Float32Array);
  const rows = validatedRows(folds);
  const { temperature, crossFitted } = chooseTemperature(all, rows);
  const plain = meanAt(all, rows.outputs, 1);
  const scores = ({ compute }: Metric): BeforeAndAfter => {
    const [before, after] = [plain, crossFitted].map((p) =>
      compute(Float64Array.from(rows.targets), p, rows.outputs, rows.weights),
    );
    return { before, after };
  };
  return { temperature, logLoss: scores(logLoss), error: scores(expectedCalibrationError) };
}
