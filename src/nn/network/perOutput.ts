/**
 * The losses and metrics of several outputs as one: a sum of losses, and a list of metrics over the columns
 * of each.
 */
import { add, mul, reshape, slice } from "../../graph/functions.js";
import { ROWS } from "../../graph/shape.js";
import { countedLines, metricOfLines, repeated } from "../../metrics/lines.js";
import type { Metric } from "../../metrics/metric.js";
import type { MetricLike } from "../../metrics/names.js";
import { getMetrics } from "../../metrics/registry.js";
import { columnsOf, type Floats } from "../../ndarray.js";
import { madeFrom, recipeOf } from "../../recipe.js";
import { checkLogNames } from "../callbacks/history.js";
import { metricOf } from "../losses/forms.js";
import type { CheckedLoss, Loss } from "../losses/given.js";
import { getLoss } from "../losses/registry.js";
import { rowOfLoss } from "../losses/truths.js";
import type { Columns } from "./network.js";
import { lossOfOutput, maskWidth, type OutputsLoss } from "./stepMasks.js";

/** The loss of all outputs: the sum of theirs, times their weights. */
export function lossOfAll(
  outputs: readonly Columns[],
  losses: readonly Loss[],
  weights: readonly number[],
): Loss {
  if (outputs.length === 1 && weights[0] === 1) return losses[0];
  const functions = losses.map(getLoss);
  const loss: OutputsLoss = (yTrue, yPred, rowWeights, masks, members) =>
    outputs
      .map(({ offset, size, shape }, i) => {
        const [truth, prediction] = [yTrue, yPred].map((all) => {
          if (outputs.length === 1) return all;
          return reshape(slice(all, [0, offset], [ROWS, size]), [ROWS, ...shape]);
        });
        const seen = members?.[i] ?? prediction;
        return mul(lossOfOutput(functions[i], truth, seen, rowWeights, masks?.[i]), weights[i]);
      })
      .reduce(add);
  const takesWeights = functions.every(({ length }) => length > 2);
  const total: OutputsLoss = takesWeights ? loss : (yTrue, yPred) => loss(yTrue, yPred);
  const recipes = losses.map((each) => (typeof each === "string" ? each : recipeOf(each)));
  return madeFrom(total, ["outputs", outputs.map(({ shape }) => shape), weights, ...recipes]);
}

/** A metric that also receives which steps of an output count, [rows, steps] of all outputs side by side. */
export interface OutputMetric extends Metric {
  compute(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats, mask?: Floats): number;
}

/**
 * The metrics of all outputs, over their columns, by what predictions mean for the loss; named after the
 * output if there are several: `priceR2`. An output with more than one axis counts line by line of its last
 * axis: for [steps, classes], each step is a separate row. Masked steps are left out; without any steps, a
 * metric is NaN.
 *
 * @throws FettleError as `getMetrics` and `checkLogNames`
 */
export function metricsOfAll(
  outputs: readonly Columns[],
  given: readonly (readonly MetricLike[])[],
  losses: readonly CheckedLoss[],
): readonly OutputMetric[] {
  const one = outputs.length === 1;
  const metrics = given.map((list, i) =>
    getMetrics(one ? "metrics" : `metrics.${outputs[i].name}`, list).map((metric) =>
      metricOf(rowOfLoss(losses[i]), metric),
    ),
  );
  const all = one && outputs[0].shape.length === 1 ? metrics[0] : ofColumns(outputs, metrics);
  checkLogNames(all.map(({ name }) => name));
  return all;
}

/** The metrics of outputs side by side. */
function ofColumns(
  outputs: readonly Columns[],
  metrics: readonly (readonly Metric[])[],
): readonly OutputMetric[] {
  const one = outputs.length === 1;
  const units = outputs.reduce((sum, { size }) => sum + size, 0);
  return outputs.flatMap(({ name, offset, size, shape }, i) =>
    metrics[i].map((metric): OutputMetric => {
      const own = (all: Floats): Floats => columnsOf(all, units, offset, size);
      const width = shape[shape.length - 1];
      return {
        name: one ? metric.name : `${name}${metric.name[0].toUpperCase()}${metric.name.slice(1)}`,
        direction: metric.direction,
        tasks: metric.tasks,
        compute(truth, prediction, _, weights, mask) {
          const all = [own(truth), own(prediction)] as const;
          if (mask === undefined || shape.length === 1)
            return metric.compute(...all, width, weights && repeated(weights, size / width));
          return metricOfLines(metric, countedLines(all, width, maskOf(outputs, i, mask), weights));
        },
      };
    }),
  );
}

/** The mask of an output that is a sequence, [rows, steps], of the masks of all outputs side by side. */
export function maskOf(outputs: readonly Columns[], i: number, mask: Floats): Floats {
  const [before, all] = [outputs.slice(0, i), outputs].map((some) =>
    some.reduce((sum, each) => sum + maskWidth(each), 0),
  );
  return columnsOf(mask, all, before, maskWidth(outputs[i]));
}
