/**
 * The hypervolume of a set of points: how much of the space of objectives they dominate, as one number by which
 * searches for several objectives are compared. Exact, for any number of objectives. It ranks no points.
 */

import { check, show } from "../../errors.js";
import { costsOfValues, dominates } from "../trial/pareto.js";
import { type Direction, isFeasible, type TrialRecord } from "../trial/trial.js";

/** What is needed of a trial. */
export type HypervolumeTrial = Pick<TrialRecord, "value" | "values" | "status" | "constraints">;

/**
 * The volume of the points that are worse than some of the given ones, or equal, and better than the reference: with
 * minimised objectives, of the union of the boxes between each point and the reference. It grows with every point that
 * nothing dominates, and with nothing else.
 *
 * A trial counts by its values if it is complete and keeps its constraints, and else not at all; nor do values that are
 * infinite, or not better than the reference in all objectives.
 *
 * N points cost O(N log N) for two objectives, O(N² log N) for three; beyond that the time may grow as Nᴹ⁻¹ for M of
 * them, and mostly stays well below.
 *
 * @param trials - trials, such as those of a study, or the values themselves, by objective
 * @param directions - what is better, by objective
 * @param reference - values that are worse than any of interest, by objective; the same for all that is compared
 * @returns 0 or more, in units of the objectives' product
 * @throws FettleError `invalid_argument` for values and references that do not fit the directions or are no numbers
 * @example
 * ```ts
 * hypervolume([[1, 2], [2, 1], [2, 2]], ["minimize", "minimize"], [3, 3]); // 3
 *
 * const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: ["maximize", "minimize"] });
 * study.add({ x: 0.5 }, { values: [0.5, 0.25] });
 * hypervolume(study.trials, study.directions, [0, 1]); // 0.375
 * ```
 * @see L. While, L. Bradstreet and L. Barone, "A fast way of calculating exact hypervolumes", IEEE Trans. Evol. Comput.
 * 16, 2012
 */
export function hypervolume(
  trials: readonly (HypervolumeTrial | readonly number[])[],
  directions: Direction | readonly Direction[],
  reference: readonly number[],
): number {
  const list = typeof directions === "string" ? [directions] : directions;
  const costsOf = (values: readonly number[], what: string): readonly number[] => {
    check(
      values.length === list.length && !values.some(Number.isNaN),
      () =>
        `${what} of a hypervolume has a number for each of ${list.length} objectives, received ${show(values)}`,
    );
    return costsOfValues(values, list);
  };
  check(
    reference.every(Number.isFinite),
    () => `the reference of a hypervolume is finite, received ${show(reference)}`,
  );
  const corner = costsOf(reference, "the reference");
  const points = trials
    .map(valuesOf)
    .filter((values) => values !== undefined)
    .map((values) => costsOf(values, "a point"));
  return volumeOf(
    points.filter((point) => corner.every((cost, k) => point[k] < cost)),
    corner,
  );
}

function valuesOf(trial: HypervolumeTrial | readonly number[]): readonly number[] | undefined {
  if (!("status" in trial)) return trial;
  if (trial.status !== "complete" || !isFeasible(trial)) return undefined;
  return trial.values ?? [trial.value as number];
}

/** Costs of a point, less being better. */
type Point = readonly number[];

/**
 * The volume between points and a corner that all of them dominate. From the last objective's worst point to its best,
 * each adds what no later one dominates: a slab as high as it is better than the corner there, over the area of its own
 * box without that of the later ones, cut to it.
 */
function volumeOf(points: readonly Point[], corner: Point): number {
  const last = corner.length - 1;
  if (last === 1) return areaOf(points, corner);
  if (last === 0) return points.length === 0 ? 0 : corner[0] - Math.min(...points.map(([cost]) => cost));
  const base = corner.slice(0, last);
  const sorted = undominated(points).sort((a, b) => b[last] - a[last]);
  let volume = 0;
  for (const [i, point] of sorted.entries()) {
    const cut = sorted.slice(i + 1).map((other) => base.map((_, k) => Math.max(point[k], other[k])));
    volume += (corner[last] - point[last]) * (boxOf(point, base) - volumeOf(cut, base));
  }
  return volume;
}

/** The same for two objectives: from left to right, each point that is lower than all before adds a rectangle. */
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

/** The points that no other dominates; of equal ones the first. */
function undominated(points: readonly Point[]): Point[] {
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
