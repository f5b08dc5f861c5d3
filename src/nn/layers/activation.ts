/** An activation as a layer. */
import { nameIn } from "../../names.js";
import { type Activation, activations, getActivation } from "../activations.js";
import { builtIn, type Layer, type LayerDefinition, PLAIN } from "./layer.js";

/**
 * An activation as a layer.
 *
 * @param name - a name, or a function of a value
 * @throws FettleError `unknown_name` for an unknown name
 * @example
 * ```ts
 * const leakyRelu = (x: Value) => maximum(x, mul(0.1, x));
 * const model = sequential([dense(8), activation(leakyRelu), dense(1), activation("sigmoid")]);
 * ```
 */
export function activation(name: Activation): Layer {
  const activate = getActivation(name);
  const layer: LayerDefinition = {
    type: "activation",
    hyperparameters: {},
    ...PLAIN,
    call: ({ x }) => activate(x),
  };
  return builtIn(layer, [nameIn(activations, activate)], { activation: name });
}
