/**
 * The options of a model's methods: types, the names of options, and the rules for batches and for epochs of
 * trials.
 */
import type { ClassWeight } from "../../data/weights.js";
import { must, mustBeInteger, type OptionNames } from "../../errors.js";
import type { MetricLike } from "../../metrics/names.js";
import type { OptimizerName } from "../../optim/names.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { recipeOf } from "../../recipe.js";
import type { Callback } from "../callbacks/callback.js";
import type { Layer } from "../layers/layer.js";
import type { Loss } from "../losses/given.js";
import { type Augmentation, MIXUP } from "./mixup.js";
import type { ModelData } from "./modelData.js";

/** The same for every output, or one for each by its name. */
export type PerOutput<T> = T | Readonly<Record<string, T>>;

/** Options of `compile`. */
export interface CompileOptions {
  /** A name, for its defaults, or an optimizer. */
  readonly optimizer: OptimizerName | Optimizer;
  /**
   * A name, a function of `losses`, or a custom function of truth and prediction; of several outputs, also
   * one for each by its name. */ readonly loss: PerOutput<Loss>;
  /** How much the loss of each output counts, by its name, at least 0. Default 1. */
  readonly lossWeights?: Readonly<Record<string, number>>;
  /**
   * Changes rows and targets of batches in training, such as `mixup(alpha)`; validation and `evaluate` see
   * them unchanged. Default: nothing.
   */
  readonly augmentation?: Augmentation;
  /**
   * Scores of each epoch in addition to the loss: names, functions of `metrics`, or custom metrics; of
   * several outputs, also a list for each by its name. Default none.
   */
  readonly metrics?: PerOutput<readonly MetricLike[]>;
}

/** Options of `part` of a model. */
export interface PartOptions {
  /** The layer whose result the part has: a layer of the model, or its name there, such as `dense_1`. */
  readonly to: Layer | string;
}

/** Options of `classify` of a model. */
export interface ClassifyOptions<Output extends string = string> {
  /** The output whose classes are wanted, by its name. Needed if there are several. Default: the only one. */
  readonly output?: Output;
}

/** Options of `build` of a model. */
export interface BuildOptions {
  /** Determines the initial parameters, as in `fit`: an integer of at least 0. Default 0. */
  readonly seed?: number;
}

/** The weights from a user. */
export interface WeightOptions {
  /**
   * How much each row counts in the loss and the metrics, [rows], at least 0. Only their ratios matter.
   * Default: all equally.
   */
  readonly sampleWeight?: ArrayLike<number>;
  /**
   * How much each class counts in the training loss: by class, `{ 0: 1, 1: 10 }`, or `"balanced"`, so that
   * all classes count equally. As in Keras, it changes neither metrics nor the validation loss. Default: all
   * rows count equally.
   */
  readonly classWeight?: ClassWeight;
}

/** Options of `fit`. */
export interface FitOptions extends WeightOptions {
  /** How many times every row is visited. Default 1. */
  readonly epochs?: number;
  /** Rows per step; the last batch of an epoch may be smaller. Default 32, or all rows if there are fewer. */
  readonly batchSize?: number;
  /** The share of rows at the end kept for validation, in [0, 1). Default 0. */
  readonly validationSplit?: number;
  /** Examples for validation, [x, y] or [x, y, sampleWeight]. If given, `validationSplit` is ignored. */
  readonly validationData?:
    | readonly [x: ModelData, y: ModelData]
    | readonly [x: ModelData, y: ModelData, sampleWeight: ArrayLike<number>];
  /** Called while it trains, in order: `earlyStopping()` and the like, or custom callbacks. Default none. */
  readonly callbacks?: readonly Callback[];
  /** Whether each epoch visits the rows in a new order. Default true. */
  readonly shuffle?: boolean;
  /**
   * Determines the initial parameters, the order of rows and dropout: an integer of at least 0. Default 0.
   */
  readonly seed?: number;
  /**
   * What is printed, as in Keras: 0 nothing; 2 a line on the console after each epoch; 1 also a bar of the
   * steps of the epoch on standard error, if that is a terminal. Default 0.
   */
  readonly verbose?: 0 | 1 | 2;
  /**
   * An `AbortSignal`: once it is aborted, `fit` throws within some steps, and the model stays as it was.
   * `control.stop()` of a callback keeps what was trained.
   */
  readonly signal?: { readonly aborted: boolean };
}

/** Options of `trainOnBatch`. */
export interface TrainOnBatchOptions {
  /**
   * How much each row counts in the loss and the metrics, [rows], at least 0; as given, as in Keras: `fit`
   * scales weights to a mean of 1 over all its rows, which a batch does not know. Default 1 each.
   */
  readonly sampleWeight?: ArrayLike<number>;
  /**
   * Determines the initial parameters and dropout: an integer of at least 0. Only the first training of a
   * model reads it; later ones continue with its seed. Default 0.
   */
  readonly seed?: number;
}

/** A batch of `fitDataset`. */
export interface Batch extends Pick<TrainOnBatchOptions, "sampleWeight"> {
  /** Inputs, as in `fit`. */
  readonly x: ModelData;
  /** Targets, as in `fit`. */
  readonly y: ModelData;
}

/** Batches, of any sizes: an array, a generator, an async generator, a stream of batches. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/** Options of `fitDataset`. */
export interface FitDatasetOptions
  extends Pick<FitOptions, "validationData" | "callbacks" | "verbose" | "signal"> {
  /** How many epochs are trained. Default 1. */
  readonly epochs?: number;
  /**
   * How many batches an epoch has; an iterable is then read on from one epoch to the next. Default all of
   * them, from the start in each epoch.
   */
  readonly batchesPerEpoch?: number;
  /** Determines the initial parameters and dropout: an integer of at least 0. Default 0. */
  readonly seed?: number;
}

export const COMPILE_OPTIONS: OptionNames<CompileOptions> = {
  optimizer: true,
  loss: true,
  lossWeights: true,
  augmentation: true,
  metrics: true,
};
export const PART_OPTIONS: OptionNames<PartOptions> = { to: true };
export const CLASSIFY_OPTIONS: OptionNames<ClassifyOptions> = { output: true };
export const BUILD_OPTIONS: OptionNames<BuildOptions> = { seed: true };
export const FIT_OPTIONS: OptionNames<FitOptions> = {
  epochs: true,
  batchSize: true,
  validationSplit: true,
  validationData: true,
  sampleWeight: true,
  classWeight: true,
  callbacks: true,
  shuffle: true,
  seed: true,
  verbose: true,
  signal: true,
};

/** @throws FettleError `invalid_argument` for anything but an augmentation */
export function checkAugmentation(augmentation: Augmentation | undefined): Augmentation | undefined {
  const fits = augmentation === undefined || recipeOf(augmentation) === MIXUP;
  must(fits, "augmentation", "mixup(alpha)", augmentation);
  return augmentation;
}

/** Refuses a batch without 1 to `rows` rows. @throws FettleError `invalid_argument` */
export function checkBatch(batchSize: number, rows: number): number {
  mustBeInteger("batchSize", batchSize);
  must(batchSize <= rows, "batchSize", `at most ${rows}, the number of rows to train on`, batchSize);
  return batchSize;
}
