/** A stack of layers, as Keras' `Sequential`. */
import { must } from "../../errors.js";
import { checkLayer, type Layer } from "../layers/layer.js";
import { chain } from "../network/network.js";
import { LayersModel } from "./layersModel.js";

/**
 * A model that is a stack of layers, as Keras' `Sequential`. It is compiled, then fitted.
 *
 * @param layers - at least one; the first has as many inputs as `x` of `fit` has columns. A layer that
 * occurs several times has the same weights at each place
 * @throws FettleError `invalid_argument` for anything but an array of at least one layer
 * @example
 * ```ts
 * const model = sequential([dense(16, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
 * model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
 * const { history } = await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], { epochs: 300 });
 * history.loss.length; // 300
 * model.predict([[0, 1], [1, 1]]).shape; // [2, 1]
 * ```
 */
export function sequential(layers: readonly Layer[]): Sequential {
  return new Sequential(layers);
}

/** A model that is a stack of layers. Made by `sequential`. */
export class Sequential extends LayersModel<"output"> {
  constructor(layers: readonly Layer[]) {
    must(Array.isArray(layers) && layers.length > 0, "layers", "an array of at least one layer", layers);
    for (const [i, layer] of layers.entries()) checkLayer(layer, `layer ${i}`);
    super(chain(layers));
  }
}
