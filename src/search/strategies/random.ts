/**
 * Random search: independent draws from the space's own distribution (Bergstra and
 * Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012), except
 * that no point comes twice. It does not look at the values of trials.
 */

import { createLattice } from "../lattice.js";
import { fromUnit, valueCount } from "../scale.js";
import { buildParams, type Params, type SearchSpace } from "../space.js";
import { samePoint } from "../value.js";
import type { Strategy } from "./strategy.js";

/** Draws that may repeat an earlier point before the rest is counted out; costs microseconds. */
const maxRejections = 100;

/**
 * The random strategy: uniform over floats, ints and choices, log-uniform on log scales.
 *
 * A draw that repeats an earlier point is drawn again. After 100 repeats in a row, a
 * space with finitely many points gives one of those left, each equally likely, and
 * nothing once none is left.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: int(1, 3) }, strategy: random(), direction: "minimize", seed: 1 });
 * await study.optimize(({ x }) => x * x, { trials: 50 });
 * study.trials.length; // 3
 * ```
 * @see J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012
 */
export function random(): Strategy {
  return {
    name: "random",
    adaptive: false,
    options: {},
    suggest({ space, earlier, random }) {
      const draw = () => buildParams(space, (parameter) => fromUnit(parameter, random.uniform()));
      let candidate = draw();
      for (let i = 0; earlier.some((params) => samePoint(params, candidate)); i++) {
        if (i === maxRejections)
          return isCountable(space) ? drawUnseen(space, earlier, random.uniform()) : candidate;
        candidate = draw();
      }
      return candidate;
    },
  };
}

function isCountable(space: SearchSpace): boolean {
  return space.names.every((name) => Number.isFinite(valueCount(space.parameters[name])));
}

/** The point at fraction `u` of those not among `earlier`. */
function drawUnseen(space: SearchSpace, earlier: readonly Params[], u: number): Params | undefined {
  const lattice = createLattice(space);
  const indices = earlier.map((params) => lattice.indexOf(params)).filter((index) => index !== undefined);
  const seen = [...new Set(indices)].sort((a, b) => a - b);
  const left = lattice.size - seen.length;
  if (left === 0) return undefined;
  let index = Math.min(left - 1, Math.floor(u * left));
  for (const taken of seen) if (taken <= index) index++;
  return lattice.at(index);
}
