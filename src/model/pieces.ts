/**
 * Layers, optimizers, schedules, constraints and losses from plain data, see describe.ts: each is made by its
 * factory. The user provides custom pieces again.
 */
import { FettleError, isA, isRecord, messageOf, must, show } from "../errors.js";
import type { CustomMetric } from "../metrics/metric.js";
import { checkMetric } from "../metrics/names.js";
import type { Layer } from "../nn/layers/layer.js";
import type { LossFunction } from "../nn/losses/loss.js";
import { losses } from "../nn/losses/registry.js";
import { constraints, type WeightConstraint } from "../nn/weights/constraints.js";
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
 * the file as one object; functions of activations, constraints and losses; and metrics.
 */
export type CustomObjects = Readonly<Record<string, ((...options: never[]) => unknown) | CustomMetric>>;

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
  const piece = givenPiece(kind, name, own);
  must(typeof piece === "function", nameOf(name), savedWith(kind), piece);
  const make = piece as (options?: unknown) => unknown;
  if (kind === "function" || kind === "loss") return make;
  return (options) => {
    const made = naming([{ name, options: options as Options }], () => make(options));
    must(isRecord(made), `what ${nameOf(name)} returns`, `a ${kind}`, made);
    return made;
  };
}

/**
 * The custom metric of that name.
 *
 * @throws FettleError `invalid_argument` if it is missing, or is not a metric
 */
export function ownMetric(name: string, own: CustomObjects): CustomMetric {
  const metric = givenPiece("metric", name, own);
  must(isRecord(metric), nameOf(name), savedWith("metric"), metric);
  checkMetric(metric as unknown as CustomMetric);
  return metric as unknown as CustomMetric;
}

function givenPiece(kind: string, name: string, own: CustomObjects): unknown {
  const piece = Object.hasOwn(own, name) ? own[name] : undefined;
  must(piece !== undefined, nameOf(name), savedWith(kind), piece);
  return piece;
}

const nameOf = (name: string): string => `customObjects[${show(name)}]`;
const savedWith = (kind: string): string => `the ${kind} that the model was saved with`;

/** Runs what may fail because of custom factories, whose errors then name them and what they were given. */
export function naming<T>(called: readonly Pick<PieceDescription, "name" | "options">[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (called.length === 0) throw error;
    const calls = called.map(({ name, options }) => `${nameOf(name)}(${show(options)})`);
    throw new FettleError(
      isA(error, FettleError) ? error.code : "invalid_argument",
      `${messageOf(error)}; received from ${calls.join(", ")}: a factory is called with the options in the file, as one object`,
      { cause: error },
    );
  }
}
