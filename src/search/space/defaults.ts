/** Points of a space: of the parameters' defaults, which strategies try first, and random ones. */

import type { RandomStream } from "../../numerics/random.js";
import { fromUnit } from "./scale.js";
import { allows, buildParams, type Params, type SearchSpace } from "./space.js";

/**
 * The point of the defaults; a parameter without one takes the middle of its range, or of its list of values.
 *
 * @returns undefined if no parameter has a default, or the constraint forbids the point
 */
export function defaultPoint(space: SearchSpace): Params | undefined {
  if (space.names.every((name) => space.parameters[name].default === undefined)) return undefined;
  return middlePoint(space);
}

/**
 * The same if no parameter has a default: then the middle of the space.
 *
 * @returns undefined if the constraint forbids the point
 */
export function middlePoint(space: SearchSpace): Params | undefined {
  const point = buildParams(space, (parameter) =>
    parameter.default === undefined ? fromUnit(parameter, 0.5) : parameter.default,
  );
  return allows(space, point) ? point : undefined;
}

/** A point drawn uniformly, whatever the constraint says. */
export const randomPoint = (space: SearchSpace, random: RandomStream): Params =>
  buildParams(space, (parameter) => fromUnit(parameter, random.uniform()));
