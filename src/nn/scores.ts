/** What an evaluation is given and gives: targets that fit a network, and the metrics of its predictions. */
import { type HostMatrix, type MatrixLike, toMatrix } from "../data/matrix.js";
import type { Matrix } from "../engine/executor.js";
import { check } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import type { Floats } from "../ndarray.js";
import { networkOf } from "./architecture.js";
import type { Logs } from "./callbacks/callback.js";
import type { Layer } from "./layers.js";
import type { Evaluation, Examples } from "./trainer.js";

/** Rows a step where nothing is trained. */
export const EVALUATION_BATCH = 256;

/** Targets that fit the inputs and the last layer. @throws FettleError `invalid_data`, `invalid_shape` */
export function targetsOf(layers: readonly Layer[], y: MatrixLike, x: HostMatrix, what: string): HostMatrix {
  const columns = networkOf(layers, x.columns).units;
  const targets = toMatrix(y, { what, columns });
  check(
    targets.rows === x.rows,
    () => `${what} must have as many rows as its inputs, ${x.rows}; received ${targets.rows}`,
    "invalid_shape",
  );
  return targets;
}

/** The loss and each metric of an evaluation of examples. */
export function scoresOf(
  metrics: readonly Metric[],
  { loss, prediction }: Evaluation,
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
    ({ name, compute }) => [name, compute(yTrue, prediction, y.columns, counts)] as const,
  );
  return { loss, ...Object.fromEntries(scores) };
}
