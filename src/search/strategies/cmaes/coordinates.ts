/**
 * A space as CMA-ES sees it: every number that can vary is a coordinate of the unit interval, every choice a
 * table of probabilities. Parameters with one value are left out.
 */

import { memoized } from "../../../memo.js";
import { log, normCdf, normQuantile } from "../../../numerics/special.js";
import type { ChoiceParameter, NumericParameter } from "../../space/parameter.js";
import { fromUnit, indexOf, stepOf, toUnit, valueAt } from "../../space/scale.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { type Axis, vectorsOf } from "../../space/vectors.js";

/** A numeric parameter; it takes at least 2 values. */
export interface Coordinate extends Axis {
  readonly parameter: NumericParameter;
}

/** A choice of at least 2 values. */
export interface Category extends Axis {
  readonly parameter: ChoiceParameter;
}

/** See the header of this file. */
export interface Layout {
  readonly coordinates: readonly Coordinate[];
  readonly categories: readonly Category[];
}

/** The layout of a space; the same object for the same space. */
export const layoutOf = /* @__PURE__ */ memoized((space: SearchSpace): Layout => {
  const axes = vectorsOf(space).axes.filter(({ count }) => count > 1);
  const isChoice = (axis: Axis): axis is Category => axis.parameter.type === "choice";
  const isNumber = (axis: Axis): axis is Coordinate => !isChoice(axis);
  return { coordinates: axes.filter(isNumber), categories: axes.filter(isChoice) };
});

/** The index of the value that a discrete coordinate has at `u` of the unit interval. */
export function cellAt({ parameter }: Coordinate, u: number): number {
  return indexOf(parameter, fromUnit(parameter, u) as number);
}

/**
 * The edge in the unit interval between value `index` and the value before: halfway between the two. 0 for
 * the first value, 1 past the last.
 */
export function edgeOf({ parameter, count }: Coordinate, index: number): number {
  if (index === 0) return 0;
  if (index === count) return 1;
  if (!parameter.log) return index / count;
  // the unit interval is linear in the logarithm, and two of its points are known
  const last = valueAt(parameter, count - 1) as number;
  const from = toUnit(parameter, parameter.low);
  const slope = (toUnit(parameter, last) - from) / log(last / parameter.low);
  const halfway = (valueAt(parameter, index) as number) - (stepOf(parameter) as number) / 2;
  return from + slope * log(halfway / parameter.low);
}

/**
 * The coordinate of a point drawn from N(mean, std²), as far as its parameters reveal it: the mean if the
 * parameter does not apply; for a discrete one the median of the distribution within its cell, so that
 * rounding alone moves nothing.
 */
export function coordinateOf(coordinate: Coordinate, params: Params, mean: number, std: number): number {
  const { name, parameter, count } = coordinate;
  if (!Object.hasOwn(params, name)) return mean;
  const value = params[name] as number;
  if (count === Number.POSITIVE_INFINITY) return toUnit(parameter, value);
  const cell = indexOf(parameter, value);
  const from = edgeOf(coordinate, cell);
  const to = edgeOf(coordinate, cell + 1);
  // measured from the cell's side of the mean, where small probabilities keep their digits
  const side = from + to > 2 * mean ? -1 : 1;
  const probability = normCdf((side * (from - mean)) / std) + normCdf((side * (to - mean)) / std);
  if (probability === 0) return side < 0 ? from : to;
  return Math.min(to, Math.max(from, mean + side * std * normQuantile(probability / 2)));
}
