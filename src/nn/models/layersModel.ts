/**
 * The model that Keras users know: layers, compiled with an optimizer and a loss, fitted to examples. It
 * keeps its parameters as plain arrays, and holds memory of an engine only during a call.
 */

import type { NdArray } from "ndarray";
import type { AnyArray } from "../../engine/arrays.js";
import {
  BY_ITSELF,
  checkOptions,
  FettleError,
  knowWords,
  must,
  mustBeInteger,
  mustEndWith,
  unknownName,
} from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import type { MaskedPrediction } from "../../metrics/lines.js";
import type { Floats } from "../../ndarray.js";
import { slips } from "../../slips.js";
import { type Compiled, compiledFrom, type Described, uncompiled } from "../arguments/compiled.js";
import type { ModelData } from "../arguments/modelData.js";
import {
  type Batches,
  BUILD_OPTIONS,
  type BuildOptions,
  CLASSIFY_OPTIONS,
  type ClassifyOptions,
  COMPILE_OPTIONS,
  type CompileOptions,
  FIT_OPTIONS,
  type FitDatasetOptions,
  type FitOptions,
  PART_OPTIONS,
  type PartOptions,
  type TrainOnBatchOptions,
} from "../arguments/options.js";
import type { Logs } from "../callbacks/callback.js";
import type { History } from "../callbacks/history.js";
import type { Layer } from "../layers/layer.js";
import { layersByName, type Network, networkOf, partOf, separated, type Wiring } from "../network/network.js";
import { summarize } from "../network/summary.js";
import type { Gate } from "../training/gate.js";
import { weightsOf } from "../weights/trainedWeights.js";
import { HeldWeights, type Trained } from "./heldWeights.js";
import { loadedTraining, loadTraining } from "./loading.js";
import { ModelTraining } from "./modelTraining.js";

knowWords(slips);

/**
 * Layers with their compile options and, once fitted, their parameters. Made by `sequential` and
 * `functional`. `Output` names the outputs, where the compiler knows them.
 */
export class LayersModel<Output extends string = string> {
  private compiled: Compiled | undefined;
  private readonly weights: HeldWeights;
  private readonly training: ModelTraining;

  /** @internal */
  readonly wiring: Wiring;

  /** @internal */
  constructor(wiring: Wiring) {
    this.wiring = wiring;
    this.weights = new HeldWeights(wiring);
    this.training = new ModelTraining(this, this.weights);
  }

  /** Its layers, each once, in the order in which they are applied first. */
  get layers(): readonly Layer[] {
    return [...layersByName(this.wiring).values()];
  }

  /**
   * A layer by its name in this model, such as `dense_1`.
   *
   * @throws FettleError `unknown_name` for a name that no layer has
   */
  getLayer(name: string): Layer {
    const layers = layersByName(this.wiring);
    const layer = layers.get(name);
    if (layer) return layer;
    throw unknownName("layer", name, [...layers.keys()]);
  }

  /**
   * The part of this model that ends with a layer: what the layer computes for rows of this model. It shares
   * the layers and so their weights, now and later; it predicts without `compile`.
   *
   * @throws FettleError `unknown_name` for a name that no layer has; `invalid_argument` for a layer of
   * another model, and for a layer that is applied several times
   * @example
   * ```ts
   * const model = sequential([dense(8, { activation: "relu" }), dense(1)]);
   * await model.build(4);
   * const features = model.part({ to: model.layers[0] });
   * features.predict([[1, 2, 3, 4]]).shape; // [1, 8]
   * ```
   */
  part(options: PartOptions): LayersModel<"output">;
  part(options: PartOptions, ...surplus: unknown[]): LayersModel<"output"> {
    mustEndWith("part", "one object of options", surplus);
    checkOptions(options, "part", PART_OPTIONS);
    const { to } = options;
    const part = new LayersModel<"output">(
      partOf(this.wiring, typeof to === "string" ? this.getLayer(to) : to),
    );
    part.weights.row = this.weights.row;
    return part;
  }

