/**
 * The network of a model file: its layers, made by their factories and wired, and its parameters. For
 * predictors and exporters, which accept no custom layers or functions, and need no training code.
 */
import { check, FettleError, must, show } from "../errors.js";
import { type Network, networkOf } from "../nn/network/network.js";
import type { LayerDescription, NetworkDescription } from "./description.js";
import { BUILT_IN, mustBeBuiltIn } from "./limits.js";
import { parametersOf } from "./parameters.js";
import { type Given, layerFrom } from "./pieces.js";
import type { Tensors } from "./safetensors.js";
import { wiringFrom } from "./wires.js";

/** A network whose layers and arrays fit each other. */
export interface BuiltInNetwork {
  readonly network: Network;
  /** All parameters in one vector. */
  readonly parameters: Float32Array;
}

/**
 * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported`
 * for custom layers and activations
 */
export function builtInNetwork(description: NetworkDescription, tensors: Tensors): BuiltInNetwork {
  return fromFile(() => {
    const wiring = wiringFrom(description, layerOf);
    const network = networkOf(wiring, description.columns);
    for (const { name, shape } of network.layers) checkSizes(name, shape);
    must(
      network.size > 0,
      "a network",
      "of layers with parameters",
      description.layers,
      "invalid_checkpoint",
    );
    return { network, parameters: parametersOf(network, wiring, description, tensors) };
  });
}

function layerOf(layer: LayerDescription): ReturnType<typeof layerFrom> {
  mustBeBuiltIn(!layer.custom, layer);
  const options = Object.entries(layer.options).filter(([key]) => !OF_TRAINING.test(key));
  return layerFrom({ name: layer.name, options: Object.fromEntries(options) }, given(layer));
}

/** Options that only training reads; they may be custom. */
const OF_TRAINING = /(Initializer|Regularizer|Constraint)$/;

const given = ({ id }: LayerDescription): Given => ({
  own: (_, name) => refuse(`the activation of layer ${show(id)}`, { function: name }),
  piece: (piece) => refuse(`what layer ${show(id)} is made of`, piece),
});

function refuse(what: string, received: unknown): never {
  throw new FettleError("unsupported", `${what} must be ${BUILT_IN}; received ${show(received)}`);
}

/** The most axes of a value. */
const MOST_AXES = 8;
/** The most numbers in a row of a value: 2 GiB, less than WebAssembly's addresses. */
const MOST_NUMBERS = 2 ** 29;

export function checkSizes(name: string, shape: readonly number[]): void {
  const size = shape.reduce((product, length) => product * length, 1);
  check(
    shape.length <= MOST_AXES && size <= MOST_NUMBERS,
    () =>
      `a row of the result of ${name} must have at most ${MOST_AXES} axes and ${MOST_NUMBERS} numbers; received shape ${show(shape)}`,
    "invalid_checkpoint",
  );
}

/** Errors of the layers in a file become errors of the file. */
export function fromFile<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FettleError) || FILE_CODES.includes(error.code)) throw error;
    throw new FettleError(
      "invalid_checkpoint",
      `the network of the model file is refused: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

const FILE_CODES: readonly string[] = ["invalid_checkpoint", "unsupported", "limit_exceeded", "memory_limit"];
