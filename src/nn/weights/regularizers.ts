/**
 * Penalties on parameters, added to the loss. Their weights are inputs of the program: tuning one compiles
 * nothing.
 */
import { checkOptions, must, type OptionNames } from "../../errors.js";
import { type AliasOf, byNameOrAlias } from "../../names.js";

/** λ₁ Σ|w| + λ₂ Σw², as in Keras. */
export interface Regularizer {
  readonly l1?: number;
  readonly l2?: number;
}

/**
 * A penalty of `weight` × Σ|w| on one array of a layer, as in Keras (R. Tibshirani, "Regression shrinkage and
 * selection via the lasso", 1996).
 *
 * @param weight - in [0, ∞), default 0.01
 * @throws FettleError `invalid_argument` unless the weight is a finite number of at least 0
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
 * @throws FettleError `invalid_argument` unless the weight is a finite number of at least 0
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
 * @param weights - each in [0, ∞). Default: no penalty
 * @throws FettleError `unknown_name` for other names, `invalid_argument` unless the weights are finite
 * numbers of at least 0
 * @example
 * ```ts
 * const regularizer = l1l2({ l1: 1e-5, l2: 1e-4 });
 * dense(16, { kernelRegularizer: regularizer }).hyperparameters; // { "kernel.l1": 1e-5, "kernel.l2": 1e-4 }
 * ```
 */
export function l1l2(weights: Regularizer): Regularizer {
  checkOptions(weights, "a regularizer", WEIGHTS);
  for (const [name, weight] of Object.entries(weights))
    must(Number.isFinite(weight) && weight >= 0, name, "a finite number of at least 0", weight);
  return weights;
}

const WEIGHTS: OptionNames<Regularizer> = { l1: true, l2: true };

const regularizers = { l1, l2 };
/** The names of Keras' classes. */
const aliases = { l1: ["L1"], l2: ["L2"] } as const satisfies Record<
  keyof typeof regularizers,
  readonly string[]
>;

/** A regularizer with its default weight, by name. */
export type RegularizerName = keyof typeof regularizers | AliasOf<typeof aliases>;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getRegularizer(regularizer: RegularizerName | Regularizer): Regularizer {
  return typeof regularizer === "string"
    ? byNameOrAlias("regularizer", regularizers, aliases, regularizer)()
    : l1l2(regularizer);
}
