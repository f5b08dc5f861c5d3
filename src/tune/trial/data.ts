/** The data set of the options of `tune`: an encoded table, or a user's arrays. */
import type { Dataset, Task } from "../../data/dataset.js";
import { type MatrixLike, toMatrix64 } from "../../data/matrix.js";
import { check, FettleError, isRecord, must, unknownName } from "../../errors.js";

export interface DataOptions {
  readonly data?: Dataset;
  readonly x?: MatrixLike;
  readonly y?: MatrixLike;
  readonly task?: Task;
}

const TASKS: readonly string[] = ["classification", "regression"] satisfies Task[];

/** @throws FettleError `invalid_argument`, `invalid_data`, `invalid_shape`, `unknown_name` */
export function toDataset({ data, x, y, task }: DataOptions): Dataset {
  if (task !== undefined && !TASKS.includes(task)) throw unknownName("task", String(task), TASKS);
  if (data) {
    check(x === undefined && y === undefined, "pass either data, or x and y; received both");
    must(
      isRecord(data) && TASKS.includes(data.task),
      "data",
      "the result of encodeTable (pass arrays as x and y)",
      data,
    );
    check(
      task === undefined || task === data.task,
      `the data is encoded for ${data.task}, received the task ${task}`,
    );
    return data;
  }
  check(x !== undefined && y !== undefined, "a model needs x and y, or data from encodeTable");
  const inputs = toMatrix64(x, { what: "x" });
  const targets = toMatrix64(y, { what: "y" });
  check(
    inputs.rows === targets.rows,
    `x has ${inputs.rows} rows and y ${targets.rows}; they must have as many`,
    "invalid_shape",
  );
  const labels = labelsOf(targets.data, targets.columns);
  if (task === "classification" && labels === undefined) {
    throw new FettleError(
      "invalid_data",
      "classes in y must be one column of 0 and 1, or one-hot rows (see oneHot)",
    );
  }
  const classes = task === "regression" ? undefined : labels;
  const count = targets.columns === 1 ? 2 : targets.columns;
  check(
    classes === undefined || new Set(classes).size > 1,
    "y holds one class only; classification needs at least two",
    "invalid_data",
  );
  return {
    task: classes ? "classification" : "regression",
    target: "y",
    rows: inputs.rows,
    features: Array.from({ length: inputs.columns }, (_, i) => ({
      name: `x${i}`,
      column: `x${i}`,
      kind: "number",
    })),
    x: inputs.data,
    outputs: targets.columns,
    y: targets.data,
    labels: classes ?? new Int32Array(0),
    classes: classes ? Array.from({ length: count }, (_, i) => String(i)) : [],
  };
}

/** The class of each row if `y` is one column of 0 and 1, or one-hot; undefined otherwise. */
function labelsOf(y: Float64Array, columns: number): Int32Array | undefined {
  if (y.some((value) => value !== 0 && value !== 1)) return undefined;
  if (columns === 1) return Int32Array.from(y);
  const labels = new Int32Array(y.length / columns);
  for (let row = 0; row < labels.length; row++) {
    const values = y.subarray(row * columns, (row + 1) * columns);
    if (values.reduce((sum, value) => sum + value, 0) !== 1) return undefined;
    labels[row] = values.indexOf(1);
  }
  return labels;
}
