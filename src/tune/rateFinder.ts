/**
 * The learning-rate range test: one training in which the rate rises from step to step, and what its losses say about
 * which rates are worth searching. It trains no model for use, divides no data and knows no strategy.
 */

import type { Dataset, Task } from "../data/dataset.js";
import type { MatrixLike } from "../data/matrix.js";
import { defaultEngine } from "../engine/engine.js";
import type { Run } from "../engine/executor.js";
import { check, checkOptions, show } from "../errors.js";
import { hyperparametersOf, programOf } from "../nn/architecture.js";
import { checkBatch, Sequential } from "../nn/sequential.js";
import { LOSS_SUM, train } from "../nn/trainer.js";
import { ready } from "../numerics/kernels.js";
import { log } from "../numerics/special.js";
import type { Schedule } from "../optim/schedule.js";
import { float } from "../search/space/parameter.js";
import { interpolate } from "../search/space/scale.js";
import { loadFold } from "./jobs/job.js";
import { toDataset } from "./trial/data.js";
import { makeFold } from "./trial/folds.js";

/** What a range test is run on, and how. */
export interface RateFinderOptions {
  /** Inputs, [rows, columns]; or give `data`. */
  readonly x?: MatrixLike;
  /** Targets: quantities, classes as 0 and 1, or one-hot rows. */
  readonly y?: MatrixLike;
  /** An encoded table, from `encodeTable`. */
  readonly data?: Dataset;
  /** What `y` is. Default: classification if all of it is 0 or 1. */
  readonly task?: Task;
  /** Builds and compiles a model. It is called once, with `low`; the rates after it are written into the run. */
  readonly model: (params: { readonly learningRate: number }) => Sequential;
  /** The first rate, above 0. Default 1e-6. */
  readonly low?: number;
  /** The last rate, above `low`. Default 10. */
  readonly high?: number;
  /** Steps from `low` to `high`, both included; at least 2. Default 100. */
  readonly steps?: number;
  /** Rows a step. Default 32, or all rows if they are fewer. */
  readonly batchSize?: number;
  /** How much of the average of losses is kept from step to step, in [0, 1); 0 smooths nothing. Default 0.9. */
  readonly smoothing?: number;
  /** Fixes first parameters, the order of rows and dropout. Default 0. */
  readonly seed?: number;
  /** Whether inputs and regression targets are standardised, as trials have them. Default true. */
  readonly standardize?: boolean;
}

/** Why a range test ended: after all its steps; at a loss far above the best; at a loss that is no number. */
export type RateFinderReason = "finished" | "diverged" | "notFinite";

/** What a range test found. Arrays have one number for each step that had a finite loss. */
export interface RateFinderResult {
  readonly rates: readonly number[];
  /** The loss of each step's batch, with penalties, before the step's update. */
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  /** Where the smoothed loss falls most steeply; undefined if it never falls after its first steps. */
  readonly suggested: number | undefined;
  /** A tenth of the rate at which the smoothed loss is least; undefined if it never falls after its first steps. */
  readonly belowMinimum: number | undefined;
  readonly reason: RateFinderReason;
}

const OPTIONS = ["x", "y", "data", "task", "model", "low", "high", "steps", "batchSize", "smoothing", "seed"];
/** Training has diverged once the smoothed loss is so many times its least. */
const DIVERGED = 4;
const DEFAULT_BATCH = 32;
const RATE = "optimizer.learningRate";

/**
 * Finds learning rates worth searching, by one short training in which the rate rises geometrically from step to step
 * until the loss diverges.
 *
 * - rate of step i: low · (high / low)^(i / (steps − 1))
 * - smoothed loss: aᵢ / (1 − βⁱ⁺¹) with aᵢ = β aᵢ₋₁ + (1 − β) lossᵢ and β = `smoothing`
 * - it ends at a loss that is not finite, or once the smoothed loss is above 4 times its least
 * - `suggested`: the rate at which the smoothed loss falls most steeply over the logarithm of the rate on its way to
 *   its minimum, by differences from r steps before to r after; the earliest of equals. r is 1 / (1 − β), at most a
 *   tenth of all steps and at least 1: between nearer steps the average moves by the chance of single batches. For the
 *   same reason the first r steps are no minimum
 * - `belowMinimum`: a tenth of the rate at the minimum, where there is a suggestion
 *
 * A batch's loss is taken before its step, so that a rate shows in the losses after it; the same seed gives the same
 * bits everywhere. All rows given are trained on: keep those apart that a model is to be tested on.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`, `invalid_data`, `invalid_shape` for options and data that do
 * not fit, such as a model whose learning rate is a schedule; `invalid_state` for a model that is not compiled
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
 * @see L. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017; the rules of suggestion are those of
 * fast.ai's `lr_find` ("steep" and "minimum")
 */
