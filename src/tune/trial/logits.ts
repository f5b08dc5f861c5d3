/**
 * The logits of a network of classes, and their division by a temperature: a change of weights, so that the
 * network keeps its form.
 */
import { check, show } from "../../errors.js";
import { type Activation, activationName } from "../../nn/activations.js";
import type { Layer } from "../../nn/layers/layer.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { LayerCall, Wiring } from "../../nn/network/network.js";
import { madeOf } from "../../recipe.js";

/**
 * Refuses a network whose probabilities are not the sigmoid or softmax of the output of its last dense layer.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkLogits({ wiring }: LayersModel, units: number): void {
  const activation = units === 1 ? "sigmoid" : "softmax";
  check(
    logitsOf(wiring, activation) !== undefined,
    () =>
      `calibrate needs a model that ends with dense(${units}, { activation: ${show(activation)} }); received one that ends with ` +
      wiring.calls
        .slice(-2)
        .map(({ layer }) => `${layer.type}${activationOf(layer) ? ` (${activationOf(layer)})` : ""}`)
        .join(", "),
  );
}

/**
 * Divides the logits by a temperature: the kernel and the bias of the last dense layer. Other parameters keep
 * their bits.
 */
export function divideLogits(model: LayersModel, temperature: number): void {
  const { name } = logitsOf(model.wiring, "softmax") ?? (logitsOf(model.wiring, "sigmoid") as LayerCall);
  const weights = model.getWeights();
  for (const path of [`${name}.kernel`, `${name}.bias`]) {
    const { data } = weights[path] ?? { data: [] };
    for (const [i, weight] of data.entries()) data[i] = weight / temperature;
  }
  model.setWeights(weights);
}

/** The dense layer whose result, through its activation or that of the next layer, is the only output. */
function logitsOf({ inputs, calls, outputs }: Wiring, activation: string): LayerCall | undefined {
  const producer = (value: number): LayerCall | undefined => calls[value - inputs.length];
  const isDense = ({ layer, name }: LayerCall, own: string): boolean =>
    madeOf(layer)?.name === "dense" &&
    activationOf(layer) === own &&
    // it must be applied only once: its other use would need the old weights
    calls.filter((call) => call.name === name).length === 1;
  const usesOf = (value: number): number =>
    calls.filter((call) => call.inputs.includes(value)).length +
    outputs.filter((output) => output.value === value).length;
  if (outputs.length > 1) return undefined;
  const [{ value }] = outputs;
  const last = producer(value);
  if (!last || usesOf(value) > 1) return undefined;
  if (isDense(last, activation)) return last;
  const before = producer(last.inputs[0]);
  const isActivation = madeOf(last.layer)?.name === "activation" && activationOf(last.layer) === activation;
  return isActivation && before && isDense(before, "linear") && usesOf(last.inputs[0]) === 1
    ? before
    : undefined;
}

/** The name of a built-in activation of a layer that has one. */
function activationOf(layer: Layer): string | undefined {
  const made = madeOf(layer);
  if (!made || !["dense", "activation"].includes(made.name)) return undefined;
  return activationName((made.options.activation ?? "linear") as Activation);
}
