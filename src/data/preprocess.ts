/**
 * Imputing and standardising, learnt from the training rows alone and applied to
 * any rows. It chooses no rows; see split.ts.
 */
import { check, isRecord, must, mustBeInteger, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { checkRowIds, isArray, mustBeArray } from "./check.js";
import type { Feature } from "./dataset.js";

/** What was learnt from the training rows: plain data, one element a feature in each array. */
export interface Preprocessor {
  /** The column that the feature was made from. */
  readonly columns: readonly string[];
  /** What a missing cell becomes: the mean of a number, the mode of a boolean or category. */
  readonly fill: Float64Array;
  /** The mean, after filling. */
  readonly mean: Float64Array;
  /** The population standard deviation, after filling; 1 for a constant feature. */
  readonly scale: Float64Array;
}

/**
 * Learns filling and scaling from the given rows, as scikit-learn's `SimpleImputer` followed by `StandardScaler` would.
 *
 * Fillings: the mean of a number; the more frequent of 0 and 1 of a boolean (0 on a tie); the most frequent value of
 * a category (the first on a tie). A feature with no cell in these rows is filled with 0 (a category with its first
 * value). Every feature is then standardised, booleans and categories too: z = (x − mean) / √(Σ(x − mean)² / rows). A
 * feature that is constant up to rounding keeps scale 1.
 *
 * @param x - `[all, features]`, NaN where missing
 * @param features - the features of a data set, in the order of the columns of `x`
 * @param rows - ids of the training rows; no other row of `x` is read
 * @throws FettleError `invalid_argument` if `rows` is empty or holds no row ids, and for arguments of another kind;
 *   `invalid_shape` if `x` does not hold whole rows
 * @example
 * ```ts
 * const dataset = encodeTable(readTable("a,b\n1,0\n,1\n3,0\n9,1\n"), { target: "b", missing: "impute" });
 * const preprocessor = fitPreprocessor(dataset.x, dataset.features, Int32Array.of(0, 1, 2));
 * applyPreprocessor(dataset.x, Int32Array.of(1), preprocessor); // [0]
 * ```
 */
export function fitPreprocessor(
  x: Floats,
  features: readonly Pick<Feature, "column" | "kind">[],
  rows: ArrayLike<number>,
): Preprocessor {
  mustBeFeatures(features);
  const width = features.length;
  checkRows("x", x, width, rows);
  must(rows.length > 0, "rows", "the ids of at least one row", rows);
  const means = features.map((_, j) => meanOf(x, width, rows, j, NaN));
  const fill = Float64Array.from(features, ({ kind, column }, j) => {
    if (kind === "number") return Number.isNaN(means[j]) ? 0 : means[j];
    return Number(kind === "boolean" ? means[j] > 0.5 : j === modeOf(column, features, means));
  });
  const mean = fill.map((value, j) => meanOf(x, width, rows, j, value));
  const scale = fill.map((value, j) => scaleOf(x, width, rows, j, value, mean[j]));
  return { columns: features.map(({ column }) => column), fill, mean, scale };
}

/**
 * Fills and standardises the given rows.
 *
 * @param x - `[all, features]`, NaN where missing
 * @param rows - ids of the rows wanted
 * @param preprocessor - from {@link fitPreprocessor} or {@link fitTargetScaler}
 * @returns `[rows.length, features]`, every number finite
 * @throws FettleError `invalid_data` for a value so far from the training rows that float32 cannot hold it;
 *   `invalid_argument`, `invalid_shape` as {@link fitPreprocessor}
 * @example
 * ```ts
 * const x = Float64Array.of(1, 3, NaN, 4);
 * const preprocessor = fitPreprocessor(x, [{ column: "size", kind: "number" }], [0, 1]); // mean 2, scale 1
 * applyPreprocessor(x, [2, 3], preprocessor); // [0, 2]
 * ```
 */
export function applyPreprocessor(
  x: Floats,
  rows: ArrayLike<number>,
  preprocessor: Preprocessor,
): Float32Array {
  checkPreprocessor("preprocessor", preprocessor);
  const { columns, fill, mean, scale } = preprocessor;
  const width = fill.length;
  checkRows("x", x, width, rows);
  const z = new Float32Array(rows.length * width);
  for (let i = 0, k = 0; i < rows.length; i++) {
    for (let j = 0; j < width; j++, k++) {
      const value = x[rows[i] * width + j];
      z[k] = ((Number.isNaN(value) ? fill[j] : value) - mean[j]) / scale[j];
      check(
        Number.isFinite(z[k]),
        () =>
          `column ${show(columns[j])}, row ${rows[i]}: values must be near enough to the training rows to be standardised ` +
          `(mean ${mean[j]}, standard deviation ${scale[j]}); received ${show(value)}`,
        "invalid_data",
      );
    }
  }
  return z;
}

/**
 * Learns the scaling of a regression target; `applyPreprocessor` applies it and {@link restoreTarget} undoes it.
 *
 * @param y - `[all, outputs]`
 * @param outputs - columns of `y`
 * @param rows - ids of the training rows
 * @throws FettleError as {@link fitPreprocessor}
 * @example
 * ```ts
 * const y = Float64Array.of(10, 20, 30);
 * applyPreprocessor(y, [1], fitTargetScaler(y, 1, [0, 1, 2])); // [0]
 * ```
 */
export function fitTargetScaler(y: Floats, outputs: number, rows: ArrayLike<number>): Preprocessor {
  mustBeInteger("outputs", outputs);
  const features = Array.from({ length: outputs }, (_, j) => ({
    column: outputs === 1 ? "y" : `y[${j}]`,
    kind: "number" as const,
  }));
  return fitPreprocessor(y, features, rows);
}

/**
 * Maps predictions of a standardised target back to its own units: y = z · scale + mean.
 *
 * @param z - `[rows, outputs]`; NaN and infinity stay what they are
 * @param scaler - from {@link fitTargetScaler}
 * @returns `[rows, outputs]`
 * @throws FettleError `invalid_argument` for arguments of another kind
 * @example
 * ```ts
 * const y = Float64Array.of(10, 20, 30);
 * const scaler = fitTargetScaler(y, 1, [0, 1, 2]);
 * restoreTarget(Float32Array.of(0), scaler); // [20]
 * ```
 */
export function restoreTarget(z: Floats, scaler: Preprocessor): Float64Array {
  mustBeArray("z", z, "an array of predictions");
  checkPreprocessor("scaler", scaler);
  const { mean, scale } = scaler;
  return Float64Array.from(z, (value, k) => value * scale[k % mean.length] + mean[k % mean.length]);
}

function mustBeFeatures(features: unknown): void {
  must(
    Array.isArray(features) && features.length > 0 && features.every(isFeature),
    "features",
    "an array of features, as encodeTable returns them",
    features,
  );
}

const isFeature = (feature: unknown): boolean =>
  isRecord(feature) && typeof feature.column === "string" && typeof feature.kind === "string";

/** Refuses anything but a block of whole rows and ids of some of them. */
function checkRows(name: string, x: Floats, width: number, rows: ArrayLike<number>): void {
  mustBeArray(name, x, "an array of numbers, row by row");
  check(
    x.length % width === 0,
    () => `${name} must hold rows of ${width} numbers; received ${x.length} numbers`,
    "invalid_shape",
  );
  checkRowIds(rows, x.length / width);
}

function checkPreprocessor(name: string, preprocessor: unknown): void {
  must(
    isRecord(preprocessor) &&
      Array.isArray(preprocessor.columns) &&
      [preprocessor.fill, preprocessor.mean, preprocessor.scale].every(isArray),
    name,
    "what fitPreprocessor or fitTargetScaler returns",
    preprocessor,
  );
}

/** Mean of one feature, with NaN replaced by `fill`, or skipped if `fill` is NaN too (NaN if nothing is left). */
function meanOf(x: Floats, width: number, rows: ArrayLike<number>, j: number, fill: number): number {
  // Summing differences from the first value keeps the digits of a mean that is large beside its
  // deviation, and makes the mean of a constant that constant exactly.
  let origin = NaN;
  let count = 0;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const cell = x[rows[i] * width + j];
    const value = Number.isNaN(cell) ? fill : cell;
    if (Number.isNaN(value)) continue;
    if (count++ === 0) origin = value;
    sum += value - origin;
  }
  return origin + sum / count;
}

/** Population standard deviation of one filled feature, 1 if it is constant. */
function scaleOf(
  x: Floats,
  width: number,
  rows: ArrayLike<number>,
  j: number,
  fill: number,
  mean: number,
): number {
  const count = rows.length;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const cell = x[rows[i] * width + j];
    const difference = (Number.isNaN(cell) ? fill : cell) - mean;
    squares += difference * difference;
  }
  const variance = squares / count;
  // scikit-learn's bound on what rounding alone makes of a constant's variance.
  const noise = count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
  return variance > noise ? Math.sqrt(variance) : 1;
}

/** The feature of a category's most frequent value: the highest mean in its group, the first on a tie. */
function modeOf(
  column: string,
  features: readonly Pick<Feature, "column" | "kind">[],
  means: readonly number[],
): number {
  let mode = -1;
  features.forEach((feature, j) => {
    if (feature.column === column && (mode < 0 || means[j] > means[mode])) mode = j;
  });
  return mode;
}