  /**
   * Makes the parameters, which `fit` would make: those of the layers that have none yet. Others keep theirs,
   * so a second call changes nothing.
   *
   * @param row - columns, or the shape of one row. Default: that of the inputs, if the layers define it
   * @throws FettleError `invalid_argument`, `invalid_shape` for layers that do not fit each other, or have
   * weights for other inputs; `invalid_state` while it trains
   * @example
   * ```ts
   * const model = sequential([dense(2), dense(1)]);
   * await model.build(3, { seed: 1 });
   * model.layers[0].getWeights().kernel.shape; // [3, 2]
   * ```
   */
  build(row?: number | Shape, options?: BuildOptions): Promise<void>;
  async build(
    row: number | Shape | undefined = this.weights.row,
    options: BuildOptions = {},
    ...surplus: unknown[]
  ): Promise<void> {
    mustEndWith("build", "row and options", surplus);
    checkOptions(options, "build", BUILD_OPTIONS);
    const { seed = 0 } = options;
    mustBeInteger("seed", seed, 0);
    must(row !== undefined, "row", "a number of columns, or the shape of one row", row);
    this.training.mustBeIdle();
    const shape = typeof row === "number" ? [row] : row;
    this.network(shape); // whether the layers fit each other
    this.weights.make(this.predicting(), shape, seed, loadedTraining() ?? (await loadTraining()));
  }

  /**
   * Chooses optimizer, loss and metrics. A trained model keeps its parameters; the state of its optimizer is
   * reset.
   *
   * `fit` checks the rest of metrics: that they differ, and that the options in their names exist, as in
   * `f1Macro`.
   *
   * @throws FettleError `unknown_name` for an optimizer, loss or metric that does not exist;
   * `invalid_argument` for another augmentation; `invalid_state` while it trains
   */
  compile(options: CompileOptions): void;
  compile(options: CompileOptions, ...surplus: unknown[]): void {
    mustEndWith("compile", "one object of options", surplus);
    this.training.mustBeIdle();
    checkOptions(options, "compile", COMPILE_OPTIONS);
    this.compiled = compiledFrom(this.wiring.outputs, options);
    this.weights.recompile();
  }

  /**
   * The layers over inputs of a shape.
   *
   * @param row - columns, or the shape of one row
   * @throws FettleError `invalid_argument`, `invalid_shape` for layers that do not fit each other
   * @internal
   */
  network(row: number | Shape): Network {
    return networkOf(this.wiring, row);
  }

  /**
   * Trains the model. A second call resumes where the first stopped, as if both were one call, with the seed
   * of the first. Layers that have weights start from them; the others from new ones.
   *
   * The very first call loads the training code and the kernels; it trains on copies of its arrays, so these
   * may change meanwhile.
   *
   * @param x - inputs, [rows, columns], or rows of another shape, such as [rows, height, width, channels];
   * for several inputs, an array for each by its name, or all side by side in the columns of a matrix
   * @param y - targets, [rows, units of the output], or rows of the shape of the output; or class ids from 0,
   * [rows], if the loss accepts them; for several outputs as `x`
   * @returns the loss and metrics of each epoch; metrics of the training rows are computed after the epoch
   * @throws FettleError `invalid_state` before `compile`, while it trains, or while another model trains one
   * of its layers; `invalid_data`, `invalid_shape` for arrays that do not fit, for a layer with weights for
   * other inputs, and for targets that the loss or a metric does not accept; `invalid_argument`
   * for a last layer that does not fit the loss, and for options out of range, such as a batch larger than
   * the data; for a callback that fails, its error if that is a FettleError, or `callback_failed`
   */
  fit(x: ModelData, y: ModelData, options?: FitOptions): Promise<History>;
  async fit(x: ModelData, y: ModelData, options: FitOptions = {}, ...surplus: unknown[]): Promise<History> {
    mustEndWith("fit", "x, y and options", surplus);
    return this.fitThrough(undefined, x, y, options);
  }

  /**
   * As `fit`, in steps that a gate lets run.
   *
   * @internal
   */
  async fitThrough(
    gate: Gate | undefined,
    x: ModelData,
    y: ModelData,
    options: FitOptions,
  ): Promise<History> {
    checkOptions(options, "fit", FIT_OPTIONS);
    return this.training.run([x, y, options], (code, ...given) => code.fit(...given, gate));
  }

