/** Losses of probabilities of classes. Every export is a loss of the namespace `losses`. */
import { check } from "../../errors.js";
import { add, constant, div, expm1, log, mul, mulNoNan, neg, sub, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { finite } from "../../rules.js";
import { clip, defineLoss, type LossFunction, meanLoss, NO_OPTIONS, weightedMean } from "./loss.js";
import { binary, focus, logChances, oneHot, present, smooth } from "./probabilities.js";

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /** Whether predictions are logits instead of probabilities. Default false. */
  readonly fromLogits?: boolean;
  /**
   * How far truths are moved towards equal chances of all classes, from 0, not at all, to 1, entirely.
   * Default 0.
   */
  readonly labelSmoothing?: number;
}

const CROSSENTROPY: Required<CrossentropyOptions> = { fromLogits: false, labelSmoothing: 0 };
const RANGES = { labelSmoothing: "[0, 1]" } as const;

/** Options of `binaryCrossentropy`. */
export interface BinaryCrossentropyOptions extends CrossentropyOptions {
  /**
   * How much truths of 1 count, in comparison with 0: a number of at least 0 for all units, or one for each,
   * such as the number of zeros divided by that of ones. Default 1.
   */
  readonly posWeight?: number | readonly number[];
}

const BINARY: Required<BinaryCrossentropyOptions> = { ...CROSSENTROPY, posWeight: 1 };

/**
 * Mean of −y log p − (1 − y) log(1 − p) over the batch and its units. For logits z, and for probabilities
 * directly from a sigmoid, it is computed as y log(1 + e⁻ᶻ) + (1 − y) log(1 + eᶻ), which is accurate where p
 * rounds to 0 or 1. Other probabilities are clipped to [1e-7, 1 − 1e-7], as in Keras. `yTrue`: 0, 1 or a
 * probability, [rows, units]. With `posWeight` the first term counts so many times; the mean stays one over
 * all numbers, as in PyTorch.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` unless there
 * are as many `posWeight` as units
 * @example
 * ```ts
 * const loss = compile(losses.binaryCrossentropy({ fromLogits: true }), [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[0], [1]], [[-100], [0]]); // 0.34657...
 * ```
 * @see Keras, `BinaryCrossentropy`; PyTorch, `BCEWithLogitsLoss`, for `posWeight`
 */
export const binaryCrossentropy = defineLoss({
  name: "binaryCrossentropy",
  defaults: BINARY,
  ranges: RANGES,
  make({ fromLogits, labelSmoothing, posWeight }) {
    for (const each of [posWeight].flat()) finite("[0, ∞)")("posWeight of losses.binaryCrossentropy", each);
    const loss: LossFunction = (yTrue, yPred, weights) => {
      const { loss1, loss0 } = binary(yPred, fromLogits);
      const [ones, zeros] = twoClasses(yTrue, labelSmoothing);
      const positive = posWeight === 1 ? ones : mul(ones, ofUnits(posWeight, yPred));
      return weightedMean(add(mulNoNan(loss1, positive), mulNoNan(loss0, zeros)), weights);
    };
    return loss;
  },
});

/**
 * Mean over rows of −Σ y log p. For logits, and for probabilities directly from a softmax, it is computed as
 * −Σ y logSoftmax(z). Other probabilities are scaled to sum to 1, then clipped to [1e-7, 1 − 1e-7], as in
 * Keras. `yTrue`: one-hot rows, or rows of probabilities, [rows, classes].
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.categoricalCrossentropy, [2, 2], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]); // 0.69314...
 * ```
 * @see Keras, `CategoricalCrossentropy`
 */
export const categoricalCrossentropy = meanLoss({
  name: "categoricalCrossentropy",
  defaults: CROSSENTROPY,
  ranges: RANGES,
  of: categorical,
});

/**
 * {@link categoricalCrossentropy} for class ids. `yTrue`: ids from 0, [rows, 1], where an invalid id gives
 * NaN; one-hot rows, as from `tune`, are accepted too. `fit` and `evaluate` accept ids for it, one per row.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` for predictions
 * of one column
 * @example
 * ```ts
 * const loss = compile(losses.sparseCategoricalCrossentropy, [2, 1], [2, 3]); // yTrue, yPred
 * createEngine().load(loss)([[1], [2]], [[0.25, 0.5, 0.25], [0.25, 0.25, 0.5]]); // 0.69314...
 * ```
 * @see Keras, `SparseCategoricalCrossentropy`
 */
export const sparseCategoricalCrossentropy = meanLoss({
  name: "sparseCategoricalCrossentropy",
  defaults: CROSSENTROPY,
  ranges: RANGES,
  of: (yTrue, yPred, options) => categorical(oneHot(yTrue, yPred), yPred, options),
});

