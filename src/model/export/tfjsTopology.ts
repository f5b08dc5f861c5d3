/**
 * The topology of a layers model as layers and their order of calls, which is not trusted. It does not
 * interpret layers.
 */
import { check, isRecord, must, show } from "../../errors.js";
import { mustBeLayersModel } from "./tfjsArrays.js";
import { DAMAGED, isPositive, type Json, setting } from "./tfjsFields.js";

/** A layer of the topology. */
export interface KerasLayer {
  /** Its class. */
  readonly kind: string;
  readonly name: string;
  readonly config: Json;
}

/** Layers and their calls. Values have numbers: first the inputs, then the result of each call. */
export interface Topology {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Each after its inputs. */
  readonly calls: readonly { readonly layer: KerasLayer; readonly inputs: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}

/** The most calls of layers, as in a model file. */
const MOST_CALLS = 1000;

type Entry = KerasLayer & { readonly inbound: unknown };

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
    kind === "Sequential" || kind === "Functional" || kind === "Model",
    "the class of the model",
    "Sequential or Functional",
    kind,
    typeof kind === "string" ? "unsupported" : DAMAGED,
  );
  const { layers } = isRecord(config) ? config : { layers: kind === "Sequential" ? config : undefined };
  mustBeLayersModel(Array.isArray(layers) && layers.length > 0, "its topology has no layers");
  const names = new Set<string>();
  const found = layers.map((layer): Entry => {
    const { config } = isRecord(layer) ? layer : {};
    const kind = isRecord(layer) ? setting(layer, "class_name") : undefined;
    mustBeLayersModel(
      typeof kind === "string" && isRecord(config) && typeof config.name === "string",
      "each layer must have a class and a name",
    );
    mustBeLayersModel(!names.has(config.name), `two layers have the name ${show(config.name)}`);
    names.add(config.name);
    return { kind, name: config.name, config, inbound: setting(layer, "inbound_nodes") };
  });
  return kind === "Sequential" ? sequence(found) : graphOf(found, config as Json);
}

/** Layers one after the other. */
function sequence(layers: readonly Entry[]): Topology {
  const [input] = layers;
  const others = input.kind === "InputLayer" ? layers.slice(1) : layers;
  mustNotBeMore(others.length);
  return {
    inputs: [{ name: "input", shape: shapeOf(input) }],
    calls: others.map((layer, i) => ({ layer, inputs: [i] })),
    outputs: [{ name: "output", value: others.length }],
  };
}

/** A call before its position is known. */
interface Call {
  readonly layer: Entry;
  /** The number of the call of its layer. */
  readonly place: number;
  /** Its inputs. */
  readonly links: readonly string[];
}

function graphOf(layers: readonly Entry[], config: Json): Topology {
  const ends = ["input_layers", "output_layers"].map((key) => linksIn(setting(config, key)));
  const [first, last] = ends;
  const named = new Map(layers.map((layer) => [layer.name, layer]));
  check(
    first !== undefined &&
      last !== undefined &&
      first.every((link) => named.get(nameIn(link))?.kind === "InputLayer" && link.endsWith("#0")),
    "the inputs and outputs of the model must be lists of its layers; received others",
    DAMAGED,
  );
  // in the order in which the model takes them, which that of its layers may differ from
  const inputs = [...new Set(first)].map((link) => named.get(nameIn(link)) as Entry);
  check(
    inputs.every((input) => callsOf(input).length === 0),
    "an input of the model must take nothing; received one that does",
    DAMAGED,
  );
  const values = new Map(inputs.map(({ name }, i) => [`${name}#0`, i]));
  const waiting = new Set(layers.filter((layer) => !inputs.includes(layer)).flatMap(callsOf));
  mustNotBeMore(waiting.size);
  const calls: Topology["calls"][number][] = [];
  for (let before = -1; before < calls.length; ) {
    before = calls.length;
    for (const call of waiting) {
      const { layer, place, links } = call;
      // calls of a layer are numbered in order, so each waits for the previous ones
      const isNext = place === 0 || values.has(`${layer.name}#${place - 1}`);
      if (!isNext || !links.every((link) => values.has(link))) continue;
      values.set(`${layer.name}#${place}`, inputs.length + calls.length);
      calls.push({ layer, inputs: links.map((link) => values.get(link) as number) });
      waiting.delete(call);
    }
  }
  check(
    waiting.size === 0 && last.every((link) => values.has(link)),
    () =>
      `each layer of the model must follow from its inputs, and its outputs must be of its layers; received ${show([...waiting].map(({ layer }) => layer.name))} that do not follow`,
    "unsupported",
  );
  const taken = inputs.map((input) => ({ name: input.name.replace(/^input\./, ""), shape: shapeOf(input) }));
  mustBeLayersModel(new Set(taken.map(({ name }) => name)).size === taken.length, "two inputs have one name");
  return {
    inputs: taken,
    calls,
    outputs: namedOnce(last).map(({ name, link }) => ({ name, value: values.get(link) as number })),
  };
}

const nameIn = (link: string): string => link.slice(0, link.lastIndexOf("#"));

/** Outputs by the names of their layers, with a number if the name is taken. */
function namedOnce(links: readonly string[]): { readonly name: string; readonly link: string }[] {
  const counts = new Map<string, number>();
  return links.map((link) => {
    const layer = nameIn(link);
    const number = (counts.get(layer) ?? 0) + 1;
    counts.set(layer, number);
    return { name: number === 1 ? layer : `${layer}#${number}`, link };
  });
}

/** The calls of a layer; each must take results of layers and no arguments. */
function callsOf(layer: Entry): Call[] {
  const { name, inbound = [] } = layer;
  const nodes = Array.isArray(inbound) ? inbound.map(linksIn) : [undefined];
  return nodes.map((links, place) => {
    must(
      links !== undefined,
      `the inputs of layer ${show(name)}`,
      "results of layers, and its call without arguments",
      inbound,
      "unsupported",
    );
    return { layer, place, links };
  });
}

/**
 * Links in a list of `[layer, call, 0]`, with the arguments of the call, which must be empty; undefined for
 * other lists.
 */
function linksIn(links: unknown): string[] | undefined {
  if (!Array.isArray(links) || links.length === 0) return undefined;
  const found = links.map((link) => {
    if (!Array.isArray(link)) return undefined;
    const [name, call, result, options] = link;
    const isPlain = options === undefined || (isRecord(options) && Object.keys(options).length === 0);
    const isLink = typeof name === "string" && Number.isSafeInteger(call) && call >= 0 && result === 0;
    return isLink && isPlain ? `${name}#${call}` : undefined;
  });
  return found.every((link) => link !== undefined) ? found : undefined;
}

/** The shape of a row: the numbers of `[null, ...shape]`. */
function shapeOf({ name, config }: KerasLayer): number[] {
  const shape = setting(config, "batch_input_shape");
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

function mustNotBeMore(calls: number): void {
  check(
    calls <= MOST_CALLS,
    () => `the model must have at most ${MOST_CALLS} layers; received ${calls}`,
    "unsupported",
  );
}
