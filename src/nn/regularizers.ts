/** Penalties on parameters, added to the loss. Their weights are inputs of the program, so tuning one compiles nothing. */
import { check, show } from "../errors.js";

/** λ₁ Σ|w| + λ₂ Σw², as Keras has it. */
export interface Regularizer {
  readonly l1?: number;
  readonly l2?: number;
}

/** A penalty of `weight` × Σ|w|. @throws FettleError `invalid_argument` unless the weight is 0 or more. */
export const l1 = (weight = 0.01): Regularizer => l1l2({ l1: weight });

/** A penalty of `weight` × Σw². @throws FettleError `invalid_argument` unless the weight is 0 or more. */
export const l2 = (weight = 0.01): Regularizer => l1l2({ l2: weight });

/** Both penalties. @throws FettleError `invalid_argument` unless the weights are 0 or more. */
export function l1l2(weights: Regularizer): Regularizer {
  for (const [name, weight] of Object.entries(weights)) {
    check(name === "l1" || name === "l2", () => `a penalty has weights l1 and l2, got ${show(name)}`);
    check(
      Number.isFinite(weight) && weight >= 0,
      () => `${name} must be a number of 0 or more, got ${show(weight)}`,
    );
  }
  return weights;
}
