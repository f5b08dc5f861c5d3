/**
 * Grid search: every combination, once, in a fixed order. It uses no randomness
 * and no history: its n-th suggestion is the n-th combination.
 */

import { check, checkOptions, isRecord, show } from "../../../errors.js";
import { createLattice, type Lattice } from "../../space/lattice.js";
import { allows, type Params, resolveSpace, type SearchSpace } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import type { Strategy } from "../strategy.js";

/** How fine a grid is. */
export interface GridOptions {
  /**
   * At most how many values of a numeric parameter to take, spread evenly from `low` to
   * `high` (both included), along the logarithm for log scales: one figure for all of
   * them, or figures by name. A float without a step needs one.
   */
  readonly points?: number | Readonly<Record<string, number>>;
}

/**
 * The grid strategy. Combinations come as from nested loops over the parameters in
 * declared order, the last one fastest, as in scikit-learn's `ParameterGrid`; a
 * conditional parameter comes after those that its condition names, and is left out
 * where it does not apply, so no combination comes twice. Those that a constraint forbids are left out.
 *
 * @returns a strategy with `size(space, constraint)`, the number of combinations
 * @throws FettleError `invalid_argument` for figures that are no positive integers; when first
 * used, `invalid_space` for a float without a step that no figure covers, and `invalid_argument`
 * for a figure that belongs to no numeric parameter
 * @example
 * ```ts
 * const space = { learningRate: float(1e-4, 1, { log: true }), momentum: choice([0, 0.5, 0.9]) };
 * grid({ points: { learningRate: 5 } }).size(space); // 15
 * ```
 */
export function grid(options: GridOptions = {}): Strategy & Required<Pick<Strategy, "size">> {
  checkOptions(options, "grid", ["points"]);
  const { points } = options;
  const byName = isRecord(points) ? points : {};
  for (const figure of isRecord(points) ? Object.values(points) : [points ?? 1]) {
    check(
      Number.isSafeInteger(figure) && (figure as number) > 0,
      () => `points of a grid are positive integers, received ${show(figure)}`,
    );
  }
  const lattices = new WeakMap<SearchSpace, Lattice>();
  const latticeOf = (space: SearchSpace) => {
    const known = lattices.get(space);
    if (known) return known;
    for (const name of Object.keys(byName)) {
      const known = Object.hasOwn(space.parameters, name) && space.parameters[name].type !== "choice";
      check(known, () => `points belong to float and int parameters of the space, received ${show(name)}`);
    }
    const lattice = createLattice(space, points);
    lattices.set(space, lattice);
    return lattice;
  };
  const walks = new WeakMap<SearchSpace, (position: number) => Params | undefined>();
  return {
    name: "grid",
    adaptive: false,
    options: points === undefined ? {} : { points: copyJson(points) as ParamValue },
    suggest({ space, suggested }) {
      const walk = walks.get(space) ?? walkAllowed(space, latticeOf(space));
      walks.set(space, walk);
      return walk(suggested);
    },
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

/** The points of a lattice that the constraint allows, by their position among them; undefined beyond the last. */
function walkAllowed(space: SearchSpace, lattice: Lattice): (position: number) => Params | undefined {
  if (space.constraint === undefined) return (i) => (i < lattice.size ? lattice.at(i) : undefined);
  const allowed: number[] = [];
  let next = 0;
  return (position) => {
    for (; allowed.length <= position && next < lattice.size; next++) {
      if (allows(space, lattice.at(next))) allowed.push(next);
    }
    return position < allowed.length ? lattice.at(allowed[position]) : undefined;
  };
}
