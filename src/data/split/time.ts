/** Divisions of rows in the order of time: validation rows come after all training rows. */

import { check, mustBeInteger } from "../../errors.js";
import { everyRow } from "../check.js";
import { checkMemory, defineSplitter, type FoldRows, type RowsToSplit } from "./splitter.js";

/** How {@link timeSeriesSplit} divides rows. */
export interface TimeSeriesOptions {
  /** How many folds, at least 2. @defaultValue 5 */
  readonly folds?: number;
  /**
   * How many rows are left out between the training part and the validation part of a fold. @defaultValue 0
   */
  readonly gap?: number;
  /** The most rows of a training part: the latest ones. @defaultValue all rows before the validation part */
  readonly maxTrainSize?: number;
  /** How many rows each validation part has. @defaultValue ⌊rows / (folds + 1)⌋ */
  readonly validationSize?: number;
}

/**
 * Folds of a time series: the last rows are the validation parts, one after another, and each fold trains on
 * rows before its validation part. Rows are ordered by `time` if they have it; otherwise they must already be
 * in that order. Rows with the time at which a validation part starts are not trained on.
 *
 * @param rows - how many rows there are, or rows with `time`; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for options that leave a fold without rows to train on;
 * `memory_limit` for more than 2²⁶ row ids
 *   in all folds
 * @example
 * ```ts
 * const folds = timeSeriesSplit(6, { folds: 2, gap: 1 });
 * folds.map(({ train, validation }) => [[...train], [...validation]]); // [[[0], [2, 3]], [[0, 1, 2], [4, 5]]]
 * ```
 * @see scikit-learn, `TimeSeriesSplit`
 */
export const timeSeriesSplit = /* @__PURE__ */ defineSplitter<TimeSeriesOptions, number>(
  "timeSeriesSplit",
  "rows",
  { folds: true, gap: true, maxTrainSize: true, validationSize: true },
  (given, options) => inSeries(given, options),
  true,
);

/** The folds of {@link timeSeriesSplit}. */
export function inSeries(
  given: RowsToSplit,
  { folds = 5, gap = 0, maxTrainSize = given.rows, validationSize }: TimeSeriesOptions,
): FoldRows[] {
  const { rows } = given;
  mustBeInteger("folds", folds, 2);
  mustBeInteger("gap", gap, 0);
  mustBeInteger("maxTrainSize", maxTrainSize);
  const size = validationSize ?? Math.max(1, Math.floor(rows / (folds + 1)));
  mustBeInteger("validationSize", size);
  check(
    rows - gap - folds * size > 0,
    () =>
      `folds must leave rows to train on; received ${folds} folds of ${size} validation rows, and a gap of ${gap}, for ${rows} rows`,
  );
  checkMemory(folds, folds * rows);
  const { order, isBefore } = inTime(given);
  return Array.from({ length: folds }, (_, fold) => {
    const start = rows - (folds - fold) * size;
    const end = Math.min(start - gap, isBefore(start));
    checkAnyBefore(end, `fold ${fold + 1}`);
    return {
      train: order.slice(Math.max(0, end - maxTrainSize), end).sort(),
      validation: order.slice(start, start + size).sort(),
    };
  });
}

/**
 * A training part, and the last rows: as many as their share, and earlier rows with the same time.
 *
 * @param share - above 0 and below 1
 * @throws FettleError `invalid_argument` if no row remains to train on
 */
export function timeSplit(time: ArrayLike<number>, share: number): FoldRows {
  const rows = time.length;
  const { order, isBefore } = inTime({ rows, time });
  const end = isBefore(rows - Math.ceil(share * rows));
  checkAnyBefore(end, "the model");
  return { train: order.slice(0, end).sort(), validation: order.slice(end).sort() };
}

function checkAnyBefore(rows: number, what: string): void {
  check(
    rows > 0,
    () => `${what} must train on rows before the first that it validates; received no row of an earlier time`,
  );
}

/** Row ids in the order of time, and how many of them have an earlier time than the row at a place. */
function inTime({ rows, time }: RowsToSplit): {
  readonly order: Int32Array;
  readonly isBefore: (place: number) => number;
} {
  const order = everyRow(rows);
  if (!time) return { order, isBefore: (place) => place };
  order.sort((a, b) => time[a] - time[b]); // stable
  return {
    order,
    isBefore(place) {
      let before = place;
      while (before > 0 && time[order[before - 1]] === time[order[place]]) before--;
      return before;
    },
  };
}
