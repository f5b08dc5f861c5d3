/** Losses and metrics of the outputs of a model: one of each for all, or one by the name of the output. */
import { isRecord, must, unknownName } from "../errors.js";
import { add, mul, reshape, slice } from "../graph/functions.js";
import { ROWS } from "../graph/shape.js";
import type { Metric } from "../metrics/metric.js";
import { getMetrics, type MetricLike } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import { madeFrom, recipeOf } from "../recipe.js";
import { canonicalLoss, getLoss, type Loss } from "./losses/registry.js";
import type { Columns } from "./network.js";
import { lossOfOutput, maskWidth, type OutputsLoss } from "./stepMasks.js";

/** The same for every output, or one for each by its name. */
export type PerOutput<T> = T | Readonly<Record<string, T>>;

type Outputs = readonly { readonly name: string }[];

/** @throws FettleError as `canonicalLoss`; `invalid_argument`, `unknown_name` unless there is a loss for each output */
export function lossesFor(outputs: Outputs, loss: PerOutput<Loss>): ReturnType<typeof canonicalLoss>[] {
  if (!isRecord(loss)) return outputs.map(() => canonicalLoss(loss as Loss));
  return byOutput("loss", outputs, loss as Readonly<Record<string, Loss>>).map((each, i) => {
    must(each !== undefined, `loss.${outputs[i].name}`, "a loss, since it is an output", each);
    return canonicalLoss(each);
  });
}

/** How much each loss counts. @throws FettleError `invalid_argument`, `unknown_name` */
export function lossWeightsFor(outputs: Outputs, weights: Readonly<Record<string, number>> = {}): number[] {
  must(isRecord(weights), "lossWeights", "numbers by the names of outputs", weights);
  return byOutput("lossWeights", outputs, weights).map((weight = 1, i) => {
    const fits = Number.isFinite(weight) && weight >= 0;
    must(fits, `lossWeights.${outputs[i].name}`, "a finite number of at least 0", weight);
    return weight;
  });
}

/** @throws FettleError as `getMetrics`; `unknown_name` for an output that does not exist */
export function metricsFor(outputs: Outputs, metrics: PerOutput<readonly MetricLike[]>): Metric[][] {
  must(Array.isArray(metrics) || isRecord(metrics), "metrics", "an array of metrics", metrics);
  const lists = Array.isArray(metrics)
    ? outputs.map(() => metrics as readonly MetricLike[])
    : byOutput("metrics", outputs, metrics as Readonly<Record<string, readonly MetricLike[]>>);
  return lists.map((list = [], i) => {
    const name = Array.isArray(metrics) ? "metrics" : `metrics.${outputs[i].name}`;
    must(Array.isArray(list), name, "an array of metrics", list);
    return getMetrics(name, list);
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

/** The loss of all outputs: the sum of theirs, times their weights. */
export function lossOfAll(
  outputs: readonly Columns[],
  losses: readonly Loss[],
  weights: readonly number[],
): Loss {
  if (outputs.length === 1 && weights[0] === 1) return losses[0];
  const functions = losses.map(getLoss);
  const loss: OutputsLoss = (yTrue, yPred, rowWeights, masks) =>
    outputs
      .map(({ offset, size, shape }, i) => {
        const [truth, prediction] = [yTrue, yPred].map((all) => {
          if (outputs.length === 1) return all;
          return reshape(slice(all, [0, offset], [ROWS, size]), [ROWS, ...shape]);
        });
        return mul(lossOfOutput(functions[i], truth, prediction, rowWeights, masks?.[i]), weights[i]);
      })
      .reduce(add);
  const takesWeights = functions.every(({ length }) => length > 2);
  const total: OutputsLoss = takesWeights ? loss : (yTrue, yPred) => loss(yTrue, yPred);
  const recipes = losses.map((each) => (typeof each === "string" ? each : recipeOf(each)));
  return madeFrom(total, ["outputs", outputs.map(({ shape }) => shape), weights, ...recipes]);
}

/** A metric that is also told which steps of an output count, [rows, steps] of all outputs beside each other. */
export interface OutputMetric extends Metric {
  compute(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats, mask?: Floats): number;
}

/**
 * The metrics of all outputs, over their columns; named after the output where there are several: `priceR2`. An output of more than one
 * axis counts line by line of its last axis: of [steps, classes], each step of a row as a row of its own. Steps that are masked are left
 * out; of none, a metric is NaN.
 */
export function metricsOfAll(
  outputs: readonly Columns[],
  metrics: readonly (readonly Metric[])[],
): readonly OutputMetric[] {
  if (outputs.length === 1 && outputs[0].shape.length === 1) return metrics[0];
  const units = outputs.reduce((sum, { size }) => sum + size, 0);
  return outputs.flatMap(({ name, offset, size, shape }, i) =>
    metrics[i].map((metric): OutputMetric => {
      const own = (all: Floats): Floats => columnsOf(all, units, offset, size);
      const width = shape[shape.length - 1];
      return {
        name:
          outputs.length === 1
            ? metric.name
            : `${name}${metric.name[0].toUpperCase()}${metric.name.slice(1)}`,
        direction: metric.direction,
        tasks: metric.tasks,
        compute(truth, prediction, _, weights, mask) {
          const all = [own(truth), own(prediction)];
          const counts = weights && repeated(weights, size / width);
          if (mask === undefined || shape.length === 1) return metric.compute(all[0], all[1], width, counts);
          const [steps, masks] = [shape[0], outputs.reduce((sum, each) => sum + maskWidth(each), 0)];
          const at = outputs.slice(0, i).reduce((sum, each) => sum + maskWidth(each), 0);
          const kept = repeated(columnsOf(mask, masks, at, steps), size / width / steps);
          const [yTrue, yPred] = all.map((numbers) => linesOf(numbers, width, kept));
          if (yTrue.length === 0) return Number.NaN;
          return metric.compute(yTrue, yPred, width, counts && linesOf(counts, 1, kept));
        },
      };
    }),
  );
}

/** Each number so many times. */
function repeated(numbers: Floats, times: number): Floats {
  if (times === 1) return numbers;
  return Float64Array.from({ length: numbers.length * times }, (_, i) => numbers[Math.floor(i / times)]);
}

/** Columns [offset, offset + size) of a matrix of `units` columns, in the precision that it has. */
function columnsOf(all: Floats, units: number, offset: number, size: number): Floats {
  const own = all.slice(0, (all.length / units) * size);
  // a filter by place would call a function for each number, and take a hundred times as long
  for (let row = 0, to = 0; to < own.length; row++)
    for (let j = 0; j < size; j++) own[to++] = all[row * units + offset + j];
  return own;
}

/** Those lines of a matrix of `width` columns whose mask is not 0. */
function linesOf(all: Floats, width: number, mask: Floats): Floats {
  return all.filter((_, at) => mask[Math.floor(at / width)] !== 0);
}
