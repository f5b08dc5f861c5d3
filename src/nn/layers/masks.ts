/**
 * Steps that do not count, for layers: the values that a layer receives there, and masks when steps move. A
 * mask is [rows, steps], 1 for a step that counts. It knows no layer; `../network/stepMasks.ts` leaves steps
 * out of losses and metrics.
 */
import { equal, maximum, patches, reshape, select, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import type { Axis, PaddingName, Placed } from "./geometry.js";
import type { LayerContext, LayerDefinition } from "./layer.js";

/** A mask as [rows, steps, 1, …], so that it broadcasts to x. */
export const besideSteps = (mask: Value, { shape }: Value): Value =>
  reshape(mask, [...mask.shape, ...shape.slice(mask.shape.length).map(() => 1)]);

/** x, with `other` at the steps that do not count: a product with 0 would keep NaN. */
export const whereCounted = (x: Value, mask: Value, other: number | Value = 0): Value =>
  select(besideSteps(mask, x), x, other);

/** Values of a batch with 0 at the steps that do not count, each made once. */
export type Zeroed = Map<Value, Value>;

/**
 * The inputs for `call` of a layer: padding is 0, unless the layer is stepwise.
 *
 * @param zeroed - the results so far; a value that is already 0 at such steps maps to itself
 */
export function givenTo(
  { stepwise }: Pick<LayerDefinition, "stepwise">,
  context: LayerContext,
  zeroed: Zeroed = new Map(),
): LayerContext {
  const { masks = [] } = context;
  if (!masks.some((mask) => mask !== undefined)) return context;
  const inputs = context.inputs.map((x, i) => {
    const mask = masks[i];
    // rows of one axis have no features, so a layer along the last axis mixes their steps
    if (mask === undefined || (stepwise && x.shape.length > 2)) return x;
    const known = zeroed.get(x) ?? whereCounted(x, mask);
    zeroed.set(x, known);
    return known;
  });
  return { ...context, inputs, x: inputs[0] };
}

/**
 * The mask of a layer's result with rows of a shape: its own, or that of the first input if there are as many
 * steps.
 */
export function maskAfter(layer: LayerDefinition, context: LayerContext, shape: Shape): Value | undefined {
  if (layer.mask) return layer.mask(context);
  const [mask] = context.masks ?? [];
  return shape.length > 1 && mask?.shape[1] === shape[0] ? mask : undefined;
}

/** For layers whose result has no steps: values that did not count are 0, and count as such. */
export const MASK_ENDS = { mask: (): undefined => undefined };

/** The steps that count in any of the masks: an input without a mask follows the others. */
export function anyOf(masks: readonly (Value | undefined)[]): Value | undefined {
  const [first, ...others] = new Set(masks.filter((mask) => mask !== undefined));
  return others.reduce(maximum, first);
}

/**
 * The mask of windows along the steps. Of `valid` windows, those that see no padding count, as for a sequence
 * without padding; otherwise those in the places of steps that count.
 *
 * @param steps - how windows lie along the steps
 * @param at - where they lie
 */
export function maskOfWindows(
  mask: Value | undefined,
  steps: Axis,
  { count }: Placed,
  padding: PaddingName,
): Value | undefined {
  const { size, stride, dilation } = steps;
  const isSame = stride === 1 && count === mask?.shape[1];
  if (mask === undefined || isSame) return mask;
  const [rows, length] = mask.shape;
  const taken = padding === "valid" ? size : 1;
  const line = reshape(mask, [rows, 1, length, 1]);
  const windows = patches(line, [1, taken], { strides: [1, stride], dilation: [1, dilation] });
  return equal(reshape(sum(windows, 3), [rows, count]), taken);
}
