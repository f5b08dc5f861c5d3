/**
 * The groups of rows, such as all rows of one patient, and their times, as numbers. `split/` divides rows by
 * them.
 */
import { check } from "../errors.js";
import { atIndex, mustBeArray } from "./check.js";

/** The group of each row. */
export type Groups = ArrayLike<string> | ArrayLike<number>;

/**
 * Groups as numbers from 0, in the order in which they first appear.
 *
 * @param name - their name for the user
 * @param placeOf - where the group of a row is, for people
 * @throws FettleError `invalid_shape` unless there is one for each row; `invalid_data` for anything but words
 * and numbers
 */
export function numberGroups(name: string, groups: Groups, rows: number, placeOf = atIndex): Int32Array {
  mustBeArray(name, groups, "an array with the group of each row");
  check(
    groups.length === rows,
    () => `${name} must have the group of each of the ${rows} rows; received ${groups.length}`,
    "invalid_shape",
  );
  const ids = new Map<string | number, number>();
  return Int32Array.from({ length: rows }, (_, i) => {
    const group = groups[i];
    check(
      typeof group === "string" || (typeof group === "number" && !Number.isNaN(group)),
      () => `${name} must hold words or numbers; received ${String(group)} ${placeOf(i)}`,
      "invalid_data",
    );
    const id = ids.get(group) ?? ids.size;
    ids.set(group, id);
    return id;
  });
}

/** The time of each row: numbers, of which only the order counts, or `Date` objects. */
export type Times = ArrayLike<number> | readonly { getTime(): number }[];

/**
 * Times as numbers.
 *
 * @param name - their name for the user
 * @param placeOf - where the time of a row is, for people
 * @throws FettleError `invalid_shape` unless there is one for each row; `invalid_data` for anything but
 * finite numbers and valid dates
 */
export function checkTime(name: string, time: Times, rows: number, placeOf = atIndex): Float64Array {
  mustBeArray(name, time, "an array with the time of each row");
  check(
    time.length === rows,
    () => `${name} must have the time of each of the ${rows} rows; received ${time.length}`,
    "invalid_shape",
  );
  return Float64Array.from({ length: rows }, (_, i) => {
    const given = time[i];
    const value = typeof given === "object" && given !== null ? given.getTime() : given;
    check(
      Number.isFinite(value),
      () => `${name} must hold finite numbers or dates; received ${String(given)} ${placeOf(i)}`,
      "invalid_data",
    );
    return value;
  });
}
