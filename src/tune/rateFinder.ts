/**
 * The learning-rate range test: one training in which the rate rises from step to step, and the rates that
 * its losses suggest. The model is discarded; no data is held out, and no strategy takes part.
 */

import type { TensorLike } from "../arrays.js";
import type { Labels } from "../data/classes.js";
import type { Dataset, Task } from "../data/dataset.js";
import { checkPipelineOptions, type PipelineOptions } from "../data/pipeline/options.js";
import type { Run } from "../engine/executor.js";
import { defaultEngine } from "../engine/wasmEngine.js";
import { check, must } from "../errors.js";
import { classUnits } from "../nn/arguments/judge.js";
import { checkBatch } from "../nn/arguments/options.js";
import type { LayersModel } from "../nn/models/layersModel.js";
import { hyperparametersOf } from "../nn/programs/architecture.js";
import { programOf } from "../nn/programs/programs.js";
import { clearLoss, meanLoss } from "../nn/training/anyTraining.js";
import { startingWeights } from "../nn/training/sharedWeights.js";
import { runTraining, streamsOf } from "../nn/training/trainer.js";
import { ready } from "../numerics/kernels.js";
import { log } from "../numerics/special.js";
import type { Schedule } from "../optim/schedule.js";
import { copyOptions } from "../options.js";
import {
  aboveZero,
  func,
  integer,
  number,
  type OptionRules,
  type ReadOptions,
  readOptions,
} from "../rules.js";
import { float } from "../search/space/builders.js";
import { interpolate } from "../search/space/scale.js";
import { examplesOf, type FoldExamples, loadFold } from "./jobs/fold.js";
import { inColumns, type MissingCells, toDataset } from "./trial/data.js";
import { followForm } from "./trial/forms.js";
import { type Beside, judgeTrial } from "./trial/judge.js";
import { followRoles } from "./trial/roles.js";
import { architectureFor, mustBeModel } from "./trial/training.js";
import { KEPT } from "./tuner/options.js";

/** The options of a range test. */
export interface RateFinderOptions {
  /**
   * Inputs, [rows, columns], or rows of another shape, such as [rows, height, width, channels]; or give
   * `data`.
   */
  readonly x?: TensorLike;
  /**
   * Targets: quantities, or classes: words, booleans, 0 and 1, one-hot rows, or integers with
   * `task: "classification"` or with models that end in a softmax of as many units for a loss of several
   * classes. A model of two classes has one unit, or two with a softmax; for more classes, one unit each.
   */
  readonly y?: TensorLike | Labels;
  /** An encoded table, from `encodeTable`. */
  readonly data?: Dataset;
  /**
   * Whether NaN in `x` is a missing cell, which the pipeline fills (`"impute"`), or refused (`"refuse"`); for
   * `data`, the option of `encodeTable` decides. Default: `"impute"` with a `pipeline` that has `impute`, or
   * an `indicator` other than `false`; else `"refuse"`.
   */
  readonly missing?: MissingCells;
  /**
   * What `y` holds. Default: classification if `y` is words, booleans, 0 and 1, one-hot rows, or integers for
   * a model of classes.
   */
  readonly task?: Task;
  /**
   * How much each row of `x` counts in the loss, [rows], at least 0. Only ratios matter. Default: all
   * equally.
   */
  readonly sampleWeight?: ArrayLike<number>;
  /** Builds and compiles a model. Called once, with `low`; later rates are written into the run. */
  readonly model: (params: { readonly learningRate: number }) => LayersModel;
  /** The first rate, above 0. Default 1e-6. */
  readonly low?: number;
  /** The last rate, above `low`. Default 10. */
  readonly high?: number;
  /** Steps from `low` to `high`, both included; at least 2. Default 100. */
  readonly steps?: number;
  /** Rows per step. Default 32, or all rows if there are fewer. */
  readonly batchSize?: number;
  /** The factor β of the moving average of losses, in [0, 1); 0 does not smooth. Default 0.9. */
  readonly smoothing?: number;
  /** Fixes the initial parameters, the order of rows and dropout. Default 0. */
  readonly seed?: number;
  /**
   * How missing cells are filled, categories encoded, inputs and targets scaled, as in trials. Default:
   * standardized.
   */
  readonly pipeline?: PipelineOptions;
}

/**
 * Why a range test ended: after all its steps; at a loss far above the minimum; or at a loss that is NaN or
 * infinite.
 */
