/**
 * A Layers model of TensorFlow.js as a network: its topology and its weights, which are not trusted. It reads
 * neither training settings nor graph models (TensorFlow's `SavedModel`).
 */
import { check, FettleError, isRecord, must, show } from "../../errors.js";
import { isShallow } from "../../json.js";
import type { Layer } from "../../nn/layers/layer.js";
import type { LayerDescription, ModelContents } from "../../predict/description.js";
import { checkSizes } from "../../predict/network.js";
import { layerFrom } from "../../predict/pieces.js";
import { parsed, type Tensor } from "../../predict/safetensors.js";
import { FORMAT } from "./tfjs.js";
import { Arrays, arraysOf, type LayerArrays, mustBeLayersModel } from "./tfjsArrays.js";
import { DAMAGED, setting } from "./tfjsFields.js";
import { arrayNames, isRecurrent, readLayer, rowOfClass } from "./tfjsLayers.js";
import { maskAfter } from "./tfjsMasks.js";
import { steeper } from "./tfjsSlopes.js";
import { statesOf, type Value } from "./tfjsStates.js";
import { type KerasLayer, type Mask, mustBeFew, mustBeMask, topologyOf } from "./tfjsTopology.js";

/**
 * The network of a TensorFlow.js Layers model, `Sequential` or `Functional`, made of layers that Fettle has
 * too. It predicts the same up to rounding of float32. Training settings are not read.
 *
 * @param json - `model.json`, as text or parsed
 * @param weights - the files that the manifest names, joined in its order
 * @returns a network without a table
 * @throws FettleError `unsupported` for features that Fettle's networks lack, such as other layers, and for
 * quantized weights; `invalid_checkpoint` for files that are not a layers model, or are truncated or damaged
 * @example
 * ```ts
 * const contents = importTfjs(await readFile("model.json", "utf8"), await readFile("weights.bin"));
 * const { model } = await loadModel(writeContents(contents, VERSION));
 * model.predict([[0.5, 1]]);
 * ```
 */
export function importTfjs(json: unknown, weights: Uint8Array): ModelContents {
  mustBeLayersModel(
    Object.prototype.toString.call(weights) === "[object Uint8Array]",
    "its weights must be a Uint8Array; pass the bytes of the file",
  );
  const model = plain(json);
  mustBeLayersModel(isRecord(model) && isShallow(model), "model.json must be a JSON object");
  const { format = FORMAT, modelTopology, weightsManifest } = model;
  must(format === FORMAT, "the format of model.json", show(FORMAT), format, "unsupported");
  return contentsOfTopology(modelTopology, new Arrays(arraysOf(weightsManifest, weights)));
}

/** @throws FettleError as `importTfjs` */
export function contentsOfTopology(topology: unknown, arrays: LayerArrays): ModelContents {
  const { isKeras3, inputs, calls, outputs } = topologyOf(topology);
  const isStack = inputs.length === 1 && inputs[0].shape.length === 1 && isChain(calls, outputs);
  const reader = new Reader(
    arrays,
    isKeras3,
    inputs.map(({ name, shape }) => ({
      id: isStack ? "input" : `input.${name}`,
      mask: { shape, theirs: false },
    })),
    layersOfStates(calls, outputs),
  );
  for (const call of calls) reader.add(call);
  const ends = {
    inputs,
    outputs: outputs.map(({ name, value }) => ({ name, value: reader.value(value).id })),
  };
  mustBeFew(reader.layers.length);
  const { layers, tensors } = reader;
  check(
    Object.keys(tensors).length > 0,
    "the model must have a layer with weights; received none",
    "unsupported",
  );
  const left = arrays.left();
  mustBeLayersModel(left.length === 0, `none of its layers has the weights ${show(left)}`);
  const columns = inputs.reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 1), 0);
  checkSizes("the inputs", [columns]);
  return { network: { columns, layers, ...(!isStack && ends) }, tensors, notes: {} };
}

/**
 * Plain JSON, without anything that could throw when read or shown, such as cycles; undefined for other
 * values.
 */
function plain(json: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(typeof json === "string" ? parsed(json) : json));
  } catch {
    return undefined;
  }
}

type Topology = ReturnType<typeof topologyOf>;

/** Whether each call has a different layer and takes the result of the previous call. */
function isChain(calls: Topology["calls"], outputs: Topology["outputs"]): boolean {
  return (
    calls.every(({ inputs }, i) => String(inputs) === String([i])) &&
    new Set(calls.map(({ layer }) => layer)).size === calls.length &&
    outputs.length === 1 &&
    outputs[0].value === calls.length
  );
}

/** Layers with a state that a layer or an output reads; others need not return theirs. */
function layersOfStates(calls: Topology["calls"], outputs: Topology["outputs"]): Set<KerasLayer> {
  const read = new Set([...calls.flatMap(({ inputs }) => inputs), ...outputs.map(({ value }) => value)]);
  const found = calls.filter(({ results: [, ...states] }) => states.some((each) => read.has(each)));
  return new Set(found.map(({ layer }) => layer));
}

/** A layer that was read, and the number of its calls. */
interface Read {
  readonly layer: Layer;
  readonly described: LayerDescription;
  calls: number;
}

