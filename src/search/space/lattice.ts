/**
 * All points of a finite space, numbered: how many there are, the point at a number
 * and the number of a point, without listing them. Points with a parameter that does
 * not apply are counted once. `grid` walks over it, `random` falls back to it.
 *
 * Order: as nested loops over the parameters in the space's order (declared order, each
 * conditional parameter after those that its condition names), the last one fastest.
 */

import { check, show } from "../../errors.js";
import type { NumericParameter, Parameter } from "./parameter.js";
import { indexFrom, interpolate, nearest, valueAt, valueCount } from "./scale.js";
import { buildParams, clauseHolds, isActive, isList, type Params, type SearchSpace } from "./space.js";
import { type ParamValue, placeOf } from "./value.js";

/** The values that one parameter takes on a lattice, in order. */
interface Axis {
  readonly count: number;
  at(index: number): ParamValue;
  /** -1 if the value is not on the axis. */
  indexOf(value: ParamValue): number;
  /** Where the axis splits into runs of values that all conditions treat alike: 0, …, count. */
  readonly cuts: readonly number[];
}

/**
 * The most prefixes of points that conditions may distinguish: with late declarations there are exponentially
 * many.
 */
const MOST_BEGINNINGS = 50_000;

/** See the header of this file. */
export class Lattice {
  /** How many points there are; above 2^53 only approximately. */
  readonly size: number;
  private readonly axes: readonly Axis[];
  /** The later conditions on parameters before `order[i]`, by i. */
  private readonly clauses: readonly ((params: Params) => boolean)[][];
  /** Known results of `count`, by i and by what the clauses return. */
  private readonly counts: readonly Map<string, number>[];
  private beginnings = 0;

  /**
   * @param points - the largest number of values to take of each numeric parameter, spread evenly from `low`
   * to `high` (along the logarithm for log scales): one positive integer for all parameters, or one by name;
   * checked by the caller. A float without a step needs it.
   * @throws FettleError `invalid_space` for a float that has neither a step nor points
   */
  constructor(
    private readonly space: SearchSpace,
    points?: number | Readonly<Record<string, number>>,
  ) {
    this.axes = space.order.map((name) =>
      createAxis(space, name, typeof points === "number" ? points : points?.[name]),
    );
    this.clauses = space.order.map((_, i) => clausesAcross(space, i));
    this.counts = space.order.map(() => new Map());
    this.size = this.count(0, {});
  }

  /** The point at `index`, in [0, size). */
  at(index: number): Params {
    let rest = index;
    return buildParams(this.space, (_, name, before) => {
      const i = this.space.order.indexOf(name);
      const { cuts, at } = this.axes[i];
      const each = (run: number) => this.count(i + 1, { ...before, [name]: at(cuts[run]) });
      let run = 0;
      for (; run + 2 < cuts.length; run++) {
        const inRun = (cuts[run + 1] - cuts[run]) * each(run);
        if (rest < inRun) break;
        rest -= inRun;
      }
      const offset = Math.floor(rest / each(run));
      rest -= offset * each(run);
      return at(cuts[run] + offset);
    });
  }

  /** The number of a point, or undefined if it is not on the lattice. */
  indexOf(params: Params): number | undefined {
    let index = 0;
    const before: Record<string, ParamValue> = {};
    for (const [i, name] of this.space.order.entries()) {
      if (!Object.hasOwn(params, name)) continue;
      const { cuts, at, indexOf } = this.axes[i];
      const position = indexOf(params[name]);
      if (position < 0) return undefined;
      for (let run = 0; cuts[run] <= position; run++) {
        const passed = Math.min(cuts[run + 1], position) - cuts[run];
        if (passed > 0) index += passed * this.count(i + 1, { ...before, [name]: at(cuts[run]) });
      }
      before[name] = params[name];
    }
    return index;
  }

