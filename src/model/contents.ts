/** A network of `sequential` as the contents of a model file. The way back is in network.ts. */
import type { SavedRun } from "../engine/executor.js";
import { isBuiltIn } from "../metrics/registry.js";
import { layerNames, networkOf } from "../nn/architecture.js";
import { getLoss } from "../nn/losses/registry.js";
import type { Sequential } from "../nn/sequential.js";
import { weightsName } from "../nn/trainedWeights.js";
import type { LayerDescription, ModelContents, PieceDescription } from "../predict/description.js";
import type { Tensor } from "../predict/safetensors.js";
import { describePiece } from "./describe.js";

/** How a network is trained on. */
export interface TrainingNotes {
  readonly optimizer: PieceDescription;
  readonly loss: PieceDescription;
  /** Names of the built-in metrics, which say their options; custom ones are not kept. */
  readonly metrics: readonly string[];
  /** Where training is, if the state of the optimizer is in the file: its arrays have names that begin with `training.`. */
  readonly progress?: SavedRun["progress"];
  readonly seed?: number;
}

export const STATE = "training.";

/** @param withOptimizer - whether the state of training is kept too */
export function contentsOf(model: Sequential, withOptimizer: boolean): ModelContents {
  const { columns, saved } = model.trained();
  const { optimizer, loss, metrics } = model.compiledWith();
  const { layers, parameters } = networkOf(model.layers, columns);
  const names = layerNames(model.layers);
  const weights = weightsName(Object.keys(saved.arrays));
  const vector = saved.arrays[weights];
  const tensors: Record<string, Tensor> = {};
  for (const { path, shape, offset, size } of parameters)
    tensors[path] = { shape, data: Float32Array.from(vector.subarray(offset, offset + size)) };
  const described = layers.map(
    ({ layer, parameters: own }, i): LayerDescription => ({
      id: names[i],
      ...describePiece("layer", layer),
      inputs: [i === 0 ? "input" : names[i - 1]],
      weights: Object.fromEntries(own.map(({ name, path }) => [name, path])),
    }),
  );
  if (withOptimizer)
    for (const [name, data] of Object.entries(saved.arrays))
      if (name !== weights) tensors[STATE + name] = { shape: [data.length], data: Float32Array.from(data) };
  const training: TrainingNotes = {
    optimizer: describePiece("optimizer", optimizer),
    loss: describePiece("loss", getLoss(loss)),
    metrics: metrics.filter(isBuiltIn).map(({ name }) => name),
    ...(withOptimizer && { progress: saved.progress, seed: saved.seed }),
  };
  return { network: { columns, layers: described }, tensors, notes: { training } };
}
