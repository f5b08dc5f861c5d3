/**
 * The names of built-in losses. They are data, so that compiling a model loads no loss; the training code has
 * them all.
 */
import { check, show } from "../../errors.js";
import type { SnakeCase } from "../../names.js";
import { Names } from "../../namespace.js";

/**
 * By loss, in the order of lists, its further names, besides its own and Keras' function and class of that
 * name.
 */
const OTHERS = {
  meanSquaredError: ["mse", "MSE"],
  meanAbsoluteError: ["mae", "MAE"],
  meanAbsolutePercentageError: ["mape", "MAPE"],
  meanSquaredLogarithmicError: ["msle", "MSLE"],
  huber: [],
  logCosh: ["logcosh"],
  quantile: ["pinball", "pinball_loss", "mean_pinball_loss"],
  poisson: [],
  gaussianNll: ["GaussianNLLLoss", "gaussian_nll_loss"],
  gaussianCrps: ["crps"],
  coxPartialLikelihood: ["cox"],
  cosineSimilarity: ["cosineProximity", "cosine_proximity"],
  binaryCrossentropy: ["bce", "BCE"],
  categoricalCrossentropy: ["cce", "CCE"],
  sparseCategoricalCrossentropy: ["scce"],
  categoricalGeneralizedCrossEntropy: [],
  binaryFocalCrossentropy: [],
  categoricalFocalCrossentropy: [],
  ordinalCrossentropy: ["coral"],
  klDivergence: ["kld", "KLD", "KLDivergence", "kullbackLeiblerDivergence", "kullback_leibler_divergence"],
  hinge: [],
  squaredHinge: [],
  categoricalHinge: [],
  softF1: ["f1_loss", "F1Loss"],
  dice: [],
  tversky: [],
  ctc: ["CTC", "CTCLoss", "ctc_loss"],
} as const;

/** The name under which a built-in loss is exported. */
export type BuiltInLossName = keyof typeof OTHERS;

/** The other names of a loss. */
export type LossAlias<Name extends BuiltInLossName> =
  | (typeof OTHERS)[Name][number]
  | SnakeCase<Name>
  | Capitalize<Name>;

/** By loss, all its other names. */
export const lossAliases = Object.fromEntries(
  Object.entries<readonly string[]>(OTHERS).map(([name, others]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const pascal = name[0].toUpperCase() + name.slice(1);
    // for a one-word name, the function has the same name
    return [name, [...others, ...(snake === name ? [] : [snake]), pascal]];
  }),
) as unknown as { readonly [Name in BuiltInLossName]: readonly LossAlias<Name>[] };

export const lossNames = new Names("losses", lossAliases);

/** A loss of Keras that does not exist here, for pairs of rows, and the nearest one. */
const NEAREST: ReadonlyMap<string, BuiltInLossName> = new Map([["circle", "cosineSimilarity"]]);

/**
 * The name of the loss with a name or alias.
 *
 * @throws FettleError `unknown_name`
 */
export function lossNamed(given: string): BuiltInLossName {
  const nearest = NEAREST.get(given.toLowerCase());
  check(
    nearest === undefined,
    () => `unknown loss ${show(given)}. The nearest is losses.${nearest}.`,
    "unknown_name",
  );
  return lossNames.canonical(given);
}
