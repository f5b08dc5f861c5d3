/**
 * Steps of outputs that do not count, such as padding: how a loss leaves them out, and how an evaluation
 * passes them to metrics.
 */
import { check } from "../../errors.js";
import { broadcastTo, div, maximum, mul, reshape, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { rowCount } from "../../graph/operations/leaves.js";
import { ROWS } from "../../graph/shape.js";
import { whereCounted } from "../layers/masks.js";
import type { LossFunction, SequenceLoss } from "../losses/loss.js";
import { rowOfLoss } from "../losses/truths.js";
import type { Columns } from "./network.js";

/** The stream to which programs write which steps count, for networks that mask steps. */
export const MASK = "mask";

/** Columns of masks that an output of a shape has: its steps, if it is a sequence. */
export const maskWidth = ({ shape }: Columns): number => (shape.length > 1 ? shape[0] : 0);

/**
 * A loss that also receives, of each output that has them, the mask, [rows, steps], and the results of
 * members, [rows · members, ...shape], which it compares in place of the output.
 */
export type OutputsLoss = (
  yTrue: Value,
  yPred: Value,
  weights?: Value,
  masks?: readonly (Value | undefined)[],
  members?: readonly (Value | undefined)[],
) => Value;

/**
 * The loss of one output. With a mask, each step is a separate row: of weight 0 if it does not count,
 * otherwise of weight steps / steps that count. This gives the mean loss over the steps that count in the
 * batch, and 0 if there are none, as in Keras 3. Targets and predictions elsewhere are ignored: both are set
 * to 1, where every loss and its gradient are finite. A loss of alignments leaves out the steps of its
 * predictions; its targets have none.
 *
 * Predictions of several members for each row, [rows · members, ...], are rows with the same targets.
 */
export function lossOfOutput(
  loss: LossFunction,
  yTrue: Value,
  yPred: Value,
  weights: Value | undefined,
  mask: Value | undefined,
): Value {
  const members = yPred.shape[0] / yTrue.shape[0];
  if (members > 1) {
    check(
      rowOfLoss(loss)?.form !== "times",
      "coxPartialLikelihood must not be the loss of averageMembers: it compares rows, and would compare members",
      "unsupported",
    );
    const [truth, rowWeights, steps] = [yTrue, weights, mask].map((each) => each && repeated(each, members));
    return lossOfOutput(loss, truth as Value, yPred, rowWeights, steps);
  }
  if (mask === undefined) return weights ? loss(yTrue, yPred, weights) : loss(yTrue, yPred);
  const ofSequences: SequenceLoss | undefined = rowOfLoss(loss)?.form === "alignments" ? loss : undefined;
  if (ofSequences) return ofSequences(yTrue, whereCounted(yPred, mask), weights, mask);
  const [rows, steps, ...shape] = yPred.shape;
  const lines = rows * steps;
  const counting = mul(weights ? mul(mask, weights) : mask, div(countOf(mask), maximum(sum(mask), 1)));
  const [truth, prediction] = [yTrue, yPred].map((each) =>
    reshape(whereCounted(each, mask, 1), [lines, ...(shape.length > 0 ? shape : [1])]),
  );
  return loss(truth, prediction, reshape(counting, [lines, 1]));
}

/** Each row so many times in turn. */
function repeated(x: Value, times: number): Value {
  const [rows, ...shape] = x.shape;
  const all = broadcastTo(reshape(x, [rows, 1, ...shape]), [rows, times, ...shape]);
  return reshape(all, [rows * times, ...shape]);
}

/** Steps of all rows of a mask, [rows, steps] or [rows · members, steps]. */
const countOf = (mask: Value): Value => mul(rowCount(mask.graph), (mask.shape[0] / ROWS) * mask.shape[1]);
