/**
 * Gradient accumulation, around the rule of any optimizer: the mean gradient of several batches makes one
 * update.
 */
import { add, constant, div, greaterEqual, type Operand, select, zerosLike } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import type { Updated } from "./ema.js";
import type { Slots, UpdateContext } from "./optimizer.js";
import { noTerms, runningSum, totalOf } from "./terms.js";

/** The sum of the gradients since the last update, its number of batches, and the number of updates. */
export function accumulationSlots(parameter: Value): Slots {
  const zero = constant(parameter.graph, 0);
  return {
    gradientSum: zerosLike(parameter),
    gradientCount: zero,
    updateCount: noTerms(parameter.graph),
  };
}

/**
 * One batch. `update` is computed for every batch, since programs do not branch, and takes effect at every
 * `gradientAccumulationSteps`-th.
 */
export function accumulated(context: UpdateContext, update: (context: UpdateContext) => Updated): Updated {
  const { gradientSum, gradientCount, updateCount, ...before } = context.slots;
  const sum = add(gradientSum, context.gradient);
  const count = add(gradientCount, 1);
  const updates = runningSum(updateCount, 1);
  const isDue = greaterEqual(count, context.hyperparameters.gradientAccumulationSteps);
  const after = update({ ...context, gradient: div(sum, count), step: totalOf(updates), slots: before });
  const next = (then: Operand, otherwise: Value): Value => select(isDue, then, otherwise);
  return {
    parameter: next(after.parameter, context.parameter),
    slots: {
      ...Object.fromEntries(
        Object.entries(after.slots).map(([name, slot]) => [name, next(slot, before[name])]),
      ),
      gradientSum: next(0, sum),
      gradientCount: next(0, count),
      updateCount: next(updates, updateCount),
    },
  };
}
