/** A network as the contents of a model file. The way back is in network.ts. */
import type { SavedRun } from "../engine/executor.js";
import { isBuiltIn } from "../metrics/names.js";
import { getMetric } from "../metrics/registry.js";
import type { Compiled } from "../nn/arguments/compiled.js";
import { MIXUP_ALPHA } from "../nn/arguments/mixup.js";
import { getLoss } from "../nn/losses/registry.js";
import type { LayersModel } from "../nn/models/layersModel.js";
import { weightsName } from "../nn/weights/trainedWeights.js";
import { getOptimizer } from "../optim/registry.js";
import type { LayerDescription, ModelContents, PieceDescription } from "../predict/description.js";
import type { Tensor } from "../predict/safetensors.js";
import { describeEnds, idsOf, withRow } from "../predict/wires.js";
import { describePiece } from "./describe.js";

/** The settings to continue training a network. */
export interface TrainingNotes {
  readonly optimizer: PieceDescription;
  /** The loss of each output. */
  readonly losses: readonly PieceDescription[];
  readonly lossWeights: readonly number[];
  /** The metrics of each output: the names of built-in ones, which include their options; or custom ones. */
  readonly metrics: readonly (readonly (string | PieceDescription)[])[];
  readonly mixup?: { readonly alpha: number };
  /**
   * The position of training, if the file has the state of the optimizer: its arrays have names that begin
   * with `training.`.
   */
  readonly progress?: SavedRun["progress"];
  readonly seed?: number;
}

export const STATE = "training.";

/**
 * @param withState - whether to include the state of training, if the model's current optimizer has one
 */
export function contentsOf(model: LayersModel, withState: boolean): ModelContents {
  const { row, saved, recompiled } = model.trained();
  const withOptimizer = withState && !recompiled;
  const { columns, layers, parameters } = model.network(row);
  const wiring = withRow(model.wiring, row);
  const ids = idsOf(wiring);
  const first = ids.values.length - layers.length;
  const weights = weightsName(Object.keys(saved.arrays));
  const vector = saved.arrays[weights];
  const tensors: Record<string, Tensor> = {};
  for (const { path, shape, offset, size } of parameters)
    tensors[path] = { shape, data: Float32Array.from(vector.subarray(offset, offset + size)) };
  const described = layers.map(
    ({ layer, name, inputs: taken, parameters: own }, i): LayerDescription => ({
      id: ids.values[first + i],
      ...describePiece("layer", layer),
      ...(layer.name === name && ids.shares[i] === undefined && { named: true }),
      ...(layer.trainable === false && { trainable: false }),
      ...(ids.shares[i] !== undefined && { shares: ids.shares[i] }),
      inputs: taken.map((value) => ids.values[value]),
      weights: Object.fromEntries(own.map(({ name, path }) => [name, path])),
    }),
  );
  if (withOptimizer)
    for (const [name, data] of Object.entries(saved.arrays))
      if (name !== weights) tensors[STATE + name] = { shape: [data.length], data: Float32Array.from(data) };
  const compiled = model.isCompiled ? model.compiledWith() : undefined;
  return {
    network: { columns, layers: described, ...describeEnds(wiring, ids) },
    tensors,
    notes: compiled ? { training: trainingOf(compiled, withOptimizer ? saved : undefined) } : {},
  };
}

/** @param state - that of training, if the file has it */
function trainingOf(
  { optimizer, losses, lossWeights, metrics, augmentation }: Compiled,
  state: SavedRun | undefined,
): TrainingNotes {
  return {
    optimizer: describePiece("optimizer", getOptimizer(optimizer)),
    losses: losses.map((loss) => describePiece("loss", getLoss(loss))),
    lossWeights,
    metrics: metrics.map((own) =>
      own.map((given) => {
        const metric = getMetric(given);
        return isBuiltIn(metric) ? metric.name : { name: metric.name, options: {}, custom: true };
      }),
    ),
    ...(augmentation && { mixup: { alpha: augmentation.hyperparameters[MIXUP_ALPHA] } }),
    ...(state && { progress: state.progress, seed: state.seed }),
  };
}