  /**
   * Trains on batches that are read one at a time, so that they need not fit in memory together:
   * TensorFlow.js' `fitDataset`, and Keras' `fit` of a generator.
   *
   * Weights and losses have the bits of `fit` with `shuffle: false` over the same rows, if its batches are
   * the same and `sampleWeight` has a mean of 1. Metrics of the training rows differ from those of `fit`:
   * each batch is scored before its step, and an epoch has the mean over its batches, weighted by their rows
   * or `sampleWeight`. A batch is copied before the next one is asked for, so arrays may be filled again.
   *
   * @param dataset - batches `{ x, y }` or `{ x, y, sampleWeight }` of any sizes: an iterable or async
   * iterable, which starts again for each epoch, or a function of the epoch, from 0, that returns one or a
   * promise of one. Iterators that yield their batches once, such as generators, need one epoch, or
   * `batchesPerEpoch`
   * @returns the loss and metrics of each epoch
   * @throws FettleError as `fit`, for each batch, which is named with its epoch; `invalid_data` for an epoch
   * with too few batches, and if some batches have `sampleWeight` and others do not. Errors of the dataset
   * itself are thrown as they are. After any error the model is as it was
   * @example
   * ```ts
   * function* batches() {
   *   for (let i = 0; i < 10; i++) yield { x: [[i / 10], [i / 10 + 0.05]], y: [i / 5, i / 5 + 0.1] };
   * }
   * const model = sequential([dense(1)]);
   * model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
   * await model.fitDataset(batches, { epochs: 50 });
   * Math.round(model.getWeights()["dense_1.kernel"].get(0, 0) * 100); // 200
   * ```
   */
  fitDataset(
    dataset: Batches | ((epoch: number) => Batches | Promise<Batches>),
    options?: FitDatasetOptions,
  ): Promise<History>;
  async fitDataset(
    dataset: Batches | ((epoch: number) => Batches | Promise<Batches>),
    options: FitDatasetOptions = {},
    ...surplus: unknown[]
  ): Promise<History> {
    mustEndWith("fitDataset", "a dataset and options", surplus);
    return this.training.run([options], (code, fit, own) => code.fitDataset(fit, dataset, own));
  }

  /**
   * Trains one step on one batch: Keras' `train_on_batch`, and TensorFlow.js' `trainOnBatch`. Calls one after
   * another have the bits of `fit` with `shuffle: false` over the same batches, if `sampleWeight` has a mean
   * of 1.
   *
   * @param x - inputs, as in `fit`
   * @param y - targets, as in `fit`
   * @returns the loss of the step, with penalties, and each metric of the batch before the step, by the names
   * of `evaluate`; metrics are NaN if all rows have weight 0
   * @throws FettleError as `fit`
   * @example
   * ```ts
   * const model = sequential([dense(1, { kernelInitializer: "zeros" })]);
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
   * await model.trainOnBatch([[1], [2]], [2, 4]); // { loss: 10, meanAbsoluteError: 3 }
   * ```
   */
  trainOnBatch(x: ModelData, y: ModelData, options?: TrainOnBatchOptions): Promise<Logs>;
  async trainOnBatch(
    x: ModelData,
    y: ModelData,
    options: TrainOnBatchOptions = {},
    ...surplus: unknown[]
  ): Promise<Logs> {
    mustEndWith("trainOnBatch", "x, y and options", surplus);
    return this.training.run([x, y, options], (code, ...given) => code.trainOnBatch(...given));
  }

  /**
   * The loss, with penalties, and each metric over examples.
   *
   * @param sampleWeight - how much each row counts, as in `fit`
   * @throws FettleError `invalid_state` before `fit`; as `fit` for arrays and targets that do not fit
   */
  evaluate(x: ModelData, y: ModelData, sampleWeight?: ArrayLike<number>): Logs;
  evaluate(x: ModelData, y: ModelData, sampleWeight?: ArrayLike<number>, ...surplus: unknown[]): Logs {
    mustEndWith("evaluate", `x, y and sampleWeight: ${BY_ITSELF}`, surplus);
    const state = this.trained();
    return state.training.evaluate(this.described(), state, x, y, sampleWeight);
  }

