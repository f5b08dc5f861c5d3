/**
 * Several objectives at once: which points dominate which, the fronts that follow from it, and an order that
 * prefers better fronts and, within one, points that are farther from their neighbours. Points are vectors of costs, of
 * which less is better.
 */

import { violationOf } from "./costs.js";
import { type Direction, isFeasible, type TrialRecord } from "./trial.js";

/** The costs of one point, by objective; infinite without a value. */
export type Costs = ArrayLike<number>;

/** Whether `a` is no worse than `b` in any objective, and better in one. */
export function dominates(a: Costs, b: Costs): boolean {
  let better = false;
  for (let k = 0; k < a.length; k++) {
    if (a[k] > b[k]) return false;
    if (a[k] < b[k]) better = true;
  }
  return better;
}

/** Costs from values, by objective; infinite for a value that is not finite. */
export function costsOfValues(values: readonly number[], directions: readonly Direction[]): number[] {
  return directions.map((direction, k) => {
    const cost = direction === "maximize" ? -values[k] : values[k];
    return Number.isFinite(cost) ? cost : Number.POSITIVE_INFINITY;
  });
}

/** The costs of a trial, by objective; all infinite if it has no values. */
export function costVectorOf(
  { value, values }: Pick<TrialRecord, "value" | "values">,
  directions: readonly Direction[],
): number[] {
  return costsOfValues(values ?? (value === null ? [] : [value]), directions);
}

/**
 * Points divided into fronts: the first front is the points that no other dominates, the next one those that no other
 * dominates once the first front is removed, and so on. Indices ascend within a front. O(N·F) comparisons for a front of F of
 * the N points that are left.
 *
 * @param dominate - whether the point at one index dominates that at another; transitive
 * @param enough - no more fronts are made once they have this many points together
 * @see K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
 * IEEE Trans. Evol. Comput. 6, 2002, section III.A
 */
export function frontsOf(
  count: number,
  dominate: (i: number, j: number) => boolean,
  enough = count,
): number[][] {
  const fronts: number[][] = [];
  let left = Array.from({ length: count }, (_, i) => i);
  for (let taken = 0; taken < enough && left.length > 0; ) {
    let front: number[] = [];
    for (const i of left) {
      if (front.some((j) => dominate(j, i))) continue;
      front = front.filter((j) => !dominate(i, j));
      front.push(i);
    }
    fronts.push(front);
    taken += front.length;
    const first = new Set(front);
    left = left.filter((i) => !first.has(i));
  }
  return fronts;
}

/**
 * The crowding distance of each point of a front: the sum over objectives of the distance between the next better and the
 * next worse point, relative to the front's range. Infinite at the ends of an objective.
 *
 * @see Deb et al., section III.B
 */
export function crowdingDistances(points: readonly Costs[]): Float64Array {
  const distances = new Float64Array(points.length);
  const objectives = points[0]?.length ?? 0;
  for (let k = 0; k < objectives; k++) {
    const order = [...points.keys()].sort((i, j) => compare(points[i][k], points[j][k]) || i - j);
    const [first, last] = [order[0], order[order.length - 1]];
    const range = points[last][k] - points[first][k];
    distances[first] = Number.POSITIVE_INFINITY;
    distances[last] = Number.POSITIVE_INFINITY;
    if (!(range > 0 && range < Number.POSITIVE_INFINITY)) continue;
    for (let at = 1; at + 1 < order.length; at++) {
      distances[order[at]] += (points[order[at + 1]][k] - points[order[at - 1]][k]) / range;
    }
  }
  return distances;
}

/** The indices of points from the best to the worst: by front, then by crowding distance, then by index. */
export function paretoOrder(points: readonly Costs[]): number[] {
  return frontsOf(points.length, (i, j) => dominates(points[i], points[j])).flatMap((front) =>
    sparseFirst(front, points),
  );
}

/** A front's indices, by descending crowding distance. */
export function sparseFirst(front: readonly number[], points: readonly Costs[]): number[] {
  const distances = crowdingDistances(front.map((i) => points[i]));
  const order = [...front.keys()].sort((a, b) => compare(distances[b], distances[a]) || a - b);
  return order.map((i) => front[i]);
}

/**
 * Constrained domination, by the indices of two trials. A trial with values dominates one without. A trial that keeps its
 * constraints dominates one that breaks them. Of two that break them, the one that breaks them less dominates. Of two that
 * keep them, domination is by values.
 *
 * @see Deb et al., section VI
 */
export function constrainedDomination(
  trials: readonly TrialRecord[],
  directions: readonly Direction[],
): (i: number, j: number) => boolean {
  const points = trials.map((trial) => costVectorOf(trial, directions));
  const violations = trials.map(violationOf);
  return (i, j) => {
    if (!hasValues(trials[i]) || !hasValues(trials[j])) return hasValues(trials[i]) && !hasValues(trials[j]);
    if (violations[i] === 0 && violations[j] === 0) return dominates(points[i], points[j]);
    return violations[i] < violations[j];
  };
}

/**
 * Trials from the best to the worst: by the fronts of constrained domination, then by crowding distance, then in the order
 * given. This is the crowded-comparison operator of NSGA-II as an order.
 */
export function paretoRanked(
  trials: readonly TrialRecord[],
  directions: readonly Direction[],
): TrialRecord[] {
  const points = trials.map((trial) => costVectorOf(trial, directions));
  return frontsOf(trials.length, constrainedDomination(trials, directions))
    .flatMap((front) => sparseFirst(front, points))
    .map((i) => trials[i]);
}

/**
 * The Pareto front of trials: those that are complete, keep their constraints, and that no other such trial dominates, by
 * number. Equal trials are all included.
 */
export function paretoFront<T extends TrialRecord<unknown>>(
  trials: readonly T[],
  directions: readonly Direction[],
): T[] {
  let front: { readonly trial: T; readonly costs: Costs }[] = [];
  for (const trial of trials) {
    if (trial.status !== "complete" || !isFeasible(trial)) continue;
    const costs = costVectorOf(trial as TrialRecord, directions);
    if (front.some((other) => dominates(other.costs, costs))) continue;
    front = front.filter((other) => !dominates(costs, other.costs));
    front.push({ trial, costs });
  }
  return front.map(({ trial }) => trial);
}

function hasValues({ status }: TrialRecord): boolean {
  return status === "complete" || status === "pruned";
}

/** Compares numbers that may be infinite. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