/** Options of `categoricalGeneralizedCrossEntropy`. */
export interface GeneralizedOptions {
  /** From near 0, as the cross-entropy, to near 1, as the absolute error, in (0, 1). Default 0.5. */
  readonly q?: number;
}

const GENERALIZED: Required<GeneralizedOptions> = { q: 0.5 };

/**
 * Mean over rows of (1 − pᵠ) / q, p being the probability of the true class: a loss that is less sensitive to
 * wrong labels than the cross-entropy. Probabilities and truths are as in
 * {@link sparseCategoricalCrossentropy}.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` for predictions
 * of one column
 * @example
 * ```ts
 * const loss = compile(losses.categoricalGeneralizedCrossEntropy, [2, 1], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[0], [1]], [[0.25, 0.75], [0.75, 0.25]]); // 1
 * ```
 * @see Z. Zhang and M. Sabuncu, arXiv:1805.07836, 2018; Keras, `CategoricalGeneralizedCrossEntropy`
 */
export const categoricalGeneralizedCrossEntropy = meanLoss({
  name: "categoricalGeneralizedCrossEntropy",
  defaults: GENERALIZED,
  ranges: { q: "(0, 1)" },
  of: (yTrue, yPred, { q }) =>
    sum(mul(oneHot(yTrue, yPred), div(expm1(mul(q, logChances(yPred, false))), -q)), -1),
});

/** Options of `binaryFocalCrossentropy`. */
export interface BinaryFocalOptions extends CrossentropyOptions {
  /** How much less well-predicted rows count, at least 0; 0 is the cross-entropy. Default 2. */
  readonly gamma?: number;
  /** Whether classes count by `alpha`. Default false. */
  readonly applyClassBalancing?: boolean;
  /** How much class 1 counts, from 0 to 1, and class 0 the rest. Default 0.25. */
  readonly alpha?: number;
}

const BINARY_FOCAL: Required<BinaryFocalOptions> = {
  ...CROSSENTROPY,
  gamma: 2,
  applyClassBalancing: false,
  alpha: 0.25,
};

/**
 * {@link binaryCrossentropy}, each number times (1 − p)^gamma, p being the probability of its true class:
 * well-predicted rows count less.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.binaryFocalCrossentropy, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[1], [0]], [[0.5], [0.5]]); // 0.17328...
 * ```
 * @see T.-Y. Lin and others, arXiv:1708.02002, 2017; Keras, `BinaryFocalCrossentropy`
 */
export const binaryFocalCrossentropy = meanLoss({
  name: "binaryFocalCrossentropy",
  defaults: BINARY_FOCAL,
  ranges: { ...RANGES, gamma: "[0, ∞)", alpha: "[0, 1]" },
  of(yTrue, yPred, { fromLogits, labelSmoothing, gamma, applyClassBalancing, alpha }) {
    const { p, rest, loss1, loss0 } = binary(yPred, fromLogits);
    const [ones, zeros] = twoClasses(yTrue, labelSmoothing);
    const factor = focus(add(mul(ones, rest), mul(zeros, p)), gamma);
    const loss = mul(factor, add(mulNoNan(loss1, ones), mulNoNan(loss0, zeros)));
    return applyClassBalancing ? mul(add(mul(ones, alpha), mul(zeros, 1 - alpha)), loss) : loss;
  },
});

/** Options of `categoricalFocalCrossentropy`. */
export interface CategoricalFocalOptions extends CrossentropyOptions {
  /** How much less well-predicted rows count, at least 0. Default 2. */ readonly gamma?: number;
  /** How much the classes count: a number of at least 0 for all, or one for each. Default 0.25. */
  readonly alpha?: number | readonly number[];
}

const CATEGORICAL_FOCAL: Required<CategoricalFocalOptions> = { ...CROSSENTROPY, gamma: 2, alpha: 0.25 };

/**
 * {@link categoricalCrossentropy}, each number times alpha (1 − p)^gamma, p being the probability of its
 * class.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` unless there
 * are as many `alpha` as classes
 * @example
 * ```ts
 * const loss = compile(losses.categoricalFocalCrossentropy, [1, 2], [1, 2]); // yTrue, yPred
 * createEngine().load(loss)([[1, 0]], [[0.5, 0.5]]); // 0.04332...
 * ```
 * @see T.-Y. Lin and others, arXiv:1708.02002, 2017; Keras, `CategoricalFocalCrossentropy`
 */
