/** Weights of rows and of classes: how much each counts in losses and metrics. */
import { check, isPlainObject, must, show, unknownName } from "../errors.js";
import { atIndex, mustBeArray } from "./check.js";

/**
 * Weights of classes: by name, where omitted classes count 1; or balanced, so that all classes count equally.
 */
export type ClassWeight = "balanced" | Readonly<Record<string, number>>;

/**
 * Weights of rows, checked.
 *
 * @param name - what the user calls them
 * @param placeOf - where the weight of a row is, for people
 * @throws FettleError `invalid_shape` unless there is one for each row; `invalid_data` for one that is
 * negative or not finite, and if all are 0
 */
export function checkSampleWeight(
  name: string,
  weights: ArrayLike<number>,
  rows: number,
  placeOf = atIndex,
): Float64Array {
  const checked = checkRowWeights(name, weights, rows, placeOf);
  check(
    checked.some((weight) => weight > 0),
    () => `${name} must hold a number above 0; received only 0`,
    "invalid_data",
  );
  return checked;
}

/** {@link checkSampleWeight}, but all may be 0: those of some rows, among which none may count. */
export function checkRowWeights(
  name: string,
  weights: ArrayLike<number>,
  rows: number,
  placeOf = atIndex,
): Float64Array {
  mustBeArray(name, weights, "an array of numbers, one for each row");
  check(
    weights.length === rows,
    () => `${name} must have one weight for each of the ${rows} rows; received ${weights.length}`,
    "invalid_shape",
  );
  for (let i = 0; i < rows; i++)
    check(
      typeof weights[i] === "number" && weights[i] >= 0 && Number.isFinite(weights[i]),
      () => `${name} must hold finite numbers of at least 0; received ${show(weights[i])} ${placeOf(i)}`,
      "invalid_data",
    );
  return Float64Array.from(weights);
}

/**
 * A class weight, checked, and as plain data: by class, in the order of the classes.
 *
 * @throws FettleError `unknown_name` for a class that does not exist; `invalid_argument` for any other
 * invalid class weight
 */
export function checkClassWeight(
  weight: unknown,
  classes: readonly string[],
): "balanced" | readonly number[] {
  check(classes.length > 0, "classWeight needs a classification target; received a regression target");
  if (weight === "balanced") return weight;
  must(isPlainObject(weight), "classWeight", '"balanced", or numbers by class, such as { yes: 10 }', weight);
  for (const [name, value] of Object.entries(weight)) {
    if (!classes.includes(name)) throw unknownName("class", name, classes);
    must(
      typeof value === "number" && value >= 0 && Number.isFinite(value),
      `classWeight of class ${show(name)}`,
      "a finite number of at least 0",
      value,
    );
  }
  return classes.map((name) => (Object.hasOwn(weight, name) ? (weight[name] as number) : 1));
}

/** What determines the weights of rows. */
export interface RowWeights {
  /** `[all]` */
  readonly sampleWeight?: Float64Array;
  readonly classWeight?: "balanced" | readonly number[];
}

/**
 * How much each of some rows counts in a loss: sample weight times class weight, scaled to a mean of 1, so
 * that it does not change the rate of learning. Balanced classes count rows / (classes · rows of the class)
 * among the training rows, as in scikit-learn, with sample weights in place of counts, as in scikit-learn
 * from 1.7.
 *
 * @param y - `[all, outputs]`: 0 or 1 for two classes, one-hot for more; a quantity without a class weight
 * @param train - ids of the training rows
 * @param rows - ids of the wanted rows
 * @returns `[rows]`; undefined if all rows count equally
 */
export function lossWeights(
  { sampleWeight, classWeight }: RowWeights,
  { y, outputs }: { readonly y: Float64Array; readonly outputs: number },
  train: Int32Array,
  rows: Int32Array,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const classOf = (row: number): number =>
    outputs === 1 ? y[row] : y.subarray(row * outputs, (row + 1) * outputs).indexOf(1);
  const classes = outputs === 1 ? 2 : outputs;
  const weightOf = (row: number): number => sampleWeight?.[row] ?? 1;
  const ofClass = classWeight === "balanced" ? balanced(train, classes, classOf, weightOf) : classWeight;
  // a row of weight 0 may have no class
  const weights = Float64Array.from(rows, (row) => {
    const own = weightOf(row);
    return ofClass && own > 0 ? own * ofClass[classOf(row)] : own;
  });
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / rows.length;
  check(
    mean > 0,
    "the weights of a fold, or of the rows to train or validate on, must not all be 0; raise sampleWeight or classWeight, or divide the rows differently",
    "invalid_data",
  );
  return Float32Array.from(weights, (weight) => weight / mean);
}

function balanced(
  train: Int32Array,
  classes: number,
  classOf: (row: number) => number,
  weightOf: (row: number) => number,
): number[] {
  const sums = new Array<number>(classes).fill(0);
  for (const row of train) if (weightOf(row) > 0) sums[classOf(row)] += weightOf(row);
  const all = sums.reduce((total, sum) => total + sum, 0);
  return sums.map((sum) => (sum === 0 ? 0 : all / (classes * sum)));
}
