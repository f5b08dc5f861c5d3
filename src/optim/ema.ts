/** The exponential moving average of weights, around the rule of any optimizer. */
import { div, equal, floor, mul, select } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { keptWeights } from "./constrain.js";
import type { Optimizer, ParameterArray, Slots, UpdateContext } from "./optimizer.js";
import { movingAverage } from "./terms.js";

/** The slot with the weights for evaluation, prediction and saving. */
export const EVALUATION = "evaluation";

/** A parameter and slots after a step. */
export interface Updated {
  readonly parameter: Value;
  readonly slots: Slots;
}

/**
 * One step: a ← βa + (1 − β)w with the new weights w. As in Keras, β counts as 0 at the first step, and
 * weights that are overwritten become a after every `emaOverwriteFrequency` steps. The average satisfies the
 * constraints of the arrays, like w.
 */
export function averaged(
  ema: Optimizer["ema"],
  context: UpdateContext,
  step: (context: UpdateContext) => Updated,
  arrays?: readonly ParameterArray[],
): Updated {
  const { [EVALUATION]: average, ...slots } = context.slots;
  const { emaMomentum, emaOverwriteFrequency: frequency } = context.hyperparameters;
  const { parameter, slots: own } = step({ ...context, slots });
  const momentum = select(equal(context.step, 1), 0, emaMomentum);
  const evaluation = keptWeights(movingAverage(average, parameter, momentum), arrays);
  if (ema === "apart") return { parameter, slots: { ...own, evaluation } };
  const multiple = mul(floor(div(context.step, frequency)), frequency);
  return {
    parameter: select(equal(multiple, context.step), evaluation, parameter),
    slots: { ...own, evaluation },
  };
}
