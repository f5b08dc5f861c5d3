/**
 * The weights of layers. A layer only describes; what it has learned is here, by its identity, so that models
 * which share a layer share its weights. So do the forms of a layer that `freeze` and `named` return. Nothing
 * runs here.
 */
import type { NdArray } from "ndarray";
import type { AnyArray } from "../../engine/arrays.js";
import { FettleError } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";

/** Arrays within one vector, by path. */
export interface Places {
  readonly parameters: readonly {
    readonly path: string;
    readonly shape: Shape;
    readonly offset: number;
    readonly size: number;
  }[];
  readonly size: number;
}

/** The weights of a layer. They are replaced, never changed, so a model sees by identity if they are new. */
export interface LayerWeights extends Places {
  readonly vector: Floats;
  /** The type of the layer that they were made for, and the shapes of rows of its inputs. */
  readonly type: string;
  readonly inputs: readonly Shape[];
  readonly code: WeightsCode;
}

/** The code that converts weights; it is loaded with the first weights. */
export interface WeightsCode {
  arraysOf(places: Places, vector: Floats): Record<string, NdArray<Floats>>;
  vectorOf(places: Places, arrays: Readonly<Record<string, AnyArray>>): Float32Array;
}

/** A training that has the weights of a layer while it runs. */
export interface RunningWeights {
  /** Whether it changes them. */
  readonly trains: boolean;
  read(): LayerWeights;
  write(weights: LayerWeights): void;
}

/** What the forms of one layer share. */
interface Held {
  weights: LayerWeights | undefined;
  readonly runs: Set<RunningWeights>;
}

const held = new WeakMap<object, Held>();

/** What the forms of a layer share; its identity is that of the weights. */
export function heldBy(layer: object): Held {
  let own = held.get(layer);
  if (own === undefined) {
    own = { weights: undefined, runs: new Set() };
    held.set(layer, own);
  }
  return own;
}

/** Lets a form of a layer share its weights; returns the form. */
export function sharing<T extends object>(form: T, layer: object): T {
  held.set(form, heldBy(layer));
  return form;
}

/** The weights of a layer, those of a running training included; undefined before it has any. */
export function weightsOfLayer(layer: object): LayerWeights | undefined {
  const { weights, runs } = heldBy(layer);
  for (const run of runs) return run.read();
  return weights;
}

/**
 * Replaces the weights of a layer, in running trainings too. Those that a training changes are kept when it
 * ends, unless it fails.
 */
export function setWeightsOfLayer(layer: object, weights: LayerWeights): void {
  const own = heldBy(layer);
  const runs = [...own.runs];
  for (const run of runs) run.write(weights);
  if (!runs.some(({ trains }) => trains)) own.weights = weights;
}

/** `getWeights` of every layer. */
export function getWeights(this: { readonly type: string }): Record<string, NdArray<Floats>> {
  const weights = mustHaveWeights(this);
  return weights.code.arraysOf(weights, weights.vector);
}

/** `setWeights` of every layer. */
export function setWeights(
  this: { readonly type: string },
  arrays: Readonly<Record<string, AnyArray>>,
): void {
  const weights = mustHaveWeights(this);
  setWeightsOfLayer(this, { ...weights, vector: weights.code.vectorOf(weights, arrays) });
}

function mustHaveWeights(layer: { readonly type: string }): LayerWeights {
  const weights = weightsOfLayer(layer);
  if (weights) return weights;
  throw new FettleError(
    "invalid_state",
    `${layer.type} has no weights yet; call build or fit of a model that has it first`,
  );
}
