/**
 * The compile options of a model: an optimizer, and losses and metrics, one for all outputs or one by the
 * name of each output. Built-in ones given by name stay names until a model is trained, so that a page loads
 * only what it uses.
 */
import { isPlainObject, must, unknownName } from "../../errors.js";
import { memoized } from "../../memo.js";
import { checkMetric, type MetricLike } from "../../metrics/names.js";
import { type BuiltInOptimizer, checkedOptimizer } from "../../optim/names.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { recipeOf } from "../../recipe.js";
import { type CheckedLoss, checkedLoss, type Loss } from "../losses/given.js";
import { recipeOfWiring, type Wiring } from "../network/network.js";
import type { Augmentation } from "./mixup.js";
import { type CompileOptions, checkAugmentation, type PerOutput } from "./options.js";

/** The compile options of a model; losses and metrics output by output. */
export interface Compiled {
  readonly optimizer: BuiltInOptimizer | Optimizer;
  readonly losses: readonly CheckedLoss[];
  readonly lossWeights: readonly number[];
  readonly metrics: readonly (readonly MetricLike[])[];
  readonly augmentation: Augmentation | undefined;
}

/** A model without numbers: its layers and compile options. */
export interface Described {
  readonly wiring: Wiring;
  readonly compiled: Compiled;
}

/** What a model is except for the values of hyperparameters; undefined with a custom piece. */
export function recipeOfModel({ wiring, compiled }: Described): string | undefined {
  const { optimizer, losses, lossWeights, metrics, augmentation } = compiled;
  const pieces = [optimizer, ...losses, ...metrics.flat(), augmentation ?? ""].map(recipeOfPiece);
  const recipe = [recipeOfWiring(wiring), ...pieces, lossWeights, metrics.map((list) => list.length)];
  return recipe.includes(undefined) ? undefined : JSON.stringify(recipe);
}

/** The recipe of a piece, or its name. */
export const recipeOfPiece = (piece: string | object): string | undefined =>
  typeof piece === "string" ? piece : recipeOf(piece);

type Outputs = readonly { readonly name: string }[];

/**
 * @throws FettleError `unknown_name` for an optimizer, loss or metric that does not exist; `invalid_argument`
 * for other options
 */
export function compiledFrom(
  outputs: Outputs,
  { optimizer, loss, lossWeights, metrics = [], augmentation }: CompileOptions,
): Compiled {
  return {
    optimizer: checkedOptimizer(optimizer),
    losses: lossesFor(outputs, loss),
    lossWeights: lossWeightsFor(outputs, lossWeights),
    metrics: metricsFor(outputs, metrics),
    augmentation: checkAugmentation(augmentation),
  };
}

/** Stands for the compile options of a model that was not compiled: predictions need none. */
export const uncompiled = /* @__PURE__ */ memoized(
  ({ outputs }: Wiring): Compiled => compiledFrom(outputs, { optimizer: "sgd", loss: "meanSquaredError" }),
);

/**
 * @throws FettleError as `checkedLoss`; `invalid_argument`, `unknown_name` unless there is a loss for each
 * output
 */
function lossesFor(outputs: Outputs, loss: PerOutput<Loss>): CheckedLoss[] {
  if (!isPlainObject(loss)) return outputs.map(() => checkedLoss(loss as Loss));
  return byOutput("loss", outputs, loss as Readonly<Record<string, Loss>>).map((each, i) => {
    must(each !== undefined, `loss.${outputs[i].name}`, "a loss, since it is an output", each);
    return checkedLoss(each);
  });
}

/** How much each loss counts. @throws FettleError `invalid_argument`, `unknown_name` */
function lossWeightsFor(outputs: Outputs, weights: Readonly<Record<string, number>> = {}): number[] {
  must(isPlainObject(weights), "lossWeights", "numbers by the names of outputs", weights);
  return byOutput("lossWeights", outputs, weights).map((weight = 1, i) => {
    const fits = Number.isFinite(weight) && weight >= 0;
    must(fits, `lossWeights.${outputs[i].name}`, "a finite number of at least 0", weight);
    return weight;
  });
}

/** @throws FettleError as `checkMetric`; `unknown_name` for an output that does not exist */
function metricsFor(outputs: Outputs, metrics: PerOutput<readonly MetricLike[]>): MetricLike[][] {
  must(Array.isArray(metrics) || isPlainObject(metrics), "metrics", "an array of metrics", metrics);
  const lists = Array.isArray(metrics)
    ? outputs.map(() => metrics as readonly MetricLike[])
    : byOutput("metrics", outputs, metrics as Readonly<Record<string, readonly MetricLike[]>>);
  return lists.map((list = [], i) => {
    const name = Array.isArray(metrics) ? "metrics" : `metrics.${outputs[i].name}`;
    must(Array.isArray(list), name, "an array of metrics", list);
    list.forEach(checkMetric);
    return [...list];
  });
}

function byOutput<T>(
  option: string,
  outputs: Outputs,
  given: Readonly<Record<string, T>>,
): (T | undefined)[] {
  const names = outputs.map(({ name }) => name);
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw unknownName(`output of ${option}`, name, names);
  return names.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}
