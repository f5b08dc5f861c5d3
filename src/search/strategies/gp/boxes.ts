/**
 * The region that no given point dominates, between −∞ and a corner, as disjoint boxes; see
 * `objectives.ts`. Edges of boxes are places in a list of cuts of each objective, so that what depends on an
 * edge is computed once for all boxes that share it.
 */
import type { Point } from "../../trial/volume.js";

/** See the header of this file. */
export interface Boxes {
  /** By objective: −∞, the costs of the points below the corner, ascending, and the corner. */
  readonly cuts: readonly Float64Array[];
  /** [boxes] of [objectives]: places in `cuts`. */
  readonly lower: readonly Int32Array[];
  readonly upper: readonly Int32Array[];
}

/** The boxes of points, each of which must dominate the corner. */
export function boxesOf(points: readonly Point[], corner: Point): Boxes {
  const cuts = corner.map((edge, k) => {
    const costs = new Set(points.map((point) => point[k]));
    return Float64Array.of(Number.NEGATIVE_INFINITY, ...[...costs].sort((a, b) => a - b), edge);
  });
  const places = points.map((point) => point.map((cost, k) => cuts[k].indexOf(cost)));
  const ends = cuts.map(({ length }) => length - 1);
  const found = divide(places, ends);
  return {
    cuts,
    lower: found.map(({ lower }) => Int32Array.from(lower)),
    upper: found.map(({ upper }) => Int32Array.from(upper)),
  };
}

interface Box {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/**
 * The region as slabs of the last objective, each between neighbouring costs of points; within a slab, the
 * points not above it dominate as they do in the other objectives.
 */
function divide(points: readonly Point[], ends: Point): Box[] {
  const last = ends.length - 1;
  if (last < 0) return points.length === 0 ? [{ lower: [], upper: [] }] : [];
  const edges = [...new Set([0, ...points.map((point) => point[last]), ends[last]])].sort((a, b) => a - b);
  return edges.slice(1).flatMap((upper, i) => {
    const blocking = points.filter((point) => point[last] <= edges[i]).map((point) => point.slice(0, last));
    return divide(blocking, ends.slice(0, last)).map((box) => ({
      lower: [...box.lower, edges[i]],
      upper: [...box.upper, upper],
    }));
  });
}
