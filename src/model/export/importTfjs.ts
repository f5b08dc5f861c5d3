/**
 * A Layers model of TensorFlow.js as a network: its topology and its weights, read without trust. What it was trained with is not read,
 * and graph models (TensorFlow's `SavedModel`) are not.
 */
import { check, isRecord, must, show } from "../../errors.js";
import type { Regularizer } from "../../nn/regularizers.js";
import type { LayerDescription, ModelContents } from "../../predict/description.js";
import { parsed, type Tensor } from "../../predict/safetensors.js";
import { camelCase, DAMAGED, FORMAT, type Json, KERAS_ACTIVATIONS } from "./tfjs.js";

/**
 * The network of a TensorFlow.js Layers model: `Sequential`, or `Functional` if its layers are a chain, of `Dense`, `Dropout`,
 * `Activation`, `ReLU`, `LeakyReLU`, `ELU`, `PReLU` and `Softmax`. It predicts the same up to the rounding of float32. What the model was trained with is not read.
 *
 * @param json - `model.json`, as text or as the value of that
 * @param weights - the files that the manifest names, end to end in its order
 * @returns a network alone, without a table
 * @throws FettleError `unsupported` for what Fettle's networks do not have, such as other layers, and for quantized weights;
 * `invalid_checkpoint` for files that are no layers model, or are cut or damaged
 * @example
 * ```ts
 * const contents = importTfjs(await readFile("model.json", "utf8"), await readFile("weights.bin"));
 * const { model } = await loadModel(writeContents(contents, VERSION));
 * model.predict([[0.5, 1]]);
 * ```
 */
export function importTfjs(json: unknown, weights: Uint8Array): ModelContents {
  refuseUnless(
    Object.prototype.toString.call(weights) === "[object Uint8Array]",
    "its weights must be a Uint8Array; pass the bytes of the file",
  );
  const model = plain(json);
  refuseUnless(isRecord(model), "model.json must be a JSON object");
  const { format = FORMAT, modelTopology, weightsManifest } = model;
  must(format === FORMAT, "the format of model.json", show(FORMAT), format, "unsupported");
  const [input, ...layers] = layersOf(modelTopology);
  const columns = columnsOf(input);
  const arrays = arraysOf(weightsManifest, weights);
  const tensors: Record<string, Tensor> = {};
  const counts = new Map<string, number>();
  let before = "input";
  let units = columns;
  const described = (input.kind === "InputLayer" ? layers : [input, ...layers]).map(
    (layer): LayerDescription => {
      must(
        Object.hasOwn(READERS, layer.kind),
        `layer ${show(layer.name)}`,
        `one of ${Object.keys(READERS).join(", ")}`,
        layer.kind,
        "unsupported",
      );
      mustBeUsual(layer, "dtype", "float32");
      mustBeUsual(layer, "trainable", true);
      const { name, options } = READERS[layer.kind](layer);
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      const id = `${name}_${number}`;
      const shapes: Record<string, readonly number[]> = {};
      if (name === "prelu") shapes.alpha = [options.sharedAxes ? 1 : units];
      if (name === "dense") {
        const width = options.units as number;
        shapes.kernel = [units, width];
        if (options.useBias) shapes.bias = [width];
        units = width;
      }
      const places = Object.entries(shapes).map(([parameter, shape]) => {
        const path = `${id}.${parameter}`;
        tensors[path] = takenFrom(arrays, `${layer.name}/${parameter}`, shape);
        return [parameter, path];
      });
      const inputs = [before];
      before = id;
      return { id, name, options, inputs, weights: Object.fromEntries(places) };
    },
  );
  check(counts.has("dense"), "the model must have a Dense layer; received none", "unsupported");
  refuseUnless(arrays.size === 0, `none of its layers has the weights ${show([...arrays.keys()])}`);
  return { network: { columns, layers: described }, tensors, notes: {} };
}

