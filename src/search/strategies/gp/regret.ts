/**
 * How much a search may still improve, by the posterior of a Gaussian process after its trials: a reason to
 * stop. It works for the trials of any strategy.
 */
import { isRecord, must } from "../../../errors.js";
import { RandomStream } from "../../../numerics/random.js";
import { log } from "../../../numerics/special.js";
import type { Params, Space } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { type Direction, mustBeDirection, mustBeTrials, type TrialRecord } from "../../trial/trial.js";
import { type AcquisitionName, acquisitions } from "./acquisition.js";
import { deviationOf, evaluationsWithin, maximize, meritOf } from "./maximize.js";
import { MOST_TRIALS, modelOf, spaceOf } from "./model.js";
import { movesOf } from "./moves.js";

/** The part of a study that is needed. */
export interface RegretInput<P = Params> {
  readonly space: Space;
  readonly direction: Direction;
  readonly trials: readonly TrialRecord<P>[];
}

/** In units of the objective. Estimates, as good as the model, without a guarantee. */
export interface RemainingRegret {
  /** The expected improvement on the best trial by one more trial, at the most promising point. */
  readonly expectedImprovement: number;
  /**
   * A bound on the improvement by any further search, with high probability; at least `expectedImprovement`.
   * See `remainingRegret`.
   */
  readonly bound: number;
}

/** The budget of each of the two searches. */
const POINTS_AND_CLIMBS = { points: 500, climbs: 4 };
/** How many of the best trials are considered for the least upper bound, and searched around. */
const BEST = 5;
/** The probability with which the bound may fail. */
const DELTA = 0.1;

/**
 * How much improvement is left after the trials of a study.
 *
 * The bound is the least upper confidence bound at a trial minus the least lower confidence bound anywhere,
 *
 *     min_trials (mean + κσ) − min_space (mean − κσ),   κ² = 0.4 · ln(d·n²·π² / (6·0.1)),
 *
 * for n trials and d parameters, with the κ of Makarova et al. (a fifth of the theoretical κ², as in the
 * paper), or the expected improvement if that is larger: a confidence bound ignores values beyond κσ, which
 * far from all trials may dominate the expectation. The bound falls towards the noise of the objective and no
 * further: stop once it is below the spread of the best trial, or below the improvement that matters to you.
 * It depends only on the trials, and costs about as much as one suggestion.
 *
 * @param study - a study, or its space, direction and finished trials
 * @returns 0 for both if all trials have the same value
 * @throws FettleError `invalid_argument` for anything but a study, and without any trial
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-1, 1) }, strategy: gp(), direction: "minimize", seed: 1 });
 * const { space, direction } = study;
 * await study.optimize(({ x }) => (x - 0.3) * (x - 0.3), {
 *   trials: 100,
 *   stop: {
 *     rule: (trials) =>
 *       trials.length >= 12 && remainingRegret({ space, direction, trials }).expectedImprovement < 1e-4,
 *   },
 * });
 * study.trials.length < 50; // true
 * ```
 * @see A. Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022
 */
export function remainingRegret<P>(study: RegretInput<P>): RemainingRegret {
  must(isRecord(study), "study", "a study, or an object of its space, direction and trials", study);
  const { space, direction, trials } = study;
  mustBeDirection(direction);
  mustBeTrials(trials);
  must(trials.length > 0, "trials", "at least one finished trial", trials);
  const problem = { space: spaceOf(space), direction, directions: [direction] };
  const { posterior, ranked, incumbent, unit } = modelOf(trials as readonly TrialRecord[], [], problem);
  const moves = movesOf(problem.space);
  const kappa = Math.sqrt(
    0.4 * log((problem.space.names.length * trials.length * trials.length * 9.869604401089358) / (6 * DELTA)),
  );
  const evaluations = evaluationsWithin(vectorsOf(problem.space).size, Math.min(trials.length, MOST_TRIALS));
  const most = (name: AcquisitionName): number => {
    const acquisition = acquisitions[name](kappa);
    const judge = (mean: number, deviation: number) => acquisition(mean, deviation, incumbent);
    return maximize(
      meritOf(posterior, judge),
      moves,
      ranked.slice(0, BEST),
      new RandomStream(trials.length),
      { ...POINTS_AND_CLIMBS, evaluations },
    )[0].merit;
  };
  let upper = Number.POSITIVE_INFINITY;
  for (const vector of ranked.slice(0, BEST)) {
    const belief = posterior.predict(vector);
    upper = Math.min(upper, belief.mean + kappa * deviationOf(belief));
  }
  const expected = most("ei");
  return { expectedImprovement: unit * expected, bound: unit * Math.max(expected, upper + most("lcb")) };
}
