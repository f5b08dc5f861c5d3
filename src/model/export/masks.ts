/** The masks of steps in a network, for formats with other masks or without masks. It knows no format. */
import { Graph, type Value } from "../../graph/graph.js";
import { input } from "../../graph/operations/leaves.js";
import { ROWS, type Shape } from "../../graph/shape.js";
import type { Layer } from "../../nn/layers/layer.js";
import { maskAfter } from "../../nn/layers/masks.js";
import type { PieceDescription } from "../../predict/description.js";

/** An input of a layer. */
export interface Masked {
  /**
   * The name of its mask: values with the same name have the same steps that count. Undefined if all count.
   */
  readonly mask?: string | undefined;
  /** Of a row. */
  readonly shape: Shape;
}

/** Whether a layer creates a mask. */
export const makesMask = ({ name, options }: PieceDescription): boolean =>
  name === "masking" || (name === "embedding" && options.maskZero === true);

/** The layers whose results depend on the number of steps that count, even if padding is 0. */
const COUNTING = /^((global)?(average|max)pooling[12]d|groupNormalization|multiHeadAttention)$/i;
export const countsSteps = ({ name }: PieceDescription): boolean => COUNTING.test(name);

/**
 * The mask of a layer's result: that of an input, or a new one with the layer's id; undefined without a mask.
 * The layer itself decides it from the masks of its inputs.
 */
export function maskOfResult(
  layer: Layer,
  id: string,
  inputs: readonly Masked[],
  shape: Shape,
): string | undefined {
  const graph = new Graph();
  const known = new Map<string, Value>();
  const maskOf = ({ mask, shape: [steps] }: Masked): Value | undefined => {
    if (mask === undefined) return undefined;
    const value = known.get(mask) ?? input(graph, mask, [ROWS, steps]);
    known.set(mask, value);
    return value;
  };
  const values = inputs.map((each, i) => input(graph, `${i}`, [ROWS, ...each.shape]));
  const context = {
    inputs: values,
    x: values[0],
    masks: inputs.map(maskOf),
    parameters: {},
    hyperparameters: {},
    training: false,
    trainable: true,
    stream: 0,
    update: () => {},
  };
  const result = maskAfter(layer, context, shape);
  return result && ([...known].find(([, value]) => value === result)?.[0] ?? id);
}
