/**
 * A search by CMA-ES from generation to generation: where it starts, what a generation of trials makes of it,
 * and how it begins anew. The learning itself is in `update.ts`.
 */

import type { Search } from "../../memo/generations.js";
import { toUnit } from "../../space/scale.js";
import type { SearchSpace } from "../../space/space.js";
import { costsOf } from "../../trial/costs.js";
import { ranked } from "../../trial/ranking.js";
import type { TrialRecord } from "../../trial/trial.js";
import { layoutOf, standing } from "./coordinates.js";
import { defaultLambda } from "./rates.js";
import { type Progress, recordProgress, whyRestart } from "./restart.js";
import { begin, learn, type State } from "./update.js";

/** A search since its start or its last restart. */
export interface Run extends State, Progress {
  /** Whether the next generation is drawn uniformly, to find where a restart begins. */
  readonly scattered: boolean;
}

/**
 * A search at the defaults, or the middle of parameters without one.
 *
 * @param lambda - trials a generation; by default it follows from the number of parameters that vary
 */
export function startRun(space: SearchSpace, sigma: number, lambda?: number): Run {
  const layout = layoutOf(space);
  const mean = Float64Array.from(layout.coordinates, ({ parameter }) =>
    parameter.default === undefined ? 0.5 : toUnit(parameter, parameter.default),
  );
  const parameters = layout.coordinates.length + layout.categories.length;
  return newRun(begin(layout, mean, sigma, lambda ?? defaultLambda(parameters)), false);
}

/**
 * The search after a generation. A restart takes two steps: first λ doubles and a generation is awaited that is
 * scattered uniformly, then the search begins at its best point.
 *
 * @param sigma - the step size to begin with
 */
export function advance(
  run: Run,
  block: readonly TrialRecord[],
  { space, direction }: Search,
  sigma: number,
): Run {
  const layout = layoutOf(space);
  const order = ranked(block, direction);
  const points = order.map(({ params }) => params);
  const { lambda } = run.rates;
  if (run.scattered) {
    const mean = Float64Array.from(layout.coordinates, (coordinate) =>
      standing(coordinate, points[0], 0.5, 1),
    );
    return newRun(begin(layout, mean, sigma, lambda), false);
  }
  const costs = costsOf(order, direction);
  const next: Run = {
    ...learn(run, layout, points),
    ...recordProgress(run, costs, layout.coordinates.length),
    scattered: false,
  };
  if (whyRestart(next, next, costs) === undefined) return next;
  return newRun(begin(layout, next.distribution.mean, sigma, 2 * lambda), true);
}

function newRun(state: State, scattered: boolean): Run {
  return { ...state, bests: [], medians: [], scattered };
}
