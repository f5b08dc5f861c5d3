/** Restores the network of a model file. */
import { unitsOf } from "../data/pipeline/target.js";
import { check, FettleError, isRecord } from "../errors.js";
import type { BuiltInMetric } from "../metrics/names.js";
import { mixup } from "../nn/arguments/mixup.js";
import { freeze } from "../nn/layers/index.js";
import { LayersModel } from "../nn/models/layersModel.js";
import { Sequential } from "../nn/models/sequential.js";
import { rowOf } from "../nn/network/network.js";
import { numbersOf } from "../nn/programs/architecture.js";
import * as training from "../nn/training/training.js";
import { EVALUATED, PARAMETERS } from "../nn/weights/trainedWeights.js";
import type { ModelContents } from "../predict/description.js";
import { parametersOf } from "../predict/parameters.js";
import type { Tensors } from "../predict/safetensors.js";
import { wiringFrom } from "../predict/wires.js";
import { STATE, type TrainingNotes } from "./contents.js";
import { type CustomObjects, makePiece, naming, ownMetric } from "./pieces.js";

/**
 * The network of a model file, compiled and trained as saved.
 *
 * @param compile - whether to restore loss and optimizer; without them it predicts, but cannot be trained
 * @throws FettleError `invalid_checkpoint` for arrays that do not fit the layers; as `makePiece`
 */
export function networkFrom(
  { network, tensors, table, notes }: ModelContents,
  own: CustomObjects,
  compile: boolean,
): LayersModel {
  const { columns } = network;
  const wiring = wiringFrom(network, (layer) => {
    const piece = makePiece("layer", layer, own);
    return layer.trainable === false ? freeze(piece) : piece;
  });
  const model = network.inputs
    ? new LayersModel(wiring)
    : new Sequential(wiring.calls.map(({ layer }) => layer));
  const trainedWith = trainingOf(notes.training);
  if (compile && trainedWith) {
    const { optimizer, losses, lossWeights, metrics, mixup: mixed } = trainedWith;
    const forOutputs = <T>(list: readonly T[]): Record<string, T> =>
      Object.fromEntries(wiring.outputs.map(({ name }, i) => [name, list[i]]));
    model.compile({
      optimizer: makePiece("optimizer", optimizer, own),
      loss: forOutputs(losses.map((loss) => makePiece("loss", loss, own))),
      lossWeights: forOutputs(lossWeights),
      metrics: forOutputs(
        metrics.map((list) =>
          list.map((metric) =>
            typeof metric === "string" ? (metric as BuiltInMetric) : ownMetric(metric.name, own),
          ),
        ),
      ),
      ...(mixed && { augmentation: mixup(mixed.alpha) }),
    });
  }
  const custom = network.layers.filter((layer) => layer.custom);
  const places = naming(custom, () => {
    const all = model.network(columns);
    numbersOf(all);
    return all;
  });
  const parameters = parametersOf(places, model.wiring, network, tensors);
  const { units } = places;
  check(
    table === undefined || unitsOf(table.pipeline.target) === units,
    () => `the network must have ${table && unitsOf(table.pipeline.target)} outputs; received ${units}`,
    "invalid_checkpoint",
  );
  const state = compile && trainedWith?.progress ? stateOf(tensors) : undefined;
  const { progress = { step: 0, epoch: 0, cursor: 0 }, seed = 0 } = trainedWith ?? {};
  // weights trained separately from those of the model are part of the state
  const apart = state !== undefined && (PARAMETERS in state || EVALUATED in state);
  const weights = apart ? EVALUATED : PARAMETERS;
  model.restore({
    row: rowOf(wiring) ?? columns,
    saved: { progress, seed, arrays: { ...state, [weights]: parameters } },
    training,
    recompiled: state === undefined,
  });
  return model;
}

function stateOf(tensors: Tensors): Record<string, Float32Array> {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(STATE));
  return Object.fromEntries(own.map(([name, { data }]) => [name.slice(STATE.length), data]));
}

function trainingOf(notes: unknown): TrainingNotes | undefined {
  if (notes === undefined) return undefined;
  const isPiece = (piece: unknown): boolean =>
    isRecord(piece) && typeof piece.name === "string" && isRecord(piece.options);
  const isProgress = (progress: unknown): boolean =>
    isRecord(progress) &&
    ["step", "epoch", "cursor"].every(
      (name) => Number.isSafeInteger(progress[name]) && Number(progress[name]) >= 0,
    );
  if (
    isRecord(notes) &&
    isPiece(notes.optimizer) &&
    [notes.losses, notes.lossWeights, notes.metrics].every((list) => Array.isArray(list)) &&
    (notes.losses as unknown[]).every(isPiece) &&
    (notes.metrics as unknown[]).every(
      (list) => Array.isArray(list) && list.every((metric) => typeof metric === "string" || isPiece(metric)),
    ) &&
    (notes.mixup === undefined || (isRecord(notes.mixup) && typeof notes.mixup.alpha === "number")) &&
    (notes.progress === undefined || (isProgress(notes.progress) && Number.isSafeInteger(notes.seed)))
  )
    return notes as unknown as TrainingNotes;
  throw new FettleError(
    "invalid_checkpoint",
    "this is not a model file of Fettle: the description of its training is invalid",
  );
}
