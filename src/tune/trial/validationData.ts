/**
 * `validationData`: fixed rows that score every trial. They follow the rows of `x`, or of the table, in one
 * data set, so that folds, pipelines, workers and saved tuners treat them like others.
 */
import type { TensorLike } from "../../arrays.js";
import { type Labels, targetOfClasses } from "../../data/classes.js";
import type { Dataset } from "../../data/dataset.js";
import type { RowOrigin } from "../../data/origin.js";
import { type TensorColumns, toTensor64 } from "../../data/tensor.js";
import { checkSampleWeight } from "../../data/weights.js";
import { check, isPlainObject, must, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";

/** Rows for validation: arrays with `x` and `y`, an encoded table with `data`. */
export type ValidationData =
  | readonly [x: TensorLike, y: TensorLike | Labels]
  | readonly [x: TensorLike, y: TensorLike | Labels, sampleWeight: ArrayLike<number>]
  | Dataset;

/** Arrays for validation. */
export interface ValidationArrays {
  readonly x: TensorLike;
  readonly y: TensorLike | Labels;
  readonly sampleWeight: ArrayLike<number> | undefined;
}

/** @throws FettleError `invalid_argument` for anything but two or three arrays */
export function validationArrays(given: unknown): ValidationArrays | undefined {
  if (given === undefined) return undefined;
  must(
    Array.isArray(given) && [2, 3].includes(given.length),
    "validationData",
    "an array [x, y] or [x, y, sampleWeight]; with data, the result of encodeTable",
    given,
  );
  const [x, y, sampleWeight] = given;
  return { x, y, sampleWeight };
}

/** The inputs of all rows. @throws FettleError `invalid_shape` for rows of another shape */
export function joinedColumns(inputs: TensorColumns, more: TensorColumns): TensorColumns {
  const [shape, other] = [inputs.shape, more.shape].map(show);
  check(
    shape === other,
    () => `x of validationData must have rows of shape ${shape}, as x; received ${other}`,
    "invalid_shape",
  );
  const columns = inputs.columns.map((column, j) => joined(column, more.columns[j]));
  return { rows: inputs.rows + more.rows, shape: inputs.shape, columns };
}

/** The numbers of all rows, in float32 if both are. */
const joined = (first: Floats, second: Floats): Floats =>
  first instanceof Float32Array && second instanceof Float32Array
    ? append(new Float32Array(first.length + second.length), first, second)
    : append(new Float64Array(first.length + second.length), first, second);

function append<All extends Floats | Int32Array>(
  all: All,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): All {
  all.set(first);
  all.set(second, first.length);
  return all;
}

/**
 * The targets of all rows.
 *
 * @throws FettleError `invalid_data`, `invalid_shape` for targets of another kind
 */
export function joinedTargets(
  y: TensorLike | Labels,
  more: TensorLike | Labels,
  rows: readonly [train: number, validation: number],
): TensorLike | Labels {
  const [kind, other] = [y, more].map(kindOfTargets);
  check(
    kind === other,
    () => `y of validationData must hold ${kind}, as y; received ${other}`,
    "invalid_data",
  );
  const [first, second] = [y, more].map((part, i) => {
    const what = i === 0 ? "y" : "y of validationData";
    const all = kind === "numbers" ? toTensor64(part as TensorLike, { what }) : undefined;
    const count = all?.rows ?? (part as Labels).length;
    check(
      count === rows[i],
      () => `${what} must have as many rows as its inputs, ${rows[i]}; received ${count}`,
      "invalid_shape",
    );
    return { all, words: part as ArrayLike<string> };
  });
  if (!first.all || !second.all) return [...Array.from(first.words), ...Array.from(second.words)];
  const [columns, others] = [first.all.columns, second.all.columns];
  check(
    columns === others,
    () => `y of validationData must have ${columns} columns, as y; received ${others}`,
    "invalid_shape",
  );
  return { data: joined(first.all.data, second.all.data), shape: [rows[0] + rows[1], columns] };
}

const kindOfTargets = (y: TensorLike | Labels): string => {
  const first = Array.isArray(y) ? typeof y[0] : "number";
  return { string: "words", boolean: "booleans" }[first as "string"] ?? "numbers";
};

/** The weights of all rows: 1 each where none are given. */
export function joinedWeights(
  [train, validation]: readonly [train: number, validation: number],
  given: ArrayLike<number> | undefined,
  more: ArrayLike<number> | undefined,
): Float64Array | undefined {
  if (given === undefined && more === undefined) return undefined;
  const own = (name: string, weights: ArrayLike<number> | undefined, rows: number): Float64Array =>
    weights === undefined ? new Float64Array(rows).fill(1) : checkSampleWeight(name, weights, rows);
  return append(
    new Float64Array(train + validation),
    own("sampleWeight", given, train),
    own("sampleWeight of validationData", more, validation),
  );
}

/**
 * A data set whose first rows are trained on.
 *
 * @throws FettleError `invalid_data` for classes that only the others have
 */
export function withTrainRows(data: Dataset, trainRows: number, origin: RowOrigin = {}): Dataset {
  const known = new Set(data.labels.subarray(0, trainRows));
  const unknown = data.labels.find((label) => !known.has(label));
  check(
    unknown === undefined,
    () =>
      `validationData must hold classes that the rows to train on have; received ${show(data.classes[unknown as number])}`,
    "invalid_data",
  );
  return { ...data, trainRows, origin: { ...data.origin, validation: { from: trainRows, origin } } };
}

/**
 * The rows of a table, and behind them those of another for validation.
 *
 * @throws FettleError `invalid_argument` unless both were encoded alike
 */
export function withTable(data: Dataset, more: unknown): Dataset {
  must(
    isPlainObject(more) && Array.isArray(more.inputs) && Array.isArray(more.columns),
    "validationData",
    "the result of encodeTable, as data is",
    more,
  );
  const other = more as unknown as Dataset;
  const described = ({ inputs, task, target, targets, classes, imputes }: Dataset) => ({
    task,
    target: [target, ...(targets ?? [])],
    classes: [...classes].sort(),
    missing: imputes ?? false,
    ...Object.fromEntries(inputs.map(({ name, kind, categories }) => [`column ${name}`, [kind, categories]])),
  });
  const [own, its]: Readonly<Record<string, unknown>>[] = [data, other].map(described);
  const odd = [...new Set([...Object.keys(own), ...Object.keys(its)])].find(
    (name) => JSON.stringify(own[name]) !== JSON.stringify(its[name]),
  );
  check(
    odd === undefined,
    () =>
      `validationData must be encoded as data is: the same task, target, columns and categories; ${odd} differs; read its table with the schema of the other, and encode both with the same options`,
  );
  const order = data.inputs.map(({ name }) => other.inputs.findIndex((input) => input.name === name));
  const labels = other.labels.map((label) => data.classes.indexOf(other.classes[label]));
  const isOfClasses = data.task === "classification";
  const weights = joinedWeights([data.rows, other.rows], data.sampleWeight, other.sampleWeight);
  const y = isOfClasses ? targetOfClasses(labels, data.classes.length) : other.y;
  return withTrainRows(
    {
      ...data,
      rows: data.rows + other.rows,
      inputs: data.inputs.map((input, j) => ({ ...input, gaps: input.gaps || other.inputs[order[j]].gaps })),
      columns: data.columns.map((column, j) => joined(column, other.columns[order[j]])),
      y: append(new Float64Array(data.y.length + y.length), data.y, y),
      labels: append(new Int32Array(data.labels.length + labels.length), data.labels, labels),
      ...(weights && { sampleWeight: weights }),
    },
    data.rows,
    other.origin,
  );
}
