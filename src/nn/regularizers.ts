/** Penalties on parameters, added to the loss. Their weights are inputs of the program, so tuning one compiles nothing. */
import { check, show } from "../errors.js";

/** λ₁ Σ|w| + λ₂ Σw², as Keras has it. */
export interface Regularizer {
  readonly l1?: number;
  readonly l2?: number;
}

/**
 * A penalty of `weight` × Σ|w| on one array of a layer, as in Keras (R. Tibshirani, "Regression shrinkage and
 * selection via the lasso", 1996).
 *
 * @param weight - in [0, ∞), default 0.01
 * @throws FettleError `invalid_argument` unless the weight is a finite number of 0 or more
 * @example
 * ```ts
 * dense(16, { kernelRegularizer: l1(1e-3) }).hyperparameters; // { "kernel.l1": 1e-3 }
 * ```
 */
export const l1 = (weight = 0.01): Regularizer => l1l2({ l1: weight });

/**
 * A penalty of `weight` × Σw² on one array of a layer, as in Keras; its gradient is 2 · `weight` · w.
 *
 * @param weight - in [0, ∞), default 0.01
 * @throws FettleError `invalid_argument` unless the weight is a finite number of 0 or more
 * @example
 * ```ts
 * dense(16, { kernelRegularizer: l2(1e-3) }).hyperparameters; // { "kernel.l2": 1e-3 }
 * ```
 */
export const l2 = (weight = 0.01): Regularizer => l1l2({ l2: weight });

/**
 * Both penalties, l1 × Σ|w| + l2 × Σw² (H. Zou and T. Hastie, "Regularization and variable selection via the
 * elastic net", 2005).
 *
 * @param weights - each in [0, ∞); one left out is no penalty
 * @throws FettleError `invalid_argument` for other names and unless the weights are finite numbers of 0 or more
 * @example
 * ```ts
 * const regularizer = l1l2({ l1: 1e-5, l2: 1e-4 });
 * dense(16, { kernelRegularizer: regularizer }).hyperparameters; // { "kernel.l1": 1e-5, "kernel.l2": 1e-4 }
 * ```
 */
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
