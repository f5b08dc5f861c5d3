/**
 * How much worse a model's score becomes when a column is shuffled among rows, so that it tells nothing of
 * them any more.
 *
 * @see L. Breiman, "Random forests", Machine Learning 45, 2001; A. Fisher, C. Rudin and F. Dominici, "All
 * models are wrong, but many are useful", JMLR 20, 2019
 */
import type { Dataset, EncodedRows } from "../data/dataset.js";
import type { Direction } from "../direction.js";
import { check, must, show } from "../errors.js";
import { decided } from "../metrics/decided.js";
import {
  differenceInterval,
  hasLead,
  type Predicted,
  type ScoreInterval,
  whyNoInterval,
} from "../metrics/intervals/index.js";
import type { Metric } from "../metrics/metric.js";
import type { MetricLike } from "../metrics/names.js";
import { getMetric } from "../metrics/registry.js";
import { RandomStream } from "../numerics/random.js";
import { integer, type OptionRules, readOptions } from "../rules.js";
import { Asked, type Cells, type Explained, type Part, take } from "./asked.js";
import { associatedParts } from "./associations.js";

/** Rows whose targets are known: what `encodeRows` returns, with weights or without. */
export type KnownRows = Pick<EncodedRows, "columns" | "y"> & Pick<Dataset, "sampleWeight">;

