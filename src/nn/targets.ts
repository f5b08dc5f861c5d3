/** The targets that users give to models, as rows of their outputs. */
import { layoutOf, type TensorLike } from "../arrays.js";
import { oneHot } from "../data/classes.js";
import { type LentTensor, lendTensor, ownTensor } from "../data/tensor.js";
import { check } from "../errors.js";
import { type Shape, sameShape } from "../graph/shape.js";

/**
 * Targets of `rows` rows for an output whose rows have a shape. Class ids, one for each line of classes, become one-hot lines if the
 * loss takes them, so that metrics and class weights know them too.
 *
 * @throws FettleError `invalid_data`, `invalid_shape` for arrays that do not fit
 */
export function targetsOf(
  y: TensorLike,
  what: string,
  { rows, shape, classIds }: { readonly rows: number; readonly shape: Shape; readonly classIds: boolean },
): LentTensor {
  const idShape = classIds ? shapeOfIds(layoutOf(y, what).shape, shape) : undefined;
  const targets = lendTensor(y, { what, shape: idShape ?? shape });
  check(
    targets.rows === rows,
    () => `${what} must have as many rows as its inputs, ${rows}; received ${targets.rows}`,
    "invalid_shape",
  );
  if (idShape === undefined) return targets;
  const classes = shape[shape.length - 1];
  const data = Float32Array.from(oneHot(ownTensor(targets).data, classes, what));
  return { data, rows, columns: data.length / rows, shape };
}

/** The shape of a row of class ids, if `y` has them: one for each line of the output, [steps] or [steps, 1] of [steps, classes]. */
function shapeOfIds([, ...given]: Shape, shape: Shape): Shape | undefined {
  const lines = shape.slice(0, -1);
  if (shape[shape.length - 1] === 1) return undefined;
  return sameShape(given, lines) || sameShape(given, [...lines, 1]) ? given : undefined;
}
