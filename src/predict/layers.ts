/** The layers of a stack, checked once for all that read them: the predictor, and what exports a network. */
import { check, must, show } from "../errors.js";
import type { LayerDescription, NetworkDescription } from "./description.js";
import { BUILT_IN, mustBeBuiltIn } from "./limits.js";
import type { Tensor, Tensors } from "./safetensors.js";

const KINDS = ["dense", "dropout", "activation"] as const;
const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "softplus", "softmax", "gelu"] as const;

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

/** The activation of a layer. @throws FettleError `unsupported` for a custom one */
export function activationOf({ id, options }: LayerDescription): (typeof ACTIVATIONS)[number] {
  const { activation: given = "linear" } = options;
  must(has(ACTIVATIONS, given), `the activation of layer ${show(id)}`, BUILT_IN, given, "unsupported");
  return given as (typeof ACTIVATIONS)[number];
}

/** A built-in layer whose arrays fit the layer before it. */
export interface NetworkLayer {
  readonly id: string;
  readonly kind: (typeof KINDS)[number];
  readonly options: LayerDescription["options"];
  /** The names of its arrays. */
  readonly weights: LayerDescription["weights"];
  readonly activation: (typeof ACTIVATIONS)[number];
  /** Units of its result. */
  readonly units: number;
  /** `[units before it, units]` and `[units]`; of dense layers alone. */
  readonly kernel?: Tensor;
  readonly bias?: Tensor | undefined;
}

/**
 * The layers in their order, each of which takes the result of the one before it.
 *
 * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for custom layers and activations,
 * and for graphs of layers
 */
export function layersOf({ columns, inputs, layers }: NetworkDescription, tensors: Tensors): NetworkLayer[] {
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
    const kind = KINDS.find((each) => each === name && !custom);
    mustBeBuiltIn(kind, layer, "dense, dropout or activation to be exported");
    const activation = activationOf(layer);
    if (kind !== "dense") return { id, kind, options, activation, units, weights };
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
    return { id, kind, options, activation, units, weights, kernel, bias };
  });
}