/** What importances are measured by. */
export interface PermutationOptions {
  /**
   * The score that becomes worse.
   * @defaultValue `logLoss` of classes, `rootMeanSquaredError` of quantities
   */
  readonly metric?: MetricLike;
  /**
   * Columns that are shuffled together as well: lists of names, or `"associated"` for those that tell nearly
   * the same, with an association of at least 0.7: Spearman's correlation, Cramér's V, or the correlation
   * ratio.
   * @defaultValue `"associated"`
   */
  readonly groups?: "associated" | readonly (readonly string[])[];
  /** How often each column is shuffled; an importance is the mean. @defaultValue 5 */
  readonly repeats?: number;
  /** The most rows: of more, a random sample is taken. @defaultValue 10,000 */
  readonly rows?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

const RULES = {
  metric: true,
  groups: [true, "associated"],
  repeats: [integer(), 5],
  rows: [integer(2), 10_000],
  seed: [integer(0), 0],
} satisfies OptionRules<PermutationOptions>;

/** What one column, or several together, are worth. */
export interface ColumnImportance {
  readonly columns: readonly string[];
  /** How much worse the score is without them, in the unit of the metric; below 0 if it is better. */
  readonly importance: number;
  /** 95 %, for rows of this kind; undefined if the metric has no interval. */
  readonly interval?: ScoreInterval;
  /** The number of rows that decide the interval, if so few that it may be too narrow. */
  readonly decidedBy?: number;
}

/** The importances of the columns of a model. */
export interface PermutationImportances {
  readonly metric: string;
  readonly direction: Direction;
  /** The score of the model on these rows as they are. */
  readonly score: number;
  /** The number of rows that were used. */
  readonly rows: number;
  /** The number of rows that were given. */
  readonly of: number;
  /** Why there are no intervals, for people. */
  readonly noInterval?: string;
  /** The most important first. */
  readonly columns: readonly ColumnImportance[];
  /** Columns that were shuffled together, the most important first. */
  readonly groups: readonly ColumnImportance[];
}

/** Associations of groups are measured on so many rows. */
const ASSOCIATED_ROWS = 1000;
const ASSOCIATED = 0.7;

/**
 * How much worse the model's score on rows is without each of its columns: the column is shuffled among the
 * rows. Take rows that the model was not trained on; on others it shows what the model memorized. A column
 * whose information others have too is worth little alone: see the `groups`.
 *
 * @param rows - what `encodeRows` returns for a table that has the target; rows with `sampleWeight` count by
 * it
 * @throws FettleError `invalid_argument` for rows without a target, for a metric of another task, and for
 * other options out of range; `unsupported` for a network that leaves out steps; `unknown_name` for a column
 * or metric that is not there; `invalid_data` for rows that have no score
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0, 1], [1, 0], [2, 2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const data = { columns: [Float64Array.of(0, 1, 2), Float64Array.of(1, 0, 2)], y: Float64Array.of(1, 3, 5) };
 * const { metric, columns } = await permutationImportance(predictor, data);
 * metric; // "rootMeanSquaredError"
 * columns.length; // 2
 * ```
 */
export async function permutationImportance(
  model: Explained,
  rows: KnownRows,
  options: PermutationOptions = {},
): Promise<PermutationImportances> {
  const read = readOptions(options, "permutationImportance", RULES);
  const asked = new Asked(model);
  const { task } = asked.table;
  const metric = getMetric(read.metric ?? (task === "classification" ? "logLoss" : "rootMeanSquaredError"));
  mustScore(metric, asked);
  must(
    rows?.y?.length !== undefined,
    "rows",
    "what encodeRows returns for a table that has the target",
    rows,
  );
  const stream = new RandomStream(read.seed);
  const all = asked.cellsOf(rows);
  const used = sampled(all.rows, read.rows, stream.fork(0));
  const cells = take(all, used);
  asked.mustCount(asked.rowOf(cells, 0));
  const truths = truthsOf(asked, rows, used, all.rows);
  const predictedOf = (prediction: Float64Array): Predicted => ({
    ...truths,
    yPred:
      metric.decides && task === "classification" && truths.outputs === 1
        ? decided(prediction, asked.table.threshold)
        : prediction,
  });
  const scoreOf = ({ yTrue, yPred, outputs, weights }: Predicted): number =>
    metric.compute(yTrue, yPred, outputs, weights);
  const own = predictedOf(await asked.ask(cells));
  const score = scoreOf(own);
  check(
    !Number.isNaN(score),
    () => `these rows must have a ${metric.name}; received rows for which it is not defined`,
    "invalid_data",
  );
  const parts = asked.parts();
  const groups = groupsOf(asked, parts, cells, read.groups);
  const sign = metric.direction === "minimize" ? 1 : -1;
  const withIntervals = hasLead(metric, truths.outputs);

  /** All parts are shuffled in the same orders, so that they can be compared. */
  const importanceOf = async ({ columns, places }: Part): Promise<ColumnImportance> => {
    const worse = new Float64Array(read.repeats);
    const ends = [new Float64Array(read.repeats), new Float64Array(read.repeats)];
    let decidedBy: number | undefined;
    for (let repeat = 0; repeat < read.repeats; repeat++) {
      const order = stream.fork(repeat + 1).permutation(cells.rows);
      const without = predictedOf(await asked.ask(shuffled(cells, places, order)));
      worse[repeat] = sign * (scoreOf(without) - score);
      if (!withIntervals) continue;
      const [worst, best] = sign > 0 ? [without, own] : [own, without];
      const estimate = differenceInterval(metric, worst, best);
      for (const [k, end] of estimate.interval.entries()) ends[k][repeat] = end;
      if (estimate.decidedBy !== undefined)
        decidedBy = Math.min(decidedBy ?? estimate.decidedBy, estimate.decidedBy);
    }
    return {
      columns,
      importance: mean(worse),
      ...(withIntervals && { interval: [mean(ends[0]), mean(ends[1])] as const }),
      ...(decidedBy !== undefined && { decidedBy }),
    };
  };
  const ordered = async (list: readonly Part[]): Promise<ColumnImportance[]> => {
    const found: ColumnImportance[] = [];
    for (const part of list) found.push(await importanceOf(part));
    return found.sort((a, b) => b.importance - a.importance);
  };
  const noInterval = withIntervals ? undefined : (whyNoInterval(metric, truths.outputs) ?? NO_DIFFERENCE);
  return {
    metric: metric.name,
    direction: metric.direction,
    score,
    rows: cells.rows,
    of: all.rows,
    ...(noInterval !== undefined && { noInterval }),
    columns: await ordered(parts),
    groups: await ordered(groups),
  };
}

const NO_DIFFERENCE = "differences of this metric have no interval";

function mustScore(metric: Metric, { table: { task } }: Asked): void {
  must(
    metric.tasks.includes(task) && metric.predictions !== "moments",
    "metric",
    `a metric of ${task === "classification" ? "classes" : "quantities"}`,
    metric.name,
  );
}

/** [rows] numbers in ascending order: all, or a random choice of `most`. */
export function sampled(rows: number, most: number, stream: RandomStream): Int32Array {
  return stream.permutation(rows).subarray(0, most).sort();
}

function truthsOf(
  { table: { outputs } }: Asked,
  { y, sampleWeight }: KnownRows,
  used: Int32Array,
  rows: number,
): Omit<Predicted, "yPred"> {
  const truth = y as Float64Array;
  must(truth.length === rows * outputs, "y", `${rows * outputs} numbers, [rows, outputs]`, truth.length);
  const yTrue = new Float64Array(used.length * outputs);
  for (const [k, row] of used.entries())
    yTrue.set(truth.subarray(row * outputs, (row + 1) * outputs), k * outputs);
  if (sampleWeight === undefined) return { yTrue, outputs };
  must(sampleWeight.length === rows, "sampleWeight", `${rows} numbers, [rows]`, sampleWeight.length);
  return { yTrue, outputs, weights: Float64Array.from(used, (row) => sampleWeight[row]) };
}

function groupsOf(
  asked: Asked,
  parts: readonly Part[],
  cells: Cells,
  groups: NonNullable<PermutationOptions["groups"]>,
): Part[] {
  if (groups === "associated") {
    const rows = Int32Array.from({ length: Math.min(cells.rows, ASSOCIATED_ROWS) }, (_, k) =>
      Math.floor((k * cells.rows) / Math.min(cells.rows, ASSOCIATED_ROWS)),
    );
    return associatedParts(asked, parts, take(cells, rows), ASSOCIATED);
  }
  must(
    Array.isArray(groups) && groups.every((names) => Array.isArray(names) && names.length > 0),
    "groups",
    '"associated", or a list of lists of columns',
    groups,
  );
  return groups.map((names: readonly string[]) => {
    const places = names.map((name) => asked.placeOf(name));
    check(
      new Set(names).size === names.length,
      () => `a group must name each column once; received ${show(names)}`,
    );
    return asked.part(places);
  });
}

const shuffled = ({ rows, columns }: Cells, places: readonly number[], order: Int32Array): Cells => ({
  rows,
  columns: columns.map((cells, place) =>
    places.includes(place) ? Float64Array.from(order, (row) => cells[row]) : cells,
  ),
});

const mean = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0) / values.length;
