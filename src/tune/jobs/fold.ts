/**
 * A fold in the form that a network reads: a pipeline fitted to its training rows, its features and targets,
 * and their place on an executor. It trains nothing.
 */
import type { Dataset } from "../../data/dataset.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { featuresOf, fitPipeline, type PipelineData } from "../../data/pipeline/pipeline.js";
import { transformed, unitsOf } from "../../data/pipeline/target.js";
import type { FoldRows } from "../../data/split/splitter.js";
import { lossWeights, type RowWeights } from "../../data/weights.js";
import type { Executor } from "../../engine/executor.js";
import type { Examples } from "../../nn/training/trainer.js";
import { type Fold, foldOf } from "./score.js";

/** The fold that a job trains on, and how its rows become features. */
export interface FoldChoice {
  /** The number of the fold: its place among those that the worker holds. */
  readonly fold: number;
  /** How the fold's rows become inputs and targets. */
  readonly pipeline: PipelineOptions;
  /** How much classes count in training. */
  readonly classWeight?: RowWeights["classWeight"];
}

/** The rows that a tuner learns from, raw, and how they are divided. */
export interface JobData {
  readonly data: PipelineData & Pick<Dataset, "sampleWeight">;
  /** As jobs number them. */
  readonly folds: readonly FoldRows[];
}

/** Rows in the form that a network reads. */
export interface FoldPart {
  readonly rows: number;
  /** [rows, features] */
  readonly x: Float32Array;
  /** [rows, outputs] */
  readonly y: Float32Array;
  /** [rows]: how much each counts in the loss, with a mean of 1; undefined if all count equally. */
  readonly weights?: Float32Array;
}

/** A fold in the form that a network reads. */
export interface FoldExamples {
  readonly train: FoldPart;
  /** Undefined in the final fold if there is no test part. */
  readonly validation: FoldPart | undefined;
  readonly features: number;
  readonly outputs: number;
  /** The targets for the predictions of the validation part. */
  readonly scored: Fold;
  /** Those for predictions of the training part. */
  trained(): Fold;
}

/**
 * The fold of a job, with a pipeline fitted to its training rows. As in Keras, validation ignores class
 * weights.
 */
export function examplesOf(
  { data, folds }: JobData,
  { fold, pipeline: options, classWeight }: FoldChoice,
): FoldExamples {
  const { train, validation } = folds[fold];
  const { pipeline, x, y } = fitPipeline(data, { ...options, rows: train });
  const own = data.sampleWeight && { sampleWeight: data.sampleWeight };
  const part = (rows: Int32Array, x: Float32Array, y: Float32Array, of: RowWeights): FoldPart => {
    const weights = lossWeights(of, data, train, rows);
    return { rows: rows.length, x, y, ...(weights && { weights }) };
  };
  const held = (): FoldPart =>
    part(validation, featuresOf(pipeline, data, validation), transformed(pipeline.target, data, validation), {
      ...own,
    });
  return {
    train: part(train, x, y, { ...own, ...(classWeight && { classWeight }) }),
    validation: validation.length > 0 ? held() : undefined,
    features: pipeline.features.length,
    outputs: unitsOf(pipeline.target),
    scored: foldOf(data, validation, pipeline.target),
    trained: () => foldOf(data, train, pipeline.target),
  };
}

/** A fold on an executor. */
export interface LoadedFold extends Pick<FoldExamples, "scored" | "trained"> {
  readonly train: Examples;
  readonly validation: Examples | undefined;
  free(): void;
}

/** How many numbers a fold has. */
export function sizeOf({ train, validation }: FoldExamples): number {
  const parts = [train, ...(validation ? [validation] : [])];
  return parts.reduce((sum, { x, y, weights }) => sum + x.length + y.length + (weights?.length ?? 0), 0);
}

export function loadFold(
  executor: Executor,
  { train, validation, features, outputs, scored, trained }: FoldExamples,
): LoadedFold {
  const load = ({ rows, x, y, weights }: FoldPart): Examples => ({
    x: executor.matrix(rows, features, x),
    y: executor.matrix(rows, outputs, y),
    ...(weights && { weights: executor.matrix(rows, 1, weights) }),
  });
  const parts = { train: load(train), validation: validation && load(validation) };
  return {
    ...parts,
    scored,
    trained,
    free() {
      for (const part of [parts.train, parts.validation]) {
        part?.x.free();
        part?.y.free();
        part?.weights?.free();
      }
    },
  };
}
