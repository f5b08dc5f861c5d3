/**
 * Layers, optimizers, schedules and losses from plain data, see describe.ts: each is made by its factory. What is the user's own is given
 * again.
 */
import { FettleError, isRecord, must, show } from "../errors.js";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  embedding,
  type FlipMode,
  flatten,
  gaussianNoise,
  type Layer,
  layerNormalization,
  type MergeName,
  merge,
  randomFlip,
  randomTranslation,
} from "../nn/layers/index.js";
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

/**
 * What the user made, by name: factories of layers, optimizers and schedules, which are called with the options in the file, and
 * functions that are activations and losses.
 */
export type CustomObjects = Readonly<Record<string, (...options: never[]) => unknown>>;

type Options = Readonly<Record<string, unknown>>;
type Factory<T> = (options: Options) => T;

/** Factories by name, from options as files have them. */
const FACTORIES = {
  layer: {
    dense: ({ units, ...rest }) => dense(units as number, rest),
    dropout: ({ rate }) => dropout(rate as number),
    activation: ({ activation: name }) => activation(name as "relu"),
    gaussianNoise: ({ stddev }) => gaussianNoise(stddev as number),
    batchNormalization,
    embedding: ({ inputDim, outputDim, ...rest }) => embedding(inputDim as number, outputDim as number, rest),
    flatten,
    layerNormalization,
    merge: ({ way }) => merge(way as MergeName),
    randomFlip: ({ mode }) => randomFlip(mode as FlipMode),
    randomTranslation: ({ height, width }) => randomTranslation(height as number, width as number),
  } satisfies Record<string, Factory<Layer>>,
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
};
type Kind = keyof typeof FACTORIES;

/**
 * A piece as it was made.
 *
 * @throws FettleError `invalid_argument` for a custom piece that is not given; `unknown_name`, `invalid_argument` for names and options
 * that no factory takes
 */
export function makePiece(kind: "layer", description: PieceDescription, own: CustomObjects): Layer;
export function makePiece(kind: "optimizer", description: PieceDescription, own: CustomObjects): Optimizer;
export function makePiece(kind: "schedule", description: PieceDescription, own: CustomObjects): Schedule;
export function makePiece(kind: "loss", description: PieceDescription, own: CustomObjects): LossFunction;
export function makePiece(
  kind: Kind,
  { name, options, custom }: PieceDescription,
  own: CustomObjects,
): unknown {
  if (custom) {
    const given = ownPiece(kind, name, own);
    return kind === "loss" ? given : given(made(options, own));
  }
  const table: Readonly<Record<string, Factory<unknown>>> = FACTORIES[kind];
  if (!Object.hasOwn(table, name))
    throw new FettleError(
      "invalid_checkpoint",
      `this release has no ${kind} ${show(name)}, which the model has; update Fettle`,
    );
  return table[name](made(options, own));
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

/** Options with pieces in place of their descriptions. */
function made(options: Options, own: CustomObjects): Options {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, optionFrom(value, own)]));
}

function optionFrom(value: unknown, own: CustomObjects): unknown {
  if (Array.isArray(value)) return value.map((each) => optionFrom(each, own));
  if (!isRecord(value)) return value;
  if (typeof value.function === "string") return ownPiece("activation", value.function, own);
  if (typeof value.name !== "string" || !isRecord(value.options)) return made(value, own);
  return makePiece("schedule", value as unknown as PieceDescription, own);
}
