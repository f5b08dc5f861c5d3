/** The result of an evaluation: the loss, and the metrics of its predictions. */
import type { Matrix } from "../../engine/executor.js";
import type { Floats } from "../../ndarray.js";
import type { Logs } from "../callbacks/callback.js";
import type { OutputMetric } from "../network/perOutput.js";
import type { Evaluation, Examples } from "./trainer.js";

/** Rows per step outside training. */
export const EVALUATION_BATCH = 256;

/** The loss and each metric of an evaluation of examples. */
export function scoresOf(
  metrics: readonly OutputMetric[],
  { loss, prediction, mask }: Evaluation,
  { y, rows, weights }: Examples,
): Logs {
  if (metrics.length === 0) return { loss };
  const used = (matrix: Matrix): Floats => {
    const all = matrix.read();
    const { columns } = matrix;
    return rows ? all.slice(rows[0] * columns, (rows[rows.length - 1] + 1) * columns) : all;
  };
  const yTrue = used(y);
  const counts = weights && used(weights);
  const scores = metrics.map(
    ({ name, compute }) => [name, compute(yTrue, prediction, y.columns, counts, mask)] as const,
  );
  return { loss, ...Object.fromEntries(scores) };
}
