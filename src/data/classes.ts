/** Classes as numbers: ids from 0, and one-hot rows. */
import { check, mustBeInteger, show } from "../errors.js";
import { mustBeArray } from "./check.js";

/** More distinct values than this are names or ids, not categories or classes. */
export const MAX_CATEGORIES = 1000;

/**
 * Class ids as rows with a single 1.
 *
 * @param labels - `[rows]`, each an integer from 0 to `classes - 1`
 * @param classes - the number of classes, at least 1
 * @returns `[rows, classes]`, row-major
 * @throws FettleError `invalid_data` for a label outside that range; `invalid_argument` for anything but an array and a
 *   positive integer
 * @example
 * ```ts
 * oneHot([2, 0], 3); // [0, 0, 1, 1, 0, 0]
 * ```
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float64Array {
  mustBeArray("labels", labels, "an array of class ids");
  mustBeInteger("classes", classes);
  const encoded = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    check(
      Number.isInteger(label) && label >= 0 && label < classes,
      () => `labels must be integers from 0 to ${classes - 1}; received ${show(label)} at index ${i}`,
      "invalid_data",
    );
    encoded[i * classes + label] = 1;
  }
  return encoded;
}
