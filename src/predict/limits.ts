/** Refusals and batch sizes of predictors, shared by the parts that load first and on demand. */
import { must, show } from "../errors.js";
import type { LayerDescription } from "./description.js";

/** Refuses a layer that the reader of the network does not support. @throws FettleError `unsupported` */
export function mustBeBuiltIn(found: unknown, { id, name, custom }: LayerDescription): asserts found {
  must(found, `layer ${show(id)}`, BUILT_IN, custom ? { custom: name } : name, "unsupported");
}

export const BUILT_IN = "built-in to be exported, or loaded by loadPredictor";

/** The most rows at a time: their numbers stay in a cache. */
const MOST_ROWS = 256;
/** The size of intermediate values that is always allowed; more only for networks with as many parameters. */
const ROOM = 2 ** 18;

/** The number of rows computed at a time, each with `width` intermediate numbers. */
export function rowsAtATime(width: number, parameters: number): number {
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(Math.max(ROOM, parameters) / width)));
}

/**
 * The default limit of WebAssembly memory in bytes: twice the parameters, and the values computed from rows.
 */
export const memoryFor = (parameters: number): number => 2 ** 26 + 8 * parameters;