export type RateFinderReason = "finished" | "diverged" | "notFinite";

/** The result of a range test. Arrays have one number for each step with a finite loss. */
export interface RateFinderResult {
  readonly rates: readonly number[];
  /** The loss of each step's batch, with penalties, before its update. */
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  /**
   * The rate at which the smoothed loss falls most steeply; undefined if it does not fall after the first
   * steps.
   */
  readonly suggested: number | undefined;
  /**
   * A tenth of the rate at which the smoothed loss is least; undefined if it does not fall after the first
   * steps.
   */
  readonly belowMinimum: number | undefined;
  readonly reason: RateFinderReason;
}

const RULES = {
  x: true,
  y: true,
  data: true,
  missing: true,
  task: true,
  sampleWeight: true,
  model: [func("a function of { learningRate }")],
  low: [aboveZero, 1e-6],
  high: [aboveZero, 10],
  steps: [integer(2), 100],
  batchSize: true,
  smoothing: [number("[0, 1)", "a number of at least 0 and below 1"), 0.9],
  seed: true,
  pipeline: true,
} satisfies OptionRules<RateFinderOptions>;
/** Training has diverged once the smoothed loss is above this multiple of its minimum. */
const DIVERGED = 4;
const DEFAULT_BATCH = 32;
const RATE = "optimizer.learningRate";

/**
 * Finds learning rates worth searching, by one short training in which the rate rises geometrically from step
 * to step until the loss diverges.
 *
 * - rate of step i: low · (high / low)^(i / (steps − 1))
 * - smoothed loss: aᵢ / (1 − βⁱ⁺¹) with aᵢ = β aᵢ₋₁ + (1 − β) lossᵢ and β = `smoothing`
 * - it ends at a loss that is not finite, or once the smoothed loss is above 4 times its minimum
 * - `suggested`: the rate at which the smoothed loss falls most steeply over the logarithm of the rate before
 *   its
 *   minimum, by differences from r steps before to r steps after; the earliest of equals. r is 1 / (1 − β),
 *   at most a tenth of all steps and at least 1: over fewer steps, the noise of single batches would decide.
 *   For the same reason the first r steps cannot hold the minimum
 * - `belowMinimum`: a tenth of the rate at the minimum, if there is a suggestion
 *
 * The loss of a batch is measured before its step, so a rate affects the losses after it. The same seed gives
 * the same bits everywhere. It trains on all rows: leave out test rows.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`, `invalid_data`, `invalid_shape` for options and
 * data that do not fit, and for a model whose learning rate is a schedule; `invalid_state` for a model that
 * is not compiled
 * @example
 * ```ts
 * const x = Array.from({ length: 100 }, (_, i) => [((i * 37) % 101) / 50 - 1]);
 * const { suggested, reason } = await findLearningRate({
 *   x,
 *   y: x.map(([a]) => 3 * a + 1),
 *   model: ({ learningRate }) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 * });
 * reason; // "diverged"
 * suggested !== undefined && suggested < 1; // true
 * ```
 * @see L. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017; the rules of suggestion
 * are those of fast.ai's `lr_find` ("steep" and "minimum")
 */
export async function findLearningRate(options: RateFinderOptions): Promise<RateFinderResult> {
  const copied = copyOptions(options, "findLearningRate", undefined, KEPT);
  const own = readOptions(copied, "findLearningRate", RULES);
  const test = testOf(own);
  await ready();
  const built = modelOf(own, test.rates[0]);
  const units = (): number | undefined => classUnits(built.described());
  const data = inColumns(toDataset(own, units), units);
  const { rows } = data;
  const all = { train: Int32Array.from({ length: rows }, (_, row) => row), validation: new Int32Array(0) };
  const { pipeline = {} } = own;
  checkPipelineOptions("pipeline", pipeline, data.inputs);
  const followed = followRoles(built, data, followForm(built, pipeline));
  const examples = examplesOf({ data, folds: [all] }, { fold: 0, pipeline: followed.pipeline });
  const batchSize = checkBatch(own.batchSize ?? Math.min(DEFAULT_BATCH, rows), rows);
  const takes = { ...examples, outputs: data.outputs, ...(data.shape && { shape: data.shape }) };
  const { programs, ...start } = programsFor(built, { data, pipeline: followed.pipeline }, takes, batchSize);
  const engine = defaultEngine();
  const loaded = loadFold(engine, examples);
  try {
    // No epochs: the state in which a training with this seed begins.
    const { seed = 0 } = own;
    const training = { ...start, epochs: 0, batchSize, shuffle: true, seed };
    const { state } = runTraining(engine, programs, loaded.train, training);
    const run = engine.start(programs.train, {
      streams: streamsOf(loaded.train),
      batchSize,
      shuffle: true,
      seed,
    });
    try {
      run.restore(state);
      return suggest(test, raiseRate(run, test, batchSize, rows));
    } finally {
      run.free();
    }
  } finally {
    loaded.free();
  }
}

