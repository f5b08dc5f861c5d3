/**
 * A network in the Layers format of TensorFlow.js: Keras 2's topology as JSON, and float32 weights end to
 * end. It does not need TensorFlow.js. It supports neither graph models (TensorFlow's `SavedModel`) nor
 * further training: optimizer, loss, initializers and constraints are not exported. The format has no place
 * for a table, which becomes metadata that TensorFlow.js keeps but never reads.
 *
 * @see https://www.tensorflow.org/js/guide/save_load
 */
import type { LayerPlace } from "../../nn/network/network.js";
import {
  type LayerDescription,
  MODEL_FORMAT,
  type ModelContents,
  type NetworkDescription,
  type PieceDescription,
} from "../../predict/description.js";
import { builtInNetwork } from "../../predict/network.js";
import type { Tensor } from "../../predict/safetensors.js";
import { VERSION } from "../../version.js";
import type { Json } from "./tfjsFields.js";
import { arrayName, isLeftOut, isRecurrent, ONLY_TRAINING, rowOf, writtenLayer } from "./tfjsLayers.js";
import { type MaskState, maskAfter, mustNotLeak } from "./tfjsMasks.js";
import { flatter } from "./tfjsSlopes.js";

/** The files of a layers model. They must be in one folder. */
export interface TfjsFiles {
  /** The file whose path `tf.loadLayersModel` takes. */
  readonly "model.json": string;
  readonly "weights.bin": Uint8Array<ArrayBuffer>;
}

export const FORMAT = "layers-model";
/** The last version of the topology that TensorFlow.js reads completely. */
const KERAS = "2.15.0";

/**
 * The network of a model as a TensorFlow.js Layers model. It predicts the same up to the rounding of float32.
 * It takes the features of the pipeline, and returns the result of the last layer;
 * `userDefinedMetadata.fettle.table` describes the way from raw rows to an answer.
 *
 * A stack over columns becomes a `Sequential` model; other networks become `Functional` ones, with an input
 * for each of theirs.
 *
 * @throws FettleError `unsupported` for custom layers and activations, and for layers and options that
 * TensorFlow.js does not have;
 * `invalid_checkpoint` for layers and arrays that do not fit each other
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
  const { network: places } = builtInNetwork(network, tensors);
  const weights: { readonly name: string; readonly tensor: Tensor }[] = [];
  const layers = new Map<string, WrittenLayer>();
  const links = new Map<string, Link>();
  const masks = new Map<string, MaskState>();
  for (const [i, { shape }] of places.inputs.entries()) {
    const id = network.inputs ? `input.${network.inputs[i].name}` : "input";
    links.set(id, [id, 0, 0]);
    masks.set(id, { shape, theirs: false });
  }
  const write = (name: string, made: Omit<WrittenLayer, "calls">, inputs: readonly Link[]): Link => {
    const written = layers.get(name) ?? { ...made, calls: [] };
    layers.set(name, written);
    return [name, written.calls.push([...inputs]) - 1, 0];
  };
  for (const [i, given] of network.layers.entries()) {
    const { layer, rectifier } = withRectifier(given);
    const { id, inputs, shares = id } = layer;
    const { layer: own, shape }: LayerPlace = places.layers[i];
    if (isLeftOut(layer, (masks.get(inputs[0]) as MaskState).shape)) {
      links.set(id, links.get(inputs[0]) as Link);
      masks.set(id, masks.get(inputs[0]) as MaskState);
      continue;
    }
    const shapes = inputs.map((each) => (masks.get(each) as MaskState).shape);
    const row = rowOf(layer, id, shapes);
    masks.set(
      id,
      maskAfter(
        row,
        own,
        layer,
        id,
        inputs.map((each) => masks.get(each) as MaskState),
        shape,
      ),
    );
    const written = writtenLayer(layer, id, shape, shapes);
    if (shares === id)
      for (const [parameter, path] of Object.entries(layer.weights))
        weights.push({
          name: `${id}/${arrayName(row, written.config, parameter)}`,
          tensor: flatter(layer, parameter, tensors[path]),
        });
    const taken = inputs.map((each) => links.get(each) as Link);
    const link = write(shares, written, taken);
    const behind = `${shares}_activation`;
    links.set(id, rectifier ? write(behind, writtenLayer(rectifier, behind, shape), [link]) : link);
  }
  mustNotLeak(network.layers, masks);
  const model = {
    format: FORMAT,
    generatedBy: `Fettle ${VERSION}`,
    convertedBy: null,
    modelTopology: {
      ...topologyOf(network, [...layers.values()], links),
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

/** For a layer whose activation is only a layer in TensorFlow.js: a linear layer, followed by that layer. */
function withRectifier(layer: LayerDescription): {
  readonly layer: LayerDescription;
  readonly rectifier?: PieceDescription;
} {
  const { name, options } = layer;
  if (options.activation !== "leakyRelu" || isRecurrent(name)) return { layer };
  return {
    layer: { ...layer, options: { ...options, activation: "linear" } },
    rectifier: { name: "leakyReLU", options: { negativeSlope: 0.2 } },
  };
}

/** The parts of a network that exportTfjs omits, for people. */
export function leftOutOfTfjs({ layers }: NetworkDescription): string[] {
  const names = layers.filter(({ name }) => ONLY_TRAINING.includes(name)).map(({ id }) => id);
  if (names.length === 0) return [];
  return [`without ${names.join(", ")}: TensorFlow.js has no such layers; they have no effect in prediction`];
}

/** A value in a topology: the layer, the number of its call, and that of the result. */
type Link = readonly [layer: string, call: number, result: 0];

interface WrittenLayer {
  readonly class_name: string;
  readonly config: Json;
  /** The inputs of the layer at each call. */
  readonly calls: Link[][];
}

function topologyOf(
  { columns, inputs, outputs }: NetworkDescription,
  layers: readonly WrittenLayer[],
  links: ReadonlyMap<string, Link>,
): Json {
  if (inputs === undefined) {
    const own = layers.map(({ class_name, config }, i) => ({
      class_name,
      config: i === 0 ? { ...config, batch_input_shape: [null, columns] } : config,
    }));
    return { class_name: "Sequential", config: { name: "sequential", layers: own } };
  }
  const inputLayers = inputs.map(({ name, shape }) => ({
    class_name: "InputLayer",
    config: { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false, name: `input.${name}` },
    name: `input.${name}`,
    inbound_nodes: [],
  }));
  const own = layers.map(({ class_name, config, calls }) => ({
    class_name,
    config,
    name: config.name,
    inbound_nodes: calls.map((call) => call.map((link) => [...link, {}])),
  }));
  const config = {
    name: "model",
    layers: [...inputLayers, ...own],
    input_layers: inputs.map(({ name }) => [`input.${name}`, 0, 0]),
    output_layers: (outputs ?? []).map(({ value }) => links.get(value)),
  };
  return { class_name: "Functional", config };
}
