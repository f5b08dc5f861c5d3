/** Layers of a file from plain data, each made by its factory. What is the user's own is asked for. */
import { FettleError, isRecord, show } from "../errors.js";
import { isFactory, makeLayer } from "../nn/layers/factories.js";
import type { Layer } from "../nn/layers/layer.js";
import type { PieceDescription } from "./description.js";

type Options = Readonly<Record<string, unknown>>;

/** What a file names and does not have. */
export interface Given {
  /** A layer's factory, or a function, by its name: the user's own. Throws where it is not there. */
  own(kind: string, name: string): (options?: unknown) => unknown;
  /** A piece within options that is no built-in layer, such as a schedule. */
  piece(description: PieceDescription): unknown;
}

/**
 * A layer as it was made.
 *
 * @throws FettleError as the factory; `invalid_checkpoint` for a name that no factory has; as `given`
 */
export function layerFrom({ name, options, custom }: PieceDescription, given: Given): Layer {
  const made = optionsFrom(options, given);
  if (custom) return given.own("layer", name)(made) as Layer;
  if (isFactory(name)) return makeLayer(name, made);
  throw noPiece("layer", name);
}

/** Options with pieces in place of their descriptions. */
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
