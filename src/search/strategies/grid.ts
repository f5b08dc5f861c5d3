/**
 * Grid search: every combination, once, in a fixed order. It uses no randomness
 * and no history: its n-th suggestion is the n-th combination.
 */

import { check, checkOptions, isRecord, show } from "../../errors.js";
import { createLattice, type Lattice } from "../lattice.js";
import { resolveSpace, type SearchSpace } from "../space.js";
import { copyJson, type ParamValue } from "../value.js";
import type { Strategy } from "./strategy.js";

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
 * where it does not apply, so no combination comes twice.
 *
 * @returns a strategy with `size(space)`, the number of combinations
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
  return {
    name: "grid",
    adaptive: false,
    options: points === undefined ? {} : { points: copyJson(points) as ParamValue },
    suggest({ space, suggested }) {
      const lattice = latticeOf(space);
      return suggested < lattice.size ? lattice.at(suggested) : undefined;
    },
    size: (space) => latticeOf(resolveSpace(space)).size,
  };
}
