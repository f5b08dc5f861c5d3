/**
 * Keeps a strategy from suggesting a point twice: draws again, and where a finite space is nearly used up,
 * picks among what is left. It knows no distribution of its own.
 */

import type { RandomStream } from "../numerics/random.js";
import { createLattice } from "./lattice.js";
import { valueCount } from "./scale.js";
import type { Params, SearchSpace } from "./space.js";
import { samePoint } from "./value.js";

/** What it must know; a strategy's `SuggestContext` has it. */
export interface Seen {
  readonly space: SearchSpace;
  readonly earlier: readonly Params[];
  readonly random: RandomStream;
}

/**
 * A point that is not among `earlier`: the first such that `draw` gives within `attempts` draws, or else one
 * of those that a finite space has left, each equally likely. In a space with infinitely many points the last
 * draw, which then repeats an earlier one.
 *
 * @returns undefined once all points of a finite space are used
 */
export function unseen(
  { space, earlier, random }: Seen,
  draw: () => Params,
  attempts = 100,
): Params | undefined {
  let candidate = draw();
  for (let i = 1; earlier.some((params) => samePoint(params, candidate)); i++) {
    if (i === attempts) return isCountable(space) ? drawLeft(space, earlier, random.uniform()) : candidate;
    candidate = draw();
  }
  return candidate;
}

/** Whether a space has finitely many points. */
export function isCountable(space: SearchSpace): boolean {
  return space.names.every((name) => Number.isFinite(valueCount(space.parameters[name])));
}

/** The point at fraction `u` of those not among `earlier`. */
function drawLeft(space: SearchSpace, earlier: readonly Params[], u: number): Params | undefined {
  const lattice = createLattice(space);
  const indices = earlier.map((params) => lattice.indexOf(params)).filter((index) => index !== undefined);
  const seen = [...new Set(indices)].sort((a, b) => a - b);
  const left = lattice.size - seen.length;
  if (left === 0) return undefined;
  let index = Math.min(left - 1, Math.floor(u * left));
  for (const taken of seen) if (taken <= index) index++;
  return lattice.at(index);
}
