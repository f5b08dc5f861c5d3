/**
 * Layers of a file from plain data, each made by its factory. Custom pieces are requested from the caller.
 */
import { FettleError, isRecord, show } from "../errors.js";
import { isFactory, makeLayer } from "../nn/layers/factories.js";
import type { Layer } from "../nn/layers/layer.js";
import type { PieceDescription } from "./description.js";

type Options = Readonly<Record<string, unknown>>;

/** Pieces that a file names but does not contain. */
export interface Given {
  /** A custom layer's factory, or a custom function, by its name. Throws if it is missing. */
  own(kind: string, name: string): (options?: unknown) => unknown;
  /** A piece within options other than a built-in layer, such as a schedule. */
  piece(description: PieceDescription): unknown;
}

/**
 * The layer of a description.
 *
 * @throws FettleError as the factory; `invalid_checkpoint` for a name that no factory has; as `given`
 */
export function layerFrom({ name, options, custom }: PieceDescription, given: Given): Layer {
  const made = optionsFrom(options, given);
  if (custom) return given.own("layer", name)(made) as Layer;
  if (isFactory(name)) return makeLayer(name, made);
  throw noPiece("layer", name);
}

/** Options with pieces instead of their descriptions. */
export function optionsFrom(options: Options, given: Given): Options {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, optionFrom(value, given)]));
}

function optionFrom(value: unknown, given: Given): unknown {
  if (Array.isArray(value)) return value.map((each) => optionFrom(each, given));
  if (!isRecord(value)) return value;
  const { name, options, custom } = value;
  if (typeof value.function === "string") return given.own("function", value.function);
  if (typeof name !== "string" || !isRecord(options)) return optionsFrom(value, given);
  const piece = value as unknown as PieceDescription;
  return isFactory(name) && !custom ? layerFrom(piece, given) : given.piece(piece);
}

export const noPiece = (kind: string, name: string): FettleError =>
  new FettleError(
    "invalid_checkpoint",
    `this release has no ${kind} ${show(name)}, which the model has; update Fettle`,
  );
