/**
 * The wiring in a model file, by ids of values. A stack of layers over columns needs no inputs and outputs.
 */
import type { Shape } from "../graph/shape.js";
import { type Layer, named } from "../nn/layers/layer.js";
import { chain, layerNames, type Wiring } from "../nn/network/network.js";
import type { LayerDescription, NetworkDescription } from "./description.js";

/** The names of values in a file. */
export interface Ids {
  /** For each value of a wiring: its inputs, then the results of its calls. */
  readonly values: readonly string[];
  /** For each call: the id of the first call of its layer, if it is not the first. */
  readonly shares: readonly (string | undefined)[];
}

/**
 * A wiring with the shape of its rows, unless it is a stack of different layers over columns: other stacks
 * are stored as networks with an input.
 */
export function withRow(wiring: Wiring, row: Shape): Wiring {
  const { calls } = wiring;
  if (row.length === 1 && new Set(calls.map(({ name }) => name)).size === calls.length) return wiring;
  return { ...wiring, inputs: wiring.inputs.map(({ name, shape = row }) => ({ name, shape })) };
}

export function idsOf({ inputs, calls }: Wiring): Ids {
  const seen = new Map<string, number>();
  const values = inputs.map(({ name, shape }) => (shape === undefined ? "input" : `input.${name}`));
  const shares = calls.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    values.push(count === 1 ? name : `${name}.${count}`);
    return count === 1 ? undefined : name;
  });
  return { values, shares };
}

/** The inputs and outputs of a network in a file; empty for a stack. */
export function describeEnds(
  wiring: Wiring,
  { values }: Ids,
): Pick<NetworkDescription, "inputs" | "outputs"> {
  const inputs = wiring.inputs.flatMap(({ name, shape }) => (shape === undefined ? [] : [{ name, shape }]));
  if (inputs.length === 0) return {};
  return { inputs, outputs: wiring.outputs.map(({ name, value }) => ({ name, value: values[value] })) };
}

/** A layer of a file, with its own name if it has one. */
function namedLayer(described: LayerDescription, layerFrom: (description: LayerDescription) => Layer): Layer {
  const layer = layerFrom(described);
  return described.named ? named(described.id, layer) : layer;
}

/**
 * The wiring of a network in a file, in which `readContents` has checked that each layer follows its inputs.
 *
 * @param layerFrom - makes the described layer
 */
export function wiringFrom(
  { inputs, outputs = [], layers }: NetworkDescription,
  layerFrom: (description: LayerDescription) => Layer,
): Wiring {
  const made = new Map<string, Layer>();
  const all = layers.map((described) => {
    const layer = made.get(described.shares ?? described.id) ?? namedLayer(described, layerFrom);
    made.set(described.id, layer);
    return layer;
  });
  if (inputs === undefined) return chain(all);
  const nameOf = layerNames(all);
  const values = [...inputs.map(({ name }) => `input.${name}`), ...layers.map(({ id }) => id)];
  const place = new Map(values.map((id, i) => [id, i]));
  return {
    inputs,
    calls: all.map((layer, i) => ({
      layer,
      name: nameOf(layer),
      inputs: layers[i].inputs.map((id) => place.get(id) as number),
    })),
    outputs: outputs.map(({ name, value }) => ({ name, value: place.get(value) as number })),
  };
}