export const categoricalFocalCrossentropy = defineLoss({
  name: "categoricalFocalCrossentropy",
  defaults: CATEGORICAL_FOCAL,
  ranges: { ...RANGES, gamma: "[0, ∞)" },
  make({ fromLogits, labelSmoothing, gamma, alpha }) {
    for (const each of [alpha].flat()) finite("[0, ∞)")("alpha of losses.categoricalFocalCrossentropy", each);
    const loss: LossFunction = (yTrue, yPred, weights) => {
      const y = smooth(yTrue, labelSmoothing, classesOf(yPred));
      // the factor must be a number for absent classes too
      const logs = present(y, logChances(yPred, fromLogits));
      const factor = mul(constant(yPred.graph, alpha), focus(neg(expm1(logs)), gamma));
      return neg(weightedMean(sum(mul(y, mul(factor, logs)), -1), weights));
    };
    return loss;
  },
});

/**
 * Mean over rows of Σ y log(y / p): how far predicted probabilities are from true ones, 0 if they are equal.
 * Both are clipped to [1e-7, 1], as in Keras. `yTrue`: probabilities, such as those of a larger network,
 * [rows, classes].
 *
 * @example
 * ```ts
 * const loss = compile(losses.klDivergence, [1, 2], [1, 2]); // yTrue, yPred
 * createEngine().load(loss)([[0.5, 0.5]], [[0.25, 0.75]]); // 0.14384...
 * ```
 * @see Keras, `KLDivergence`
 */
export const klDivergence = meanLoss({
  name: "klDivergence",
  defaults: NO_OPTIONS,
  of(yTrue, yPred) {
    const y = clip(yTrue, 1);
    return sum(mul(y, log(div(y, clip(yPred, 1)))), -1);
  },
});

/** Options of `ordinalCrossentropy`. */
export type OrdinalOptions = Pick<CrossentropyOptions, "fromLogits">;

const ORDINAL: Required<OrdinalOptions> = { fromLogits: false };

/**
 * Mean over rows of −Σ log p of the answers to "is the class above k?", k = 0, …, K − 2, for classes 0 to K −
 * 1 in an order: the loss of CORAL. Predictions are the probabilities that the class is above each k, [rows,
 * K − 1], and are computed as in {@link binaryCrossentropy}; the predicted class is how many of them exceed
 * ½. `yTrue`: those answers, 1 and then 0, [rows, K − 1]; `fit` and `evaluate` make them of class ids from 0.
 *
 * Units of their own, as of a dense layer, are the network of Niu and others, whose answers may contradict
 * each other. CORAL's units share their weights and differ in the bias only, so that probabilities never rise
 * with k.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.ordinalCrossentropy, [2, 2], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[0, 0], [1, 0]], [[0.5, 0.5], [0.5, 0.5]]); // 1.38629...
 * ```
 * @see W. Cao, V. Mirjalili and S. Raschka, "Rank consistent ordinal regression for neural networks",
 * arXiv:1901.07884, 2019, equation 4, and coral-pytorch, `coral_loss`; Z. Niu and others, "Ordinal regression
 * with multiple output CNN for age estimation", CVPR 2016
 */
export const ordinalCrossentropy = meanLoss({
  name: "ordinalCrossentropy",
  defaults: ORDINAL,
  of(yTrue, yPred, { fromLogits }) {
    const { loss1, loss0 } = binary(yPred, fromLogits);
    return sum(add(mulNoNan(loss1, yTrue), mulNoNan(loss0, sub(1, yTrue))), -1);
  },
});

const classesOf = (yPred: Value): number => yPred.shape[yPred.shape.length - 1];

/** −Σ y log p of each row. */
function categorical(
  yTrue: Value,
  yPred: Value,
  { fromLogits, labelSmoothing }: Required<CrossentropyOptions>,
): Value {
  const y = smooth(yTrue, labelSmoothing, classesOf(yPred));
  return neg(sum(mulNoNan(logChances(yPred, fromLogits), y), -1));
}

/**
 * The shares of class 1 and class 0 in a row; both are smoothed, because a difference from 1 would cancel.
 */
function twoClasses(yTrue: Value, labelSmoothing: number): [ones: Value, zeros: Value] {
  return [smooth(yTrue, labelSmoothing, 2), smooth(sub(1, yTrue), labelSmoothing, 2)];
}

/** A number for all units, or one for each. @throws FettleError `invalid_shape` for another count */
function ofUnits(given: number | readonly number[], yPred: Value): number | Value {
  if (typeof given === "number") return given;
  const units = classesOf(yPred);
  check(
    given.length === units,
    () =>
      `posWeight of losses.binaryCrossentropy must have a number for each of ${units} units; received ${given.length}`,
    "invalid_shape",
  );
  return constant(yPred.graph, given);
}
