/** The layers of stacks, checked for the predictor. */
import { check, must, show } from "../errors.js";
import type { LayerDescription, NetworkDescription } from "./description.js";
import { BUILT_IN, mustBeBuiltIn } from "./limits.js";
import type { Tensor, Tensors } from "./safetensors.js";

const KINDS = ["dense", "dropout", "activation"];
/** Activations that are one call of a kernel, or should not need a compiler. */
const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "softplus", "softmax", "gelu"];

/** A network that is a stack of layers, or the mean of several. */
export interface Stacks {
  /** Each over all columns. */
  readonly stacks: readonly (readonly LayerDescription[])[];
  /** The numbers of the stacks in the mean, in order; one may occur several times. For one stack `[0]`. */
  readonly mean: readonly number[];
}

/** The stacks of a network; undefined for any other graph of layers. */
export function stacksIn({ columns, inputs, outputs = [], layers }: NetworkDescription): Stacks | undefined {
  if (!inputs) return { stacks: [layers], mean: [0] };
  const last = layers[layers.length - 1];
  const isMean = !last.custom && last.name === "merge" && last.options.way === "average";
  const [source] = inputs;
  const isOverColumns = inputs.length === 1 && String(source.shape) === String([columns]);
  if (!isMean || !isOverColumns || outputs.length !== 1 || outputs[0].value !== last.id) return undefined;
  const stacks: LayerDescription[][] = [];
  /** Stacks by the id of their last layer so far. */
  const ends = new Map<string, number>();
  for (const layer of layers.slice(0, -1)) {
    const [before, ...others] = layer.inputs;
    if (others.length > 0 || layer.shares !== undefined) return undefined;
    const stack = before === `input.${source.name}` ? stacks.push([]) - 1 : ends.get(before);
    if (stack === undefined) return undefined;
    stacks[stack].push(layer);
    ends.delete(before);
    ends.set(layer.id, stack);
  }
  const mean = last.inputs.map((id) => ends.get(id) ?? -1);
  return mean.length > 1 && stacks.every((_, i) => mean.includes(i)) && !mean.includes(-1)
    ? { stacks, mean }
    : undefined;
}

/**
 * The stacks of a network whose layers and activations the kernels alone compute; undefined for other
 * networks.
 */
export function plainStacks(network: NetworkDescription): Stacks | undefined {
  const found = stacksIn(network);
  const isPlain = ({ name, custom, options: { activation = "linear" } }: LayerDescription): boolean =>
    !custom && has(KINDS, name) && has(ACTIVATIONS, activation);
  return found?.stacks.every((stack) => stack.every(isPlain)) ? found : undefined;
}

const has = (list: readonly unknown[], value: unknown): boolean => list.includes(value);

/** The name of the activation of a layer. @throws FettleError `unsupported` for a custom one */
function activationOf({ id, options }: LayerDescription): string {
  const { activation: given = "linear" } = options;
  must(typeof given === "string", `the activation of layer ${show(id)}`, BUILT_IN, given, "unsupported");
  return given;
}

/** A built-in layer whose arrays fit the previous layer. */
interface NetworkLayer {
  /** The name of its factory. */
  readonly kind: string;
  readonly activation: string;
  /** Units of its result. */
  readonly units: number;
  /** `[units of the previous layer, units]` and `[units]`; only for dense layers. */
  readonly kernel?: Tensor;
  readonly bias?: Tensor | undefined;
}

/**
 * The layers of a stack in their order, each of which takes the result of the previous one.
 *
 * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported`
 * for other layers and custom activations
 */
export function layersOf(
  layers: readonly LayerDescription[],
  columns: number,
  tensors: Tensors,
): NetworkLayer[] {
  // one of several stacks names the input that it takes
  let [before] = layers[0].inputs;
  if (!before?.startsWith("input.")) before = "input";
  let units = columns;
  return layers.map((layer): NetworkLayer => {
    const { id, name, custom, inputs, weights } = layer;
    check(
      inputs.length === 1 && inputs[0] === before,
      () => `layer ${show(id)} must take the layer before it, ${show(before)}; received ${show(inputs)}`,
      "invalid_checkpoint",
    );
    before = id;
    mustBeBuiltIn(!custom && has(KINDS, name), layer);
    const activation = activationOf(layer);
    if (name !== "dense") return { kind: name, activation, units };
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
    return { kind: name, activation, units, kernel, bias };
  });
}
