/**
 * A network in the Layers format of TensorFlow.js: Keras 2's topology as JSON, and float32 weights end to end. It needs nothing
 * of TensorFlow.js. It is not for graph models (TensorFlow's `SavedModel`), and not for training elsewhere: optimizer, loss and
 * initializers are left out. The format has no place for a table, which is written as metadata that TensorFlow.js keeps but never reads.
 *
 * @see https://www.tensorflow.org/js/guide/save_load
 */
import { must, show } from "../../errors.js";
import type { activations } from "../../nn/activations.js";
import { getRegularizer, type Regularizer } from "../../nn/regularizers.js";
import { MODEL_FORMAT, type ModelContents } from "../../predict/description.js";
import type { Tensor } from "../../predict/safetensors.js";
import { VERSION } from "../../version.js";
import { type StackLayer, stackOf } from "./stack.js";

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
 * @throws FettleError `unsupported` for custom layers and activations, and those that TensorFlow.js does not have; `invalid_checkpoint` for layers and arrays that do not fit each
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
  const layers = stackOf(network, tensors).flatMap((layer, i) => {
    const { id, kernel, bias, slopes } = layer;
    for (const [name, tensor] of Object.entries({ kernel, bias, alpha: slopes }))
      if (tensor) weights.push({ name: `${id}/${name}`, tensor });
    return WRITERS[layer.kind](layer).map(([class_name, config], part) => {
      const input = i + part === 0 && { batch_input_shape: [null, network.columns] };
      const name = part === 0 ? id : `${id}_activation`;
      return { class_name, config: { name, trainable: true, dtype: "float32", ...input, ...config } };
    });
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

/**
 * The names of activations in Keras 2, of those that TensorFlow.js has. `hardSigmoid` is another function there, and what it names
 * `gelu_new` it writes but cannot read.
 */
const ACTIVATIONS: Readonly<Partial<Record<keyof typeof activations, string>>> = {
  linear: "linear",
  relu: "relu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  softmax: "softmax",
  softplus: "softplus",
  gelu: "gelu",
  elu: "elu",
  celu: "elu", // with an alpha of 1
  logSoftmax: "log_softmax",
  mish: "mish",
  relu6: "relu6",
  selu: "selu",
  silu: "swish",
  softsign: "softsign",
};

/** By the names that {@link ACTIVATIONS} gives, as TensorFlow.js has them: without dashes below. */
export const KERAS_ACTIVATIONS: Readonly<Record<string, keyof typeof activations>> = {
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS)
      .filter(([name]) => name !== "celu")
      .map(([name, keras]) => [camelCase(keras), name]),
  ),
  geluNew: "geluTanh",
};

/** As TensorFlow.js reads the names of a file. */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

type Written = readonly [kind: string, config: Json];

const leakyReLU = (alpha: number): Written => ["LeakyReLU", { alpha }];

/** What TensorFlow.js has as an activation, or, of what it has as a layer alone, `linear` and that layer. */
function activated({ id, activation }: StackLayer, write: (name: string) => Written): Written[] {
  if (activation === "leakyRelu") return [write("linear"), leakyReLU(0.2)];
  const name = ACTIVATIONS[activation];
  must(
    name,
    `the activation of layer ${show(id)}`,
    `one of ${Object.keys(ACTIVATIONS).join(", ")}, leakyRelu to be exported to TensorFlow.js`,
    activation,
    "unsupported",
  );
  return [write(name)];
}

/** Keras' classes and configurations of each kind of layer. */
const WRITERS: Readonly<Record<StackLayer["kind"], (layer: StackLayer) => Written[]>> = {
  dense: (layer) =>
    activated(layer, (activation) => [
      "Dense",
      {
        ...{ units: layer.units, activation, use_bias: layer.bias !== undefined },
        kernel_regularizer: writtenRegularizer(layer.options.kernelRegularizer),
        bias_regularizer: writtenRegularizer(layer.options.biasRegularizer),
      },
    ]),
  dropout: ({ options: { rate } }) => [["Dropout", { rate, noise_shape: null, seed: null }]],
  activation: (layer) => activated(layer, (activation) => ["Activation", { activation }]),
  elu({ id, slope }) {
    must(
      slope === 1,
      `alpha of layer ${show(id)}`,
      "1 to be exported to TensorFlow.js",
      slope,
      "unsupported",
    );
    return [["ELU", { alpha: slope }]];
  },
  leakyReLU: ({ slope }) => [leakyReLU(slope)],
  prelu: ({ units, slopes, options }) => [
    [
      "PReLU",
      {
        alpha_initializer: { class_name: "Zeros", config: {} },
        alpha_regularizer: writtenRegularizer(options.alphaRegularizer),
        shared_axes: slopes?.shape[0] === units ? null : [1],
      },
    ],
  ],
};

/** TensorFlow.js has one class for all penalties, in which a weight that is left out is 0.01. */
function writtenRegularizer(regularizer: unknown): Json | null {
  if (regularizer === undefined) return null;
  const { l1 = 0, l2 = 0 } = getRegularizer(regularizer as Regularizer);
  return { class_name: "L1L2", config: { l1, l2 } };
}
