/**
 * Points of a space as vectors of the unit cube, for strategies that work with geometry. A number is one
 * coordinate, on its own scale (`scale.ts`); a choice has a coordinate for each of its values, 1 for the one
 * taken (one-hot); a parameter that does not apply has neutral coordinates.
 */

import { memoized } from "../../memo.js";
import type { Parameter } from "./parameter.js";
import { fromUnit, toUnit, valueAt, valueCount } from "./scale.js";
import { buildParams, type Params, type SearchSpace } from "./space.js";
import { type ParamValue, placeOf } from "./value.js";

/** The coordinates of one parameter. */
export interface Axis {
  readonly name: string;
  readonly parameter: Parameter;
  /** The first coordinate. */
  readonly offset: number;
  /** How many there are: 1 for a number, the number of values for a choice. */
  readonly width: number;
  /** How many values the parameter takes; Infinity for a continuous one. */
  readonly count: number;
}

/** See the header of this file. */
export interface Vectors {
  /** Coordinates in all. */
  readonly size: number;
  readonly axes: readonly Axis[];
  /**
   * [size], each in [0, 1]. A number that does not apply is 0.5; a choice of k values that does not apply is
   * 1/k, k times.
   */
  encode(params: Params): Float64Array;
  /**
   * The nearest point: numbers within the range, and for a choice the value with the largest coordinate (the
   * first, if several are equal).
   */
  decode(vector: ArrayLike<number>): Params;
}

/** The vectors of a space; the same object for the same space. */
export const vectorsOf = /* @__PURE__ */ memoized((space: SearchSpace): Vectors => {
  let size = 0;
  const axes = space.names.map((name): Axis => {
    const parameter = space.parameters[name];
    const width = parameter.type === "choice" ? parameter.values.length : 1;
    const offset = size;
    size += width;
    return { name, parameter, offset, width, count: valueCount(parameter) };
  });
  const axisOf = new Map(axes.map((axis) => [axis.name, axis]));
  return {
    size,
    axes,
    encode(params) {
      const vector = new Float64Array(size);
      for (const { name, parameter, offset, width } of axes) {
        const applies = Object.hasOwn(params, name);
        if (parameter.type !== "choice") vector[offset] = applies ? toUnit(parameter, params[name]) : 0.5;
        else if (!applies) vector.fill(1 / width, offset, offset + width);
        else vector[offset + placeOf(parameter.values, params[name])] = 1;
      }
      return vector;
    },
    decode: (vector) =>
      buildParams(space, (parameter, name) => readAxis(parameter, axisOf.get(name) as Axis, vector)),
  };
});

function readAxis(parameter: Parameter, { offset, width }: Axis, vector: ArrayLike<number>): ParamValue {
  if (parameter.type !== "choice") return fromUnit(parameter, vector[offset]);
  let best = 0;
  for (let i = 1; i < width; i++) if (vector[offset + i] > vector[offset + best]) best = i;
  return valueAt(parameter, best);
}