  /** In how many ways `params`, which holds the parameters before `order[i]`, can be completed. */
  private count(i: number, params: Params): number {
    const { order, parameters } = this.space;
    if (i === order.length) return 1;
    // if all later conditions treat two prefixes alike, both have equally many completions
    const key = this.clauses[i].map((holds) => (holds(params) ? "1" : "0")).join("");
    const known = this.counts[i].get(key);
    if (known !== undefined) return known;
    check(
      ++this.beginnings <= MOST_BEGINNINGS,
      `conditions must not depend on each other in more than ${MOST_BEGINNINGS} ways; the points of this space cannot be counted. ` +
        "Declare each parameter just after those that its condition names",
      "invalid_space",
    );
    const name = order[i];
    const { cuts, at } = this.axes[i];
    let total = 0;
    if (!isActive(parameters[name], params)) total = this.count(i + 1, params);
    else {
      for (let run = 0; run + 1 < cuts.length; run++) {
        total += (cuts[run + 1] - cuts[run]) * this.count(i + 1, { ...params, [name]: at(cuts[run]) });
      }
    }
    this.counts[i].set(key, total);
    return total;
  }
}

function createAxis(space: SearchSpace, name: string, limit: number | undefined): Axis {
  const parameter = space.parameters[name];
  check(
    limit !== undefined || Number.isFinite(valueCount(parameter)),
    () =>
      `parameter ${show(name)} must have a step, or a number of points such as points: { ${name}: 5 }; received a float with infinitely many values`,
    "invalid_space",
  );
  if (parameter.type !== "choice" && limit !== undefined && limit < valueCount(parameter)) {
    const values = spread(parameter, limit);
    const indexOf = (value: ParamValue) => values.indexOf(value as number);
    return {
      count: values.length,
      at: (i) => values[i],
      indexOf,
      cuts: values.map((_, i) => i).concat(values.length),
    };
  }
  const count = valueCount(parameter);
  const at = (index: number) => valueAt(parameter, index);
  const indexOf = (value: ParamValue) => indexOfValue(parameter, value);
  return { count, at, indexOf, cuts: cutsOf(space, name, count) };
}

/** `limit` different values, or fewer if rounding to the parameter's steps makes some equal. */
function spread(parameter: NumericParameter, limit: number): number[] {
  if (limit === 1) return [nearest(parameter, interpolate(parameter, 0.5))];
  const values = Array.from({ length: limit }, (_, i) =>
    nearest(parameter, interpolate(parameter, i / (limit - 1))),
  );
  return [...new Set(values)];
}

function indexOfValue(parameter: Parameter, value: ParamValue): number {
  if (parameter.type === "choice") return placeOf(parameter.values, value);
  if (typeof value !== "number") return -1;
  const index = indexFrom(parameter, value);
  return index < valueCount(parameter) && valueAt(parameter, index) === value ? index : -1;
}

/** Indices at which some condition on `name` may change its result, so that long axes need not be listed. */
function cutsOf(space: SearchSpace, name: string, count: number): number[] {
  const parameter = space.parameters[name];
  const cuts = new Set([0, count]);
  for (const { when } of Object.values(space.parameters)) {
    if (when === undefined || !Object.hasOwn(when, name)) continue;
    const clause = when[name];
    if (isList(clause)) {
      for (const value of clause) {
        const index = indexOfValue(parameter, value);
        cuts.add(index).add(index + 1);
      }
    } else if (parameter.type !== "choice") {
      const { low, high } = clause;
      if (low !== undefined) cuts.add(indexFrom(parameter, low));
      if (high !== undefined) {
        const index = indexFrom(parameter, high);
        cuts.add(index < count && valueAt(parameter, index) === high ? index + 1 : index);
      }
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

/** The clauses by which the parameters from position `i` on depend on earlier ones. */
function clausesAcross({ order, parameters }: SearchSpace, i: number): ((params: Params) => boolean)[] {
  const before = new Set(order.slice(0, i));
  return order.slice(i).flatMap((name) =>
    Object.entries(parameters[name].when ?? {})
      .filter(([parent]) => before.has(parent))
      .map(
        ([parent, clause]) =>
          (params: Params) =>
            Object.hasOwn(params, parent) && clauseHolds(clause, params[parent]),
      ),
  );
}
