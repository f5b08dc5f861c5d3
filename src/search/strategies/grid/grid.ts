/** Grid search: every combination, once, in a fixed order. Its n-th suggestion is the n-th combination. */

import { checkOptions, isPlainObject, must, mustBeInteger, type OptionNames } from "../../../errors.js";
import { memoized } from "../../../memo.js";
import { Lattice } from "../../space/lattice.js";
import { allows, type Params, resolveSpace, type SearchSpace } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import type { Strategy } from "../strategy.js";

/** How fine a grid is. */
export interface GridOptions {
  /**
   * The largest number of values to take of a numeric parameter, spread evenly from `low` to `high` (both
   * included), or along the logarithm for log scales: one positive integer for all parameters, or one by
   * name. A float without a step needs it.
   */
  readonly points?: number | Readonly<Record<string, number>>;
}

const GRID_OPTIONS: OptionNames<GridOptions> = { points: true };

/**
 * The grid strategy. Combinations are in the order of nested loops over the parameters as declared, the last
 * one fastest, as in scikit-learn's `ParameterGrid`. A conditional parameter comes after those that its
 * condition names, and is left out where it does not apply, so that no combination repeats. Combinations that
 * a constraint forbids are left out.
 *
 * @returns a strategy with `size(space, constraint)`, the number of combinations
 * @throws FettleError `invalid_argument` for points that are not positive integers; when first used,
 * `invalid_space` for a float that has neither a step nor points, and `invalid_argument` for points of a
 * parameter that is not numeric
 * @example
 * ```ts
 * const space = { learningRate: float(1e-4, 1, { log: true }), momentum: choice([0, 0.5, 0.9]) };
 * grid({ points: { learningRate: 5 } }).size(space); // 15
 * ```
 */
export function grid(options: GridOptions = {}): Strategy & Required<Pick<Strategy, "size">> {
  checkOptions(options, "grid", GRID_OPTIONS);
  const { points } = options;
  const byName = isPlainObject(points) ? points : {};
  for (const [name, count] of Object.entries(byName)) checkPoints(`points of grid for ${name}`, count);
  if (!isPlainObject(points) && points !== undefined) checkPoints("points of grid", points);
  const latticeOf = memoized((space: SearchSpace) => {
    for (const name of Object.keys(byName)) {
      const isNumeric = Object.hasOwn(space.parameters, name) && space.parameters[name].type !== "choice";
      must(isNumeric, "each name in points of grid", "a float or int parameter of the space", name);
    }
    return new Lattice(space, points);
  });
  const walkOf = memoized((space: SearchSpace) => walkAllowed(space, latticeOf(space)));
  return {
    name: "grid",
    adaptive: false,
    options: points === undefined ? {} : { points: copyJson(points) as ParamValue },
    suggest: ({ space, suggested }) => walkOf(space)(suggested),
    size(space, constraint) {
      const resolved = resolveSpace(space, constraint);
      const lattice = latticeOf(resolved);
      if (constraint === undefined) return lattice.size;
      const walk = walkAllowed(resolved, lattice);
      let count = 0;
      while (walk(count)) count++;
      return count;
    },
  };
}

/** The most values of a parameter. */
const MOST_POINTS = 100_000;
/** The most combinations that a constraint checks. */
const MOST_ASKED = 10_000_000;

function checkPoints(name: string, points: unknown): void {
  mustBeInteger(name, points);
  must(points <= MOST_POINTS, name, `at most ${MOST_POINTS}`, points);
}

/**
 * Returns the n-th of the points of a lattice that the constraint allows; undefined after the last.
 *
 * @throws FettleError `invalid_space` for more points than a constraint can check
 */
function walkAllowed(space: SearchSpace, lattice: Lattice): (position: number) => Params | undefined {
  if (space.constraint === undefined) return (i) => (i < lattice.size ? lattice.at(i) : undefined);
  must(
    lattice.size <= MOST_ASKED,
    "the number of combinations of a grid with a constraint",
    `at most ${MOST_ASKED}`,
    lattice.size,
    "invalid_space",
  );
  const allowed: number[] = [];
  let next = 0;
  return (position) => {
    for (; allowed.length <= position && next < lattice.size; next++) {
      if (allows(space, lattice.at(next))) allowed.push(next);
    }
    return position < allowed.length ? lattice.at(allowed[position]) : undefined;
  };
}
