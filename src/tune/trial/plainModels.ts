/**
 * Models that need no tuning, as candidates of an ensemble: the linear model and the constant, each a network
 * of one dense layer. They are fitted, not trained: in float64 on the calling thread, with the same bits
 * everywhere.
 */
import type { Dataset } from "../../data/dataset.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { featureNames } from "../../data/pipeline/pipeline.js";
import { transformed } from "../../data/pipeline/target.js";
import type { FoldRows } from "../../data/split/splitter.js";
import { lossWeights, type RowWeights } from "../../data/weights.js";
import { metricNamed } from "../../metrics/registry.js";
import type { Floats } from "../../ndarray.js";
import { dense } from "../../nn/layers/dense.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import { sequential } from "../../nn/models/sequential.js";
import { readsRoles } from "../../nn/network/roles.js";
import * as training from "../../nn/training/training.js";
import { log } from "../../numerics/special.js";
import type { Fold } from "../jobs/score.js";
import { fitLinear, type Learning, PENALTIES } from "../linear/choice.js";
import type { Folds } from "./folds.js";
import type { JobTemplate } from "./training.js";

/** A model that needs no tuning. */
export type PlainName = "linear" | "constant";

/** One of them. */
export interface PlainModel {
  readonly name: PlainName;
  /**
   * Predictions for the validation rows of each fold by a model of its training rows, in the units that
   * networks learn.
   */
  readonly own: readonly Floats[];
  /** The same for another fold. @param scored - the fold after the pipeline */
  predict(fold: FoldRows, scored: Fold): Floats;
  /** The model of all development rows, compiled as a network. */
  network(compiledAs: LayersModel): LayersModel;
}

/** What they learn from. */
export interface PlainTask {
  readonly rows: Folds;
  /** The folds by which trials are scored, and the final one, after the pipeline. */
  readonly folds: readonly Fold[];
  readonly finalFold: Fold;
  readonly pipeline: PipelineOptions;
  readonly classWeight?: NonNullable<RowWeights["classWeight"]>;
}

/**
 * The largest linear model, in rows × features × outputs: with those of the folds it takes at most a second,
 * which a tuner in slices cannot interrupt.
 */
const MOST_NUMBERS = 2 ** 16;
/** Weaker penalties cost the most, and networks in the ensemble cover what they would add. */
const STRONG = PENALTIES.slice(0, 5);
/**
 * The models for the pipeline of a trial, fitted once: those of the latest are kept. Empty for a network that
 * reads ids or steps instead of rows of features.
 */
export function createPlain(rows: Folds): (template: JobTemplate) => readonly PlainModel[] {
  let known: { readonly key: string; readonly models: readonly PlainModel[] } | undefined;
  return ({ built: { wiring }, job: { pipeline, classWeight }, folds, finalFold }) => {
    const readsFeatures = wiring.inputs.length === 1 && wiring.outputs.length === 1 && !readsRoles(wiring);
    if (!readsFeatures || rows.data.shape) return [];
    const key = JSON.stringify([pipeline, classWeight ?? null]);
    const task = { rows, folds, finalFold, pipeline, ...(classWeight && { classWeight }) };
    if (known?.key !== key) known = { key, models: plainModels(task) };
    return known.models;
  };
}

/** The loss that chooses the penalty: one for which the true probabilities, or means, are the best. */
const PROPER = { classification: "logLoss", regression: "r2" } as const;

/** The constant, and before it the linear model unless it is too large. */
export function plainModels({ rows, folds, finalFold, ...how }: PlainTask): PlainModel[] {
  const { data } = rows;
  const { task, outputs, sampleWeight } = data;
  const { pipeline, classWeight } = how;
  const learning: Learning = {
    data,
    pipeline,
    weights: { ...(sampleWeight && { sampleWeight }), ...(classWeight && { classWeight }) },
  };
  const parts = rows.folds.slice(0, rows.scored);
  const { train: development } = rows.folds[parts.length];
  const features = featureNames(data, pipeline).length;
  const constantOn: PlainModel["predict"] = ({ train, validation }, scored) => {
    const means = meansOf(learning, train, scored);
    return Float32Array.from({ length: validation.length * outputs }, (_, at) => means[at % outputs]);
  };
  const constant: PlainModel = {
    name: "constant",
    own: parts.map((part, i) => constantOn(part, folds[i])),
    predict: constantOn,
    network(compiledAs) {
      const means = meansOf(learning, development, finalFold);
      const bias = task === "regression" ? means : logitsOf(means);
      return denseOf(data, new Float64Array(features * outputs), bias, compiledAs);
    },
  };
  if (development.length * features * outputs > MOST_NUMBERS) return [constant];
  const linear = fitLinear(learning, parts, metricNamed(PROPER[task]), STRONG);
  return [
    {
      name: "linear",
      own: linear.ofFolds.map(({ predict }, i) => Float32Array.from(predict(parts[i].validation))),
      predict: ({ train, validation }) => Float32Array.from(linear.fit(train).predict(validation)),
      network(compiledAs) {
        const { center, scale, coefficients, intercepts } = linear.fit(development).model;
        const bias = Float64Array.from(intercepts);
        // for the raw features, which the model had standardized
        const kernel = Float64Array.from({ length: features * outputs }, (_, at) => {
          const [j, k] = [Math.floor(at / outputs), at % outputs];
          const slope = coefficients[k * features + j] / scale[j];
          bias[k] -= slope * center[j];
          return slope;
        });
        return denseOf(data, kernel, bias, compiledAs);
      },
    },
    constant,
  ];
}

/** The weighted means of the training targets over some rows: [outputs]. */
function meansOf({ data, weights }: Learning, rows: Int32Array, { target }: Fold): Float64Array {
  const { outputs } = data;
  const counted = lossWeights(weights, data, rows, rows);
  const means = new Float64Array(outputs);
  for (const [at, value] of transformed(target, data, rows).entries())
    means[at % outputs] += ((counted?.[Math.floor(at / outputs)] ?? 1) * value) / rows.length;
  return means;
}

/**
 * The logits that sigmoid or softmax turns into the given shares of classes; a share of 0 becomes the least
 * float32.
 */
function logitsOf(shares: Float64Array): Float64Array {
  const logOf = (share: number): number => log(Math.max(share, 2 ** -24));
  return shares.map((share) => (shares.length === 1 ? logOf(share) - logOf(1 - share) : logOf(share)));
}

/** @param kernel - [features, outputs] */
function denseOf(
  { task, outputs }: Dataset,
  kernel: Float64Array,
  bias: Float64Array,
  compiledAs: LayersModel,
): LayersModel {
  const activation = task === "regression" ? "linear" : outputs === 1 ? "sigmoid" : "softmax";
  const model = sequential([dense(outputs, { activation })]);
  const { optimizer, losses, metrics } = compiledAs.compiledWith();
  model.compile({ optimizer, loss: losses[0], metrics: metrics[0] });
  const parameters = Float32Array.from([...kernel, ...bias]);
  const saved = { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } };
  model.restore({ row: kernel.length / outputs, saved, training, recompiled: true });
  return model;
}
