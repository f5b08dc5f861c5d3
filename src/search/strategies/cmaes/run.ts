/**
 * CMA-ES from generation to generation: where it starts, how it advances, and how it restarts. The update
 * itself is in
 * `update.ts`.
 */

import type { SearchProblem } from "../../memo/generations.js";
import { toUnit } from "../../space/scale.js";
import type { SearchSpace } from "../../space/space.js";
import { costsOf } from "../../trial/costs.js";
import { ranked } from "../../trial/ranking.js";
import type { TrialRecord } from "../../trial/trial.js";
import { coordinateOf, layoutOf } from "./coordinates.js";
import { defaultLambda, defaultSigma } from "./rates.js";
import { type Progress, recordProgress, whyRestart } from "./restart.js";
import { begin, learn, type State } from "./update.js";

/** The state since the start or the last restart. */
export interface Run extends State, Progress {
  /**
   * How the next generation is drawn: from the distribution; uniformly, to find the point at which to
   * restart; or, as long as all trials of the last generation have failed or diverged, evenly, away from
   * them.
   */
  readonly drawn: "near" | "uniformly" | "evenly";
}

/**
 * The first state, centred on the defaults, or on the middle of parameters without one.
 *
 * @param sigma - the initial step size; the default depends on the number of coordinates
 * @param lambda - the trials of a generation; the default depends on the number of parameters that vary
 */
export function startRun(space: SearchSpace, sigma?: number, lambda?: number): Run {
  const layout = layoutOf(space);
  const mean = Float64Array.from(layout.coordinates, ({ parameter }) =>
    parameter.default === undefined ? 0.5 : toUnit(parameter, parameter.default),
  );
  const parameters = layout.coordinates.length + layout.categories.length;
  const firstSigma = sigma ?? defaultSigma(mean.length);
  return newRun(begin(layout, mean, firstSigma, lambda ?? defaultLambda(parameters)), "near");
}

/**
 * The state after a generation. A restart takes two steps: first λ doubles and a generation is drawn
 * uniformly, then the search restarts at the best point of that generation. After a generation without
 * values, which shows no direction, generations are drawn evenly until one has a value, and the search starts
 * there.
 *
 * @param sigma - the initial step size, as at the start
 */
export function advance(
  run: Run,
  generation: readonly TrialRecord[],
  { space, direction }: SearchProblem,
  sigma?: number,
): Run {
  const layout = layoutOf(space);
  const firstSigma = sigma ?? defaultSigma(layout.coordinates.length);
  const order = ranked(generation, direction);
  const points = order.map(({ params }) => params);
  const { lambda } = run.rates;
  const { mean: before } = run.distribution;
  if (order[0].value === null) return newRun(begin(layout, before, firstSigma, lambda), "evenly");
  if (run.drawn !== "near") {
    const mean = Float64Array.from(layout.coordinates, (coordinate) =>
      coordinateOf(coordinate, points[0], 0.5, 1),
    );
    return newRun(begin(layout, mean, firstSigma, lambda), "near");
  }
  const costs = costsOf(order, direction);
  const next: Run = {
    ...learn(run, layout, points),
    ...recordProgress(run, costs, layout.coordinates.length),
    drawn: "near",
  };
  if (whyRestart(next, next, costs) === undefined) return next;
  return newRun(begin(layout, next.distribution.mean, firstSigma, 2 * lambda), "uniformly");
}

function newRun(state: State, drawn: Run["drawn"]): Run {
  return { ...state, bests: [], medians: [], drawn };
}
