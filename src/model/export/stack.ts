/** Stacks of layers as the formats take them that have no graphs: JavaScript modules and layers models. */
import { check, must, show } from "../../errors.js";
import { activations, savedName } from "../../nn/activations.js";
import { makeLayer } from "../../nn/layers/factories.js";
import type { LayerDescription } from "../../predict/description.js";
import { layersOf, type NetworkLayer } from "../../predict/layers.js";
import { BUILT_IN } from "../../predict/limits.js";
import type { Tensor, Tensors } from "../../predict/safetensors.js";

/** What such a format may have. */
const KINDS = ["dense", "dropout", "activation", "elu", "leakyReLU", "prelu"] as const;

/** A layer of a stack. */
export interface StackLayer extends NetworkLayer {
  readonly kind: (typeof KINDS)[number];
  /** `linear` where it has none. */
  readonly activation: keyof typeof activations;
  /** What `elu` and `leakyReLU` are made with; NaN for others. */
  readonly slope: number;
  /** `[units]` or `[1]`: the slopes of `prelu`. */
  readonly slopes?: Tensor;
}

/** The options of layers that are their slope. */
const SLOPES: Readonly<Partial<Record<StackLayer["kind"], string>>> = {
  elu: "alpha",
  leakyReLU: "negativeSlope",
};

/**
 * The layers in their order.
 *
 * @throws FettleError as `layersOf`; `unsupported` for activations of other releases; `invalid_argument` for options that no layer has
 */
export function stackOf(
  layers: readonly LayerDescription[],
  columns: number,
  tensors: Tensors,
): StackLayer[] {
  return layersOf(layers, columns, tensors, KINDS).map((layer) => {
    const { id, kind, options, units, weights } = layer as StackLayer;
    const activation = savedName(layer.activation) as StackLayer["activation"];
    must(
      Object.hasOwn(activations, activation),
      `the activation of layer ${show(id)}`,
      BUILT_IN,
      activation,
      "unsupported",
    );
    const own = { ...layer, kind, activation, slope: Number.NaN };
    const option = SLOPES[kind];
    if (option) return { ...own, slope: makeLayer(kind, options).hyperparameters[option] };
    if (kind !== "prelu") return own;
    const slopes = tensors[weights.alpha] as Tensor | undefined;
    check(
      slopes?.shape.length === 1 && (slopes.shape[0] === units || slopes.shape[0] === 1),
      () =>
        `the slopes of layer ${show(id)} must fit its ${units} inputs; received shape ${show(slopes?.shape)}`,
      "invalid_checkpoint",
    );
    return { ...own, slopes };
  });
}
