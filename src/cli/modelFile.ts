/** Model files named on the command line. */
import type { UnknownRule } from "../data/read.js";
import { FettleError } from "../errors.js";
import type { Model } from "../model/model.js";
import { loadModel } from "../model/save.js";
import { loadPredictor, type Predictor, type PredictorOptions } from "../predict/predictor.js";
import { bytesOf, firstBytes, nameOf } from "./files.js";
import { ENCODING, LIMITS, text } from "./flags.js";

/** Model files begin with a length and then this: a header with a checksum. */
const BEGIN = '{"__metadata__":{"crc32"';

/** Whether a file begins like a model file. */
export const isModelFile = (path: string): boolean => firstBytes(path, 8 + BEGIN.length).endsWith(BEGIN);

/** Whether its first bytes, of which a pipe may have delivered only some, can begin a model file. */
const mayBeModel = (first: Uint8Array): boolean =>
  BEGIN.startsWith(Buffer.from(first.subarray(8, 8 + BEGIN.length)).toString("latin1"));

/** The flags of reading rows for a model. */
export const ROWS = {
  unknown: text<UnknownRule>(
    "<rule>",
    "how to treat categories that the model has not seen: refuse, missing or ignore (default: as the model says, or refuse)",
  ),
  encoding: ENCODING,
  limits: LIMITS,
};

/** @throws FettleError naming the file, if it cannot be read, is not a model file, or needs custom code */
export function readPredictor(path: string, options: PredictorOptions): Promise<Predictor> {
  return reading(path, (bytes) => loadPredictor(bytes, options));
}

/** @throws FettleError as {@link readPredictor} */
export function readModel(path: string): Promise<Model> {
  return reading(path, (bytes) => loadModel(bytes, { compile: false }));
}

async function reading<T>(path: string, load: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  const bytes = bytesOf(path, mayBeModel);
  try {
    return await load(bytes);
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(error.code, `${nameOf(path)}: ${error.message}`, { cause: error });
  }
}
