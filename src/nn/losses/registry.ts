/** Losses by name and alias. The definitions are elsewhere; this file only finds them. */
import { byName, FettleError, must } from "../../errors.js";
import { publicName } from "../../origin.js";
import * as crossentropy from "./crossentropy.js";
import type { BuiltInLoss, LossFunction } from "./loss.js";
import * as regression from "./regression.js";

/** Every built-in loss by name, in the order of lists. The compiler refuses a list that lacks one. */
export const losses = {
  meanSquaredError: regression.meanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  binaryCrossentropy: crossentropy.binaryCrossentropy,
  categoricalCrossentropy: crossentropy.categoricalCrossentropy,
} satisfies Record<keyof typeof crossentropy | keyof typeof regression, BuiltInLoss<never>>;

type BuiltIn = keyof typeof losses;

const table: Readonly<Record<BuiltIn, BuiltInLoss<never>>> = losses;

/** The name of a built-in loss, or an alias that Keras uses for it. */
export type LossName = BuiltIn | (typeof losses)[BuiltIn]["aliases"][number];

/**
 * A loss: a name or alias, a function of the namespace `losses`, with options or without, or a custom {@link LossFunction}.
 */
export type Loss = LossName | LossFunction;

const canonicalNames: ReadonlyMap<string, string> = new Map(
  Object.entries(losses).flatMap(([name, { aliases }]) => aliases.map((alias) => [alias, name])),
);

/**
 * One form for each loss: the name of a built-in one with default options, or a function.
 *
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a loss, such as a metric
 */
export function canonicalLoss(loss: Loss): BuiltIn | LossFunction {
  if (typeof loss === "string") {
    const name = canonicalNames.get(loss) ?? loss;
    byName("loss", losses, name);
    return name as BuiltIn;
  }
  must(
    typeof loss === "function",
    "loss",
    "a name, a function such as losses.meanSquaredError, or a function (yTrue, yPred) => Value",
    loss,
  );
  const exported = publicName(loss);
  if (exported !== undefined && !exported.startsWith("losses.")) throw notALoss(exported);
  const isDefault = (name: BuiltIn): boolean => table[name] === loss || table[name]() === loss;
  return (Object.keys(losses) as BuiltIn[]).find(isDefault) ?? loss;
}

/**
 * The function of a loss.
 *
 * @throws FettleError as {@link canonicalLoss}
 */
export function getLoss(loss: Loss): LossFunction {
  const canonical = canonicalLoss(loss);
  return typeof canonical === "string" ? table[canonical]() : canonical;
}

/** The refusal of a function of another namespace, with the loss to use in its place if one has the same name. */
function notALoss(exported: string): FettleError {
  const name = exported.slice(exported.indexOf(".") + 1);
  const instead = Object.hasOwn(losses, name)
    ? `use losses.${name}`
    : `known losses: ${Object.keys(losses).join(", ")}`;
  return new FettleError(
    "invalid_argument",
    `loss must be a loss; received ${exported}, which is a metric; ${instead}`,
  );
}
