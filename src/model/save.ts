/** Models as bytes and back: the model file, see predict/description.ts. */

import { platform } from "#platform";
import { checkUnknownRule, type UnknownRule } from "../data/read.js";
import { isPlainObject, isRecord, must } from "../errors.js";
import { LayersModel } from "../nn/models/layersModel.js";
import { ready } from "../numerics/kernels.js";
import { fetched } from "../platform/fetched.js";
import { readContents } from "../predict/description.js";
import { flag, type OptionRules, readOptions, rule } from "../rules.js";

import { Model, type SaveOptions } from "./model.js";
import { networkFrom } from "./network.js";
import type { CustomObjects } from "./pieces.js";

/**
 * A model as the bytes of a model file: safetensors, with everything but numbers as JSON in the metadata.
 *
 * @param model - `final` of `tune`, the result of `loadModel`, or a trained network
 * @throws FettleError `invalid_state` for a network that is not trained; `unsupported` for a custom function
 * without a name
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const bytes = saveModel(model);
 * const again = await loadModel(bytes);
 * again.predict([[4]]).get(0, 0) === model.predict([[4]]).get(0, 0); // true
 * ```
 */
export function saveModel(model: Model | LayersModel, options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
  must(
    model instanceof Model || model instanceof LayersModel,
    "model",
    "the final model of tune, what loadModel returns, or a trained network",
    model,
  );
  return (model instanceof Model ? model : new Model(model)).bytes(options);
}

/** Options of loading. */
export interface LoadModelOptions {
  /** Custom layers, activations, losses, metrics, optimizers and schedules, by name. @defaultValue none */
  readonly customObjects?: CustomObjects;
  /** Whether to restore loss, optimizer and metrics, to continue training. @defaultValue true */
  readonly compile?: boolean;
  /**
   * How a word that the model was not trained on is treated.
   * @defaultValue the rule in the file, or `"refuse"`
   */
  readonly unknown?: UnknownRule;
}

const LOAD_RULES = {
  customObjects: [rule("an object of custom pieces by name", isPlainObject), {}],
  compile: [flag, true],
  unknown: (_, value) => checkUnknownRule(value),
} satisfies OptionRules<LoadModelOptions>;

/**
 * Loads a saved model: it predicts, and its network can be trained further.
 *
 * @param source - the bytes of a model file, or its place: a path or an address, also as a `URL`
 * @throws FettleError `invalid_checkpoint` for bytes that are not a model file, are damaged or newer;
 * `invalid_argument` for a missing custom piece; `not_found` for a file that cannot be read
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const loaded = await loadModel(saveModel(model)); // or loadModel("model.fettle")
 * loaded.predict([[4]]).shape; // [1, 1]
 * ```
 */
export async function loadModel(
  source: Uint8Array | ArrayBuffer | string | { readonly href: string },
  options: LoadModelOptions = {},
): Promise<Model> {
  const { customObjects, compile, unknown } = readOptions(options, "loadModel", LOAD_RULES);
  must(
    typeof source === "string" ||
      (isRecord(source) && typeof source.href === "string") ||
      source instanceof Uint8Array ||
      source instanceof ArrayBuffer,
    "a model file",
    "its bytes, its path or its URL",
    source,
  );
  await ready();
  const bytes = typeof source === "string" || "href" in source ? await bytesAt(source) : source;
  const contents = readContents(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes);
  const network = networkFrom(contents, customObjects, compile);
  const { training: _, ...notes } = contents.notes;
  return new Model(network, contents.table, notes, unknown);
}

/** The bytes of a file or an address; on hosts without files, every place is an address. */
function bytesAt(source: string | { readonly href: string }): Promise<Uint8Array> {
  const place = typeof source === "string" ? source : source.href;
  const isAddress = /^https?:/.test(place);
  return platform.files && !isAddress ? platform.files.read(place) : fetched(place);
}
