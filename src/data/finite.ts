/** Copies the arrays that users pass, and refuses numbers that are not finite. */
import { copyNumbers, type Layout, refuseNumber } from "../arrays.js";
import type { Floats } from "../ndarray.js";
import { firstNotFinite } from "../numerics/finite.js";

/**
 * Copies the numbers of an array to a block of their size.
 *
 * @param finite - whether they must be finite in the precision of the block
 * @throws FettleError `invalid_data` for an element that is not a finite number, with its place
 */
export function copyChecked(layout: Layout, to: Floats, what: string, finite: boolean): void {
  copyNumbers(layout, to, what, finite);
  const place = finite ? firstNotFinite(to) : -1;
  if (place >= 0) refuseNumber(layout, place, what, true);
}