/** Layers and arrays of a network in the order of calls, each read once. */
class Reader {
  readonly layers: LayerDescription[] = [];
  readonly tensors: Record<string, Tensor> = {};
  /** By their numbers in the topology; states are parts of results of layers, made where they are read. */
  private readonly values: (() => Value)[];
  /** All states of a call side by side, by their numbers. */
  private readonly joined = new Map<string, () => Value>();
  /** What masks are made of, by the names of their layers. */
  private readonly masked = new Map<string, { readonly of: string; readonly padding: unknown }>();
  private readonly counts = new Map<string, number>();
  private readonly read = new Map<KerasLayer, Read>();

  constructor(
    private readonly arrays: LayerArrays,
    private readonly isKeras3: boolean,
    inputs: readonly Value[],
    /** The layers whose states are read. */
    private readonly ofStates: ReadonlySet<KerasLayer>,
  ) {
    this.values = inputs.map((each) => () => each);
  }

  value(number: number): Value {
    return this.values[number]();
  }

  add({ layer, inputs: [x, ...others], results: [, ...numbers], mask }: Topology["calls"][number]): void {
    const first = this.value(x);
    if (mask) this.mustHaveMask(layer.name, first, mask);
    const { name } = rowOfClass(layer.kind, layer.name);
    const joint = isRecurrent(name) && this.joined.get(String(others));
    const value = this.call(layer, [first, ...(joint ? [joint()] : others.map((each) => this.value(each)))]);
    if (numbers.length === 0) {
      this.values.push(() => value);
      return;
    }
    const { options } = (this.read.get(layer) as Read).described;
    const parts = statesOf(layer.name, options, value, (kind, config, of) =>
      this.call({ kind, name: layer.name, config }, [of]),
    );
    const { result, states } = parts;
    this.joined.set(String(numbers.slice(0, states.length)), parts.joint);
    this.values.push(result, ...numbers.map((_, i) => states[i] ?? noState));
  }

  /** Refuses a mask that no layer before has made of the same value. */
  private mustHaveMask(name: string, { mask: { mask: id } }: Value, { value, padding }: Mask): void {
    const made = id === undefined ? undefined : this.masked.get(id);
    mustBeMask(name, made?.of === this.value(value).id && made.padding === padding);
  }

  private call(keras: KerasLayer, taken: readonly Value[]): Value {
    const shapes = taken.map(({ mask }) => mask.shape);
    const row = rowOfClass(keras.kind, keras.name);
    const known = this.read.get(keras) ?? this.first(keras, shapes);
    this.read.set(keras, known);
    known.calls++;
    const { layer, described } = known;
    const shape = ofFile(keras, () => layer.outputShape(...shapes));
    checkSizes(`layer ${show(keras.name)}`, shape);
    const mask = maskAfter(
      row,
      layer,
      described,
      keras.name,
      taken.map(({ mask }) => mask),
      shape,
      this.isKeras3,
    );
    const id = known.calls === 1 ? described.id : `${described.id}.${known.calls}`;
    const inputs = taken.map((each) => each.id);
    const shares = known.calls > 1 && { shares: described.id };
    this.layers.push({ ...described, id, inputs, ...shares });
    if (mask.mask === keras.name)
      this.masked.set(keras.name, { of: inputs[0], padding: described.options.maskValue ?? 0 });
    return { id, mask };
  }

  /** A layer with its arrays. */
  private first(keras: KerasLayer, shapes: readonly (readonly number[])[]): Read {
    const { kind, name, config } = keras;
    const row = rowOfClass(kind, name);
    const { trainable = true } = config;
    must(
      typeof trainable === "boolean",
      `trainable of layer ${show(name)}`,
      "true or false",
      trainable,
      DAMAGED,
    );
    const isUnread = setting(config, "return_state") === true && !this.ofStates.has(keras);
    const own = isUnread ? { ...config, return_state: false } : config;
    const piece = readLayer(row, { name, config: own, shape: shapes[0], isKeras3: this.isKeras3 });
    const layer = ofFile(keras, () => layerFrom(piece, NOTHING));
    const number = (this.counts.get(layer.type) ?? 0) + 1;
    this.counts.set(layer.type, number);
    const id = `${layer.type}_${number}`;
    // before the shapes of parameters, which follow from its inputs
    ofFile(keras, () => layer.outputShape(...shapes));
    const weights = layer.parameters(...shapes).map((parameter) => {
      const path = `${id}.${parameter.name}`;
      const names = arrayNames(row, config, parameter.name);
      const tensor = this.arrays.take(name, names, parameter.shape);
      this.tensors[path] = this.isKeras3 ? tensor : steeper(piece, parameter.name, tensor);
      return [parameter.name, path] as const;
    });
    const frozen = !trainable && { trainable: false as const };
    const described = { id, ...piece, ...frozen, inputs: [], weights: Object.fromEntries(weights) };
    return { layer, described, calls: 0 };
  }
}

function noState(): never {
  throw new FettleError(DAMAGED, "the model must read only results that its layers have; received another");
}

/** A layers model has no custom pieces. */
const NOTHING = { own: nothing, piece: nothing };

function nothing(): never {
  throw new FettleError(DAMAGED, "its settings must be of built-in layers");
}

/** An error of a factory becomes an error of the file. */
function ofFile<T>({ name }: KerasLayer, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(DAMAGED, `layer ${show(name)} is refused: ${error.message}`, { cause: error });
  }
}
