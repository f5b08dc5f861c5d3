/**
 * How sure a model is, by split conformal prediction: intervals of quantities, and sets of classes, that hold
 * the truth of a new row with a chosen probability. Their width is how far predictions for rows that were not
 * trained on were from the truth; for quantities, by the size of the prediction. It holds for rows of the
 * same kind as those, in any order: not if later rows differ.
 *
 * @see V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world", 2005; J. Lei et al.,
 * "Distribution-free predictive inference for regression", JASA 113, 2018; M. Sadinle, J. Lei and L.
 * Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", JASA 114, 2019; H. Boström
 * and U. Johansson, "Mondrian conformal regressors", COPA 2020
 */
import type { NdArray } from "ndarray";
import { check, FettleError, must } from "../errors.js";
import { classAt } from "../metrics/decided.js";
import { type Floats, view } from "../ndarray.js";
import type { Misses, TableDescription } from "./description.js";

/** Intervals, `[rows, targets]`, in the units of the targets. */
export interface Intervals {
  readonly low: NdArray<Floats>;
  readonly high: NdArray<Floats>;
}

/**
 * @param data - predictions, `[rows, targets]`
 * @throws FettleError `invalid_state` for a model of classes, or without a record of its errors;
 * `invalid_argument` for a coverage out of range, or for which the rows were too few
 */
export function intervalsOf(
  data: Floats,
  rows: number,
  table: TableDescription,
  coverage: number,
): Intervals {
  const { outputs, classes } = table;
  check(classes.length === 0, "intervals need a model of quantities; sets are for classes", "invalid_state");
  const misses = missesOf(table, "intervals");
  const widths = misses.map(({ distances }) => distances.map((own) => distanceAt(own, coverage)));
  const widthAt = (at: number): number => {
    const target = at % outputs;
    const bin = misses[target].edges.findIndex((edge) => data[at] <= edge);
    return widths[target].at(bin) as number; // -1: larger than all edges
  };
  const moved = (sign: number): NdArray<Floats> =>
    view(
      Float64Array.from(data, (value, at) => value + sign * widthAt(at)),
      [rows, outputs],
      [outputs, 1],
      0,
    );
  return { low: moved(-1), high: moved(1) };
}

/**
 * The classes that cannot be excluded, in the order of the classes; the predicted one is always among them.
 *
 * @param data - predictions, `[rows, outputs]`
 * @throws FettleError as {@link intervalsOf}; `invalid_state` for a model of quantities
 */
export function setsOf(data: Floats, rows: number, table: TableDescription, coverage: number): string[][] {
  const { classes, threshold } = table;
  check(classes.length > 0, "sets need a model of classes; intervals are for quantities", "invalid_state");
  const [{ distances }] = missesOf(table, "sets");
  const most = distanceAt(distances[0], coverage);
  const outputs = data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const predicted = classAt(data, row * outputs, outputs, threshold);
    return classes.filter((_, k) => k === predicted || 1 - shareOf(data, row, outputs, k) <= most);
  });
}

/** The probability of a class; of two classes, a model may predict that of the second alone. */
export function shareOf(data: Floats, row: number, outputs: number, k: number): number {
  if (outputs > 1) return data[row * outputs + k];
  return k === 1 ? data[row] : 1 - data[row];
}

function missesOf({ conformal }: TableDescription, name: string): readonly Misses[] {
  if (!conformal)
    throw new FettleError(
      "invalid_state",
      `${name} need a model that was tuned with an ensemble or calibrated, whose errors on validation rows are in its file`,
    );
  return conformal.misses;
}

/** The smallest distance that a new row exceeds with at most the probability 1 − coverage. */
function distanceAt(distances: readonly number[], coverage: number): number {
  must(
    typeof coverage === "number" && coverage > 0 && coverage < 1,
    "coverage",
    "a probability between 0 and 1",
    coverage,
  );
  // 1e-9: .7 · 10 is more than 7 in floating point
  const at = Math.ceil(coverage * (distances.length + 1) - 1e-9) - 1;
  check(
    at < distances.length,
    () =>
      `coverage must be at most ${distances.length / (distances.length + 1)}, for which there were enough rows; received ${coverage}`,
  );
  return distances[at];
}
