/**
 * Trials with several objectives: their costs, their fronts, and an order that prefers better fronts and,
 * within one, points that are farther from their neighbours.
 */

import { violationOf } from "./costs.js";
import { type Costs, Front, type Fronts, frontsOf, type Member } from "./fronts.js";
import { type Direction, isFeasible, mayBeBest, type TrialRecord } from "./trial.js";

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
 * The crowding distance of each point of a front: the sum over objectives of the distance between the next
 * better and the next worse point, relative to the front's range. Infinite at the ends of an objective.
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
  const fronts = frontsOf(points.map((costs, index) => ({ index, costs })));
  return fronts.first().flatMap((front) => sparseFirst(front, points));
}

/** A front's indices, by descending crowding distance. */
export function sparseFirst(front: readonly number[], points: readonly Costs[]): number[] {
  const distances = crowdingDistances(front.map((i) => points[i]));
  const order = [...front.keys()].sort((a, b) => compare(distances[b], distances[a]) || a - b);
  return order.map((i) => front[i]);
}

/**
 * The fronts of constrained domination, for trials that are added one at a time; trials without values are in
 * no front. A feasible trial dominates an infeasible one. Of two infeasible trials, the one with the smaller
 * violation dominates. For two feasible trials, values decide.
 *
 * @see Deb et al., section VI
 */
export class TrialFronts {
  private count = 0;
  private kept: Fronts;
  private broken: Fronts;

  /** @param enough - only as many fronts are kept as are needed for this many trials; default all */
  constructor(
    private readonly directions: readonly Direction[],
    private readonly enough?: number,
  ) {
    this.kept = frontsOf([], enough);
    this.broken = frontsOf([], enough);
  }

  add(trial: TrialRecord): void {
    const index = this.count++;
    if (!hasValues(trial)) return;
    if (isFeasible(trial)) this.kept.add(this.byValues(trial, index));
    else this.broken.add(byViolation(trial, index));
  }

  /**
   * The first fronts that have `count` trials together, or all.
   *
   * @param trials - the added trials, used if the kept fronts have too few
   * @returns their indices, ascending in each front
   */
  first(trials: readonly TrialRecord[], count = Number.POSITIVE_INFINITY): number[][] {
    const valued = (feasible: boolean) =>
      [...trials.keys()].filter((i) => hasValues(trials[i]) && isFeasible(trials[i]) === feasible);
    if (!this.kept.has(count)) {
      const members = valued(true).map((i) => this.byValues(trials[i], i));
      this.kept = frontsOf(members, this.enough);
    }
    const fronts = this.kept.first(count);
    const left = count - this.kept.size;
    if (left > 0) {
      if (!this.broken.has(left)) {
        const members = valued(false).map((i) => byViolation(trials[i], i));
        this.broken = frontsOf(members, this.enough);
      }
      fronts.push(...this.broken.first(left));
    }
    return fronts;
  }

  private byValues(trial: TrialRecord, index: number): Member {
    return { index, costs: costVectorOf(trial, this.directions) };
  }
}

function byViolation(trial: TrialRecord, index: number): Member {
  return { index, costs: [violationOf(trial)] };
}

/**
 * Trials from the best to the worst: by the fronts of constrained domination, then by crowding distance, then
 * in the order given; those without values last. This is the crowded-comparison operator of NSGA-II as an
 * order.
 */
export function paretoRanked(
  trials: readonly TrialRecord[],
  directions: readonly Direction[],
): TrialRecord[] {
  const points = trials.map((trial) => costVectorOf(trial, directions));
  const fronts = new TrialFronts(directions);
  for (const trial of trials) fronts.add(trial);
  const none = [...trials.keys()].filter((i) => !hasValues(trials[i]));
  return [...fronts.first(trials), none].flatMap((front) => sparseFirst(front, points)).map((i) => trials[i]);
}

/**
 * The Pareto front of trials: complete, feasible trials that no other such trial dominates, by number. Equal
 * trials are all included.
 */
export function paretoFront<T extends TrialRecord<unknown>>(
  trials: readonly T[],
  directions: readonly Direction[],
): T[] {
  const front = new Front();
  for (const [index, trial] of trials.entries()) {
    if (mayBeBest(trial)) front.offer({ index, costs: costVectorOf(trial as TrialRecord, directions) });
  }
  return front.indices.map((index) => trials[index]);
}

function hasValues({ status }: TrialRecord): boolean {
  return status === "complete" || status === "pruned";
}

/** Compares numbers that may be infinite. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
