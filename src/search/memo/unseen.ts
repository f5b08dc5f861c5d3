/**
 * Keeps a strategy from suggesting a point twice, or one that the space's constraint forbids: draws again,
 * and if that does not help, picks one of the remaining points of a finite space.
 */

import { FettleError } from "../../errors.js";
import { firstWhere } from "../../numerics/firstWhere.js";
import type { RandomStream } from "../../numerics/random.js";
import { randomPoint } from "../space/defaults.js";
import { Lattice } from "../space/lattice.js";
import { valueCount } from "../space/scale.js";
import { allows, type Params, type SearchSpace } from "../space/space.js";
import { placeOf, sameValue } from "../space/value.js";
import { createGrowing } from "./growing.js";

/** The part of a strategy's `SuggestContext` that this needs. */
export interface Seen {
  readonly space: SearchSpace;
  readonly earlier: readonly Params[];
  readonly random: RandomStream;
}

/** After this many forbidden points, the constraint is assumed to forbid all. */
const PATIENCE = 10_000;
/** After this many in a row, if it allows a used point, it is assumed to allow no other. */
const MOST_FORBIDDEN = 100_000;

/** Points by a hash of their values: equal points have equal hashes, and few others have. */
type Points = Map<number, Params[]>;

const pointsOf = createGrowing<SearchSpace, Params, Points>(
  () => new Map(),
  (points, params, space) => {
    const hash = hashOf(space, params);
    const alike = points.get(hash);
    if (alike === undefined) points.set(hash, [params]);
    else alike.push(params);
  },
);

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** FNV-1a over the bits of the values, 32 at a time; a choice counts by its index. */
function hashOf({ names, parameters }: SearchSpace, params: Params): number {
  let hash = 0x811c9dc5;
  for (const name of names) {
    const parameter = parameters[name];
    float[0] = !Object.hasOwn(params, name)
      ? Number.NaN
      : parameter.type === "choice"
        ? placeOf(parameter.values, params[name])
        : (params[name] as number) + 0; // -0 is 0
    hash = Math.imul(hash ^ words[0], 0x01000193);
    hash = Math.imul(hash ^ words[1] ^ (hash >>> 15), 0x01000193);
  }
  return hash;
}

/** Whether two points have the same values. */
function areSame({ names }: SearchSpace, a: Params, b: Params): boolean {
  return names.every(
    (name) => Object.hasOwn(a, name) === Object.hasOwn(b, name) && sameValue(a[name], b[name]),
  );
}

/** Whether a point exists and is not among `earlier`. */
export function isFresh({ space, earlier }: Omit<Seen, "random">, params: Params): boolean {
  if (!allows(space, params)) return false;
  const alike = pointsOf(space, earlier).get(hashOf(space, params));
  return alike === undefined || !alike.some((point) => areSame(space, point, params));
}

/**
 * A fresh point (`isFresh`): the first that `draw` returns within `attempts` draws, or else one of the
 * remaining points of a finite space, each equally likely if there is no constraint; with more than 2^53
 * points, a uniform draw. In a space with infinitely many points, the last draw that exists, although it
 * repeats an earlier point.
 *
 * @returns undefined once all points of a finite space are used, or are presumed to be: none of 100,000
 * consecutive points that remain is allowed
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
  if (isCountable(space)) {
    if (Number.isSafeInteger(stockOf(space, context.earlier).lattice.size)) return drawLeft(context);
    repeat = undefined; // so many others remain
  }
  for (let i = 0; repeat === undefined && i < PATIENCE; i++) {
    const candidate = randomPoint(space, random);
    if (allows(space, candidate)) repeat = candidate;
  }
  if (repeat === undefined) refuse();
  return repeat;
}

/** Whether a space has finitely many points, including those that a constraint forbids. */
export function isCountable(space: SearchSpace): boolean {
  return space.names.every((name) => Number.isFinite(valueCount(space.parameters[name])));
}

/**
 * A finite space and its used points; with more than 2^53 points, which are never all used, nothing is
 * recorded.
 */
interface Stock {
  readonly lattice: Lattice;
  /** Numbers of points on the lattice. */
  readonly used: Set<number>;
  /** The same, ascending. */
  readonly sorted: number[];
}

/** The stock of a finite space after some points. */
export const stockOf = createGrowing<SearchSpace, Params, Stock>(
  (space) => ({ lattice: new Lattice(space), used: new Set(), sorted: [] }),
  ({ lattice, used, sorted }, params) => {
    if (!Number.isSafeInteger(lattice.size)) return; // too many to be numbered
    const index = lattice.indexOf(params);
    if (index === undefined || used.has(index)) return;
    used.add(index);
    sorted.splice(
      firstWhere(sorted.length, (i) => sorted[i] > index),
      0,
      index,
    );
  },
);

/** One of the points not among `earlier`: at a random place among them, or the next one that exists. */
function drawLeft({ space, earlier, random }: Seen): Params | undefined {
  const { lattice, used, sorted } = stockOf(space, earlier);
  const left = lattice.size - used.size;
  if (left === 0) return undefined;
  const place = Math.min(left - 1, Math.floor(random.uniform() * left));
  // sorted[i] - i points before sorted[i] remain
  const index = place + firstWhere(sorted.length, (i) => sorted[i] - i > place);
  for (let i = 0, forbidden = 0; i < lattice.size && forbidden < MOST_FORBIDDEN; i++) {
    const next = (index + i) % lattice.size;
    if (used.has(next)) continue;
    const params = lattice.at(next);
    if (allows(space, params)) return params;
    if (++forbidden === PATIENCE && !earlier.some((point) => allows(space, point))) refuse();
  }
  return undefined;
}

function refuse(): never {
  throw new FettleError(
    "invalid_space",
    `constraint must allow some points of the space; received false for ${PATIENCE} points. Narrow the ranges to where it holds`,
  );
}