/** A layer of the topology. */
interface KerasLayer {
  /** Its class. */
  readonly kind: string;
  readonly name: string;
  readonly config: Json;
  /** The layers that it takes, in a functional model. */
  readonly inbound: unknown;
}

/** JSON without anything that could throw when it is read or shown, such as cycles; undefined for other values. */
function plain(json: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(typeof json === "string" ? parsed(json) : json));
  } catch {
    return undefined;
  }
}

/** A field by its name in Python or in TypeScript, both of which TensorFlow.js reads; undefined for null. */
function field(of: Json, name: string): unknown {
  return of[name] ?? of[camelCase(name)] ?? undefined;
}

/** The layers from the first, with the input if that is one, to the last. */
function layersOf(topology: unknown): KerasLayer[] {
  refuseUnless(isRecord(topology), "it has no topology");
  const whole = field(topology, "model_config"); // of a model that was saved by Keras
  const model = isRecord(whole) ? whole : topology;
  const [kind, config] = [field(model, "class_name"), model.config];
  must(
    kind === "Sequential" || kind === "Functional" || kind === "Model",
    "the class of the model",
    "Sequential or Functional",
    kind,
    typeof kind === "string" ? "unsupported" : DAMAGED,
  );
  const { layers } = isRecord(config) ? config : { layers: kind === "Sequential" ? config : undefined };
  refuseUnless(Array.isArray(layers) && layers.length > 0, "its topology has no layers");
  const names = new Set<string>();
  const found = layers.map((layer): KerasLayer => {
    const { config } = isRecord(layer) ? layer : {};
    const kind = isRecord(layer) ? field(layer, "class_name") : undefined;
    refuseUnless(
      typeof kind === "string" && isRecord(config) && typeof config.name === "string",
      "each layer must have a class and a name",
    );
    refuseUnless(!names.has(config.name), `two layers have the name ${show(config.name)}`);
    names.add(config.name);
    return { kind, name: config.name, config, inbound: field(layer, "inbound_nodes") };
  });
  return kind === "Sequential" ? found : chainOf(found, config as Json);
}

/** The layers of a functional model in the order in which they run; refused unless each takes the one before it alone. */
function chainOf(layers: readonly KerasLayer[], config: Json): KerasLayer[] {
  const following = new Map(layers.map((layer) => [sourceOf(layer), layer]));
  const input = following.get(undefined);
  const chain: KerasLayer[] = [];
  for (let layer = input; layer; layer = following.get(layer.name)) chain.push(layer);
  const ends = [field(config, "input_layers"), field(config, "output_layers")].map(linkIn);
  check(
    input?.kind === "InputLayer" &&
      chain.length === layers.length &&
      ends[0] === input.name &&
      ends[1] === chain[chain.length - 1].name,
    "the layers of the model must be a chain from one input to one output; received a model of another form",
    "unsupported",
  );
  return chain;
}

/** The name of the layer that a layer takes; undefined for an input. */
function sourceOf({ name, inbound = [] }: KerasLayer): string | undefined {
  if (Array.isArray(inbound) && inbound.length === 0) return undefined;
  const source = Array.isArray(inbound) && inbound.length === 1 ? linkIn(inbound[0]) : undefined;
  must(
    source !== undefined,
    `the input of layer ${show(name)}`,
    "one other layer, and its call without arguments",
    inbound,
    "unsupported",
  );
  return source;
}

/** The layer in a list of one place `[layer, 0, 0]`, with the arguments of the call, which must be none; undefined for others. */
function linkIn(links: unknown): string | undefined {
  if (!Array.isArray(links) || links.length !== 1 || !Array.isArray(links[0])) return undefined;
  const [name, node, output, options] = links[0];
  const isPlain = options === undefined || (isRecord(options) && Object.keys(options).length === 0);
  return typeof name === "string" && node === 0 && output === 0 && isPlain ? name : undefined;
}

