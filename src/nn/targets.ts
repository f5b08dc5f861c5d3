/** The targets that users give to models, as matrices. */
import { oneHot } from "../data/classes.js";
import { type HostMatrix, type MatrixLike, toMatrix } from "../data/matrix.js";
import { check } from "../errors.js";

/**
 * Targets of `rows` rows for a last layer of `units` units. Class ids, one a row, become one-hot rows if the loss takes them, so
 * that metrics and class weights know them too.
 *
 * @throws FettleError `invalid_data`, `invalid_shape` for arrays that do not fit
 */
export function targetsOf(
  y: MatrixLike,
  what: string,
  { rows, units, classIds }: { readonly rows: number; readonly units: number; readonly classIds: boolean },
): HostMatrix {
  const ids = classIds && units > 1 && toMatrix(y, { what }).columns === 1;
  const targets = toMatrix(y, { what, columns: ids ? 1 : units });
  check(
    targets.rows === rows,
    () => `${what} must have as many rows as its inputs, ${rows}; received ${targets.rows}`,
    "invalid_shape",
  );
  return ids ? { data: Float32Array.from(oneHot(targets.data, units, what)), rows, columns: units } : targets;
}
