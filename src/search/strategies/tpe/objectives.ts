/**
 * Which trials TPE treats as the better ones with several objectives, and how much each counts: MOTPE (Ozaki
 * et al.). The better half of `tpe.ts` becomes the first fronts; a front that fits only in part is reduced to
 * the trials that together dominate most.
 */

import { costVectorOf } from "../../trial/pareto.js";
import type { Direction, TrialRecord } from "../../trial/trial.js";
import { gainOf, mostVolume, type Point } from "../../trial/volume.js";

/**
 * How much worse the corner is than the worst of the fronts, as a fraction of their range, so that their ends
 * count too.
 */
const MARGIN = 0.5;
/** The least weight of a better trial, relative to the largest. */
const LEAST_WEIGHT = 0.1;

/**
 * The weights of the `count` better trials: what each adds to the volume that they dominate together,
 * relative to the most that one adds, and at least `LEAST_WEIGHT`. Objectives are scaled to the range of the
 * fronts from which trials are taken, so that their units do not matter. Among infeasible trials, those that
 * break constraints least come first.
 *
 * @param fronts - the first fronts that have as many trials together, as indices
 * @returns weights by index, only for the better trials
 */
export function paretoWeights(
  trials: readonly TrialRecord[],
  directions: readonly Direction[],
  count: number,
  fronts: readonly (readonly number[])[],
): [index: number, weight: number][] {
  let [whole, taken] = [0, 0];
  while (whole < fronts.length && taken + fronts[whole].length <= count) taken += fronts[whole++].length;
  const better = fronts.slice(0, whole).flat();
  const last = taken < count && whole < fronts.length ? fronts[whole] : [];
  const among = [...better, ...last];
  const points = scaled(among.map((i) => costVectorOf(trials[i], directions)));
  const corner = directions.map(() => 1 + MARGIN);
  const [chosen, rest] = [points.slice(0, taken), points.slice(taken)];
  for (const i of mostVolume(rest, corner, count - taken)) {
    better.push(last[i]);
    chosen.push(rest[i]);
  }
  const gains = chosen.map((point, k) => gainOf(point, chosen.toSpliced(k, 1), corner));
  const most = Math.max(...gains);
  return better.map((i, k) => [i, most > 0 ? Math.max(LEAST_WEIGHT, gains[k] / most) : 1]);
}

/** Points with each objective moved and scaled to [0, 1]; 0 where all are equal. */
function scaled(points: readonly Point[]): Point[] {
  const objectives = points[0]?.length ?? 0;
  const columns = Array.from({ length: objectives }, (_, k) => unitsOf(points.map((point) => point[k])));
  return points.map((_, i) => columns.map((column) => column[i]));
}

function unitsOf(costs: readonly number[]): number[] {
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  // halved, so that no difference overflows
  const range = most / 2 - least / 2;
  return costs.map((cost) => (range > 0 ? (cost / 2 - least / 2) / range : 0));
}