/** The columns of the network: the last number of `[null, columns]`. */
function columnsOf({ name, config }: KerasLayer): number {
  const shape = field(config, "batch_input_shape");
  must(
    Array.isArray(shape) && shape.length === 2 && isPositive(shape[1]),
    `the input shape of the first layer, ${show(name)},`,
    "[null, columns]",
    shape,
    Array.isArray(shape) ? "unsupported" : DAMAGED,
  );
  return shape[1];
}

/** What each class of layer is in Fettle. */
const READERS: Readonly<
  Record<string, (layer: KerasLayer) => Omit<LayerDescription, "id" | "inputs" | "weights">>
> = {
  Dense(layer) {
    const [units, useBias = true] = [field(layer.config, "units"), field(layer.config, "use_bias")];
    must(isPositive(units), `units of layer ${show(layer.name)}`, "a positive integer", units, DAMAGED);
    must(
      typeof useBias === "boolean",
      `use_bias of layer ${show(layer.name)}`,
      "true or false",
      useBias,
      DAMAGED,
    );
    for (const other of ["activity_regularizer", "kernel_constraint", "bias_constraint"])
      mustBeUsual(layer, other);
    const regularizers = {
      kernelRegularizer: readRegularizer(layer, "kernel_regularizer"),
      biasRegularizer: readRegularizer(layer, "bias_regularizer"),
    };
    const options = { units, activation: readActivation(layer), useBias, ...regularizers };
    return { name: "dense", options: defined(options) };
  },
  Dropout(layer) {
    const { rate } = layer.config;
    mustBeUsual(layer, "noise_shape");
    must(
      typeof rate === "number" && rate >= 0 && rate < 1,
      `rate of layer ${show(layer.name)}`,
      "a number in [0, 1)",
      rate,
      DAMAGED,
    );
    return { name: "dropout", options: { rate } };
  },
  Activation: (layer) => ({ name: "activation", options: { activation: readActivation(layer) } }),
  ReLU(layer) {
    const isBounded = field(layer.config, "max_value") !== undefined;
    if (isBounded) mustBeUsual(layer, "max_value", 6);
    mustBeUsual(layer, "negative_slope", 0);
    mustBeUsual(layer, "threshold", 0);
    return { name: "activation", options: { activation: isBounded ? "relu6" : "relu" } };
  },
  LeakyReLU: (layer) => ({ name: "leakyReLU", options: { negativeSlope: readSlope(layer, 0.3) } }),
  ELU: (layer) => ({ name: "elu", options: { alpha: readSlope(layer, 1) } }),
  PReLU(layer) {
    mustBeUsual(layer, "alpha_constraint");
    const axes = field(layer.config, "shared_axes");
    must(
      axes === undefined || (Array.isArray(axes) && axes.every((axis) => axis === 1)),
      `shared_axes of layer ${show(layer.name)}`,
      "left out, or [1]",
      axes,
      "unsupported",
    );
    const options = {
      alphaRegularizer: readRegularizer(layer, "alpha_regularizer"),
      sharedAxes: axes?.length ? axes : undefined,
    };
    return { name: "prelu", options: defined(options) };
  },
  Softmax(layer) {
    const axes = [field(layer.config, "axis") ?? -1].flat();
    must(
      axes.length === 1 && (axes[0] === 1 || axes[0] === -1),
      `axis of layer ${show(layer.name)}`,
      "1 or -1",
      layer.config.axis,
      "unsupported",
    );
    return { name: "activation", options: { activation: "softmax" } };
  },
};

const defined = (options: Json): Json =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function readActivation({ name, config }: KerasLayer): string {
  const { activation } = config;
  const given = activation ?? "linear";
  must(
    typeof given === "string" && Object.hasOwn(KERAS_ACTIVATIONS, camelCase(given)),
    `the activation of layer ${show(name)}`,
    `one of ${Object.keys(KERAS_ACTIVATIONS).join(", ")}`,
    activation,
    "unsupported",
  );
  return KERAS_ACTIVATIONS[camelCase(given)];
}

