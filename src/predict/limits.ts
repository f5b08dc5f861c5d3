/** What predictors refuse and how much they take at a time: shared by the part that is loaded first and the part that is loaded late. */
import { must, show } from "../errors.js";
import type { LayerDescription } from "./description.js";

/** Refuses a layer that is not there for what reads the network. @throws FettleError `unsupported` */
export function mustBeBuiltIn(found: unknown, { id, name, custom }: LayerDescription): asserts found {
  must(found, `layer ${show(id)}`, BUILT_IN, custom ? { custom: name } : name, "unsupported");
}

export const BUILT_IN = "built-in to be exported, or loaded by loadPredictor";

/** Rows at a time at most: their numbers stay in a cache. */
const MOST_ROWS = 256;
/** Numbers of rows on their way that are always allowed; more only for networks that have as many parameters. */
const ROOM = 2 ** 18;

/** How many rows are computed at a time, each with `width` numbers on their way. */
export function rowsAtATime(width: number, parameters: number): number {
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(Math.max(ROOM, parameters) / width)));
}

/** Bytes of WebAssembly memory at most, by default: for so many parameters twice, and what is made of rows. */
export const memoryFor = (parameters: number): number => 2 ** 26 + 8 * parameters;
