/** The data set of the options of `tune`: an encoded table, or a user's arrays. */
import type { TensorLike } from "../../arrays.js";
import { mustBeArray } from "../../data/check.js";
import {
  type EncodedLabels,
  encodeLabels,
  type Labels,
  oneHot,
  targetOfClasses,
} from "../../data/classes.js";
import type { MissingRule } from "../../data/columns.js";
import type { Dataset, Task } from "../../data/dataset.js";
import { type Groups, numberGroups, type Times } from "../../data/groups.js";
import { withPositive } from "../../data/positive.js";
import { type TensorColumns, toColumns, toTensor64 } from "../../data/tensor.js";
import { check, isPlainObject, must, show, unknownName } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import {
  joinedColumns,
  joinedTargets,
  joinedWeights,
  type ValidationData,
  validationArrays,
  withTable,
  withTrainRows,
} from "./validationData.js";

export interface DataOptions {
  readonly data?: Dataset;
  readonly x?: TensorLike;
  readonly y?: TensorLike | Labels;
  readonly task?: Task;
  /** See `TuneOptions`. */
  readonly positive?: string;
  readonly sampleWeight?: ArrayLike<number>;
  readonly validationData?: ValidationData;
  readonly groups?: Groups;
  readonly time?: Times;
  /** See {@link MissingCells}. */
  readonly missing?: MissingCells;
  /**
   * The user's, if it does not depend on parameters: an option that fills cells implies that some are
   * missing.
   */
  readonly pipeline?: unknown;
}

const IF_MISSING = '; choose missing: "impute" for missing cells, which the pipeline then fills';

/**
 * How missing cells of arrays are handled: rows are not dropped, because folds, weights and groups refer to
 * their numbers.
 */
export type MissingCells = Exclude<MissingRule, "drop">;

const TASKS: readonly string[] = ["classification", "regression"] satisfies Task[];

/**
 * @param units - how many classes models distinguish, if known
 * @throws FettleError `invalid_argument`, `invalid_data`, `invalid_shape`, `unknown_name`
 */
export function toDataset(options: DataOptions, units: () => number | undefined = () => undefined): Dataset {
  const data = givenData(options, units);
  // a table's positive class was chosen when it was encoded
  const isChosen = options.data !== undefined && options.positive === undefined;
  return isChosen ? data : withPositive(data, options.positive).data;
}

function givenData(options: DataOptions, units: () => number | undefined): Dataset {
  const { data, x, y, task, sampleWeight, groups, time, missing } = options;
  if (task !== undefined && !TASKS.includes(task)) throw unknownName("task", task, TASKS);
  if (data) {
    check(x === undefined && y === undefined, "pass either data, or x and y; received both");
    for (const [name, value, option] of [
      ["sampleWeight", sampleWeight, "weight"],
      ["groups", groups, "group"],
      ["time", time, "time"],
      ["missing", missing, "missing"],
    ] as const)
      check(
        value === undefined,
        `${name} must be left out with data, which has its own; choose the option ${option} of encodeTable`,
      );
    must(
      isPlainObject(data) && TASKS.includes(data.task),
      "data",
      "the result of encodeTable (pass arrays as x and y)",
      data,
    );
    check(
      task === undefined || task === data.task,
      `the data is encoded for ${data.task}, received the task ${task}`,
    );
    if (options.validationData === undefined) return data;
    mustBeApart(data);
    return withTable(data, options.validationData);
  }
  check(x !== undefined && y !== undefined, "a model needs x and y, or data from encodeTable");
  must(
    [undefined, "refuse", "impute"].includes(missing),
    "missing",
    '"refuse" or "impute"; rows of arrays keep their numbers, so drop rows from x and y yourself',
    missing,
  );
  const imputes = missing === undefined ? fillsCells(options.pipeline) : missing === "impute";
  const read = (given: TensorLike, what: string): TensorColumns =>
    toColumns(given, { what, allowMissing: imputes, ifMissing: IF_MISSING });
  const own = read(x, "x");
  const fixed = validationArrays(options.validationData);
  if (fixed) mustBeApart(options);
  const more = fixed && read(fixed.x, "x of validationData");
  const inputs = more ? joinedColumns(own, more) : own;
  const parts = [own.rows, more?.rows ?? 0] as const;
  const target = targetOf(fixed ? joinedTargets(y, fixed.y, parts) : y, task, units);
  const rows = target.y.length / target.outputs;
  check(
    inputs.rows === rows,
    () => {
      const remedy = ArrayBuffer.isView(x) ? "; give x as { data, shape }" : "";
      return `x has ${inputs.rows} rows and y ${rows}; they must have as many${remedy}`;
    },
    "invalid_shape",
  );
  const weights = joinedWeights(parts, sampleWeight, fixed?.sampleWeight);
  const all: Dataset = {
    ...target,
    target: "y",
    rows,
    inputs: inputs.columns.map((cells, i) => ({
      name: `x${i}`,
      kind: "number",
      categories: [],
      gaps: imputes && (hasGaps(own.columns[i], i) || cells.includes(Number.NaN)),
    })),
    columns: inputs.columns,
    ...(imputes && { imputes }),
    ...(inputs.shape.length > 1 && { shape: inputs.shape }),
    ...(groups !== undefined && { groups: numberGroups("groups", groups, rows) }),
    ...(time !== undefined && { time: timesOf(time, rows) }),
    ...(weights && { sampleWeight: weights }),
  };
  return fixed ? withTrainRows(all, own.rows) : all;
}

