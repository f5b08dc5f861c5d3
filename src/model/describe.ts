/**
 * Layers, optimizers, schedules and losses as plain data: by the name and the options of their factories, as
 * in Keras. Custom pieces are named. pieces.ts reads them.
 */
import { check } from "../errors.js";
import { nameIn } from "../names.js";
import { type Activation, activationName, savedName } from "../nn/activations.js";
import type { Layer } from "../nn/layers/index.js";
import type { LossFunction } from "../nn/losses/loss.js";
import { initializers } from "../nn/weights/initializers.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedule.js";
import type { PieceDescription } from "../predict/description.js";
import { madeOf } from "../recipe.js";

type Options = Readonly<Record<string, unknown>>;

/**
 * A layer, optimizer or loss as plain data.
 *
 * @throws FettleError `unsupported` for a function without a name
 */
export function describePiece(
  kind: string,
  piece: Layer | Optimizer | Schedule | LossFunction,
): PieceDescription {
  const made = madeOf(piece);
  if (made) {
    const options = optionsOf(made.options, !made.custom);
    return { name: made.name, options, ...(made.custom && { custom: true }) };
  }
  if (typeof piece === "function") return { name: ownName(kind, piece), options: {}, custom: true };
  const own = piece as Partial<Layer & Optimizer>;
  return { name: (own.type ?? own.name) as string, options: optionsOf(own.options ?? {}), custom: true };
}

function ownName(kind: string, { name }: { readonly name: string }): string {
  const message = `a custom ${kind} must be a function with a name to be saved, so that it can be provided on loading; received one without`;
  check(name !== "", message, "unsupported");
  return name;
}

/** @param isBuiltIn - whether an option named activation is one */
function optionsOf(options: Options, isBuiltIn = false): Options {
  const named = Object.entries(options).flatMap(([key, value]): [string, unknown][] => {
    // parameters are already initialized
    if (key.endsWith("Initializer") && typeof value === "function") {
      const name = nameIn<unknown>(initializers, value);
      return name === undefined ? [] : [[key, name]];
    }
    if (key.endsWith("Constraint") && typeof value === "function")
      return [[key, { function: ownName("constraint", value) }]];
    if (value === undefined) return [];
    return [[key, optionOf(isBuiltIn && /activation$/i.test(key) ? savedName(value) : value)]];
  });
  return Object.fromEntries(named);
}

function optionOf(value: unknown): unknown {
  if (typeof value === "function")
    return activationName(value as Activation) ?? { function: ownName("activation", value) };
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(optionOf);
  // a schedule, a constraint or a layer
  if (madeOf(value)) return describePiece("schedule", value as Schedule);
  return optionsOf(value as Options);
}
