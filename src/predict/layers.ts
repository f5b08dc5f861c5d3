/** The layers of a stack, checked once for all that read them: the predictor, and what exports a network. */
import { check, must, show } from "../errors.js";
import type { LayerDescription, NetworkDescription } from "./description.js";
import { BUILT_IN, mustBeBuiltIn } from "./limits.js";
import type { Tensor, Tensors } from "./safetensors.js";

const KINDS = ["dense", "dropout", "activation"];
/** Those that are one call of a kernel, or had better not wait for a compiler. */
const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "softplus", "softmax", "gelu"];

/** Whether a network is a stack of layers of these kinds and activations, which the kernels alone compute. */
export function isStack({ inputs, layers }: NetworkDescription): boolean {
  return (
    !inputs &&
    layers.every(
      ({ name, custom, options: { activation = "linear" } }) =>
        !custom && has(KINDS, name) && has(ACTIVATIONS, activation),
    )
  );
}

const has = (list: readonly unknown[], value: unknown): boolean => list.includes(value);

/** The name of the activation of a layer. @throws FettleError `unsupported` for a custom one */
export function activationOf({ id, options }: LayerDescription): string {
  const { activation: given = "linear" } = options;
  must(typeof given === "string", `the activation of layer ${show(id)}`, BUILT_IN, given, "unsupported");
  return given;
}

/** A built-in layer whose arrays fit the layer before it. */
export interface NetworkLayer {
  readonly id: string;
  /** The name of its factory. */
  readonly kind: string;
  readonly options: LayerDescription["options"];
  /** The names of its arrays. */
  readonly weights: LayerDescription["weights"];
  readonly activation: string;
  /** Units of its result. */
  readonly units: number;
  /** `[units before it, units]` and `[units]`; of dense layers alone. */
  readonly kernel?: Tensor;
  readonly bias?: Tensor | undefined;
}

/**
 * The layers in their order, each of which takes the result of the one before it.
 *
 * @param kinds - the names of the factories that are taken
 * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for other layers, custom
 * activations, and graphs of layers
 */
export function layersOf(
  { columns, inputs, layers }: NetworkDescription,
  tensors: Tensors,
  kinds: readonly string[] = KINDS,
): NetworkLayer[] {
  check(
    !inputs,
    () =>
      `the network must be a stack of layers over columns to be exported to this format; received one with the inputs ${show(inputs)}; export it to ONNX`,
    "unsupported",
  );
  let before = "input";
  let units = columns;
  return layers.map((layer): NetworkLayer => {
    const { id, name, custom, inputs, options, weights } = layer;
    check(
      inputs.length === 1 && inputs[0] === before,
      () => `layer ${show(id)} must take the layer before it, ${show(before)}; received ${show(inputs)}`,
      "invalid_checkpoint",
    );
    before = id;
    mustBeBuiltIn(!custom && has(kinds, name), layer, `one of ${kinds.join(", ")} to be exported`);
    const activation = activationOf(layer);
    if (name !== "dense") return { id, kind: name, options, activation, units, weights };
    const kernel = tensors[weights.kernel] as Tensor | undefined;
    const bias = weights.bias === undefined ? undefined : tensors[weights.bias];
    const shapes = [kernel, ...(weights.bias === undefined ? [] : [bias])].map((tensor) => tensor?.shape);
    const width = kernel?.shape[1] ?? 0;
    check(
      kernel && width > 0 && String(shapes) === String([[units, width], [width]].slice(0, shapes.length)),
      () => `the arrays of layer ${show(id)} must fit its ${units} inputs; received shapes ${show(shapes)}`,
      "invalid_checkpoint",
    );
    units = width;
    return { id, kind: name, options, activation, units, weights, kernel, bias };
  });
}
