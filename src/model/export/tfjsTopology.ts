/**
 * The topology of a layers model as layers and their order of calls, which is not trusted: models within it
 * are their layers. It does not interpret layers.
 */
import { check, isRecord, must, show } from "../../errors.js";
import { MOST_LAYERS } from "../../predict/description.js";
import { mustBeLayersModel } from "./tfjsArrays.js";
import { DAMAGED, isPositive, type Json, setting } from "./tfjsFields.js";
import { type Call, type Link, linksIn, nodesIn } from "./tfjsLinks.js";

/** A layer of the topology. */
export interface KerasLayer {
  /** Its class. */
  readonly kind: string;
  readonly name: string;
  readonly config: Json;
}

/**
 * Layers and their calls. Values have numbers: first the inputs, then the result of each call, followed by
 * the states of a layer that returns them.
 */
export interface Topology {
  /** Whether Keras 3 wrote it, whose `hard_sigmoid` is Fettle's. */
  readonly isKeras3: boolean;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Each after its inputs. */
  readonly calls: readonly {
    readonly layer: KerasLayer;
    readonly inputs: readonly number[];
    /** Its result, and states if it may return them. */
    readonly results: readonly number[];
    /** The mask of its first input in Keras 3, which must be that of the layers before. */
    readonly mask?: Mask;
  }[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}

/** Where a value has another number than the one that is padding. */
export interface Mask {
  readonly value: number;
  readonly padding: unknown;
}

/** The operations that Keras 3 writes for a mask: that of ids, or of steps with any number that counts. */
const OF_MASKS = ["NotEqual", "Any"];

/** The result of a layer that returns its states, and the most states that such a layer has. */
const RESULTS = 3;

/** A layer or a model within a model. */
interface Entry extends KerasLayer {
  /** Its calls in the model; each must take results of layers and no arguments. */
  readonly calls: readonly Call[];
  /** The number that a mask is made from. */
  readonly padding?: unknown;
  /** Its content, if it is a model. */
  readonly model?: Model;
}

/** Layers one after the other, or with the layers that its inputs and outputs are of. */
interface Model {
  readonly entries: readonly Entry[];
  readonly ends?: { readonly inputs: readonly Entry[]; readonly outputs: readonly Link[] };
}

/**
 * @throws FettleError `unsupported` for models unlike Fettle's; `invalid_checkpoint` for anything but a
 * topology
 */
export function topologyOf(given: unknown): Topology {
  mustBeLayersModel(isRecord(given), "it has no topology");
  const whole = setting(given, "model_config"); // of a model saved by Keras
  const model = isRecord(whole) ? whole : given;
  const [kind, config] = [setting(model, "class_name"), model.config];
  must(
    isModel(kind),
    "the class of the model",
    "Sequential or Functional",
    kind,
    typeof kind === "string" ? "unsupported" : DAMAGED,
  );
  const root = modelOf(kind, isRecord(config) ? config : { layers: config }, true);
  const { ends } = root;
  const inputs = ends
    ? ends.inputs.map((input) => ({ name: input.name.replace(/^input\./, ""), shape: shapeOf(input) }))
    : [{ name: "input", shape: shapeOf(root.entries[0]) }];
  mustBeLayersModel(
    new Set(inputs.map(({ name }) => name)).size === inputs.length,
    "two inputs have one name",
  );
  const calls = new Calls(inputs.length);
  const values = calls.add(
    root,
    inputs.map((_, i) => i),
  );
  const names = ends ? namedOnce(ends.outputs) : ["output"];
  return {
    isKeras3: /^3\./.test(String(setting(given, "keras_version"))),
    inputs,
    calls: calls.made,
    outputs: values.map((value, i) => ({ name: names[i], value })),
  };
}

const isModel = (kind: unknown): kind is string =>
  kind === "Sequential" || kind === "Functional" || kind === "Model";

/** @param isTrained - false within a frozen model */
function modelOf(kind: string, config: Json, isTrained: boolean): Model {
  const { layers } = config;
  mustBeLayersModel(Array.isArray(layers) && layers.length > 0, "its topology has no layers");
  const names = new Set<string>();
  const entries = layers.map((layer): Entry => {
    const entry = entryOf(layer, isTrained && config.trainable !== false);
    mustBeLayersModel(!names.has(entry.name), `two layers have the name ${show(entry.name)}`);
    names.add(entry.name);
    return entry;
  });
  if (kind === "Sequential") return { entries };
  const [first, last] = ["input_layers", "output_layers"].map((key) => linksIn(setting(config, key)));
  const inputs = first?.map(({ layer }) => entries.find(({ name }) => name === layer)) ?? [];
  check(
    last !== undefined &&
      first?.every(({ call, result }) => call === 0 && result === 0) &&
      inputs.every((input) => input?.kind === "InputLayer"),
    "the inputs and outputs of the model must be lists of its layers; received others",
    DAMAGED,
  );
  check(
    inputs.every((input) => input?.calls.length === 0),
    "an input of the model must take nothing; received one that does",
    DAMAGED,
  );
  return { entries, ends: { inputs: inputs as Entry[], outputs: last } };
}

function entryOf(layer: unknown, isTrained: boolean): Entry {
  const { config } = isRecord(layer) ? layer : {};
  const kind = isRecord(layer) ? setting(layer, "class_name") : undefined;
  mustBeLayersModel(
    typeof kind === "string" && isRecord(config) && typeof config.name === "string",
    "each layer must have a class and a name",
  );
  const { name } = config;
  const inbound = setting(layer as Json, "inbound_nodes");
  if (kind === "NotEqual") return comparisonOf(name, config, inbound);
  const calls = nodesIn(inbound);
  must(
    calls,
    `the inputs of layer ${show(name)}`,
    "results of layers, and its call without arguments",
    inbound,
    "unsupported",
  );
  if (isModel(kind)) return { kind, name, config, calls, model: modelOf(kind, config, isTrained) };
  return { ...joined({ kind, config: isTrained ? config : { ...config, trainable: false } }), name, calls };
}

/** A value compared with a number. */
function comparisonOf(name: string, config: Json, inbound: unknown): Entry {
  const [node, ...others] = Array.isArray(inbound) ? inbound : [];
  const [value, padding] = isRecord(node) && Array.isArray(node.args) ? node.args : [];
  const calls = nodesIn([{ ...node, args: [value] }]);
  const rule = "that of one value and a number, as of a mask";
  must(calls && others.length === 0, `the call of ${show(name)}`, rule, inbound, "unsupported");
  return { kind: "NotEqual", name, config, calls, padding };
}

type Part = Pick<KerasLayer, "kind" | "config">;

/**
 * A layer joined with its cell or the layer within it: `RNN` of an `LSTMCell` is `LSTM`, as TensorFlow.js has
 * a layer for it too, and a layer with a frozen part is frozen, since the part has all its weights.
 */
function joined({ kind, config }: Part): Part {
  const { cell, layer, ...others } = kind === "Bidirectional" ? withoutBackward(config) : config;
  const part = partOf(cell ?? layer);
  if (part === undefined) return { kind, config };
  const { trainable = true } = config;
  const own = { ...others, trainable: trainable === true ? part.config.trainable : trainable };
  if (cell === undefined)
    return { kind, config: { ...own, layer: { class_name: part.kind, config: part.config } } };
  const [, known] = /^(SimpleRNN|LSTM|GRU)Cell$/.exec(part.kind) ?? [];
  if (kind !== "RNN" || known === undefined) return { kind, config };
  return { kind: known, config: { ...part.config, ...own } };
}

/** A cell, or a layer within a layer. */
function partOf(given: unknown): Part | undefined {
  const kind = isRecord(given) ? setting(given, "class_name") : undefined;
  if (typeof kind !== "string" || !isRecord(given) || !isRecord(given.config)) return undefined;
  return joined({ kind, config: given.config });
}

/** What Keras 3 writes of a backward layer although it is like the forward layer. */
const OF_DIRECTION = ["name", "go_backwards", "trainable", "shared_object_id", "build_config"];

/**
 * Keras 3 writes the backward layer too, even if it only differs from the forward layer in its direction, and
 * that their masked steps are zeros, as they are here.
 */
function withoutBackward(config: Json): Json {
  const { layer, backward_layer: backward, ...others } = config;
  const [own, other] = [layer, backward].map((each) =>
    JSON.stringify(each, (key, value) => (OF_DIRECTION.includes(key) ? undefined : value)),
  );
  if (own !== other || !isRecord(layer) || !isRecord(layer.config)) return config;
  const [isTrained, isOtherTrained] = [layer, backward].map((each) => partOf(each)?.config.trainable ?? true);
  check(
    config.trainable === false || isTrained === isOtherTrained,
    () =>
      `layer ${show(config.name)} must train both of its directions or neither; received a forward layer with trainable: ${show(isTrained)}, and a backward layer with ${show(isOtherTrained)}: set that of the layer itself, and save it again`,
    "unsupported",
  );
  const { zero_output_for_mask: _, ...forward } = layer.config;
  return { ...others, layer: { ...layer, config: forward } };
}

/** The calls of layers, each after those that it takes the results of. */
class Calls {
  readonly made: Topology["calls"][number][] = [];
  private count = 0;
  private values: number;

