/**
 * The hypervolume of a set of points: how much of the space of objectives they dominate, as one number to
 * compare searches for several objectives. Exact, for any number of objectives.
 */

import { isRecord, must } from "../../errors.js";
import { costsOfValues } from "../trial/pareto.js";
import { type Direction, isFeasible, mustBeDirection, type TrialRecord } from "../trial/trial.js";
import { volumeOf } from "../trial/volume.js";

/** The part of a trial that is needed. */
export type HypervolumeTrial = Pick<TrialRecord, "value" | "values" | "status" | "constraints">;

/**
 * The volume of the region that is better than the reference and dominated by at least one of the points: for
 * minimised objectives, the union of the boxes between each point and the reference. It grows with every
 * point that no other dominates, and with no other point.
 *
 * Only complete trials that satisfy their constraints count, and only finite values that are better than the
 * reference in all objectives.
 *
 * N points cost O(N log N) for two objectives and O(N² log N) for three. For M objectives the time may grow
 * as Nᴹ⁻¹, but usually stays well below.
 *
 * @param trials - trials, such as `study.trials`, or lists of values, by objective
 * @param directions - the direction of each objective
 * @param reference - a point worse than any of interest, by objective; use the same for all searches to
 * compare
 * @returns at least 0, in units of the product of the objectives
 * @throws FettleError `invalid_argument` for values and references that do not fit the directions or are not
 * numbers
 * @example
 * ```ts
 * hypervolume([[1, 2], [2, 1], [2, 2]], ["minimize", "minimize"], [3, 3]); // 3
 *
 * const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: ["maximize", "minimize"] });
 * study.add({ x: 0.5 }, { values: [0.5, 0.25] });
 * hypervolume(study.trials, study.directions, [0, 1]); // 0.375
 * ```
 * @see L. While, L. Bradstreet and L. Barone, "A fast way of calculating exact hypervolumes", IEEE Trans.
 * Evol. Comput. 16, 2012
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