  /**
   * Predictions, [rows, units of the output], or rows of the shape of the output; several outputs are side by
   * side in the columns of a matrix, see `predictOutputs`.
   *
   * @throws FettleError `invalid_state` before `fit`; `invalid_data`, `invalid_shape` for arrays that do not
   * fit
   */
  predict(x: ModelData): NdArray<Floats>;
  predict(x: ModelData, ...surplus: unknown[]): NdArray<Floats> {
    mustEndWith("predict", `x alone: ${BY_ITSELF}`, surplus);
    const state = this.trained();
    return state.training.predict(this.predicting(), state, x);
  }

  /**
   * Predictions of each output by its name: Keras' `predict` of a model with outputs by name.
   *
   * @returns arrays [rows, ...shape of the output], views of one block; of a model with one output without a
   * name, `output`
   * @throws FettleError as `predict`
   * @example
   * ```ts
   * const x = input(2);
   * const model = functional({ inputs: x, outputs: { sum: dense(1).apply(x), parts: dense(3).apply(x) } });
   * await model.build();
   * const { sum, parts } = model.predictOutputs([[1, 2], [3, 4]]);
   * [sum.shape, parts.shape]; // [[2, 1], [2, 3]]
   * ```
   */
  predictOutputs(x: ModelData): Record<Output, NdArray<Floats>>;
  predictOutputs(x: ModelData, ...surplus: unknown[]): Record<string, NdArray<Floats>> {
    mustEndWith("predictOutputs", `x alone: ${BY_ITSELF}`, surplus);
    const state = this.trained();
    return state.training.predictOutputs(this.predicting(), state, x);
  }

  /**
   * Class ids from 0, [rows], or [rows, steps] for a class in each step: NumPy's `argmax` over the last axis
   * of `predict`, of equal numbers the first; of one unit 1 above ½, as metrics read it, or above 0 if the
   * loss reads logits or scores; for `ordinalCrossentropy`, the number of levels that are passed. A step that
   * a layer masks has -1, the class that Keras' losses can ignore.
   *
   * The loss decides, or, if it is not one of classes, a last layer of softmax, or one unit of sigmoid.
   *
   * @throws FettleError as `predict`; `invalid_state` for an output that is not one of classes, such as
   * quantities, or several labels a row; `invalid_data` for a row whose prediction has a NaN;
   * `invalid_argument`, `unknown_name` for `output`
   * @example
   * ```ts
   * const model = sequential([dense(3, { activation: "softmax", kernelInitializer: "identity" })]);
   * await model.build(3);
   * toNested(model.classify([[0, 2, 1], [3, 0, 3]])); // [1, 0]
   * ```
   */
  classify(x: ModelData, options?: ClassifyOptions<Output>): NdArray<Int32Array>;
  classify(x: ModelData, options: ClassifyOptions<Output> = {}, ...surplus: unknown[]): NdArray<Int32Array> {
    mustEndWith("classify", "x and options", surplus);
    checkOptions(options, "classify", CLASSIFY_OPTIONS);
    const state = this.trained();
    return state.training.classify(this.predicting(), state, x, options.output);
  }

  /**
   * Predictions with the mask of their steps, for scores.
   *
   * @throws FettleError as `predict`
   * @internal
   */
  predictMasked(x: ModelData): MaskedPrediction {
    const state = this.trained();
    return state.training.predictMasked(this.predicting(), state, x);
  }

  /**
   * The outputs by name, with their columns in a prediction.
   *
   * @example
   * ```ts
   * const x = input(2);
   * const model = functional({ inputs: x, outputs: { sum: dense(1).apply(x), parts: dense(2).apply(x) } });
   * model.outputs; // { sum: [0, 1], parts: [1, 3] }
   * ```
   * @throws FettleError `invalid_state` before `fit`, for a model whose columns are not known
   */
  get outputs(): Readonly<Record<Output, readonly [begin: number, end: number]>> {
    const places = this.network(this.weights.row ?? this.trained().row).outputs;
    return Object.fromEntries(
      places.map(({ name, offset, size }) => [name, [offset, offset + size] as const]),
    ) as Record<Output, readonly [number, number]>;
  }

