/**
 * How much a search may still win, by the beliefs of the Gaussian process after its trials: a reason to stop. It
 * stops nothing itself, and works for the trials of any strategy.
 */
import { check, show } from "../../../errors.js";
import { RandomStream } from "../../../numerics/random.js";
import { log } from "../../../numerics/special.js";
import type { Params, Space } from "../../space/space.js";
import type { Direction, TrialRecord } from "../../trial/trial.js";
import { type AcquisitionName, acquisitions } from "./acquisition.js";
import { deviationOf, maximize } from "./maximize.js";
import { modelOf, spaceOf } from "./model.js";
import { movesOf } from "./moves.js";

/** What is needed of a study. */
export interface RegretInput<P = Params> {
  readonly space: Space;
  readonly direction: Direction;
  readonly trials: readonly TrialRecord<P>[];
}

/** In units of the objective. Estimates, as good as the model: none is a guarantee. */
export interface RemainingRegret {
  /** The improvement on the best trial that one more trial, at the most promising point, is expected to bring. */
  readonly expectedImprovement: number;
  /** What a whole further search could bring, with high probability: see `remainingRegret`. */
  readonly bound: number;
}

/** Points judged and climbed from, twice. */
const EFFORT = { points: 500, climbs: 4 };
/** How many of the best trials are looked at for the least upper bound, and around. */
const BEST = 5;
/** The probability with which the bound may fail. */
const DELTA = 0.1;

/**
 * How much is left to win after the trials of a study.
 *
 * The bound is the least upper confidence bound at a trial minus the least lower confidence bound anywhere,
 *
 *     min_trials (mean + κσ) − min_space (mean − κσ),   κ² = 0.4 · ln(d·n²·π² / (6·0.1)),
 *
 * for n trials and d parameters, the κ of Makarova et al. (a fifth of the theory's κ², as they use it). It falls
 * towards the noise of the objective and not below: stop once it is under the spread of the best trial, or under
 * what a better model is worth. A function of the trials alone; it costs about as much as one suggestion.
 *
 * @param study - a study, or its space, direction and finished trials
 * @returns both figures 0 where all trials have one value
 * @throws FettleError `invalid_argument` without any trial
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
export function remainingRegret<P>({ space, direction, trials }: RegretInput<P>): RemainingRegret {
  check(trials.length > 0, () => `regret is estimated from finished trials, received ${show(trials)}`);
  const search = { space: spaceOf(space), direction, directions: [direction] };
  const { posterior, ranked, incumbent, unit } = modelOf(trials as readonly TrialRecord[], [], search);
  const moves = movesOf(search.space);
  const kappa = Math.sqrt(
    0.4 * log((search.space.names.length * trials.length * trials.length * 9.869604401089358) / (6 * DELTA)),
  );
  const most = (name: AcquisitionName): number => {
    const acquisition = acquisitions[name](kappa);
    const judge = (mean: number, deviation: number) => acquisition(mean, deviation, incumbent);
    return maximize(
      posterior,
      judge,
      moves,
      ranked.slice(0, BEST),
      new RandomStream(trials.length),
      EFFORT,
    )[0].merit;
  };
  let upper = Number.POSITIVE_INFINITY;
  for (const vector of ranked.slice(0, BEST)) {
    const belief = posterior.predict(vector);
    upper = Math.min(upper, belief.mean + kappa * deviationOf(belief));
  }
  return { expectedImprovement: unit * most("ei"), bound: unit * Math.max(0, upper + most("lcb")) };
}
