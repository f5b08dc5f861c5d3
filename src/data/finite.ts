/** Copies the arrays that users pass, and refuses numbers that are not finite. */
import { copyNumbers, type Layout, refuseNumber } from "../arrays.js";
import type { Floats } from "../ndarray.js";
import { firstNotFinite } from "../numerics/finite.js";

/**
 * Copies the numbers of an array to a block of their size.
 *
 * @param finite - whether they must be finite in the precision of the block
 * @throws FettleError `invalid_data` for an element that is no number, or not finite, naming its place
 */
export function copyChecked(layout: Layout, to: Floats, what: string, finite: boolean): void {
  copyNumbers(layout, to, what, finite);
  if (finite) mustBeFinite(layout, to, what);
}

/** Refuses numbers of a layout that are not finite. @throws FettleError `invalid_data` */
export function mustBeFinite(layout: Layout, data: Floats, what: string): void {
  const place = firstNotFinite(data);
  if (place >= 0) refuseNumber(layout, place, what, true);
}
