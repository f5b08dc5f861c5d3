/** A model as the files of another format. Each format's file knows what it can represent. */
import { byName, check, must, show } from "../../errors.js";
import { LayersModel } from "../../nn/models/layersModel.js";
import { ready } from "../../numerics/kernels.js";
import { contentsOf } from "../contents.js";
import { Model } from "../model.js";
import { networkFrom } from "../network.js";
import { contentsOfKeras } from "./importKeras.js";
import { importOnnx as contentsOfOnnx, type ImportOnnxOptions } from "./importOnnx.js";
import { importTfjs as contentsOfTfjs } from "./importTfjs.js";
import { exportJs } from "./js.js";
import { exportOnnx } from "./onnx.js";
import { exportTfjs, leftOutOfTfjs } from "./tfjs.js";

/** The files of a model in another format. */
export interface Exported {
  /** Contents by name; they belong in one folder. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Notes on omitted or changed parts of the model, for people. */
  readonly notes: readonly string[];
}

/** A note on the table's part, if a format has no place for it. */
const networkOnly = ({ table }: Model, why: string): string[] =>
  table ? [`the network alone, which takes ${table.pipeline.features.length} features: ${why}`] : [];

/** Refuses a format whose files have no place for the variances that a model predicts. */
function mustPredictTargets({ table }: Model, format: string): void {
  check(
    !table?.pipeline.target.moments,
    () =>
      `the format must be "safetensors" for a model of means and variances; received ${show(format)}, which has only a number for each target; ` +
      "or export its network, final.model, whose outputs are in the units that it learned",
    "unsupported",
  );
}

/** The inputs whose words ONNX accepts in only one spelling, since it does not read cells. */
function spelledOnly({ table }: Model): string[] {
  const ignoring = new Set(
    table?.schema.columns.flatMap(({ name, ignoreCase }) => (ignoreCase ? [name] : [])),
  );
  const inputs = table?.inputs.filter(({ name }) => ignoring.has(name)) ?? [];
  return inputs.map(
    ({ name, categories }) =>
      `column ${show(name)} ignores case and spaces, which ONNX does not: it knows ${categories.slice(0, 3).map(show).join(", ")}` +
      `${categories.length > 3 ? ` and ${categories.length - 3} more` : ""} as they are spelled here`,
  );
}

const FORMATS = {
  tfjs(model: Model): Exported {
    const { table } = model;
    const contents = { ...contentsOf(model.model, false), ...(table && { table }) };
    return {
      files: { ...exportTfjs(contents) },
      notes: [
        ...leftOutOfTfjs(contents.network),
        ...networkOnly(
          model,
          "TensorFlow.js has no place for the pipeline, which is in userDefinedMetadata of model.json",
        ),
      ],
    };
  },
  onnx: (model: Model): Exported => ({
    files: { "model.onnx": exportOnnx(model.model, model.table) },
    notes: spelledOnly(model),
  }),
  js: (model: Model): Exported => ({
    // Node treats ".js" as a module only if a package.json says so
    files: { "model.mjs": exportJs(model.model, model.table) },
    notes: ["last bits may differ between runtimes, unlike those of fettle/predict"],
  }),
  safetensors: (model: Model): Exported => ({ files: { "model.safetensors": model.bytes() }, notes: [] }),
} satisfies Record<string, (model: Model) => Exported>;

/** The formats of {@link exportModel}. */
export type ExportFormat = keyof typeof FORMATS;
/** The names of all formats. */
export const exportFormats: readonly ExportFormat[] = ["tfjs", "onnx", "safetensors", "js"];

/**
 * A model in another format: `tfjs`, a layers model of TensorFlow.js; `onnx`, pipeline included;
 * `safetensors`, the model file itself; `js`, a module without dependencies.
 *
 * @param model - `final` of `tune`, the result of `loadModel`, or a trained network
 * @throws FettleError `unknown_name` for another format; `unsupported` for parts that the format does not
 * have, such as a custom layer in TensorFlow.js; `invalid_state` for a network that is not trained
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * Object.keys(exportModel(model, "tfjs").files); // ["model.json", "weights.bin"]
 * ```
 */
export function exportModel(model: Model | LayersModel, format: ExportFormat): Exported {
  must(
    model instanceof Model || model instanceof LayersModel,
    "model",
    "the final model of tune, what loadModel returns, or a trained network",
    model,
  );
  const write = byName("format", FORMATS, format);
  const whole = model instanceof Model ? model : new Model(model);
  if (format !== "safetensors") mustPredictTargets(whole, format);
  return write(whole);
}

/**
 * The network of a layers model of TensorFlow.js, as `tf.loadLayersModel` takes it.
 *
 * @param json - `model.json`, as text or parsed
 * @param weights - the files that it names, joined in order
 * @throws FettleError `unsupported` for layers that Fettle does not have; `invalid_checkpoint` for damaged
 * files
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const { files } = exportModel(model, "tfjs");
 * const again = await importTfjs(files["model.json"] as string, files["weights.bin"] as Uint8Array);
 * ```
 */
export async function importTfjs(json: unknown, weights: Uint8Array): Promise<Model> {
  await ready();
  return new Model(networkFrom(contentsOfTfjs(json, weights), {}, false));
}

/**
 * The network of a `.keras` file, as Keras 3 saves it: `Sequential` or `Functional`, of layers that Fettle
 * has too, and models within it. The optimizer and its state are not read.
 *
 * @param bytes - of the file
 * @throws FettleError `unsupported` for layers that Fettle does not have, and other dtypes than float32;
 * `invalid_checkpoint` for damaged files
 * @example
 * ```ts
 * const predictionsOf = async (file: Uint8Array, x: number[][]) => (await importKeras(file)).model.predict(x);
 * typeof predictionsOf; // "function"
 * ```
 */
export async function importKeras(bytes: Uint8Array): Promise<Model> {
  await ready();
  return new Model(networkFrom(contentsOfKeras(bytes), {}, false));
}

/**
 * The network of an ONNX file, such as PyTorch exports: layers that predict, and can be trained further. The
 * model takes and answers rows as the file does: images are [channels, height, width], unless `channelsLast`
 * is true. Within it, channels are last.
 *
 * - Operators become the layers of the same name; activations that are written as several operators are
 *   recognized by their values. A bias, scale or slope for each channel becomes weights of a layer.
 * - The first axis of each input is the rows. All other axes must have fixed sizes.
 * - Arrays that the file uses twice become one layer with shared weights.
 * - It reads what `exportModel` writes of networks without a table. A model with a table is read from its
 *   model file.
 *
 * @param bytes - the file
 * @throws FettleError `unsupported` for operators that Fettle has no layers for, all of which it names, and
 * for weights in other files that `data` does not have; `invalid_checkpoint` for damaged files;
 * `limit_exceeded` for a file whose constants or weights would become many times its size
 * @example
 * ```ts
 * const model = sequential([dense(3, { activation: "relu" }), dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const { files } = exportModel(model, "onnx");
 * const again = await importOnnx(files["model.onnx"] as Uint8Array);
 * // to train it further
 * again.model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * ```
 */
export async function importOnnx(bytes: Uint8Array, options?: ImportOnnxOptions): Promise<Model> {
  await ready();
  return new Model(networkFrom(contentsOfOnnx(bytes, options), {}, false));
}
