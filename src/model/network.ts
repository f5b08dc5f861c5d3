/** The network of a model file, as it was saved. */
import { check, FettleError, isRecord, show } from "../errors.js";
import { type BuiltInMetric, getMetrics } from "../metrics/registry.js";
import { layerNames, networkOf } from "../nn/architecture.js";
import { Sequential } from "../nn/sequential.js";
import { EVALUATED, PARAMETERS } from "../nn/trainedWeights.js";
import type { ModelContents, NetworkDescription } from "../predict/description.js";
import type { Tensors } from "../predict/safetensors.js";
import { STATE, type TrainingNotes } from "./contents.js";
import { type CustomObjects, makePiece } from "./pieces.js";

/**
 * The network of a model file, compiled and trained as it was saved.
 *
 * @param compile - whether loss and optimizer are made too; without them it predicts, and cannot be trained on
 * @throws FettleError `invalid_checkpoint` for arrays that do not fit the layers; as `makePiece`
 */
export function networkFrom(
  { network, tensors, table, notes }: ModelContents,
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
  const { units } = networkOf(model.layers, columns);
  check(
    table === undefined || table.outputs === units,
    () => `the network must have ${table?.outputs} outputs; received ${units}`,
    "invalid_checkpoint",
  );
  const state = compile && training?.progress ? stateOf(tensors) : undefined;
  const { progress = { step: 0, epoch: 0, cursor: 0 }, seed = 0 } = training ?? {};
  // weights that are trained apart from those of the model are part of the state
  const apart = state !== undefined && (PARAMETERS in state || EVALUATED in state);
  const weights = apart ? EVALUATED : PARAMETERS;
  model.restore(
    columns,
    { progress, seed, arrays: { ...state, [weights]: parameters } },
    state === undefined,
  );
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
  const found = places.layers.flatMap(({ parameters }, i) => {
    const { id, inputs, weights } = layers[i];
    check(
      id === names[i] && inputs.length === 1 && inputs[0] === (names[i - 1] ?? "input"),
      () =>
        `layer ${show(id)} must be ${show(names[i])}, and take the layer before it; received inputs ${show(inputs)}`,
      "invalid_checkpoint",
    );
    return parameters.map(({ name, shape }) => {
      const tensor = Object.hasOwn(weights, name) ? tensors[weights[name]] : undefined;
      check(
        tensor && String(tensor.shape) === String(shape),
        () =>
          `the model file must have an array of shape ${show(shape)} for ${id}.${name}; received ${show(tensor?.shape)}`,
        "invalid_checkpoint",
      );
      return tensor;
    });
  });
  // not before, since no more is in the file than its arrays
  const vector = new Float32Array(places.size);
  for (const [i, { data }] of found.entries()) vector.set(data, places.parameters[i].offset);
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
