/** The conditions of layers over sequences and images on their rows. */
import { check } from "../../errors.js";
import { type Shape, showShape } from "../../graph/shape.js";

/** Refuses rows that are not [steps, features]. @throws FettleError `invalid_shape` */
export function mustBeSequence(type: string, shape: Shape): void {
  mustHaveAxes(type, shape, ["steps", "feature"]);
}

/**
 * Refuses rows that do not have these axes.
 *
 * @param axes - their names; the last, of which there may be one, in the singular
 * @throws FettleError `invalid_shape`
 */
export function mustHaveAxes(type: string, shape: Shape, axes: readonly string[]): void {
  const [last] = axes.slice(-1);
  const isOne = shape.length === axes.length - 1;
  const remedy = isOne ? `. Put reshape([${shape.join(", ")}, 1]) before it for one ${last}` : "";
  check(
    shape.length === axes.length,
    () => `${type} must take rows of shape [${axes.join(", ")}s]; received ${showShape(shape)}${remedy}`,
    "invalid_shape",
  );
}
