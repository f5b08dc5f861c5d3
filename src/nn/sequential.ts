/**
 * The model that Keras users know: a stack of layers, compiled with an optimizer and a
 * loss, fitted to examples. It keeps its parameters as plain arrays, and holds memory of an
 * engine only during a call.
 */

import type { NdArray } from "ndarray";
import { fromMatrix, type HostMatrix, type MatrixLike, toMatrix } from "../data/matrix.js";
import { checkSampleWeight } from "../data/weights.js";
import type { ArrayInput } from "../engine/arrays.js";
import { defaultEngine } from "../engine/engine.js";
import type { Matrix, SavedRun } from "../engine/executor.js";
import { check, checkOptions, FettleError, must, mustBeInteger, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { getMetrics } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import { ready } from "../numerics/kernels.js";
import type { Optimizer } from "../optim/optimizer.js";
import { getOptimizer } from "../optim/registry.js";
import {
  type Architecture,
  architectureOf,
  checkLayer,
  hyperparametersOf,
  networkOf,
} from "./architecture.js";
import { checkCallbacks, type Logs } from "./callbacks.js";
import { type History, toHistory, validationNames } from "./history.js";
import type { Layer } from "./layers.js";
import { canonicalLoss, type Loss } from "./losses/registry.js";
import { withMatrices } from "./matrices.js";
import { COMPILE_OPTIONS, type CompileOptions, checkBatch, FIT_OPTIONS, type FitOptions } from "./options.js";
import { arraysOf, vectorOf } from "./parameters.js";
import { programOf } from "./programs.js";
import { summarize } from "./summary.js";
import {
  type Evaluation,
  type Examples,
  runEvaluation,
  runPrediction,
  runTraining,
  type TrainingOptions,
} from "./trainer.js";
import { columnOf, evaluationOf, trainingWeights, withSampleWeight } from "./weights.js";

/** Rows a step where nothing is trained. */
export const EVALUATION_BATCH = 256;

/**
 * A model that is a stack of layers, as Keras' `Sequential`. It is compiled, then fitted.
 *
 * @param layers - at least one; the first has as many inputs as `x` of `fit` has columns
 * @throws FettleError `invalid_argument` for anything but an array of at least one layer
 * @example
 * ```ts
 * const model = sequential([dense(16, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
 * model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
 * const { history } = await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], { epochs: 300 });
 * history.loss.length; // 300
 * model.predict([[0, 1], [1, 1]]).shape; // [2, 1]
 * ```
 */
export function sequential(layers: readonly Layer[]): Sequential {
  return new Sequential(layers);
}

/** A trained state and the columns that it is for. */
interface State {
  readonly columns: number;
  readonly saved: SavedRun;
  /** Whether the model was compiled again since, so that only the parameters still count. */
  readonly recompiled?: boolean;
}

/** A stack of layers with what it was compiled with and, once fitted, its parameters. Made by `sequential`. */
export class Sequential {
  readonly layers: readonly Layer[];
  private compiled: { optimizer: Optimizer; loss: Loss; metrics: readonly Metric[] } | undefined;
  private state: State | undefined;

  constructor(layers: readonly Layer[]) {
    must(Array.isArray(layers) && layers.length > 0, "layers", "an array of at least one layer", layers);
    layers.forEach(checkLayer);
    this.layers = layers;
  }

  /**
   * Chooses optimizer, loss and metrics. A trained model keeps its parameters; the state of its optimizer is reset.
   *
   * @throws FettleError `unknown_name` for an optimizer, loss or metric that does not exist
   */
  compile(options: CompileOptions): void {
    checkOptions(options, "compile", COMPILE_OPTIONS);
    const { optimizer, loss, metrics = [] } = options;
    must(Array.isArray(metrics), "metrics", "an array of metrics", metrics);
    this.compiled = {
      optimizer: getOptimizer(optimizer),
      loss: canonicalLoss(loss),
      metrics: getMetrics("metrics", metrics),
    };
    if (this.state) this.state = { ...this.state, recompiled: true };
  }

  /**
   * The architecture that `fit` would train on `columns` columns of input.
   *
   * @throws FettleError `invalid_state` before `compile`; `invalid_argument` if no layer has parameters
   * @internal
   */
  architecture(columns: number): Architecture {
    const { optimizer, loss } = this.compiledWith();
    const network = networkOf(this.layers, columns);
    check(
      network.size > 0,
      "a model must have a layer with parameters, or there is nothing to train; add a dense layer",
    );
    return architectureOf(network, loss, optimizer);
  }

  /**
   * Trains the model. A second call resumes where the first stopped, as if both were one call, with the seed of the first.
   *
   * @param x - inputs, [rows, columns]
   * @param y - targets, [rows, units of the last layer]
   * @returns the loss and metrics of each epoch; metrics of the training rows are computed after the epoch
   * @throws FettleError `invalid_state` before `compile`; `invalid_data`, `invalid_shape` for arrays that do not fit;
   * `invalid_argument` for options out of range, such as a batch larger than the data
   */
  async fit(x: MatrixLike, y: MatrixLike, options: FitOptions = {}): Promise<History> {
    checkOptions(options, "fit", FIT_OPTIONS);
    const { epochs = 1, validationSplit = 0, callbacks = [], shuffle = true, seed = 0 } = options;
    const { metrics } = this.compiledWith();
    checkCallbacks(callbacks);
    const inputs = toMatrix(x, { what: "x", ...(this.state ? { columns: this.state.columns } : {}) });
    const targets = this.targets(y, inputs, "y");
    mustBeInteger("epochs", epochs, 0);
    must(
      typeof validationSplit === "number" && validationSplit >= 0 && validationSplit < 1,
      "validationSplit",
      "a number in [0, 1)",
      validationSplit,
    );
    must(typeof shuffle === "boolean", "shuffle", "true or false", shuffle);
    must(
      options.validationData === undefined ||
        (Array.isArray(options.validationData) && [2, 3].includes(options.validationData.length)),
      "validationData",
      "an array [x, y] or [x, y, sampleWeight]",
      options.validationData,
    );
    const trainRows = options.validationData ? inputs.rows : Math.floor(inputs.rows * (1 - validationSplit));
    check(
      trainRows > 0,
      () =>
        `validationSplit must leave at least one row to train on; received ${validationSplit} for ${inputs.rows} rows`,
      "invalid_data",
    );
    const batchSize = checkBatch(options.batchSize ?? Math.min(32, trainRows), trainRows);
    const validation = options.validationData && {
      x: toMatrix(options.validationData[0], { what: "validation x", columns: inputs.columns }),
      y: options.validationData[1],
      sampleWeight: options.validationData[2],
    };
    const weights = trainingWeights(options, targets, trainRows);

    await ready();
    const engine = defaultEngine();
    const architecture = this.architecture(inputs.columns);
    const hyperparameters = hyperparametersOf(architecture);
    const programs = {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, weights ? "trainWeighted" : "train", batchSize),
    };
    return withMatrices(engine, async (hold) => {
      const all = { x: hold(inputs), y: hold(targets) };
      const training: Examples = {
        ...all,
        rows: range(0, trainRows),
        ...(weights && { weights: hold(columnOf(weights)) }),
      };
      const own = options.sampleWeight && Float64Array.from(options.sampleWeight);
      // metrics know no class weights
      const measured = withSampleWeight(hold, { ...all, rows: range(0, trainRows) }, own);
      let heldOut: Examples | undefined;
      if (validation) {
        const { x, y, sampleWeight } = validation;
        const weights =
          sampleWeight && checkSampleWeight("sampleWeight of validationData", sampleWeight, x.rows);
        heldOut = withSampleWeight(
          hold,
          { x: hold(x), y: hold(this.targets(y, x, "validation y")) },
          weights,
        );
      } else if (trainRows < inputs.rows)
        heldOut = withSampleWeight(hold, { ...all, rows: range(trainRows, inputs.rows) }, own);

      const score = (examples: Examples, parameters: Floats): Logs => {
        const program = programOf(architecture, evaluationOf(examples), EVALUATION_BATCH);
        const result = runEvaluation(engine, program, examples, parameters, hyperparameters);
        return this.scores(result, examples);
      };
      const measure = (parameters: () => Floats): Logs => {
        const { loss: _, ...onTraining } = metrics.length > 0 ? score(measured, parameters()) : { loss: 0 };
        return { ...onTraining, ...(heldOut ? validationNames(score(heldOut, parameters())) : {}) };
      };
      const trained = await runTraining(
        engine,
        programs,
        training,
        { hyperparameters, epochs, batchSize, shuffle, seed, ...this.start() },
        callbacks,
        measure,
      );
      this.state = { columns: inputs.columns, saved: trained.state };
      return toHistory(trained.logs);
    });
  }

  /**
   * The loss, with penalties, and each metric over examples.
   *
   * @param sampleWeight - how much each row counts, as in `fit`
   * @throws FettleError `invalid_state` before `fit`; `invalid_data`, `invalid_shape` for arrays that do not fit
   */
  evaluate(x: MatrixLike, y: MatrixLike, sampleWeight?: ArrayLike<number>): Logs {
    const { columns, saved } = this.trained();
    const inputs = toMatrix(x, { what: "x", columns });
    const targets = this.targets(y, inputs, "y");
    const architecture = this.architecture(columns);
    const engine = defaultEngine();
    const weights = sampleWeight && checkSampleWeight("sampleWeight", sampleWeight, inputs.rows);
    return withMatrices(engine, (hold) => {
      const examples = withSampleWeight(hold, { x: hold(inputs), y: hold(targets) }, weights);
      const program = programOf(architecture, evaluationOf(examples), EVALUATION_BATCH);
      const parameters = saved.arrays.parameters;
      return this.scores(
        runEvaluation(engine, program, examples, parameters, hyperparametersOf(architecture)),
        examples,
      );
    });
  }

  /**
   * Predictions, [rows, units of the last layer].
   *
   * @throws FettleError `invalid_state` before `fit`; `invalid_data`, `invalid_shape` for arrays that do not fit
   */
  predict(x: MatrixLike): NdArray<Floats> {
    const { columns, saved } = this.trained();
    const inputs = toMatrix(x, { what: "x", columns });
    const architecture = this.architecture(columns);
    const { units } = architecture.network;
    const engine = defaultEngine();
    return withMatrices(engine, (hold) => {
      const program = programOf(architecture, "predict", EVALUATION_BATCH);
      const hyperparameters = hyperparametersOf(architecture);
      const prediction = runPrediction(
        engine,
        program,
        hold(inputs),
        units,
        saved.arrays.parameters,
        hyperparameters,
      );
      return fromMatrix(prediction, inputs.rows, units);
    });
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
    const { columns, saved } = this.trained();
    return arraysOf(networkOf(this.layers, columns), saved.arrays.parameters);
  }

  /**
   * Replaces the parameters, by path as `getWeights` has them. The state of the optimizer stays, as in Keras.
   *
   * @param weights - an array of the shape of each parameter
   * @throws FettleError `invalid_state` before `fit`; `unknown_name` for a path that does not exist; `invalid_argument` if one is
   * missing; `invalid_shape`, `invalid_data` for an array that does not fit
   * @example
   * ```ts
   * const model = sequential([dense(1)]);
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * await model.fit([[0], [1]], [1, 3]);
   * model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
   * model.predict([[4]]).get(0, 0); // 9
   * ```
   */
  setWeights(weights: Readonly<Record<string, ArrayInput>>): void {
    const state = this.trained();
    const parameters = vectorOf(networkOf(this.layers, state.columns), weights);
    const saved = { ...state.saved, arrays: { ...state.saved.arrays, parameters } };
    this.state = { ...state, saved };
  }

  /**
   * The trained state, and the columns of inputs that it is for.
   *
   * @throws FettleError `invalid_state` before `fit`
   * @internal
   */
  trained(): State {
    if (this.state) return this.state;
    throw new FettleError("invalid_state", "the model has no parameters yet; call model.fit(x, y) first");
  }

  /**
   * What the model was compiled with.
   *
   * @throws FettleError `invalid_state` before `compile`
   * @internal
   */
  compiledWith(): { optimizer: Optimizer; loss: Loss; metrics: readonly Metric[] } {
    if (this.compiled) return this.compiled;
    throw new FettleError(
      "invalid_state",
      "the model is not compiled; call model.compile({ optimizer, loss }) first",
    );
  }

  /**
   * Restores a trained state, for inputs of `columns` columns.
   *
   * @param recompiled - whether only the parameters count, and training begins anew from them
   * @throws FettleError `invalid_checkpoint` unless it has as many parameters as the model
   */
  restore(columns: number, saved: SavedRun, recompiled = false): void {
    const expected = networkOf(this.layers, columns).size;
    check(
      saved?.arrays?.parameters?.length === expected,
      () =>
        `the saved state must have ${expected} parameters, as this model has; ` +
        `received ${show(saved?.arrays?.parameters?.length)}`,
      "invalid_checkpoint",
    );
    this.state = { columns, saved, recompiled };
  }

  /** Prints the layers with their output shapes and numbers of parameters; both are unknown before `fit`. */
  summary(print: (line: string) => void = console.log, columns = this.state?.columns): void {
    for (const line of summarize(this.layers, columns)) print(line);
  }

  /** Where training begins: where it stopped, or from the parameters of before `compile`, or from the start. */
  private start(): Pick<TrainingOptions, "from" | "parameters"> {
    if (!this.state) return {};
    const { saved, recompiled } = this.state;
    return recompiled ? { parameters: saved.arrays.parameters } : { from: saved };
  }

  /** Targets that fit the inputs and the last layer. */
  private targets(y: MatrixLike, x: HostMatrix, what: string): HostMatrix {
    const columns = networkOf(this.layers, x.columns).units;
    const targets = toMatrix(y, { what, columns });
    check(
      targets.rows === x.rows,
      () => `${what} must have as many rows as its inputs, ${x.rows}; received ${targets.rows}`,
      "invalid_shape",
    );
    return targets;
  }

  private scores({ loss, prediction }: Evaluation, { y, rows, weights }: Examples): Logs {
    const { metrics } = this.compiledWith();
    if (metrics.length === 0) return { loss };
    const used = (matrix: Matrix): Floats => {
      const all = matrix.read();
      const { columns } = matrix;
      return rows ? all.slice(rows[0] * columns, (rows[rows.length - 1] + 1) * columns) : all;
    };
    const yTrue = used(y);
    const counts = weights && used(weights);
    const scores = metrics.map(
      ({ name, compute }) => [name, compute(yTrue, prediction, y.columns, counts)] as const,
    );
    return { loss, ...Object.fromEntries(scores) };
  }
}

function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
