/**
 * The parameters of a space as the features of a forest, and as measures to integrate it by. Numbers are in
 * the unit interval on their own scales (`space/scale.ts`), where each value of a discrete number has a cell
 * as wide as its probability; choices are categories.
 */

import type { RandomStream } from "../../numerics/random.js";
import type { ConditionInterval, NumericParameter, Parameter } from "../space/parameter.js";
import { fromUnit, indexFrom, indexOf, toUnit, valueAt, valueCount } from "../space/scale.js";
import { clauseHolds, isList, type SearchSpace } from "../space/space.js";
import type { ParamValue } from "../space/value.js";
import type { Measure } from "./anova.js";
import type { Feature } from "./forest.js";

/**
 * A value as a coordinate of the forest: the index of a choice's value, or the place of a number in the unit
 * interval.
 */
export function placeOf(parameter: Parameter, value: ParamValue): number {
  const unit = toUnit(parameter, value);
  return parameter.type === "choice" ? Math.floor(unit * parameter.values.length) : unit;
}

/** The place of a value drawn from the parameter's own distribution. */
export function drawPlace(parameter: Parameter, random: RandomStream): number {
  return placeOf(parameter, fromUnit(parameter, random.uniform()));
}

/**
 * A parameter as a feature of the forest: a number is divided between two of its values, never within the
 * cell of one.
 */
export function featureOf(parameter: Parameter): Feature {
  if (parameter.type === "choice") return { categories: parameter.values.length };
  if (!Number.isFinite(valueCount(parameter))) return { cut: (a, b, u) => a + (b - a) * u };
  return {
    cut(a, b, u) {
      const [below, above] = [a, b].map((x) => indexOf(parameter, fromUnit(parameter, x) as number));
      return lowerEdge(parameter, below + 1 + Math.floor(u * (above - below)));
    },
  };
}

/** Where the cell of the `index`-th value begins in the unit interval; 1 for the index after the last. */
function lowerEdge(parameter: NumericParameter, index: number): number {
  const count = valueCount(parameter);
  if (index === 0) return 0;
  if (index === count) return 1;
  if (!parameter.log) return index / count;
  const [below, above] = [index - 1, index].map((i) => valueAt(parameter, i) as number);
  return toUnit(parameter, (below + above) / 2);
}

/** The measure of all values of a parameter. */
export function wholeOf(parameter: Parameter): Measure {
  if (parameter.type === "choice") return { weights: new Float64Array(parameter.values.length).fill(1) };
  return { intervals: [[0, 1]] };
}

/**
 * The measures of all parameters where `name` applies: the parameters of its condition, and of their
 * conditions in turn, are restricted to what the conditions allow. If that has measure 0, such as one point
 * of an interval, all values count.
 */
export function measuresWhere({ names, parameters }: SearchSpace, name: string): Measure[] {
  const measures = new Map(names.map((other) => [other, wholeOf(parameters[other])]));
  const restrict = (child: string): void => {
    for (const [parent, clause] of Object.entries(parameters[child].when ?? {})) {
      measures.set(parent, within(measures.get(parent) as Measure, parameters[parent], clause));
      restrict(parent);
    }
  };
  restrict(name);
  return names.map((other) => {
    const measure = measures.get(other) as Measure;
    return isNothing(measure) ? wholeOf(parameters[other]) : measure;
  });
}

function isNothing(measure: Measure): boolean {
  return "weights" in measure
    ? measure.weights.every((weight) => weight === 0)
    : measure.intervals.length === 0;
}

/** The part of a measure that a condition allows. */
function within(
  measure: Measure,
  parameter: Parameter,
  clause: readonly ParamValue[] | ConditionInterval,
): Measure {
  if (parameter.type === "choice") {
    const { weights } = measure as { weights: Float64Array };
    return { weights: weights.map((weight, i) => (clauseHolds(clause, parameter.values[i]) ? weight : 0)) };
  }
  const { intervals } = measure as { intervals: readonly (readonly [number, number])[] };
  const allowed = allowedOf(parameter, clause);
  return {
    intervals: intervals.flatMap(([low, high]) =>
      allowed.flatMap(([from, to]) => {
        const both = [Math.max(low, from), Math.min(high, to)] as const;
        return both[0] < both[1] ? [both] : [];
      }),
    ),
  };
}

/** The part of a number's unit interval that a condition allows: cells of values, or an interval. */
function allowedOf(
  parameter: NumericParameter,
  clause: readonly ParamValue[] | ConditionInterval,
): (readonly [number, number])[] {
  const count = valueCount(parameter);
  if (isList(clause)) {
    const indices = new Set(clause.map((value) => indexOf(parameter, value as number)));
    return Array.from(indices, (index) => {
      return [lowerEdge(parameter, index), lowerEdge(parameter, index + 1)] as const;
    });
  }
  const { low = parameter.low, high = parameter.high } = clause;
  const [from, to] = [Math.max(low, parameter.low), Math.min(high, parameter.high)];
  if (!Number.isFinite(count)) return [[toUnit(parameter, from), toUnit(parameter, to)]];
  const first = indexFrom(parameter, from);
  const last = indexFrom(parameter, to);
  const after = last < count && (valueAt(parameter, last) as number) <= to ? last + 1 : last;
  return [[lowerEdge(parameter, first), lowerEdge(parameter, after)]];
}
