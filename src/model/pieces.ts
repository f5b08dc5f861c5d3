/**
 * Layers, optimizers, schedules, constraints and losses from plain data, see describe.ts: each is made by its
 * factory. The user provides custom pieces again.
 */
import { must, show } from "../errors.js";
import { constraints, type WeightConstraint } from "../nn/constraints.js";
import type { Layer } from "../nn/layers/layer.js";
import type { LossFunction } from "../nn/losses/loss.js";
import { losses } from "../nn/losses/registry.js";
import type { Optimizer } from "../optim/optimizer.js";
import { optimizers } from "../optim/registry.js";
import type { Schedule } from "../optim/schedule.js";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  warmup,
} from "../optim/schedules.js";
import type { PieceDescription } from "../predict/description.js";
import { type Given, layerFrom, noPiece, optionsFrom } from "../predict/pieces.js";

/**
 * Custom pieces by name: factories of layers, optimizers and schedules, which are called with the options in
 * the file, and functions of activations, constraints and losses.
 */
export type CustomObjects = Readonly<Record<string, (...options: never[]) => unknown>>;

type Options = Readonly<Record<string, unknown>>;
type Factory<T> = (options: Options) => T;

/** Factories by name, which take the options in files. */
const FACTORIES = {
  optimizer: optimizers as unknown as Record<string, Factory<Optimizer>>,
  schedule: {
    exponentialDecay,
    cosineDecay,
    cosineDecayRestarts,
    oneCycle,
    piecewiseConstantDecay,
    warmup,
  } as unknown as Record<string, Factory<Schedule>>,
  loss: losses as unknown as Record<string, Factory<LossFunction>>,
  constraint: constraints as unknown as Record<string, Factory<WeightConstraint>>,
};
type Kind = keyof typeof FACTORIES;

/**
 * The piece of a description.
 *
 * @throws FettleError `invalid_argument` for a missing custom piece; `unknown_name`, `invalid_argument` for
 * names and options that no factory accepts
 */
export function makePiece(kind: "layer", description: PieceDescription, own: CustomObjects): Layer;
export function makePiece(kind: "optimizer", description: PieceDescription, own: CustomObjects): Optimizer;
export function makePiece(kind: "loss", description: PieceDescription, own: CustomObjects): LossFunction;
export function makePiece(kind: "layer" | Kind, description: PieceDescription, own: CustomObjects): unknown {
  const given: Given = {
    own: (what, name) => ownPiece(what, name, own),
    piece: (within) =>
      madeFrom(Object.hasOwn(constraints, within.name) ? "constraint" : "schedule", within, given),
  };
  return kind === "layer" ? layerFrom(description, given) : madeFrom(kind, description, given);
}

function madeFrom(kind: Kind, { name, options, custom }: PieceDescription, given: Given): unknown {
  if (custom) {
    const own = given.own(kind, name);
    return kind === "loss" ? own : own(optionsFrom(options, given));
  }
  const table: Readonly<Record<string, Factory<unknown>>> = FACTORIES[kind];
  if (!Object.hasOwn(table, name)) throw noPiece(kind, name);
  return table[name](optionsFrom(options, given));
}

function ownPiece(kind: string, name: string, own: CustomObjects): (options?: unknown) => unknown {
  must(
    Object.hasOwn(own, name) && typeof own[name] === "function",
    `customObjects[${show(name)}]`,
    `the ${kind} that the model was saved with`,
    Object.hasOwn(own, name) ? own[name] : undefined,
  );
  return own[name] as (options?: unknown) => unknown;
}