  /**
   * Copies of the parameters by path, such as `dense_1.kernel`.
   *
   * @throws FettleError `invalid_state` before `fit`
   * @example
   * ```ts
   * const model = sequential([dense(1)]);
   * model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
   * await model.fit([[0], [1]], [1, 3], { epochs: 200 });
   * Math.round(model.getWeights()["dense_1.kernel"].get(0, 0) * 1000); // 2000
   * ```
   */
  getWeights(): Record<string, NdArray<Floats>> {
    const { row, saved, training } = this.trained();
    return training.arraysOf(this.network(row), weightsOf(saved));
  }

  /**
   * Replaces the parameters, by path as in `getWeights`, in every model that shares a layer. The state of the
   * optimizer stays, as in Keras.
   *
   * @param weights - an array of the shape of each parameter, as `fit` takes arrays
   * @throws FettleError `invalid_state` before `fit`; `unknown_name` for a path that does not exist;
   * `invalid_argument` if one is missing; `invalid_shape`, `invalid_data` for an array that does not fit
   * @example
   * ```ts
   * const model = sequential([dense(1)]);
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * await model.fit([[0], [1]], [1, 3]);
   * model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
   * model.predict([[4]]).get(0, 0); // 9
   * ```
   */
  setWeights(weights: Readonly<Record<string, AnyArray>>): void {
    const { row, training } = this.trained();
    const network = this.network(row);
    training.giveWeights(training.ownersIn(network), training.vectorOf(network, weights), training);
  }

  /**
   * The trained state, the shape of a row of its inputs, and the code that runs it.
   *
   * @throws FettleError `invalid_state` before `fit`
   * @internal
   */
  trained(): Trained {
    return this.training.state();
  }

  /**
   * An equal model with layers of its own, whose weights start as those of these layers.
   *
   * @param named - whether the copies have the names of the layers
   * @internal
   */
  separate(named = true): LayersModel<Output> {
    const copy = new LayersModel<Output>(separated(this.wiring, named));
    copy.weights.row = this.weights.row;
    // shapes and layers are remembered by it
    copy.compiled = this.compiled && { ...this.compiled };
    return copy;
  }

  /** @internal */
  get isCompiled(): boolean {
    return this.compiled !== undefined;
  }

  /**
   * The compile options of the model.
   *
   * @throws FettleError `invalid_state` before `compile`
   * @internal
   */
  compiledWith(): Compiled {
    if (this.compiled) return this.compiled;
    throw new FettleError(
      "invalid_state",
      "the model is not compiled; call model.compile({ optimizer, loss }) first",
    );
  }

  /**
   * The parts of an architecture.
   *
   * @throws FettleError `invalid_state` before `compile`
   * @internal
   */
  described(): Described {
    return { wiring: this.wiring, compiled: this.compiledWith() };
  }

  /** For what needs neither loss nor optimizer: predictions, and initial parameters. */
  private predicting(): Described {
    const { wiring } = this;
    return { wiring, compiled: this.compiled ?? uncompiled(wiring) };
  }

  /**
   * Restores a trained state.
   *
   * @param row - columns of its inputs, or the shape of one row
   * @param training - the code that runs it
   * @throws FettleError `invalid_checkpoint` unless it has as many parameters as the model; `invalid_state`
   * while it trains
   * @internal
   */
  restore(trained: Omit<Trained, "row"> & { readonly row: number | Shape }): void {
    this.training.mustBeIdle();
    this.weights.restore(trained);
  }

  /**
   * Prints the layers with their output shapes and numbers of parameters; both are unknown before `fit` of a
   * stack.
   */
  summary(
    print: (line: string) => void = console.log,
    row: number | Shape | undefined = this.weights.row,
  ): void {
    must(typeof print === "function", "print", "a function of a line", print);
    for (const line of summarize(this.wiring, row)) print(line);
  }
}
