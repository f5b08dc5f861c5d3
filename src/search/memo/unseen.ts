/**
 * Keeps a strategy from suggesting a point twice, or one that the space's constraint forbids: draws again, and if that
 * does not help, picks one of the points that a finite space has left.
 */

import { FettleError } from "../../errors.js";
import type { RandomStream } from "../../numerics/random.js";
import { createLattice, type Lattice } from "../space/lattice.js";
import { fromUnit, valueCount } from "../space/scale.js";
import { allows, buildParams, type Params, type SearchSpace } from "../space/space.js";
import { valueKey } from "../space/value.js";
import { createGrowing } from "./growing.js";

/** The part of a strategy's `SuggestContext` that this needs. */
export interface Seen {
  readonly space: SearchSpace;
  readonly earlier: readonly Params[];
  readonly random: RandomStream;
}

/** After this many points that a constraint forbids, it is taken for one that forbids all. */
const PATIENCE = 10_000;

/** The keys of points. */
const keysOf = createGrowing<SearchSpace, Params, Set<string>>(
  () => new Set(),
  (keys, params, space) => keys.add(keyOf(space, params)),
);

/** A string that is the same for two points exactly if they are equal. */
function keyOf({ names }: SearchSpace, params: Params): string {
  let key = "";
  for (const name of names) key += Object.hasOwn(params, name) ? `${valueKey(params[name])},` : ",";
  return key;
}

/** Whether a point exists and is not among `earlier`. */
export function isFresh({ space, earlier }: Omit<Seen, "random">, params: Params): boolean {
  return allows(space, params) && !keysOf(space, earlier).has(keyOf(space, params));
}

/**
 * A fresh point (`isFresh`): the first that `draw` returns within `attempts` draws, or else one of the points that a
 * finite space has left, each equally likely if there is no constraint. In a space with infinitely many points, the last
 * draw that exists, although it repeats an earlier point.
 *
 * @returns undefined once all points of a finite space are used
 * @throws FettleError `invalid_space` if no point is found that the constraint allows
 */
export function unseen(context: Seen, draw: () => Params, attempts = 100): Params | undefined {
  const { space, random } = context;
  let repeat: Params | undefined;
  for (let i = 0; i < attempts; i++) {
    const candidate = draw();
    if (isFresh(context, candidate)) return candidate;
    if (allows(space, candidate)) repeat = candidate;
  }
  if (isCountable(space)) return drawLeft(context);
  for (let i = 0; repeat === undefined && i < PATIENCE; i++) {
    const candidate = buildParams(space, (parameter) => fromUnit(parameter, random.uniform()));
    if (allows(space, candidate)) repeat = candidate;
  }
  if (repeat === undefined) refuse();
  return repeat;
}

/** Whether a space has finitely many points, including those that a constraint forbids. */
export function isCountable(space: SearchSpace): boolean {
  return space.names.every((name) => Number.isFinite(valueCount(space.parameters[name])));
}

/** A finite space and its used points. */
interface Stock {
  readonly lattice: Lattice;
  /** Numbers of points on the lattice. */
  readonly used: Set<number>;
}

/** The stock of a finite space after some points. */
export const stockOf = createGrowing<SearchSpace, Params, Stock>(
  (space) => ({ lattice: createLattice(space), used: new Set() }),
  ({ lattice, used }, params) => {
    const index = lattice.indexOf(params);
    if (index !== undefined) used.add(index);
  },
);

/** One of the points not among `earlier`: at a random place among them, or the next one that exists. */
function drawLeft({ space, earlier, random }: Seen): Params | undefined {
  const { lattice, used } = stockOf(space, earlier);
  const left = lattice.size - used.size;
  if (left === 0) return undefined;
  let index = Math.min(left - 1, Math.floor(random.uniform() * left));
  for (const taken of [...used].sort((a, b) => a - b)) if (taken <= index) index++;
  for (let i = 0; i < lattice.size; i++) {
    const place = (index + i) % lattice.size;
    if (used.has(place)) continue;
    const params = lattice.at(place);
    if (allows(space, params)) return params;
    if (i > PATIENCE) refuse();
  }
  return undefined;
}

function refuse(): never {
  throw new FettleError(
    "invalid_space",
    `constraint must allow some points of the space; received false for ${PATIENCE} points. Narrow the ranges to where it holds`,
  );
}