/** The rates of a range test, and the factor of its moving average. */
interface RangeTest {
  readonly rates: readonly number[];
  readonly smoothing: number;
}

function testOf({ low, high, steps, smoothing }: ReadOptions<RateFinderOptions, typeof RULES>): RangeTest {
  must(low < high, "low", `below high, ${high}`, low);
  const range = float(low, high, { log: true });
  const rates = Array.from({ length: steps }, (_, i) => interpolate(range, i / (steps - 1)));
  return { rates, smoothing };
}

/** The model that the options build for a rate. */
function modelOf({ model }: RateFinderOptions, learningRate: number): LayersModel {
  const built = model({ learningRate });
  mustBeModel(built);
  return built;
}

/** The programs of the model, and its hyperparameters, with the learning rate among them. */
function programsFor(
  built: LayersModel,
  beside: Pick<Beside, "data" | "pipeline">,
  takes: Pick<FoldExamples, "features" | "outputs" | "train"> & Pick<Dataset, "shape">,
  batchSize: number,
) {
  const architecture = architectureFor(built, takes);
  judgeTrial(built, architecture.network, { ...beside, metrics: [] });
  const hyperparameters = hyperparametersOf(architecture);
  check(
    Object.hasOwn(hyperparameters, RATE),
    () =>
      "a range test raises the learning rate itself, so the optimizer of the model must take the number learningRate; " +
      `received the schedule ${(architecture.optimizer.learningRate as Schedule).name}`,
  );
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, takes.train.weights ? "trainWeighted" : "train", batchSize),
  };
  return { programs, hyperparameters, parameters: startingWeights(architecture.network) };
}

/** The losses of a training up to its end. */
interface Losses {
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  readonly reason: RateFinderReason;
}

/** Takes a step at each rate until the loss diverges. */
function raiseRate(run: Run, { rates, smoothing }: RangeTest, batchSize: number, rows: number): Losses {
  const losses: number[] = [];
  const smoothed: number[] = [];
  let average = 0;
  let kept = 1; // smoothing ^ steps
  let least = Number.POSITIVE_INFINITY;
  for (const rate of rates) {
    const inBatch = Math.min(batchSize, rows - run.progress.cursor);
    run.write(RATE, rate);
    clearLoss(run);
    run.advance(1);
    const loss = meanLoss(run, inBatch);
    if (!Number.isFinite(loss)) return { losses, smoothed, reason: "notFinite" };
    average = smoothing * average + (1 - smoothing) * loss;
    kept *= smoothing;
    const smooth = average / (1 - kept);
    losses.push(loss);
    smoothed.push(smooth);
    least = Math.min(least, smooth);
    // Written so that it also holds for losses below 0.
    if (smooth - least > (DIVERGED - 1) * Math.abs(least)) return { losses, smoothed, reason: "diverged" };
  }
  return { losses, smoothed, reason: "finished" };
}

function suggest(
  { rates: all, smoothing }: RangeTest,
  { losses, smoothed, reason }: Losses,
): RateFinderResult {
  const rates = all.slice(0, losses.length);
  const reach = Math.max(1, Math.min(Math.round(1 / (1 - smoothing)), Math.floor(all.length / 10)));
  let lowest = reach;
  for (let i = reach; i < smoothed.length; i++) if (smoothed[i] < smoothed[lowest]) lowest = i;
  let steepest: number | undefined;
  let slopeThere = 0;
  for (let i = reach; i <= lowest - reach; i++) {
    const [from, to] = [i - reach, i + reach];
    const slope = (smoothed[to] - smoothed[from]) / (log(rates[to]) - log(rates[from]));
    if (slope < slopeThere) [steepest, slopeThere] = [i, slope];
  }
  return {
    rates,
    losses,
    smoothed,
    reason,
    suggested: steepest === undefined ? undefined : rates[steepest],
    belowMinimum: steepest !== undefined ? rates[lowest] / 10 : undefined,
  };
}
