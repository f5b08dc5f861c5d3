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
import type { SavedRun } from "../engine/executor.js";
import { check, checkOptions, FettleError, must, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { getMetrics } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import type { Optimizer } from "../optim/optimizer.js";
import { getOptimizer } from "../optim/registry.js";
import {
  type Architecture,
  architectureOf,
  checkLayer,
  hyperparametersOf,
  networkOf,
} from "./architecture.js";
import type { Logs } from "./callbacks/callback.js";
import { type Fitted, fitModel, type State } from "./fitting.js";
import type { History } from "./history.js";
import type { Layer } from "./layers.js";
import { canonicalLoss, type Loss, takesClassIds } from "./losses/registry.js";
import { withMatrices } from "./matrices.js";
import { COMPILE_OPTIONS, type CompileOptions, FIT_OPTIONS, type FitOptions } from "./options.js";
import { arraysOf, vectorOf } from "./parameters.js";
import { programOf } from "./programs.js";
import { EVALUATION_BATCH, scoresOf } from "./scores.js";
import { summarize } from "./summary.js";
import { targetsOf } from "./targets.js";
import { weightsOf, withWeights } from "./trainedWeights.js";
import { runEvaluation, runPrediction, type TrainingRun } from "./trainer.js";
import { evaluationOf, withSampleWeight } from "./weights.js";

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

/** A call of `fit` that has not ended, and its training once that has begun. */
interface Running {
  readonly columns: number;
  run: TrainingRun | undefined;
}

/** A stack of layers with what it was compiled with and, once fitted, its parameters. Made by `sequential`. */
export class Sequential {
  readonly layers: readonly Layer[];
  private compiled: { optimizer: Optimizer; loss: Loss; metrics: readonly Metric[] } | undefined;
  private state: State | undefined;
  private running: Running | undefined;

  constructor(layers: readonly Layer[]) {
    must(Array.isArray(layers) && layers.length > 0, "layers", "an array of at least one layer", layers);
    layers.forEach(checkLayer);
    this.layers = layers;
  }

  /**
   * Chooses optimizer, loss and metrics. A trained model keeps its parameters; the state of its optimizer is reset.
   *
   * @throws FettleError `unknown_name` for an optimizer, loss or metric that does not exist; `invalid_state` while it trains
   */
  compile(options: CompileOptions): void {
    this.mustBeIdle();
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
   * @param y - targets, [rows, units of the last layer]; or class ids from 0, [rows], if the loss takes them
   * @returns the loss and metrics of each epoch; metrics of the training rows are computed after the epoch
   * @throws FettleError `invalid_state` before `compile`, or while it trains; `invalid_data`, `invalid_shape` for arrays that do
   * not fit; `invalid_argument` for options out of range, such as a batch larger than the data; for a callback that fails, what
   * it threw if that is a FettleError, or `callback_failed`
   */
  async fit(x: MatrixLike, y: MatrixLike, options: FitOptions = {}): Promise<History> {
    checkOptions(options, "fit", FIT_OPTIONS);
    const { metrics } = this.compiledWith();
    this.mustBeIdle();
    const inputs = toMatrix(x, { what: "x", ...(this.state ? { columns: this.state.columns } : {}) });
    const { columns } = inputs;
    const model: Fitted = {
      ...{ model: this, metrics, state: this.state, x: inputs, y: this.targets(y, inputs, "y") },
      architecture: () => this.architecture(columns),
      targets: (...given) => this.targets(...given),
      onTraining: (run) => {
        this.running = { columns, run };
      },
    };
    model.onTraining(undefined);
    try {
      const fitted = await fitModel(model, options);
      this.state = fitted.state;
      return fitted.history;
    } finally {
      this.running = undefined;
    }
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
      const parameters = weightsOf(saved);
      return scoresOf(
        this.compiledWith().metrics,
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
        weightsOf(saved),
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
    return arraysOf(networkOf(this.layers, columns), weightsOf(saved));
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
    const vector = vectorOf(networkOf(this.layers, state.columns), weights);
    if (this.running?.run) this.running.run.control.setParameters(vector);
    else this.state = { ...state, saved: withWeights(state.saved, vector) };
  }

  /**
   * The trained state, and the columns of inputs that it is for.
   *
   * @throws FettleError `invalid_state` before `fit`
   * @internal
   */
  trained(): State {
    const { columns = 0, run } = this.running ?? {};
    if (run) return { columns, saved: run.save() };
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
   * @throws FettleError `invalid_checkpoint` unless it has as many parameters as the model; `invalid_state` while it trains
   */
  restore(columns: number, saved: SavedRun, recompiled = false): void {
    this.mustBeIdle();
    const expected = networkOf(this.layers, columns).size;
    for (const vector of [saved?.arrays?.parameters, saved?.arrays && weightsOf(saved)])
      check(
        vector?.length === expected,
        () =>
          `the saved state must have ${expected} parameters, as this model has; received ${show(vector?.length)}`,
        "invalid_checkpoint",
      );
    this.state = { columns, saved, recompiled };
  }

  /** Prints the layers with their output shapes and numbers of parameters; both are unknown before `fit`. */
  summary(print: (line: string) => void = console.log, columns = this.state?.columns): void {
    for (const line of summarize(this.layers, columns)) print(line);
  }

  private mustBeIdle(): void {
    check(
      !this.running,
      "the model must not be changed while it trains; await its fit first",
      "invalid_state",
    );
  }

  /** Targets that fit the inputs, the last layer and the loss. */
  private targets(y: MatrixLike, { rows, columns }: HostMatrix, what: string): HostMatrix {
    const { units } = networkOf(this.layers, columns);
    return targetsOf(y, what, { rows, units, classIds: takesClassIds(this.compiledWith().loss) });
  }
}
