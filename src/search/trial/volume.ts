/**
 * Volumes that points dominate: between points and a corner that is worse than all of them, in costs (less is
 * better). Exact, for any number of objectives. `hypervolume` of `analysis/` is for users.
 */

import { dominates } from "./fronts.js";

/** The costs of a point, by objective. */
export type Point = readonly number[];

/**
 * The volume between points and a corner that all of them dominate. In the order of the last objective, from
 * the worst to the best, each point adds what no later point dominates: a slab whose height is the point's
 * distance to the corner in that objective, over the area of its own box minus the part that later points
 * cover.
 *
 * @see L. While, L. Bradstreet and L. Barone, "A fast way of calculating exact hypervolumes", IEEE Trans.
 * Evol. Comput. 16, 2012
 */
export function volumeOf(points: readonly Point[], corner: Point): number {
  const last = corner.length - 1;
  if (last === 1) return areaOf(points, corner);
  if (last === 0) return points.length === 0 ? 0 : corner[0] - Math.min(...points.map(([cost]) => cost));
  const base = corner.slice(0, last);
  const sorted = undominated(points).sort((a, b) => b[last] - a[last]);
  let volume = 0;
  for (const [i, point] of sorted.entries()) {
    volume += (corner[last] - point[last]) * gainOf(point, sorted.slice(i + 1), base);
  }
  return volume;
}

/**
 * The volume that a point dominates and others do not, by the objectives of the corner; all must dominate the
 * corner.
 */
export function gainOf(point: Point, others: readonly Point[], corner: Point): number {
  const cut = others.map((other) => corner.map((_, k) => Math.max(point[k], other[k])));
  return boxOf(point, corner) - volumeOf(cut, corner);
}

/**
 * The same for two objectives: from left to right, each point that is lower than all earlier ones adds a
 * rectangle.
 */
function areaOf(points: readonly Point[], corner: Point): number {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let area = 0;
  let lowest = corner[1];
  for (const [x, y] of sorted) {
    if (y >= lowest) continue;
    area += (corner[0] - x) * (lowest - y);
    lowest = y;
  }
  return area;
}

/** The volume between one point and a corner, by the objectives of the corner. */
function boxOf(point: Point, corner: Point): number {
  return corner.reduce((volume, cost, k) => volume * (cost - point[k]), 1);
}

/** The points that no other dominates; the first of equal ones. */
export function undominated(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    if (kept.some((other) => other.every((cost, k) => cost <= point[k]))) continue;
    let left = 0;
    for (const other of kept) if (!dominates(point, other)) kept[left++] = other;
    kept.length = left;
    kept.push(point);
  }
  return kept;
}

/**
 * Points that dominate much of what all of them do: each next one adds most to those before, the first of
 * equal ones. Of all subsets of that size, none dominates more than e/(e − 1) = 1.58 times as much (Nemhauser
 * et al., 1978).
 *
 * A point's gain only falls as others are chosen, so a point whose earlier gain is below another's current
 * one need not be evaluated again.
 *
 * @param points - all of them must dominate the corner
 * @param count - how many to choose, at most all
 * @returns indices, in the order chosen
 * @see A. Guerreiro, C. Fonseca and L. Paquete, "Greedy hypervolume subset selection in low dimensions",
 * Evolutionary Computation 24, 2016
 */
export function mostVolume(points: readonly Point[], corner: Point, count: number): number[] {
  const chosen: number[] = [];
  const bounds = points.map((point) => boxOf(point, corner));
  const left = [...points.keys()];
  while (chosen.length < Math.min(count, points.length)) {
    const others = chosen.map((i) => points[i]);
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (const i of left.sort((a, b) => bounds[b] - bounds[a] || a - b)) {
      if (bounds[i] < most) break;
      bounds[i] = gainOf(points[i], others, corner);
      if (bounds[i] > most || (bounds[i] === most && i < best)) [best, most] = [i, bounds[i]];
    }
    chosen.push(best);
    left.splice(left.indexOf(best), 1);
  }
  return chosen;
}
