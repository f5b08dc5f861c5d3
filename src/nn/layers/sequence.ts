/** What layers over sequences share. */
import { check } from "../../errors.js";
import { type Shape, showShape } from "../../graph/shape.js";

/** Refuses rows that are not [steps, features]. @throws FettleError `invalid_shape` */
export function mustBeSequence(type: string, shape: Shape): void {
  check(
    shape.length === 2,
    () => `${type} must take rows of shape [steps, features]; received ${showShape(shape)}`,
    "invalid_shape",
  );
}
