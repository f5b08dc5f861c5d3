/** Metrics of outputs with several lines per row, such as sequences in which some steps do not count. */
import { columnsOf, type Floats } from "../ndarray.js";
import type { Metric } from "./metric.js";

/** What the predictions of a network are scored against. */
export interface Truths {
  /** [rows, outputs] */
  readonly yTrue: Floats;
  readonly outputs: number;
  /** [rows]; undefined if all count equally. */
  readonly weights?: Floats;
}

/** Predictions of a network. The mask is required, even if undefined, so that no score forgets it. */
export interface MaskedPrediction {
  /** [rows, outputs] */
  readonly prediction: Floats;
  /** Which steps of an output that is a sequence count, [rows, steps]; undefined if all do. */
  readonly mask: Floats | undefined;
}

/**
 * The score of a network's predictions. With a mask, each step that counts is a separate row for the metric.
 * Of predicted distributions, means and then variances, a metric reads the means unless it is of `moments`.
 * Every score of a network that was tuned comes from here.
 */
export function scoreMasked(
  metric: Metric,
  { yTrue, outputs, weights }: Truths,
  { prediction, mask }: MaskedPrediction,
): number {
  if (mask === undefined) {
    const isWider = prediction.length > yTrue.length && metric.predictions !== "moments";
    const read = isWider ? columnsOf(prediction, 2 * outputs, 0, outputs) : prediction;
    return metric.compute(yTrue, read, outputs, weights);
  }
  const width = yTrue.length / mask.length;
  return metricOfLines(metric, countedLines([yTrue, prediction], width, mask, weights));
}

/** Truths, predictions and weights of the lines of one output that count: what a metric computes on. */
export interface CountedLines {
  readonly yTrue: Floats;
  readonly yPred: Floats;
  readonly width: number;
  readonly weights?: Floats;
}

/**
 * The lines of the last axis of an output [rows, steps, ...], in the steps that count.
 *
 * @param all - truths and predictions, each row after row
 * @param width - the length of the last axis
 * @param mask - [rows, steps]
 * @param weights - [rows]
 */
export function countedLines(
  all: readonly [yTrue: Floats, yPred: Floats],
  width: number,
  mask: Floats,
  weights?: Floats,
): CountedLines {
  const lines = all[0].length / width;
  const kept = repeated(mask, lines / mask.length);
  const [yTrue, yPred] = all.map((numbers) => linesOf(numbers, width, kept));
  return {
    yTrue,
    yPred,
    width,
    ...(weights && { weights: linesOf(repeated(weights, lines / weights.length), 1, kept) }),
  };
}

/** A metric of lines; NaN without lines. */
export const metricOfLines = (metric: Metric, { yTrue, yPred, width, weights }: CountedLines): number =>
  yTrue.length === 0 ? Number.NaN : metric.compute(yTrue, yPred, width, weights);

/** The same without rows of weight 0, which may hold anything. */
export function counted<P extends Truths & { readonly yPred: Floats }>(rows: P): P {
  const { yTrue, yPred, outputs, weights } = rows;
  if (!weights?.includes(0)) return rows;
  const kept = (numbers: Floats, width: number): Floats => linesOf(numbers, width, weights);
  return {
    ...rows,
    yTrue: kept(yTrue, outputs),
    yPred: kept(yPred, outputs),
    weights: kept(weights, 1),
  };
}

/** Repeats each number. */
export function repeated(numbers: Floats, times: number): Floats {
  if (times === 1) return numbers;
  return Float64Array.from({ length: numbers.length * times }, (_, i) => numbers[Math.floor(i / times)]);
}

/** The lines of a matrix with `width` columns whose mask is not 0. */
function linesOf(all: Floats, width: number, mask: Floats): Floats {
  return all.filter((_, at) => mask[Math.floor(at / width)] !== 0);
}
