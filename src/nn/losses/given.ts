/** A user's loss, and the check of it. */
import { must } from "../../errors.js";
import type { LossFunction } from "./loss.js";
import { type BuiltInLossName, type LossAlias, lossNamed, lossNames } from "./names.js";

/** The name of a built-in loss, or an alias that Keras uses for it. */
export type LossName = BuiltInLossName | LossAlias<BuiltInLossName>;

/**
 * A loss: a name or alias, a function of the namespace `losses`, with options or without, or a custom
 * {@link LossFunction}.
 */
export type Loss = LossName | LossFunction;

/** A checked loss: a canonical name or a function. */
export type CheckedLoss = BuiltInLossName | LossFunction;

/**
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a
 * loss, such as a metric
 */
export function checkedLoss(loss: Loss): CheckedLoss {
  if (typeof loss === "string") return lossNamed(loss);
  must(
    typeof loss === "function",
    "loss",
    "a name, a function such as losses.meanSquaredError, or a function (yTrue, yPred) => Value",
    loss,
  );
  lossNames.refuseOthers(loss);
  return loss;
}
