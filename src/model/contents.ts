/** A network of `sequential` as the contents of a model file, and back. */
import type { SavedRun } from "../engine/executor.js";
import { check, FettleError, isRecord, show } from "../errors.js";
import { type BuiltInMetric, metrics as builtInMetrics, getMetrics } from "../metrics/registry.js";
import { layerNames, networkOf } from "../nn/architecture.js";
import { getLoss } from "../nn/losses/registry.js";
import { Sequential } from "../nn/sequential.js";
import type {
  LayerDescription,
  ModelContents,
  NetworkDescription,
  PieceDescription,
} from "../predict/description.js";
import type { Tensor, Tensors } from "../predict/safetensors.js";
import { type CustomObjects, describePiece, makePiece } from "./pieces.js";

/** How a network is trained on. */
interface TrainingNotes {
  readonly optimizer: PieceDescription;
  readonly loss: PieceDescription;
  /** Names of the built-in metrics; custom ones are not kept. */
  readonly metrics: readonly string[];
  /** Where training is, if the state of the optimizer is in the file: its arrays have names that begin with `training.`. */
  readonly progress?: SavedRun["progress"];
  readonly seed?: number;
}

const STATE = "training.";
const PARAMETERS = "parameters";

/** @param withOptimizer - whether the state of training is kept too */
export function contentsOf(model: Sequential, withOptimizer: boolean): ModelContents {
  const { columns, saved } = model.trained();
  const { optimizer, loss, metrics } = model.compiledWith();
  const { layers, parameters } = networkOf(model.layers, columns);
  const names = layerNames(model.layers);
  const vector = saved.arrays[PARAMETERS];
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
      if (name !== PARAMETERS)
        tensors[STATE + name] = { shape: [data.length], data: Float32Array.from(data) };
  const training: TrainingNotes = {
    optimizer: describePiece("optimizer", optimizer),
    loss: describePiece("loss", getLoss(loss)),
    metrics: metrics.map(({ name }) => name).filter((name) => Object.hasOwn(builtInMetrics, name)),
    ...(withOptimizer && { progress: saved.progress, seed: saved.seed }),
  };
  return { network: { columns, layers: described }, tensors, notes: { training } };
}

/**
 * The network of a model file, compiled and trained as it was saved.
 *
 * @param compile - whether loss and optimizer are made too; without them it predicts, and cannot be trained on
 * @throws FettleError `invalid_checkpoint` for arrays that do not fit the layers; as `makePiece`
 */
export function networkFrom(
  { network, tensors, notes }: ModelContents,
  own: CustomObjects,
  compile: boolean,
): Sequential {
  const { columns, layers } = network;
  const model = new Sequential(layers.map((layer) => makePiece("layer", layer, own)));
  const training = trainingOf(notes.training);
  if (compile && training) {
    const { optimizer, loss, metrics } = training;
    model.compile({
      optimizer: makePiece("optimizer", optimizer, own),
      loss: makePiece("loss", loss, own),
      metrics: getMetrics("metrics", metrics as BuiltInMetric[]),
    });
  } else model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const parameters = parametersOf(model, network, tensors);
  const state = compile && training?.progress ? stateOf(tensors) : undefined;
  const { progress = { step: 0, epoch: 0, cursor: 0 }, seed = 0 } = training ?? {};
  model.restore(columns, { progress, seed, arrays: { ...state, parameters } }, state === undefined);
  return model;
}

/** The vector of all parameters. */
function parametersOf(
  model: Sequential,
  { columns, layers }: NetworkDescription,
  tensors: Tensors,
): Float32Array {
  const places = networkOf(model.layers, columns);
  const names = layerNames(model.layers);
  const vector = new Float32Array(places.size);
  for (const [i, { parameters }] of places.layers.entries())
    for (const { name, shape, offset } of parameters) {
      const { id, weights } = layers[i];
      const tensor = Object.hasOwn(weights, name) ? tensors[weights[name]] : undefined;
      check(
        id === names[i] && tensor && String(tensor.shape) === String(shape),
        () =>
          `the model file must have an array of shape ${show(shape)} for ${id}.${name}; received ${show(tensor?.shape)}`,
        "invalid_checkpoint",
      );
      vector.set(tensor.data, offset);
    }
  return vector;
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
    isPiece(notes.loss) &&
    Array.isArray(notes.metrics) &&
    (notes.progress === undefined || (isProgress(notes.progress) && Number.isSafeInteger(notes.seed)))
  )
    return notes as unknown as TrainingNotes;
  throw new FettleError(
    "invalid_checkpoint",
    "this is not a model file of Fettle: how it is trained on is not described as Fettle does",
  );
}
