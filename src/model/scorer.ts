/** The score of a model's predictions for rows whose targets are known. */
import type { Dataset, EncodedRows } from "../data/dataset.js";
import { must } from "../errors.js";
import { decided } from "../metrics/decided.js";
import { type MaskedPrediction, scoreMasked } from "../metrics/lines.js";
import type { Metric } from "../metrics/metric.js";
import type { Rows } from "../predict/rows.js";

/** Rows whose targets are known, with their weights in metrics. */
type ScoredRows = EncodedRows & Pick<Dataset, "sampleWeight">;

/** What a score needs of a model. */
interface Predicting {
  readonly threshold: number;
  predictMasked(rows: Rows): MaskedPrediction;
}

/**
 * Predicts rows, once, and returns the function that scores the predictions by a metric: of the steps that
 * count, and with decisions by the threshold of the model.
 *
 * @param data - what the model was trained on
 * @param isOther - whether the other class of two is the positive one
 * @throws FettleError as `predict` of a model does; `invalid_argument` for rows without a target
 */
export function scorerOf(
  model: Predicting,
  { task, outputs }: Pick<Dataset, "task" | "outputs">,
  rows: ScoredRows,
  isOther = false,
): (metric: Metric) => number {
  const { y, sampleWeight: weights } = rows;
  must(y !== undefined, "rows", "what encodeRows returns for a table that has the target", rows);
  const { prediction, mask } = model.predictMasked(rows);
  const decisions =
    outputs === 1 && task === "classification" ? decided(prediction, model.threshold) : prediction;
  // for the other class, everything is reversed; decisions stay the same
  const [yTrue, data, classes] = [y, prediction, decisions].map((values) =>
    isOther ? values.map((value: number) => 1 - value) : values,
  );
  const truths = { yTrue, outputs, ...(weights && { weights }) };
  return (metric) => scoreMasked(metric, truths, { prediction: metric.decides ? classes : data, mask });
}
