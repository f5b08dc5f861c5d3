/**
 * The network that is tuned if a user gives only a table: dense layers of equal width, a space for tables of
 * a few hundred to some ten thousand rows, and how each trial is trained. `docs/tuning.md` explains the
 * defaults.
 */
import type { Dataset } from "../data/dataset.js";
import type { PipelineOptions, ScalingName } from "../data/pipeline/options.js";
import { checkPipelineData, type PipelineData, rowsOf } from "../data/pipeline/pipeline.js";
import { hasParts } from "../data/pipeline/scaling.js";
import { FettleError, must, mustBeInteger, mustBeRecord, show, unknownName } from "../errors.js";
import type { ActivationName } from "../nn/activations.js";
import { checkEpochs } from "../nn/arguments/epochs.js";
import { checkBatch } from "../nn/arguments/options.js";
import { dense, dropout } from "../nn/layers/index.js";
import { type Sequential, sequential } from "../nn/models/sequential.js";
import type { InitializerName } from "../nn/weights/initializers.js";
import { l2 } from "../nn/weights/regularizers.js";
import type { OptimizerName } from "../optim/names.js";
import { getOptimizer } from "../optim/registry.js";
import { choice, float, int } from "../search/space/builders.js";
import type { Parameter } from "../search/space/parameter.js";
import { nearest } from "../search/space/scale.js";
import { clauseHolds, type Params, resolveSpace, type Space } from "../search/space/space.js";
import type { ParamValue } from "../search/space/value.js";
import type { FitSettings } from "./trial/settings.js";

const DATA = "a data set, as encodeTable returns, or { task, outputs }";
const PARAMS = "an object of parameters, such as { units: 64 }";
/** The most hidden layers: with their dropout, a model file holds no more. */
const MOST_LAYERS = 499;

/** The default values of parameters that are not in the space. */
export const DENSE_DEFAULTS = {
  layers: 1,
  units: 32,
  activation: "relu" as ActivationName,
  dropout: 0,
  l2: 0,
  optimizer: "adam" as OptimizerName,
  learningRate: 0.003,
  momentum: 0,
  /** Of Adam and its kin. Default: 0.95 for `adam`, of others their own. */
  beta2: undefined as number | undefined,
  /** Default: that of the optimizer. */
  weightDecay: undefined as number | undefined,
  /** Default: gradients are not clipped. */
  globalClipNorm: undefined as number | undefined,
  batchSize: 32,
  epochs: 40,
};

/** Initializers of kernels, for activations where `heUniform` is not the best. */
const STARTS: Readonly<Partial<Record<ActivationName, InitializerName>>> = {
  tanh: "glorotUniform",
  selu: "lecunNormal",
};

/**
 * The decay of Adam's mean of squared gradients; its usual 0.999 averages over more steps than a short
 * training has (D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by default", NeurIPS 2024).
 */
const ADAM_BETA2 = 0.95;

/** Hyperparameters of {@link denseModel}. */
export type DenseParams = { readonly [K in keyof typeof DENSE_DEFAULTS]: (typeof DENSE_DEFAULTS)[K] };

/**
 * The default space of the dense network: layers, units, activation, learning rate, batch size, L2 penalty,
 * dropout and epochs. The optimizer is Adam, with β₂ = 0.95.
 *
 * @param rows - how many rows a trial trains on. Batches have at most a fifth of them; if that allows no
 * usual size, there is only one size
 * @param inputs - how many columns a row has. With more columns than rows, a network can memorize every row:
 * penalties and dropout are stronger
 * @example
 * ```ts
 * denseSpace(100).batchSize; // { type: "choice", values: [16] }
 * denseSpace(100, 101).l2; // { type: "float", low: 0.0001, high: 1, log: true }
 * ```
 */
export function denseSpace(rows: number, inputs = 0): Space {
  mustBeInteger("inputs", inputs, 0);
  const isWide = inputs > rows;
  const fitting = [16, 32, 64, 128].filter((size) => size <= rows / 5);
  const batches = fitting.length > 0 ? fitting : [Math.max(1, Math.min(16, rows))];
  return {
    layers: int(1, 2),
    units: int(16, 128, { log: true }),
    activation: choice(["relu", "tanh", "gelu"]),
    learningRate: float(1e-3, 3e-2, { log: true }),
    batchSize: choice(batches),
    l2: isWide ? float(1e-4, 1, { log: true }) : float(1e-6, 1e-2, { log: true }),
    dropout: float(0, isWide ? 0.7 : 0.4),
    epochs: int(10, 60, { log: true }),
  };
}

/** Rows from which the parts of a number inform more than they help to memorize. */
const MANY = 1000;

