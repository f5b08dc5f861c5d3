/**
 * Rounds the coordinates of one parameter to those of its values, fast enough for searches that round
 * thousands of vectors for each suggestion. `moves.ts` decides whether the parameter applies.
 */
import { fromUnit, toUnit, valueAt } from "../../space/scale.js";
import type { ParamValue } from "../../space/value.js";
import type { Axis } from "../../space/vectors.js";

/** Numbers with at most this many values get a table of their coordinates. */
const TABLE = 1024;

/** See the header of this file. */
export interface Cells {
  /**
   * Writes the rounded coordinates of the parameter to `out`, where they must be 0: the same as encoding the
   * decoded vector.
   */
  settle(vector: Float64Array, out: Float64Array): void;
  /** The value at rounded coordinates. */
  read(settled: Float64Array): ParamValue;
}

/** The cells of a parameter. */
export function cellsOf({ parameter, offset, width, count }: Axis): Cells {
  if (parameter.type === "choice") {
    const largest = (vector: Float64Array) => {
      let best = offset;
      for (let c = offset + 1; c < offset + width; c++) if (vector[c] > vector[best]) best = c;
      return best;
    };
    return {
      settle(vector, out) {
        out[largest(vector)] = 1;
      },
      read: (settled) => parameter.values[largest(settled) - offset],
    };
  }
  const read = (settled: Float64Array) => fromUnit(parameter, settled[offset]);
  if (count === Number.POSITIVE_INFINITY) {
    return {
      settle(vector, out) {
        out[offset] = Math.min(1, Math.max(0, vector[offset]));
      },
      read,
    };
  }
  const centers =
    count <= TABLE
      ? Float64Array.from({ length: count }, (_, i) => toUnit(parameter, valueAt(parameter, i)))
      : undefined;
  return {
    settle(vector, out) {
      const u = vector[offset];
      out[offset] = centers ? nearestOf(centers, u) : toUnit(parameter, fromUnit(parameter, u));
    },
    read,
  };
}

/** The nearest of ascending numbers. */
function nearestOf(sorted: Float64Array, x: number): number {
  let [from, to] = [0, sorted.length - 1];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (sorted[middle] <= x) from = middle;
    else to = middle;
  }
  return x - sorted[from] <= sorted[to] - x ? sorted[from] : sorted[to];
}
