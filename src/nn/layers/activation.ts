/** An activation as a layer. */
import { type Activation, activationName, getActivation } from "../activations.js";
import { builtIn, type Layer, type LayerDefinition, PLAIN } from "./layer.js";

/**
 * An activation as a layer.
 *
 * @param name - a name, or a function of a value
 * @throws FettleError `unknown_name` for an unknown name
 * @example
 * ```ts
 * const softer = (x: Value) => mul(0.5, add(x, softsign(x)));
 * const model = sequential([dense(8), activation(softer), dense(1), activation("sigmoid")]);
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
  return builtIn(layer, [activationName(name)], { activation: name });
}