  constructor(inputs: number) {
    this.values = inputs;
  }

  /** The numbers of a model's outputs, from those of its inputs. */
  add(model: Model, inputs: readonly number[]): readonly number[] {
    return model.ends ? this.addGraph(model, model.ends, inputs) : this.addStack(model, inputs);
  }

  private addStack({ entries }: Model, inputs: readonly number[]): readonly number[] {
    const others = entries[0].kind === "InputLayer" ? entries.slice(1) : entries;
    this.mustHaveRoomFor(others.length);
    return others.reduce((values, entry) => {
      const results = this.results(entry, values);
      check(
        results.length === 1,
        () => `layer ${show(entry.name)} of a stack must have one result; received one that returns more`,
        "unsupported",
      );
      return results;
    }, inputs);
  }

  private addGraph(
    { entries }: Model,
    { inputs: ends, outputs }: NonNullable<Model["ends"]>,
    inputs: readonly number[],
  ): readonly number[] {
    must(
      inputs.length === ends.length,
      "the values that a model within the model takes",
      `as many as its inputs, ${ends.length}`,
      inputs.length,
      DAMAGED,
    );
    const known = new Map(ends.map(({ name }, i): [string, readonly number[]] => [`${name}#0`, [inputs[i]]]));
    const others = entries.filter((entry) => !ends.includes(entry));
    const firsts = firstCalls(others, outputs);
    const waiting = new Set(
      others.flatMap((entry) => entry.calls.map((each, i) => ({ entry, ...each, call: i + firsts(entry) }))),
    );
    this.mustHaveRoomFor(waiting.size);
    const numberOf = ({ layer, call, result }: Link): number | undefined =>
      known.get(`${layer}#${call}`)?.[result];
    for (const { entry, mask } of waiting)
      if (mask)
        mustBeMask(
          entry.name,
          OF_MASKS.includes(entries.find(({ name }) => name === mask.layer)?.kind ?? ""),
        );
    const masks = new Map<string, Mask>();
    const maskOf = ({ layer, call }: Link): Mask | undefined => masks.get(`${layer}#${call}`);
    for (let left = Number.POSITIVE_INFINITY; waiting.size < left; ) {
      left = waiting.size;
      for (const each of waiting) {
        const { entry, links, call, mask } = each;
        const own = `${entry.name}#${call}`;
        // calls of a layer are numbered in order, so each waits for the previous ones
        const isNext = call === firsts(entry) || known.has(`${entry.name}#${call - 1}`);
        const taken = links.map(numberOf);
        if (OF_MASKS.includes(entry.kind)) {
          const [value] = taken;
          const found =
            entry.kind === "Any"
              ? maskOf(links[0])
              : value !== undefined && { value, padding: entry.padding };
          if (!found) continue;
          masks.set(own, found);
        } else {
          if (!isNext || !taken.every((value) => value !== undefined) || (mask && !maskOf(mask))) continue;
          known.set(own, this.results(entry, taken, mask && maskOf(mask)));
        }
        waiting.delete(each);
      }
    }
    const values = outputs.map(numberOf);
    check(
      waiting.size === 0 && values.every((value) => value !== undefined),
      () =>
        `each layer of the model must follow from its inputs, and its outputs must be of its layers; received ${show([...waiting].map(({ entry }) => entry.name))} that do not follow`,
      "unsupported",
    );
    return values;
  }