/** The number that TensorFlow.js calls `alpha` in each of its rectifiers. */
function readSlope({ name, config }: KerasLayer, usual: number): number {
  const alpha = config.alpha ?? usual;
  must(
    typeof alpha === "number" && alpha >= 0,
    `alpha of layer ${show(name)}`,
    "a number of at least 0",
    alpha,
    DAMAGED,
  );
  return alpha;
}

function readRegularizer({ name, config }: KerasLayer, key: string): Regularizer | undefined {
  const regularizer = field(config, key);
  if (regularizer === undefined) return undefined;
  const [kind, weights] = isRecord(regularizer)
    ? [field(regularizer, "class_name"), regularizer.config]
    : [undefined, undefined];
  must(
    kind === "L1L2" || kind === "L1" || kind === "L2",
    `${key} of layer ${show(name)}`,
    "L1, L2 or L1L2",
    kind ?? regularizer,
    "unsupported",
  );
  const norms = (["l1", "l2"] as const).filter((norm) => kind.toLowerCase().includes(norm));
  const found = norms.map((norm) => {
    const weight = isRecord(weights) ? weights[norm] : undefined;
    must(
      typeof weight === "number" && weight >= 0,
      `${norm} of ${key} of layer ${show(name)}`,
      "a number of at least 0",
      weight,
      DAMAGED,
    );
    return [norm, weight] as const;
  });
  const penalties = found.filter(([, weight]) => weight > 0);
  return penalties.length > 0 ? Object.fromEntries(penalties) : undefined;
}

/** Refuses a setting that Fettle's layers do not have, unless it is left out, or says what they do. */
function mustBeUsual({ name, config }: KerasLayer, key: string, usual?: unknown): void {
  const value = field(config, key);
  must(
    value === undefined || value === usual,
    `${key} of layer ${show(name)}`,
    usual === undefined ? "left out" : show(usual),
    value,
    "unsupported",
  );
}

/** The arrays of a manifest by name, but for those of an optimizer. They are copies, so that the bytes need not be kept. */
function arraysOf(manifest: unknown, bytes: Uint8Array): Map<string, Tensor> {
  refuseUnless(Array.isArray(manifest), "it has no manifest of weights");
  const arrays = new Map<string, Tensor>();
  let at = 0;
  for (const entry of manifest.flatMap((group) => (isRecord(group) ? group.weights : undefined))) {
    refuseUnless(isRecord(entry), "its manifest must have a list of weights");
    const { name, shape, dtype, quantization, group } = entry;
    refuseUnless(
      typeof name === "string" && Array.isArray(shape) && shape.every(isPositive) && !arrays.has(name),
      `weight ${show(name)} must have a name of its own, and a shape`,
    );
    must(quantization === undefined, `weight ${show(name)}`, "unquantized", quantization, "unsupported");
    const isState = group === "optimizer";
    must(
      dtype === "float32" || (isState && dtype === "int32"),
      `the dtype of weight ${show(name)}`,
      '"float32"',
      dtype,
      "unsupported",
    );
    const end = shape.reduce((size: number, length: number) => size * length, 4) + at;
    refuseUnless(end <= bytes.length, `its weights are cut within ${show(name)}, at ${bytes.length} bytes`);
    if (!isState)
      arrays.set(name, { shape, data: new Float32Array(new Uint8Array(bytes.subarray(at, end)).buffer) });
    at = end;
  }
  refuseUnless(at === bytes.length, `its weights must be ${at} bytes; received ${show(bytes)}`);
  return arrays;
}

/** An array of that shape, which is taken out. */
function takenFrom(arrays: Map<string, Tensor>, name: string, shape: readonly number[]): Tensor {
  const tensor = arrays.get(name);
  must(
    String(tensor?.shape) === String(shape),
    `the shape of weight ${show(name)}`,
    show(shape),
    tensor?.shape,
    DAMAGED,
  );
  arrays.delete(name);
  return tensor as Tensor;
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function refuseUnless(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not a layers model of TensorFlow.js: ${reason}`, DAMAGED);
}
