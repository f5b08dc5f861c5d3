/** Steps of outputs that do not count, such as padding: how a loss leaves them out, and how an evaluation hands them to metrics. */
import { div, maximum, mul, reshape, sum } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { rowCount } from "../graph/operations/leaves.js";
import { whereCounted } from "./layers/masks.js";
import type { LossFunction } from "./losses/loss.js";
import type { Columns } from "./network.js";

/** The stream to which programs of networks that mask steps write which of them count. */
export const MASK = "mask";

/** Columns of masks that an output of a shape has: its steps, if it is a sequence. */
export const maskWidth = ({ shape }: Columns): number => (shape.length > 1 ? shape[0] : 0);

/** A loss that is also told the mask of each output, [rows, steps], where it has one. */
export type OutputsLoss = (
  yTrue: Value,
  yPred: Value,
  weights?: Value,
  masks?: readonly (Value | undefined)[],
) => Value;

/**
 * The loss of one output. With a mask, each step is a row of its own, of weight 0 where it does not count, and of steps / steps that count
 * where it does: the mean loss over the steps that count in the batch, and 0 where none does, as in Keras 3. What targets and predictions
 * are elsewhere is not looked at: both are 1 there, where every loss and its gradient are finite.
 */
export function lossOfOutput(
  loss: LossFunction,
  yTrue: Value,
  yPred: Value,
  weights: Value | undefined,
  mask: Value | undefined,
): Value {
  if (mask === undefined) return weights ? loss(yTrue, yPred, weights) : loss(yTrue, yPred);
  const [rows, steps, ...shape] = yPred.shape;
  const lines = rows * steps;
  const counting = mul(weights ? mul(mask, weights) : mask, div(countOf(mask), maximum(sum(mask), 1)));
  const [truth, prediction] = [yTrue, yPred].map((each) =>
    reshape(whereCounted(each, mask, 1), [lines, ...(shape.length > 0 ? shape : [1])]),
  );
  return loss(truth, prediction, reshape(counting, [lines, 1]));
}

/** Steps of all rows of a mask. */
const countOf = (mask: Value): Value => mul(rowCount(mask.graph), mask.shape[1]);
