/** Scaled numbers of one feature, written into a matrix. */
import { type FettleError, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { type Scaling, scalerOf } from "./scaling.js";

/** The error for a value of a column, in one of the rows that are read. */
export type Refusal = (row: number, column: string, reason: string) => FettleError;

/** Scales values into a column of a matrix, or throws the reason. Parameters as {@link scaledInto}. */
export function writeScaled(
  values: Float64Array,
  rows: number,
  scaling: Scaling,
  out: Float32Array,
  k: number,
  width: number,
  column: string,
  refusal: Refusal,
): void {
  if (scaledInto(values, rows, scaling, out, k, width)) return;
  const scaled = scalerOf(scaling);
  const fault = values.findIndex((value) => !Number.isFinite(Math.fround(scaled(value))));
  const rule = `values must be near enough to the training rows to be scaled (${show(scaling)})`;
  throw refusal(fault, column, `${rule}; received ${show(values[fault])}`);
}

/**
 * Scales values into a column of a matrix, and returns whether all results are finite.
 *
 * @param k - the place of the first in `out`, where each row has `width` numbers
 */
export function scaledInto(
  values: Floats,
  rows: number,
  scaling: Scaling,
  out: Float32Array,
  k: number,
  width: number,
): boolean {
  let differences = 0; // NaN as soon as a result is NaN or infinite: cheaper than a test of each
  if ("knots" in scaling && scaling.knots.length === 2) {
    // as in `scalerOf`, without its calls: most features of a number are parts
    const [[from, low], [to, high]] = scaling.knots;
    for (let i = 0, at = k; i < rows; i++, at += width) {
      const value = values[i];
      const share = (value - from) / (to - from);
      const inside = Math.min(low + (high - low) * share, high);
      const feature = Math.fround(value <= from ? low : value >= to ? high : inside);
      out[at] = feature;
      differences += feature - feature;
    }
  } else if ("knots" in scaling) {
    const scaled = scalerOf(scaling);
    for (let i = 0, at = k; i < rows; i++, at += width) {
      const feature = Math.fround(scaled(values[i]));
      out[at] = feature;
      differences += feature - feature;
    }
  } else {
    const { center, scale } = scaling;
    for (let i = 0, at = k; i < rows; i++, at += width) {
      const feature = Math.fround((values[i] - center) / scale);
      out[at] = feature;
      differences += feature - feature;
    }
  }
  return differences === 0;
}
