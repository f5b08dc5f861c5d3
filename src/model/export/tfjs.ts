/**
 * A network in the Layers format of TensorFlow.js: Keras 2's topology as JSON, and float32 weights end to end. It needs nothing
 * of TensorFlow.js. It is not for graph models (TensorFlow's `SavedModel`), and not for training elsewhere: optimizer, loss and
 * initializers are left out. The format has no place for a table, which is written as metadata that TensorFlow.js keeps but never reads.
 *
 * @see https://www.tensorflow.org/js/guide/save_load
 */
import { check, must, show } from "../../errors.js";
import { activations } from "../../nn/activations.js";
import { getRegularizer, type Regularizer } from "../../nn/regularizers.js";
import { type LayerDescription, MODEL_FORMAT, type ModelContents } from "../../predict/description.js";
import type { Tensor, Tensors } from "../../predict/safetensors.js";
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
  let before = "input";
  let units = network.columns;
  const layers = network.layers.map((layer, i) => {
    const { id, name, inputs, custom } = layer;
    check(
      inputs.length === 1 && inputs[0] === before,
      () => `layer ${show(id)} must take the layer before it, ${show(before)}; received ${show(inputs)}`,
      DAMAGED,
    );
    must(
      !custom && Object.hasOwn(WRITERS, name),
      `layer ${show(id)}`,
      "a built-in layer to be exported to TensorFlow.js",
      name,
      "unsupported",
    );
    if (name === "dense") {
      const parameters = parametersOf(layer, units, tensors);
      for (const [parameter, tensor] of parameters) weights.push({ name: `${id}/${parameter}`, tensor });
      units = parameters[0][1].shape[1];
    }
    before = id;
    const [class_name, config] = WRITERS[name](layer, units);
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

/** Keras' class and configuration of each kind of layer. */
const WRITERS: Readonly<Record<string, (layer: LayerDescription, units: number) => readonly [string, Json]>> =
  {
    dense: (layer, units) => [
      "Dense",
      {
        units,
        activation: writtenActivation(layer),
        use_bias: layer.weights.bias !== undefined,
        kernel_regularizer: writtenRegularizer(layer.options.kernelRegularizer),
        bias_regularizer: writtenRegularizer(layer.options.biasRegularizer),
      },
    ],
    dropout: ({ options: { rate } }) => ["Dropout", { rate, noise_shape: null, seed: null }],
    activation: (layer) => ["Activation", { activation: writtenActivation(layer) }],
  };

/** Keras has the same names. Its `gelu` is the exact one too. */
function writtenActivation({ id, options: { activation = "linear" } }: LayerDescription): unknown {
  must(
    isActivation(activation),
    `the activation of layer ${show(id)}`,
    "built-in to be exported to TensorFlow.js",
    activation,
    "unsupported",
  );
  return activation;
}

/** TensorFlow.js has one class for all penalties, in which a weight that is left out is 0.01. */
function writtenRegularizer(regularizer: unknown): Json | null {
  if (regularizer === undefined) return null;
  const { l1 = 0, l2 = 0 } = getRegularizer(regularizer as Regularizer);
  return { class_name: "L1L2", config: { l1, l2 } };
}

/** The kernel of a dense layer, and its bias if it has one. */
function parametersOf(
  { id, weights }: LayerDescription,
  inputs: number,
  tensors: Tensors,
): [string, Tensor][] {
  const names = weights.bias === undefined ? ["kernel"] : ["kernel", "bias"];
  const found = names.map((name) => tensors[weights[name]] as Tensor | undefined);
  const units = found[0]?.shape[1];
  const shapes = [[inputs, units], [units]];
  check(
    found.every((tensor, i) => String(tensor?.shape) === String(shapes[i])),
    () =>
      `the arrays of layer ${show(id)} must fit its ${inputs} inputs; ` +
      `received shapes ${show(found.map((tensor) => tensor?.shape))}`,
    DAMAGED,
  );
  return names.map((name, i) => [name, found[i] as Tensor]);
}

export function isActivation(value: unknown): value is string {
  return typeof value === "string" && Object.hasOwn(activations, value);
}
