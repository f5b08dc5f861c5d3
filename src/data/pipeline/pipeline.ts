/**
 * The way from a data set to the inputs and targets of a network: fitted to training rows only, applied to
 * any rows, and plain data, so that it can be saved as JSON with a model. `split/` chooses the rows.
 */
import { check, FettleError, isRecord, must, mustBeRecord, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { checkRowIds, isArray, mustBeArray } from "../check.js";
import type { Dataset } from "../dataset.js";
import { type RowOrigin, rowIn } from "../origin.js";
import { Applier, workspaceFor } from "./applier.js";
import { draftsOf, fitColumn, type PipelineColumn, type PipelineFeature } from "./column.js";
import { stepColumns } from "./fitSteps.js";
import { checkPipelineOptions, type PipelineOptions, planFor } from "./options.js";
import type { PaddedSteps } from "./padding.js";
import { type Refusal, writeScaled } from "./scaled.js";
import { writeStep } from "./steps.js";
import { fitTarget, restored, type TargetTransform, transformed } from "./target.js";

/** What a pipeline learns from: the numeric parts of a data set. */
export type PipelineData = Pick<Dataset, "inputs" | "columns" | "task" | "outputs" | "y" | "origin">;

/** Everything that was learned from training rows: plain data with finite numbers. */
export interface Pipeline {
  /** One for each input. */
  readonly columns: readonly PipelineColumn[];
  /** Names of the features, in the order of the columns that `applyPipeline` returns. */
  readonly features: readonly string[];
  readonly target: TargetTransform;
  /** Padded sequences among the columns; each of their columns is one feature. */
  readonly padding?: readonly PaddedSteps[];
}

/** A pipeline, and the transformed training rows. */
export interface FittedPipeline {
  readonly pipeline: Pipeline;
  /** `[rows, features]`; target statistics are out-of-fold here, and only here. */
  readonly x: Float32Array;
  /** `[rows, outputs]`; with `moments` each line twice, `[rows, 2 · outputs]`. */
  readonly y: Float32Array;
}

/** The choices of a pipeline, and the rows that it learns from. */
export interface FitPipelineOptions extends PipelineOptions {
  /** Ids of the training rows; no other row is read. @defaultValue all rows */
  readonly rows?: ArrayLike<number>;
}

/**
 * Fits a pipeline to training rows, and applies it to them.
 *
 * By default, as with scikit-learn's `SimpleImputer` and `StandardScaler`: missing numbers become the mean,
 * booleans and categories the most frequent (the first of equals; 0 or the first category if no row has a
 * cell); categories become one-hot features, or above 100 categories target statistics; all features and a
 * regression target are standardized, z = (x − mean) / √(Σ(x − mean)² / rows). A feature that is constant up
 * to rounding is divided by 1. The set of features follows from the columns and the options, not from the
 * rows.
 *
 * @param data - the result of `encodeTable`
 * @throws FettleError `invalid_argument`, `unknown_name` for options and arguments of another kind;
 * `invalid_shape` unless `columns` have one length; `invalid_data` for a target without a logarithm if one is
 * requested, and for numbers too far apart for float32
 * @example
 * ```ts
 * const data = encodeTable(readTable("a,b,y\n1,u,1\n,v,2\n3,u,3\n9,v,9.5\n"), { target: "y", missing: "impute" });
 * const { pipeline, x } = fitPipeline(data, { rows: [0, 1, 2], scale: "minMax", scaleOneHot: false });
 * pipeline.features; // ["a", "b=u", "b=v"]
 * x; // [0, 1, 0, 0.5, 0, 1, 1, 1, 0]
 * applyPipeline(pipeline, data.columns, [3]); // [4, 0, 1]
 * ```
 */
export function fitPipeline(data: PipelineData, options: FitPipelineOptions = {}): FittedPipeline {
  const { pipeline, rows, outOfFold } = learn(data, options);
  const x = featuresOf(pipeline, data, rows);
  let k = 0;
  for (const { name, features } of pipeline.columns) {
    for (const feature of features) {
      const values = outOfFold.get(feature);
      if (values)
        writeScaled(
          values,
          values.length,
          feature.scaling,
          x,
          k,
          pipeline.features.length,
          name,
          refusalOf(data.origin, (i) => rows[i]),
        );
      k++;
    }
  }
  return { pipeline, x, y: transformed(pipeline.target, data, rows) };
}

/** The pipeline of {@link fitPipeline}, without its training rows. */
export function learnPipeline(data: PipelineData, options: FitPipelineOptions): Pipeline {
  return learn(data, options).pipeline;
}

/** A pipeline, its training rows, and their target statistics. */
interface Learnt {
  readonly pipeline: Pipeline;
  readonly rows: ArrayLike<number>;
  readonly outOfFold: ReadonlyMap<PipelineFeature, Float64Array>;
}

function learn(data: PipelineData, options: FitPipelineOptions): Learnt {
  checkPipelineData(data);
  mustBeRecord("the options of fitPipeline", options);
  const { rows: given, ...choices } = options;
  const { inputs, task, outputs, y } = data;
  checkPipelineOptions("fitPipeline", choices, inputs);
  const rows = rowsIn(data.columns, inputs.length, given);
  must(rows.length > 0, "rows", "the ids of at least one row", rows);
  const transform = task === "regression" ? (choices.target ?? "standard") : "none";
  const target = fitTarget(transform, data, rows, choices.moments);
  const targets = Array.from({ length: outputs }, (_, k) =>
    Float64Array.from(rows, (row) => y[row * outputs + k]),
  );
  const workspace = workspaceFor(rows.length);
  const { padding = [] } = choices;
  const padded = new Map(padding.flatMap((own) => stepColumns(data, own, choices, rows)));
  const outOfFold = new Map<PipelineFeature, Float64Array>();
  const columns = inputs.map((input, j) => {
    const column = padded.get(j);
    if (column) return column;
    const values = data.columns[j];
    for (let i = 0; i < rows.length; i++) workspace.cells[i] = values[rows[i]];
    return fitColumn(input, planFor(input, choices), workspace, targets, outOfFold);
  });
  const features = featureNames(data, choices);
  const pipeline = { columns, features, target, ...(padding.length > 0 && { padding }) };
  return { pipeline, rows, outOfFold };
}

/**
 * Turns rows into the inputs of a network, like the training rows.
 *
 * @param values - `[all]` for each input, as `columns` of `encodeTable` and `encodeRows`: NaN for a missing
 * cell, and codes of categories
 * @param rows - ids of the wanted rows; all by default
 * @returns `[rows, features]`, every number finite
 * @throws FettleError `invalid_data` for a value so far from the training rows that float32 cannot hold it;
 *   `invalid_argument`, `invalid_shape` as {@link fitPipeline}
 * @example
 * ```ts
 * const data = encodeTable(readTable("size,y\n1,1\n3,2.5\n"), { target: "y" });
 * const { pipeline } = fitPipeline(data); // mean 2, standard deviation 1
 * applyPipeline(pipeline, [[2, 4]]); // [0, 2]
 * ```
 */
export function applyPipeline(
  pipeline: Pipeline,
  values: readonly ArrayLike<number>[],
  rows?: ArrayLike<number>,
): Float32Array {
  checkPipeline(pipeline);
  return featuresOf(pipeline, { columns: values }, rowsIn(values, pipeline.columns.length, rows));
}

/** {@link applyPipeline} to rows of a data set, whose errors name the rows where they come from. */
export function featuresOf(
  pipeline: Pipeline,
  {
    columns,
    origin,
  }: { readonly columns: readonly ArrayLike<number>[]; readonly origin?: RowOrigin | undefined },
  ids: ArrayLike<number>,
): Float32Array {
  const applier = new Applier(pipeline, Math.min(ids.length, BLOCK), writeStep);
  const z = new Float32Array(ids.length * applier.width);
  for (let from = 0; from < ids.length; from += BLOCK) {
    const count = Math.min(BLOCK, ids.length - from);
    applier.apply(
      {
        read(j, cells) {
          const column = columns[j];
          for (let i = 0; i < count; i++) cells[i] = column[ids[from + i]];
          return cells;
        },
        refusal: refusalOf(origin, (i) => ids[from + i]),
      },
      count,
      z.subarray(from * applier.width),
    );
  }
  return z;
}

const refusalOf =
  (origin: RowOrigin | undefined, idOf: (row: number) => number): Refusal =>
  (row, column, reason) =>
    new FettleError("invalid_data", `column ${show(column)}, row ${rowIn(origin, idOf(row))}: ${reason}`);

/** Rows that pass through a pipeline at a time, so that intermediate data stays in a cache. */
const BLOCK = 1024;

/**
 * Turns predictions of a transformed target back into its own units.
 *
 * @param z - `[rows, outputs]`; NaN and infinity stay unchanged. With `moments`, `[rows, 2 · outputs]`:
 * means, then variances or their logarithms
 * @returns of the same shape; with `moments` means, then variances
 * @throws FettleError `invalid_argument` for arguments of another kind
 * @example
 * ```ts
 * const data = encodeTable(readTable("size,y\n1,10\n3,20.5\n2,31\n"), { target: "y", task: "regression" });
 * const { pipeline, y } = fitPipeline(data);
 * y[1]; // 0
 * restoreTarget(pipeline, [0]); // [20.5]
 * ```
 */
export function restoreTarget(pipeline: Pick<Pipeline, "target">, z: ArrayLike<number>): Float64Array {
  mustBeArray("z", z, "an array of predictions");
  must(
    isRecord(pipeline) && isRecord(pipeline.target),
    "pipeline",
    "what fitPipeline returns as pipeline",
    pipeline,
  );
  return restored(pipeline.target, z as Floats);
}

/**
 * The names of a pipeline's features, determined by the columns and the options.
 *
 * @param options - checked by {@link checkPipelineOptions}
 */
export function featureNames(
  { inputs, outputs }: Pick<PipelineData, "inputs" | "outputs">,
  options: PipelineOptions,
): string[] {
  return inputs.flatMap((input) =>
    draftsOf(input, planFor(input, options), outputs).flatMap(({ names }) => names),
  );
}

/** @throws FettleError `invalid_argument` for anything but a data set, as far as a quick check can tell */
export function checkPipelineData(data: unknown): asserts data is PipelineData {
  must(
    isRecord(data) &&
      Array.isArray(data.inputs) &&
      data.inputs.length > 0 &&
      data.inputs.every(isRecord) &&
      Array.isArray(data.columns) &&
      isArray(data.y) &&
      Number.isInteger(data.outputs),
    "data",
    "what encodeTable returns",
    data,
  );
}

/** The ids of the wanted rows, all by default. Refuses what {@link rowsOf} refuses. */
function rowsIn(
  columns: readonly ArrayLike<number>[],
  inputs: number,
  rows: ArrayLike<number> | undefined,
): ArrayLike<number> {
  const count = rowsOf(columns, inputs);
  if (rows === undefined) return Int32Array.from({ length: count }, (_, i) => i);
  checkRowIds(rows, count);
  return rows;
}

/**
 * How many rows there are.
 *
 * @throws FettleError `invalid_argument`, `invalid_shape` for anything but columns of one length, one for
 * each input
 */
export function rowsOf(columns: readonly ArrayLike<number>[], inputs: number): number {
  const isColumns = Array.isArray(columns) && columns.every(isArray);
  must(isColumns, "columns", "an array of arrays of numbers, one for each input", columns);
  const lengths = columns.map(({ length }) => length);
  check(
    columns.length === inputs && lengths.every((length) => length === lengths[0]),
    () => `columns must be ${inputs} of one length; received ${lengths.length} of lengths ${show(lengths)}`,
    "invalid_shape",
  );
  return lengths[0];
}

function checkPipeline(pipeline: unknown): asserts pipeline is Pipeline {
  must(
    isRecord(pipeline) &&
      Array.isArray(pipeline.columns) &&
      pipeline.columns.length > 0 &&
      isRecord(pipeline.target),
    "pipeline",
    "what fitPipeline returns as pipeline",
    pipeline,
  );
}
