/** The arrays of a model file as the parameters of its network, in one vector. */
import { check, show } from "../errors.js";
import type { Network, Wiring } from "../nn/network/network.js";
import type { NetworkDescription } from "./description.js";
import type { Tensors } from "./safetensors.js";
import { idsOf } from "./wires.js";

/**
 * The vector of all parameters.
 *
 * @param network - the wiring of the description, with its layers
 * @throws FettleError `invalid_checkpoint` for layers with other inputs, and arrays that do not fit them
 */
export function parametersOf(
  network: Network,
  wiring: Wiring,
  { layers }: NetworkDescription,
  tensors: Tensors,
): Float32Array {
  const ids = idsOf(wiring);
  const first = ids.values.length - layers.length;
  const found = network.layers.flatMap(({ inputs: taken, parameters }, i) => {
    const { id, inputs, weights } = layers[i];
    const [expected, takes] = [ids.values[first + i], taken.map((value) => ids.values[value])];
    check(
      id === expected && String(inputs) === String(takes),
      () =>
        `layer ${show(id)} must be ${show(expected)}, and take ${show(takes)}; received inputs ${show(inputs)}`,
      "invalid_checkpoint",
    );
    if (ids.shares[i] !== undefined) return [];
    return parameters.map(({ name, shape }) => {
      const tensor = Object.hasOwn(weights, name) ? tensors[weights[name]] : undefined;
      check(
        tensor && String(tensor.shape) === String(shape),
        () =>
          `the model file must have an array of shape ${show(shape)} for ${id}.${name}; received ${show(tensor?.shape)}`,
        "invalid_checkpoint",
      );
      return tensor;
    });
  });
  // not earlier: now the arrays in the file bound its size
  const vector = new Float32Array(network.size);
  for (const [i, { data }] of found.entries()) vector.set(data, network.parameters[i].offset);
  return vector;
}
