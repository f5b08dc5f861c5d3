/**
 * A network in the Layers format of TensorFlow.js: Keras 2's topology as JSON, and float32 weights end to end. It needs nothing
 * of TensorFlow.js. It is not for graph models (TensorFlow's `SavedModel`), and not for training elsewhere: optimizer, loss,
 * initializers and constraints are left out. The format has no place for a table, which is written as metadata that TensorFlow.js keeps but never reads.
 *
 * @see https://www.tensorflow.org/js/guide/save_load
 */
import { activations } from "../../nn/activations.js";
import { getRegularizer, type Regularizer } from "../../nn/regularizers.js";
import { MODEL_FORMAT, type ModelContents } from "../../predict/description.js";
import { layersOf, type NetworkLayer } from "../../predict/layers.js";
import type { Tensor } from "../../predict/safetensors.js";
import { VERSION } from "../../version.js";

/** The files of a layers model. They must be in one folder. */
export interface TfjsFiles {
  /** What `tf.loadLayersModel` is given the path of. */
  readonly "model.json": string;
  readonly "weights.bin": Uint8Array<ArrayBuffer>;
}

export const DAMAGED = "invalid_checkpoint";
export const FORMAT = "layers-model";
/** The last version of the topology that TensorFlow.js reads in full. */
const KERAS = "2.15.0";

export type Json = Readonly<Record<string, unknown>>;

/**
 * The network of a model as a TensorFlow.js Layers model. It predicts the same up to the rounding of float32. It takes what the pipeline
 * makes of rows, and returns what the last layer does; the way from raw rows to an answer is in `userDefinedMetadata.fettle.table`.
 *
 * @throws FettleError `unsupported` for custom layers and activations; `invalid_checkpoint` for layers and arrays that do not fit each
 * other
 * @example
 * ```ts
 * const model = sequential([dense(8, { activation: "relu" }), dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const files = exportTfjs(contentsOf(model, false));
 * for (const [name, file] of Object.entries(files)) await writeFile(join(folder, name), file);
 * // elsewhere: await tf.loadLayersModel("https://example.com/folder/model.json")
 * ```
 */
export function exportTfjs({ network, tensors, table }: ModelContents): TfjsFiles {
  const weights: { readonly name: string; readonly tensor: Tensor }[] = [];
  const layers = layersOf(network, tensors).map((layer, i) => {
    const { id, kernel, bias } = layer;
    for (const [name, tensor] of Object.entries({ kernel, bias }))
      if (tensor) weights.push({ name: `${id}/${name}`, tensor });
    const [class_name, config] = WRITERS[layer.kind](layer);
    const input = i === 0 && { batch_input_shape: [null, network.columns] };
    return { class_name, config: { name: id, trainable: true, dtype: "float32", ...input, ...config } };
  });
  const model = {
    format: FORMAT,
    generatedBy: `Fettle ${VERSION}`,
    convertedBy: null,
    modelTopology: {
      class_name: "Sequential",
      config: { name: "sequential", layers },
      keras_version: KERAS,
      backend: "tensor_flow.js",
    },
    weightsManifest: [
      {
        paths: ["weights.bin"],
        weights: weights.map(({ name, tensor }) => ({ name, shape: tensor.shape, dtype: "float32" })),
      },
    ],
    ...(table && { userDefinedMetadata: { fettle: { format: MODEL_FORMAT, release: VERSION, table } } }),
  };
  const bytes = new Uint8Array(weights.reduce((sum, { tensor }) => sum + tensor.data.byteLength, 0));
  let at = 0;
  for (const { data } of weights.map(({ tensor }) => tensor)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return { "model.json": JSON.stringify(model), "weights.bin": bytes };
}

/** Keras' class and configuration of each kind of layer. It has the same activations; its `gelu` is the exact one too. */
const WRITERS: Readonly<Record<NetworkLayer["kind"], (layer: NetworkLayer) => readonly [string, Json]>> = {
  dense: ({ units, activation, bias, options }) => [
    "Dense",
    {
      ...{ units, activation, use_bias: bias !== undefined },
      kernel_regularizer: writtenRegularizer(options.kernelRegularizer),
      bias_regularizer: writtenRegularizer(options.biasRegularizer),
    },
  ],
  dropout: ({ options: { rate } }) => ["Dropout", { rate, noise_shape: null, seed: null }],
  activation: ({ activation }) => ["Activation", { activation }],
};

/** TensorFlow.js has one class for all penalties, in which a weight that is left out is 0.01. */
function writtenRegularizer(regularizer: unknown): Json | null {
  if (regularizer === undefined) return null;
  const { l1 = 0, l2 = 0 } = getRegularizer(regularizer as Regularizer);
  return { class_name: "L1L2", config: { l1, l2 } };
}

export function isActivation(value: unknown): value is string {
  return typeof value === "string" && Object.hasOwn(activations, value);
}
