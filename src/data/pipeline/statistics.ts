/**
 * Target statistics of categories: the mean of the target over the rows of a category, shrunk towards the
 * mean of all rows by empirical Bayes. Method and edge cases are those of scikit-learn's `TargetEncoder` with
 * `smooth="auto"`.
 *
 * @see D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes in
 * classification and prediction problems", SIGKDD Explorations 3(1), 2001
 */
import { evenly } from "../split/kFold.js";
import { factorFor } from "./scaling.js";

/** The statistic of each category, for one output. */
export interface TargetStatistics {
  /** By the code of the category; for a category without rows, the mean of all rows. */
  readonly numbers: Float64Array;
  /** The mean of all rows, for unknown words. */
  readonly other: number;
}

/**
 * @param codes - the category of each row; −1 for no category, which counts in the mean of all rows
 * @param levels - the number of categories
 * @param y - the output in each row
 * @param rows - the places in `codes` and `y` to learn from
 */
export function targetStatistics(
  codes: Float64Array,
  levels: number,
  y: Float64Array,
  rows: Int32Array,
): TargetStatistics {
  const first = statisticsBy(1, codes, levels, y, rows);
  const factor = factorFor(first.variance, y);
  if (factor === 1) return first;
  const { numbers, other } = statisticsBy(factor, codes, levels, y, rows);
  return { numbers: numbers.map((number) => number / factor), other: other / factor };
}

/** Statistics of the target times a factor. */
function statisticsBy(
  factor: number,
  codes: Float64Array,
  levels: number,
  targets: Float64Array,
  rows: Int32Array,
): TargetStatistics & { readonly variance: number } {
  const y = factor === 1 ? targets : targets.map((target) => target * factor);
  const counts = new Float64Array(levels);
  const means = new Float64Array(levels);
  let mean = 0;
  for (const row of rows) {
    counts[codes[row]]++;
    means[codes[row]] += y[row];
    mean += y[row] / rows.length;
  }
  for (let level = 0; level < levels; level++) means[level] /= counts[level];
  const squares = new Float64Array(levels);
  let variance = 0;
  for (const row of rows) {
    squares[codes[row]] += (y[row] - means[codes[row]]) ** 2;
    variance += (y[row] - mean) ** 2 / rows.length;
  }
  const numbers = means.map((own, level) => {
    const between = variance * counts[level];
    const share = between / (between + squares[level] / counts[level]);
    return Number.isNaN(share) ? mean : share * own + (1 - share) * mean;
  });
  return { numbers, other: mean, variance };
}

/** Into how many folds training rows are divided, so that no row sees its own target. */
const FOLDS = 5;

/** The statistic of each row's category, from the rows of the other folds. */
export function outOfFoldStatistics(codes: Float64Array, levels: number, y: Float64Array): Float64Array {
  const rows = codes.length;
  const values = new Float64Array(rows);
  if (rows < 2) return values.fill(y[0]);
  for (const { train, validation } of evenly(rows, Math.min(FOLDS, rows), 0)) {
    const { numbers, other } = targetStatistics(codes, levels, y, train);
    for (const row of validation) values[row] = numbers[codes[row]] ?? other;
  }
  return values;
}
