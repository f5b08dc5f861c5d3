/**
 * The hypervolume of a set of points: how much of the space of objectives they dominate, as one number to compare
 * searches for several objectives. Exact, for any number of objectives.
 */

import { isRecord, must } from "../../errors.js";
import { costsOfValues, dominates } from "../trial/pareto.js";
import { type Direction, isFeasible, mustBeDirection, type TrialRecord } from "../trial/trial.js";

/** The part of a trial that is needed. */
export type HypervolumeTrial = Pick<TrialRecord, "value" | "values" | "status" | "constraints">;

/**
 * The volume of the region that is better than the reference and dominated by at least one of the points: for minimised
 * objectives, the union of the boxes between each point and the reference. It grows with every point that no other
 * dominates, and with no other point.
 *
 * Only complete trials that keep their constraints count, and only values that are finite and better than the reference
 * in all objectives.
 *
 * N points cost O(N log N) for two objectives and O(N² log N) for three. For M objectives the time may grow as Nᴹ⁻¹, but
 * usually stays well below.
 *
 * @param trials - trials, such as `study.trials`, or lists of values, by objective
 * @param directions - the direction of each objective
 * @param reference - a point worse than any of interest, by objective; use the same for all searches to compare
 * @returns at least 0, in units of the product of the objectives
 * @throws FettleError `invalid_argument` for values and references that do not fit the directions or are not numbers
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
  const list: readonly Direction[] = Array.isArray(directions) ? directions : [directions];
  for (const direction of list) mustBeDirection(direction);
  const rule = `${list.length} finite numbers, one for each objective`;
  const isReference = Array.isArray(reference) && reference.length === list.length;
  must(isReference && reference.every(Number.isFinite), "reference", rule, reference);
  const isList: boolean =
    Array.isArray(trials) && trials.every((each) => Array.isArray(each) || isRecord(each));
  must(isList, "trials", "a list of trials, such as study.trials, or of lists of values", trials);
  const corner = costsOfValues(reference, list);
  const points = trials
    .map(valuesOf)
    .filter((values) => values !== undefined)
    .map((values) => {
      const isPoint = values.length === list.length && values.every(isNumber);
      must(isPoint, "the values of a trial", `${list.length} numbers, one for each objective`, values);
      return costsOfValues(values, list);
    });
  return volumeOf(
    points.filter((point) => corner.every((cost, k) => point[k] < cost)),
    corner,
  );
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(value);
}

function valuesOf(trial: HypervolumeTrial | readonly number[]): readonly number[] | undefined {
  if (!("status" in trial)) return trial;
  if (trial.status !== "complete" || !isFeasible(trial)) return undefined;
  return trial.values ?? [trial.value as number];
}

/** The costs of a point, of which less is better. */
type Point = readonly number[];

/**
 * The volume between points and a corner that all of them dominate. In the order of the last objective, from the worst to
 * the best, each point adds what no later point dominates: a slab whose height is the point's distance to the corner in
 * that objective, over the area of its own box minus the part that later points cover.
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

/** The same for two objectives: from left to right, each point that is lower than all earlier ones adds a rectangle. */
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
