/**
 * Losses whose predictions are no estimates of the targets: which units they need, how `fit` makes targets as
 * wide as predictions, and what metrics score.
 */
import type { TruthKind } from "../../data/truths.js";
import { HALF } from "../../metrics/decided.js";
import type { Metric } from "../../metrics/metric.js";
import type { Floats } from "../../ndarray.js";
import type { Form, JudgedLoss } from "./truths.js";

/** A metric, as far as it says what it reads. */
export type Reader = Pick<Metric, "name" | "predictions" | "truths">;

/** A line of an output: a row, or a step of a row of a sequence. */
interface FormRow {
  /** Follows "must be". */
  readonly units: string;
  readonly fits: (units: number) => boolean;
  /** How many axes rows of an output have, and what follows "must be"; undefined for any. */
  readonly axes?: readonly [count: number, rule: string];
  /** How many targets a line has; undefined if as many as units. */
  readonly targets?: (units: number) => number;
  /** Follows "must be". */
  readonly metrics: string;
  readonly scores: (metric: Reader) => boolean;
  /** The lines that a metric scores, of truths or predictions; undefined if these. */
  readonly read?: (lines: Floats, units: number, metric: Metric, threshold: number) => Lines;
}

/** Lines, row-major. */
interface Lines {
  readonly data: Floats;
  readonly width: number;
}

const isOneOf = (kind: TruthKind | undefined, ...kinds: readonly TruthKind[]): boolean =>
  kind === undefined || kinds.includes(kind);

export const forms: Readonly<Record<Form, FormRow>> = {
  moments: {
    units: "even, for a mean and a variance of each target",
    fits: (units) => units % 2 === 0,
    targets: (units) => units / 2,
    metrics: "metrics of quantities, which score the means",
    scores: ({ predictions = "quantities" }) => predictions === "quantities",
    read: (lines, units) => {
      const width = units / 2;
      return { data: lines.filter((_, at) => at % units < width), width };
    },
  },
  levels: {
    units: "at least 1",
    fits: () => true,
    targets: () => 1,
    metrics: "metrics of quantities, which score class ids, or of one class for each row",
    scores: ({ predictions = "quantities", truths }) =>
      predictions === "decisions"
        ? isOneOf(truths, "classes", "likelyClasses")
        : predictions === "quantities" && isOneOf(truths, "quantities", "counts"),
    read(lines, units, { predictions }, threshold) {
      const ids = Float64Array.from({ length: lines.length / units }, (_, line) => {
        const isOdd = lines.subarray(line * units, (line + 1) * units).some(Number.isNaN);
        return isOdd ? Number.NaN : levelAt(lines, line * units, units, threshold);
      });
      if (predictions !== "decisions" || units === 1) return { data: ids, width: 1 };
      const width = units + 1;
      const hot = (_: unknown, at: number): number => {
        const id = ids[Math.floor(at / width)];
        return Number.isNaN(id) ? id : Number(at % width === id);
      };
      return { data: Float64Array.from({ length: ids.length * width }, hot), width };
    },
  },
  times: {
    units: "1",
    fits: (units) => units === 1,
    axes: [1, "of shape [1]"],
    metrics: "custom metrics of times and scores",
    scores: ({ predictions = "scores", truths }) => predictions === "scores" && isOneOf(truths, "times"),
  },
  alignments: {
    units: "at least 2, the first of which is for the blank",
    fits: (units) => units > 1,
    axes: [2, "of shape [steps, classes]"],
    metrics: "left out, and labels scored after decoding",
    scores: () => false,
  },
};

/** The class of a line of `levels`: how many of them are above the threshold. */
export const levelAt = (lines: Floats, start: number, units: number, threshold: number): number =>
  lines.subarray(start, start + units).filter((level) => level > threshold).length;

/** The threshold of what a loss reads. */
export const thresholdOf = ({ fromLogits }: JudgedLoss): number => (fromLogits ? 0 : HALF);

/** A metric of what the predictions of a loss mean. */
export function metricOf(loss: JudgedLoss | undefined, metric: Metric): Metric {
  const read = loss?.form && forms[loss.form].read;
  if (loss === undefined || read === undefined) return metric;
  const threshold = thresholdOf(loss);
  const { name, direction, tasks } = metric;
  return {
    name,
    direction,
    tasks,
    compute(yTrue, yPred, units, weights) {
      const truth = read(yTrue, units, metric, HALF);
      const prediction = read(yPred, units, metric, threshold);
      return metric.compute(truth.data, prediction.data, truth.width, weights);
    },
  };
}
