/**
 * Weights on their way between a model and its layers: those of layers that are new to the model, and those
 * that it trained. They are those for evaluation, see `../weights/trainedWeights.ts`. Nothing runs here.
 */
import { check } from "../../errors.js";
import { type Shape, showShape } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";
import {
  heldBy,
  type LayerWeights,
  type RunningWeights,
  setWeightsOfLayer,
  type WeightsCode,
  weightsOfLayer,
} from "../layers/layerWeights.js";
import type { LayerPlace, Network, Wiring } from "../network/network.js";
import type { WeightsPart } from "../weights/trainedWeights.js";
import type { AnyTraining } from "./anyTraining.js";

/** A layer with parameters, and the shapes of rows of its inputs. */
export interface Owner extends LayerPlace {
  readonly shapes: readonly Shape[];
}

/** The weights of each owner; undefined for those that have none yet. */
export type Seen = readonly (LayerWeights | undefined)[];

/** The layers that have parameters, each once. */
export function ownersIn({ inputs, layers }: Network): readonly Owner[] {
  const shapes = [...inputs, ...layers].map(({ shape }) => shape);
  const owners = new Map<string, Owner>();
  for (const place of layers)
    if (place.parameters.length > 0 && !owners.has(place.name))
      owners.set(place.name, { ...place, shapes: place.inputs.map((value) => shapes[value]) });
  return [...owners.values()];
}

export const seenIn = (owners: readonly Owner[]): Seen => owners.map(({ layer }) => weightsOfLayer(layer));

/**
 * The weights that differ from those that were seen, in their places.
 *
 * @throws FettleError `invalid_shape` for a layer that has weights for other inputs
 */
export function newParts(owners: readonly Owner[], now: Seen, before: Seen = []): WeightsPart[] {
  return owners.flatMap((owner, i) => {
    const weights = now[i];
    if (weights === undefined || weights === before[i]) return [];
    mustFit(owner, weights);
    return owner.parameters.map(({ offset }, j) => {
      const place = weights.parameters[j];
      return { offset, values: weights.vector.subarray(place.offset, place.offset + place.size) };
    });
  });
}

/** The weights that layers of a network bring to a training. @throws FettleError as `newParts` */
export function startingWeights(network: Network): WeightsPart[] {
  const owners = ownersIn(network);
  return newParts(owners, seenIn(owners));
}

function mustFit({ name, shapes, parameters }: Owner, { inputs, parameters: own }: LayerWeights): void {
  const [has, needs] = [
    own.map(({ path, shape }) => `${path} ${showShape(shape)}`).join(", "),
    parameters.map((each) => `${each.name} ${showShape(each.shape)}`).join(", "),
  ];
  check(
    has === needs,
    () =>
      `${name} has weights for rows of shape ${inputs.map(showShape).join(", ")}: ${has}; received ${shapes.map(showShape).join(", ")}, which need ${needs}. A new layer has separate weights`,
    "invalid_shape",
  );
}

/** The weights of an owner within the vector of its model; not copied if they are in one piece. */
export function weightsOfOwner(
  { layer: { type }, parameters, shapes }: Owner,
  vector: Floats,
  code: WeightsCode,
): LayerWeights {
  let size = 0;
  const own = parameters.map((place) => {
    size += place.size;
    return { path: place.name, shape: place.shape, size: place.size, offset: size - place.size };
  });
  const [{ offset: first }] = parameters;
  const inOnePiece = parameters.every(({ offset }, i) => offset === first + own[i].offset);
  const pieces = parameters.map((place) => vector.subarray(place.offset, place.offset + place.size));
  const numbers = inOnePiece ? vector.subarray(first, first + size) : new Float32Array(size);
  if (!inOnePiece) for (const [i, piece] of pieces.entries()) numbers.set(piece, own[i].offset);
  return { parameters: own, size, vector: numbers, type, inputs: shapes, code };
}

/**
 * Gives the layers the weights of a model.
 *
 * @throws FettleError `invalid_shape` for a layer that has weights for other inputs; then no layer changes
 */
export function giveWeights(owners: readonly Owner[], vector: Floats, code: WeightsCode): Seen {
  newParts(owners, seenIn(owners)); // whether they fit
  return owners.map((owner) => {
    const weights = weightsOfOwner(owner, vector, code);
    setWeightsOfLayer(owner.layer, weights);
    return weights;
  });
}

/** Lets the layers have the weights of a running training; returns what ends that. */
export function during(run: AnyTraining, owners: readonly Owner[], code: WeightsCode): () => void {
  const ends = owners.map((owner) => {
    const { runs } = heldBy(owner.layer);
    const running: RunningWeights = {
      trains: owner.parameters.some(({ trainable }) => trainable),
      read: () => weightsOfOwner(owner, run.control.getParameters(), code),
      write: (weights) => run.writeWeights(newParts([owner], [weights])),
    };
    runs.add(running);
    return () => runs.delete(running);
  });
  return () => {
    for (const end of ends) end();
  };
}

/**
 * Refuses to train what another model trains.
 *
 * @throws FettleError `invalid_state`
 */
export function mustBeFree({ calls }: Wiring): void {
  for (const { layer, name } of calls)
    for (const { trains } of heldBy(layer).runs)
      check(
        !trains && layer.trainable === false,
        () => `${name} must not be trained by two models at once; await the training of the other first`,
        "invalid_state",
      );
}