/**
 * How a table becomes features of the dense network: each number standardized; for regression also by
 * quantiles, which spread crowded values and pull in outliers; and from 1,000 rows also in four parts, so
 * that the network may bend at the quartiles. An almost constant number has no parts. If missing cells inform
 * about the target, a feature marks them.
 *
 * @param data - the result of `encodeTable`
 * @throws FettleError `invalid_argument`, `invalid_shape` for anything else
 * @example
 * ```ts
 * const data = encodeTable(readTable("size,price\n1,1\n2,2.5\n90,3\n"), { target: "price", task: "regression" });
 * fitPipeline(data, densePipeline(data)).pipeline.features; // ["size", "size (quantile)"]
 * ```
 */
export function densePipeline(data: PipelineData): PipelineOptions {
  checkPipelineData(data);
  const { task, inputs, columns } = data;
  const scale: readonly ScalingName[] = task === "regression" ? ["standard", "quantile"] : ["standard"];
  const common = { scale, ...(inputs.some(({ gaps }) => gaps) && { indicator: "auto" as const }) };
  if (rowsOf(columns, inputs.length) < MANY) return common;
  const divided = inputs.filter(
    ({ kind }, j) => (kind === "number" || kind === "date") && hasParts(columns[j]),
  );
  const parts = { scale: [...scale, "parts"] } as const;
  return { ...common, columns: Object.fromEntries(divided.map(({ name }) => [name, parts])) };
}

/** Rows from which time allows only few trials of five folds, and one held-out part distinguishes trials. */
const LARGE = 4000;

/**
 * How trials of the dense network are scored: by 5 folds; from 4,000 rows by a held-out fifth.
 *
 * @param rows - of the table
 * @example
 * ```ts
 * denseValidation(500); // { folds: 5 }
 * denseValidation(15_000); // { split: 0.2 }
 * ```
 */
export function denseValidation(rows: number): { readonly folds: number } | { readonly split: number } {
  return rows < LARGE ? { folds: 5 } : { split: 0.2 };
}

/**
 * Where the search starts, for `startWith`: a portfolio of points of which, on most tables, one is good,
 * cheap ones first.
 *
 * @param space - `denseSpace`, or a part of it
 * @throws FettleError `invalid_space` for no space, `unknown_name` for a parameter that the points lack
 * @example
 * ```ts
 * const { layers, units } = denseSpace(500);
 * densePoints({ layers, units })[0]; // { layers: 1, units: 18 }
 * ```
 */
export function densePoints(space: Space): Params[] {
  const { parameters } = resolveSpace(space);
  const names = Object.keys(parameters);
  const other = names.find((name) => !NAMES.includes(name));
  if (other !== undefined) throw unknownName("parameter of densePoints", other, NAMES);
  const points = PORTFOLIO.map((values) =>
    Object.fromEntries(names.map((name) => [name, within(parameters[name], values[NAMES.indexOf(name)])])),
  );
  const keys = points.map((point) => JSON.stringify(point));
  return points.filter((_, i) => keys.indexOf(keys[i]) === i);
}

const NAMES = ["layers", "units", "activation", "dropout", "l2", "learningRate", "batchSize", "epochs"];
/**
 * What `bench/tables/portfolio.ts` finds: on the tables for choosing, each point lowers the mean loss of the
 * best so far the most for its time.
 */
const PORTFOLIO: readonly (readonly ParamValue[])[] = [
  [1, 18, "relu", 0.28, 9e-6, 0.016, 16, 10],
  [1, 30, "tanh", 0.094, 2.7e-6, 0.026, 128, 12],
  [1, 18, "relu", 0.1, 5.9e-3, 0.02, 32, 54],
  [2, 39, "tanh", 0.12, 2.6e-5, 0.029, 32, 40],
  [1, 45, "relu", 0.15, 2.7e-3, 0.011, 64, 19],
  [1, 20, "gelu", 0.084, 1.2e-4, 0.022, 128, 15],
  [1, 32, "tanh", 0.2, 5.2e-6, 0.017, 64, 11],
  [1, 54, "relu", 0.036, 1.2e-3, 0.011, 64, 20],
  [2, 43, "relu", 0.0069, 1.3e-3, 0.019, 16, 29],
  [1, 77, "gelu", 0.4, 1.9e-5, 0.015, 128, 22],
  [2, 36, "gelu", 0.085, 1.8e-4, 0.0056, 16, 16],
  [2, 32, "tanh", 0.31, 6.2e-5, 0.0022, 32, 20],
];

/** The value, or the closest that the parameter has; of a choice without it, the last. */
function within(parameter: Parameter, value: ParamValue): ParamValue {
  return parameter.type === "choice"
    ? parameter.values.includes(value)
      ? value
      : parameter.values[parameter.values.length - 1]
    : nearest(parameter, value as number);
}

/**
 * How the dense network is trained: for `epochs` epochs (40 by default), in batches of `batchSize`, with a
 * learning rate that decays along half a cosine.
 *
 * @param settings - settings that override these
 * @example
 * ```ts
 * denseFit({ units: 64, batchSize: 16, epochs: 25 }); // { epochs: 25, learningRateDecay: "cosine", batchSize: 16 }
 * denseFit({ units: 64 }, { epochs: 100 }); // { epochs: 100, learningRateDecay: "cosine" }
 * ```
 */