  /** The numbers of the results of a call. */
  private results(entry: Entry, inputs: readonly number[], mask?: Mask): readonly number[] {
    if (entry.model) {
      const name = `the mask of a call of ${show(entry.name)}`;
      must(mask === undefined, name, "left out, since it is a model", mask, "unsupported");
      return this.add(entry.model, inputs);
    }
    const count = setting(entry.config, "return_state") === true ? RESULTS : 1;
    const results = Array.from({ length: count }, () => this.values++);
    this.made.push({ layer: entry, inputs, results, ...(mask && { mask }) });
    return results;
  }

  private mustHaveRoomFor(calls: number): void {
    this.count += calls;
    mustBeFew(this.count);
  }
}

/** @param isKnown - whether a layer before has made the mask of layer `name` */
export function mustBeMask(name: string, isKnown: boolean): void {
  check(
    isKnown,
    () =>
      `the mask of layer ${show(name)} must be that of Masking or of mask_zero before it; received another`,
    "unsupported",
  );
}

/** As in a model file. @param count - of calls of layers and of models within the model */
export function mustBeFew(count: number): void {
  check(
    count <= MOST_LAYERS,
    () => `the model must have at most ${MOST_LAYERS} layers; received ${count}`,
    "unsupported",
  );
}

/**
 * The number of an entry's first call. Keras counts the making of a model as its first, unless the model is a
 * stack that has no inputs of its own yet.
 */
function firstCalls(entries: readonly Entry[], outputs: readonly Link[]): (entry: Entry) => number {
  const links = [...entries.flatMap(({ calls }) => calls.flatMap((each) => each.links)), ...outputs];
  const isFirst = new Set(links.filter(({ call }) => call === 0).map(({ layer }) => layer));
  return ({ name, model }) => (model === undefined || isFirst.has(name) ? 0 : 1);
}

/** Names of outputs: those of their layers, with a number if the name is taken. */
function namedOnce(links: readonly Link[]): string[] {
  const counts = new Map<string, number>();
  return links.map(({ layer }) => {
    const number = (counts.get(layer) ?? 0) + 1;
    counts.set(layer, number);
    return number === 1 ? layer : `${layer}#${number}`;
  });
}

/** The shape of a row: the numbers of `[null, ...shape]`. */
function shapeOf({ name, config, model }: Entry): number[] {
  if (model) return shapeOf(model.ends ? model.ends.inputs[0] : model.entries[0]);
  const shape = setting(config, "batch_input_shape") ?? setting(config, "batch_shape");
  const row = Array.isArray(shape) ? shape.slice(1) : [];
  must(
    row.length > 0 && row.every(isPositive),
    `the input shape of layer ${show(name)}`,
    "[null, ...the shape of a row]",
    shape,
    Array.isArray(shape) ? "unsupported" : DAMAGED,
  );
  return row;
}
