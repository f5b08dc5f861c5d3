/** Clipping: bounds a gradient before an optimizer sees it. It knows no rule of any optimizer. */
import { add, concat, div, maximum, minimum, mul, neg, sqrt, square, sum } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import type { Convention } from "./convention.js";
import { mapParts } from "./parts.js";

/** The ways to clip, by their options: at most one at a time, as in Keras. */
export const CLIPPINGS = ["clipValue", "clipNorm", "globalClipNorm"] as const;
/** The name of an option that clips gradients. */
export type Clipping = (typeof CLIPPINGS)[number];

/**
 * A gradient clipped to a bound c. A gradient within the bound stays unchanged, bit for bit.
 *
 * | clipping | rule |
 * |---|---|
 * | `clipValue` | each number into [−c, c] |
 * | `clipNorm` | of each array g: g · c/max(‖g‖, c) |
 * | `globalClipNorm` | the same with the norm of all arrays together |
 *
 * In convention `"torch"`, norms have 1e-6 added, as in PyTorch's `clip_grad_norm_`. A norm of 2⁶⁴ or more
 * overflows in float32, and the gradient becomes 0.
 *
 * @param gradient - one array, or several end to end in a vector
 * @param sizes - the size of each array. Default: one array
 * @throws FettleError `invalid_shape` unless the sizes add up to that of the gradient
 */
export function clip(
  clipping: Clipping,
  bound: Value,
  gradient: Value,
  convention: Convention,
  sizes: readonly number[] = [sizeOf(gradient.shape)],
): Value {
  if (clipping === "clipValue") return minimum(maximum(gradient, neg(bound)), bound);
  const within = (g: Value): Value => {
    const norm = sqrt(sum(square(g)));
    return mul(g, div(bound, maximum(convention === "torch" ? add(norm, 1e-6) : norm, bound)));
  };
  if (clipping === "globalClipNorm" || sizes.length === 1) return within(gradient);
  return concat(mapParts(gradient, sizes, within));
}