export function denseFit(params: Params, settings: FitSettings = {}): FitSettings {
  mustBeRecord("params", params, PARAMS);
  const { batchSize, epochs = DENSE_DEFAULTS.epochs } = params;
  return {
    epochs: epochs as number,
    learningRateDecay: "cosine",
    ...(batchSize !== undefined && { batchSize: batchSize as number }),
    ...settings,
  };
}

/**
 * A dense network for a data set, from parameters of `denseSpace`, or of a custom space with some of its
 * names.
 *
 * @throws FettleError `unknown_name` for other parameters, `invalid_argument` for an invalid number of
 * layers, and whatever layers and optimizers throw
 * @example
 * ```ts
 * const model = denseModel({ task: "regression", outputs: 1 }, { layers: 2, units: 64, learningRate: 0.01 });
 * model.layers.map(({ type }) => type); // ["dense", "dropout", "dense", "dropout", "dense"]
 * ```
 */
export function denseModel(data: Pick<Dataset, "task" | "outputs">, params: Params): Sequential {
  mustBeRecord("data", data, DATA);
  const { task, outputs } = data;
  const p = denseParams(params);
  mustBeInteger("layers", p.layers, 0);
  must(p.layers <= MOST_LAYERS, "layers", `at most ${MOST_LAYERS}`, p.layers);
  const hidden = Array.from({ length: p.layers }, () => [
    dense(p.units, {
      activation: p.activation,
      kernelInitializer: STARTS[p.activation] ?? "heUniform",
      kernelRegularizer: l2(p.l2),
    }),
    dropout(p.dropout),
  ]);
  const [activation, loss] =
    task === "regression"
      ? (["linear", "meanSquaredError"] as const)
      : outputs === 1
        ? (["sigmoid", "binaryCrossentropy"] as const)
        : (["softmax", "categoricalCrossentropy"] as const);
  const model = sequential([...hidden.flat(), dense(outputs, { activation })]);
  const momentum = p.momentum === 0 ? {} : { momentum: p.momentum };
  const beta2 = p.beta2 ?? (p.optimizer === "adam" ? ADAM_BETA2 : undefined);
  model.compile({
    optimizer: getOptimizer(p.optimizer, {
      learningRate: p.learningRate,
      weightDecay: p.weightDecay,
      globalClipNorm: p.globalClipNorm,
      ...momentum,
      ...(beta2 !== undefined && { beta2 }),
    }),
    loss,
  });
  return model;
}

/**
 * The parameters of {@link denseModel}, with defaults for omitted ones.
 *
 * @throws FettleError `unknown_name` for a parameter that the dense network does not have
 * @example
 * ```ts
 * denseParams({ units: 64 }).activation; // "relu"
 * ```
 */
export function denseParams(params: Params): DenseParams {
  mustBeRecord("params", params, PARAMS);
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(DENSE_DEFAULTS, name)) {
      throw unknownName("parameter of the dense network", name, Object.keys(DENSE_DEFAULTS));
    }
  }
  return { ...DENSE_DEFAULTS, ...params } as DenseParams;
}

/** Integer parameters: a `float` range of them would fail almost every trial. */
const INTEGERS = ["layers", "units", "batchSize", "epochs"];

/**
 * Refuses a space with points that `denseModel` could not build: checks the type of each parameter, and its
 * extreme values with each optimizer for which it applies.
 *
 * @param rows - how many rows a trial trains on; bounds the batch
 * @throws FettleError `unknown_name` and `invalid_argument`, naming the parameter
 */
export function checkDenseSpace(data: Pick<Dataset, "task" | "outputs">, space: Space, rows: number): void {
  for (const [name, parameter] of Object.entries(space)) {
    must(
      parameter.type !== "float" || !INTEGERS.includes(name),
      `parameter ${show(name)}`,
      "an int range, or a choice of integers",
      parameter,
    );
    for (const optimizer of optimizersBeside(space, name)) {
      for (const value of extremes(parameter)) {
        const params = { ...optimizer, [name]: value };
        try {
          denseModel(data, params);
          if (name === "batchSize") checkBatch(value as number, rows);
          if (name === "epochs") checkEpochs(name, value);
        } catch (error) {
          if (!(error instanceof FettleError)) throw error;
          throw new FettleError(error.code, `parameter ${show(name)} (${show(params)}): ${error.message}`, {
            cause: error,
          });
        }
      }
    }
  }
}

/** The optimizers of a space for which a parameter can apply. */
function optimizersBeside(space: Space, name: string): readonly { readonly optimizer?: ParamValue }[] {
  const { optimizer } = space;
  if (name === "optimizer" || optimizer?.type !== "choice") return [{}];
  const clause = space[name].when?.optimizer;
  return optimizer.values
    .filter((value) => !clause || clauseHolds(clause, value))
    .map((value) => ({ optimizer: value }));
}

function extremes(parameter: Parameter): readonly ParamValue[] {
  return parameter.type === "choice" ? parameter.values : [parameter.low, nearest(parameter, parameter.high)];
}