export async function findLearningRate(options: RateFinderOptions): Promise<RateFinderResult> {
  checkOptions(options, "findLearningRate", [...OPTIONS, "standardize"]);
  const {
    model,
    low = 1e-6,
    high = 10,
    steps = 100,
    smoothing = 0.9,
    seed = 0,
    standardize = true,
  } = options;
  check(typeof model === "function", () => `model is a function of { learningRate }, got ${show(model)}`);
  check(
    Number.isFinite(low) && Number.isFinite(high) && low > 0 && low < high,
    () => `rates rise from low, above 0, to high, got ${show(low)} to ${show(high)}`,
  );
  check(
    Number.isSafeInteger(steps) && steps >= 2,
    () => `steps is a number of steps from 2, got ${show(steps)}`,
  );
  check(smoothing >= 0 && smoothing < 1, () => `smoothing lies in [0, 1), got ${show(smoothing)}`);
  await ready();
  const data = toDataset(options);
  const all = Int32Array.from({ length: data.rows }, (_, row) => row);
  const examples = makeFold(data, all, new Int32Array(0), standardize);
  const { rows } = examples.train;
  const batchSize = checkBatch(options.batchSize ?? Math.min(DEFAULT_BATCH, rows), rows);
  const range = float(low, high, { log: true });
  const rates = Array.from({ length: steps }, (_, i) => interpolate(range, i / (steps - 1)));

  const built = model({ learningRate: low });
  check(
    built instanceof Sequential,
    () => `model returns a compiled model, made by sequential(); got ${show(built)}`,
  );
  const architecture = built.architecture(examples.features);
  const hyperparameters = hyperparametersOf(architecture);
  check(
    Object.hasOwn(hyperparameters, RATE),
    () =>
      "a range test raises the learning rate itself, so the model's optimizer takes the number learningRate, got " +
      `the schedule ${(architecture.optimizer.learningRate as Schedule).name}`,
  );
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, "train", batchSize),
  };
  const engine = defaultEngine();
  const loaded = loadFold(engine, examples);
  try {
    // No epochs: the state that a training of this seed begins with.
    const training = { hyperparameters, epochs: 0, batchSize, shuffle: true, seed };
    const { state } = await train(engine, programs, loaded.train, training);
    const run = engine.start(programs.train, { streams: loaded.train, batchSize, shuffle: true, seed });
    try {
      run.restore(state);
      return suggest(rates, raise(run, rates, batchSize, rows, smoothing), smoothing);
    } finally {
      run.free();
    }
  } finally {
    loaded.free();
  }
}

/** The losses of a training, as far as it went. */
interface Losses {
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  readonly reason: RateFinderReason;
}

/** Takes a step at each rate until the loss diverges. */
function raise(
  run: Run,
  rates: readonly number[],
  batchSize: number,
  rows: number,
  smoothing: number,
): Losses {
  const losses: number[] = [];
  const smoothed: number[] = [];
  let average = 0;
  let kept = 1; // smoothing ^ steps
  let least = Number.POSITIVE_INFINITY;
  for (const rate of rates) {
    const inBatch = Math.min(batchSize, rows - run.progress.cursor);
    run.write(RATE, rate);
    run.write(LOSS_SUM, 0);
    run.advance(1);
    const loss = run.read(LOSS_SUM)[0] / inBatch;
    if (!Number.isFinite(loss)) return { losses, smoothed, reason: "notFinite" };
    average = smoothing * average + (1 - smoothing) * loss;
    kept *= smoothing;
    const smooth = average / (1 - kept);
    losses.push(loss);
    smoothed.push(smooth);
    least = Math.min(least, smooth);
    // the same for losses below 0, which some have
    if (smooth - least > (DIVERGED - 1) * Math.abs(least)) return { losses, smoothed, reason: "diverged" };
  }
  return { losses, smoothed, reason: "finished" };
}

function suggest(
  all: readonly number[],
  { losses, smoothed, reason }: Losses,
  smoothing: number,
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
    ...{ rates, losses, smoothed, reason },
    suggested: steepest === undefined ? undefined : rates[steepest],
    belowMinimum: steepest !== undefined ? rates[lowest] / 10 : undefined,
  };
}