/** Refuses what divides rows, since those of `validationData` are divided already. */
function mustBeApart(given: { readonly groups?: unknown; readonly time?: unknown }): void {
  for (const name of ["groups", "time"] as const)
    check(
      given[name] === undefined,
      `${name} must be left out with validationData, whose rows are divided from the others already`,
    );
}

/** Whether a pipeline fills missing cells. */
function fillsCells(pipeline: unknown): boolean {
  const says = (own: unknown): boolean =>
    isPlainObject(own) && (own.impute !== undefined || Boolean(own.indicator));
  return (
    says(pipeline) ||
    (isPlainObject(pipeline) && isPlainObject(pipeline.columns) && Object.values(pipeline.columns).some(says))
  );
}

/** Whether a row lacks a cell. @throws FettleError `invalid_data` if all do */
function hasGaps(cells: Floats, i: number): boolean {
  check(
    !cells.every(Number.isNaN),
    () => `column ${i} of x must have values; all cells are missing`,
    "invalid_data",
  );
  return cells.includes(Number.NaN);
}

/** The data with one column per class of two, if models have a unit for each, as with a softmax of two. */
export function inColumns(data: Dataset, units: () => number | undefined): Dataset {
  const isOfOne = data.outputs === 1 && data.classes.length === 2;
  return isOfOne && units() === 2 ? { ...data, outputs: 2, y: oneHot(data.labels, 2) } : data;
}

type Target = Pick<Dataset, "task" | "outputs" | "y" | "labels" | "classes" | "targets">;

/**
 * Strings and booleans are classes, and so are 0 and 1, and one-hot rows; other integers are classes if the
 * task says so, or if models have a unit for each.
 */
function targetOf(y: TensorLike | Labels, task: Task | undefined, units: () => number | undefined): Target {
  if (isWords(y)) {
    check(
      task !== "regression",
      () => `y must hold numbers for regression; received ${show(y[0])}; choose task: "classification"`,
      "invalid_data",
    );
    return targetOfLabels(encodeLabels(y, "y"));
  }
  const { data, columns } = toTensor64(y as TensorLike, { what: "y" });
  const labels = task === "regression" ? undefined : labelsOf(data, columns);
  if (labels) {
    const count = columns === 1 ? 2 : columns;
    const classes = Array.from({ length: count }, (_, i) => String(i));
    return { ...targetOfLabels({ labels, classes }), outputs: columns, y: data };
  }
  if (task === "classification") {
    check(columns === 1, "classes in y must be one column of classes, or one-hot rows", "invalid_data");
    return targetOfLabels(encodeLabels(data, "y"));
  }
  const classes = task === undefined && columns === 1 ? classesFor(data, units) : undefined;
  if (classes) return targetOfLabels(classes);
  const targets = columns > 1 && { targets: Array.from({ length: columns }, (_, j) => `y${j}`) };
  return {
    task: "regression",
    outputs: columns,
    y: data,
    labels: new Int32Array(0),
    classes: [],
    ...targets,
  };
}

/**
 * Integers as classes, if models distinguish `units` of them: ids from 0, or as many different ones.
 * Undefined for other numbers and models.
 */
function classesFor(y: Float64Array, units: () => number | undefined): EncodedLabels | undefined {
  if (!y.every(Number.isInteger)) return undefined;
  const count = units();
  if (count === undefined || count < 2) return undefined;
  if (y.every((id) => id >= 0 && id < count))
    return { labels: Int32Array.from(y), classes: Array.from({ length: count }, (_, id) => String(id)) };
  const different = new Set(y).size;
  check(
    different === count,
    () =>
      `y must hold class ids from 0 to ${count - 1}, or ${count} different integers, for a softmax of ${count} units; ` +
      `received ${different} from ${y.reduce((a, b) => Math.min(a, b))} to ${y.reduce((a, b) => Math.max(a, b))}; ` +
      'for quantities, choose task: "regression"',
    "invalid_data",
  );
  return encodeLabels(y, "y");
}

function isWords(y: TensorLike | Labels): y is ArrayLike<string> | ArrayLike<boolean> {
  return Array.isArray(y) && (typeof y[0] === "string" || typeof y[0] === "boolean");
}

function targetOfLabels({ labels, classes }: EncodedLabels): Target {
  check(
    labels.some((label) => label !== labels[0]),
    "y holds one class only; classification needs at least two",
    "invalid_data",
  );
  return {
    task: "classification",
    outputs: classes.length === 2 ? 1 : classes.length,
    y: targetOfClasses(labels, classes.length),
    labels,
    classes,
  };
}

/** The class of each row if `y` is one column of 0 and 1, or one-hot; undefined otherwise. */
function labelsOf(y: Float64Array, columns: number): Int32Array | undefined {
  if (y.some((value) => value !== 0 && value !== 1)) return undefined;
  if (columns === 1) return new Int32Array(y);
  const labels = new Int32Array(y.length / columns);
  for (let row = 0; row < labels.length; row++) {
    const values = y.subarray(row * columns, (row + 1) * columns);
    if (values.reduce((sum, value) => sum + value, 0) !== 1) return undefined;
    labels[row] = values.indexOf(1);
  }
  return labels;
}

function timesOf(time: Times, rows: number): Float64Array {
  mustBeArray("time", time, "an array with the time of each row");
  // no other value, such as null, although it converts to a number
  const values = Float64Array.from(time as ArrayLike<number | { getTime?(): number } | null>, (each) =>
    typeof each === "number" ? each : (each?.getTime?.() ?? Number.NaN),
  );
  check(
    values.length === rows && values.every(Number.isFinite),
    () => `time must be a finite number or a valid date for each of the ${rows} rows; received ${show(time)}`,
    "invalid_data",
  );
  return values;
}
