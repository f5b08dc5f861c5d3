/**
 * Bayesian optimization with a Gaussian process: a model of the objective, fitted to all trials, says which point is
 * the most promising next. This file is the order of things; the model and the search for that point are in `gp/`.
 */
import { byName, check, checkOptions, show } from "../../../errors.js";
import { isCountable, isFresh, stockOf, unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit } from "../../space/scale.js";
import { allows, buildParams, type Params } from "../../space/space.js";
import type { Strategy, SuggestContext } from "../strategy.js";
import { type AcquisitionName, acquisitions } from "./acquisition.js";
import { assessAll, type Effort, type Judge, maximize } from "./maximize.js";
import { modelOf } from "./model.js";
import { movesOf } from "./moves.js";

/** How a Gaussian process searches. */
export interface GpOptions {
  /**
   * What makes a point promising: `"logEi"`, the expected improvement by its logarithm (default); `"ei"`, the same plain, whose
   * gradient vanishes far from good points, for comparisons; `"pi"`, the probability of any improvement, which stays near the
   * best trial; `"lcb"`, the lower confidence bound, whose curiosity is set by `kappa`.
   */
  readonly acquisition?: AcquisitionName;
  /** How many trials there must be, given or random, before the model is asked: an integer from 1. Default 10. */
  readonly startupTrials?: number;
  /** For `"lcb"` alone: how many standard deviations below the mean counts, from 0. Default 2. */
  readonly kappa?: number;
}

/** Finite spaces of at most so many points are judged point by point. */
const FEW_POINTS = 1000;
/** Trials around which is looked more closely. */
const GOOD = 5;

/**
 * The Gaussian process strategy: few trials, thought about long (some milliseconds each, growing with the square
 * of their number), for objectives that are dear and fairly smooth.
 *
 * 1. The first suggestion is the point of defaults, if any parameter has one: `default`, and the middle of the range of others.
 * 2. Random points until `startupTrials`.
 * 3. Then the point where the acquisition function of the posterior is largest. The objective's values, standardised
 *    after the worse half is drawn together logarithmically, are taken as f(x) + ε, with f from a Gaussian process of mean 0 and the covariance
 *
 *        k(x, x') = s·(1 + r + r²/3)·e⁻ʳ,   r² = 5·Σ_p w_p·δ_p(x, x')      (Matérn 5/2)
 *
 *    over coordinates in [0, 1] along each parameter's scale; for choices δ is 1 between two values and 0 for one; a parameter
 *    that does not apply stands in the middle. Each w_p, s and the variance of ε are the most probable ones given the
 *    trials, under the priors of Optuna's GPSampler, found anew whenever the history has grown by an eighth.
 *
 * Trials that failed or diverged count as the worst of the others, pruned ones by the value that they reached. Trials that still
 * run count as having given what is expected of them. No point comes twice while a finite space has others. Up to 256
 * trials all are in the model; beyond, the best half of 256, the latest quarter, and a quarter spread over the rest.
 *
 * @throws FettleError `unknown_name` for an acquisition function or an option that does not exist, `invalid_argument` for figures
 * out of range, or `kappa` without `"lcb"`
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { learningRate: float(1e-4, 1, { log: true }), units: int(1, 64, { log: true }) },
 *   strategy: gp(),
 *   direction: "minimize",
 *   seed: 1,
 * });
 * await study.optimize(({ learningRate, units }) => (learningRate - 0.1) * (learningRate - 0.1) + 1 / units, { trials: 20 });
 * study.best?.params.units; // 64
 * ```
 * @see J. Snoek, H. Larochelle and R. Adams, "Practical Bayesian optimization of machine learning algorithms", NIPS 2012
 * @see S. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS 2023
 */
export function gp(options: GpOptions = {}): Strategy {
  checkOptions(options, "gp", ["acquisition", "startupTrials", "kappa"]);
  const { acquisition = "logEi", startupTrials = 10, kappa = 2 } = options;
  const acquire = byName("acquisition function", acquisitions, acquisition)(kappa);
  check(
    Number.isSafeInteger(startupTrials) && startupTrials >= 1,
    () => `startupTrials of gp is an integer from 1, received ${show(startupTrials)}`,
  );
  check(
    Number.isFinite(kappa) && kappa >= 0,
    () => `kappa of gp is a number from 0, received ${show(kappa)}`,
  );
  check(
    options.kappa === undefined || acquisition === "lcb",
    () => `kappa belongs to acquisition "lcb"; leave it out with ${show(acquisition)}`,
  );
  return {
    name: "gp",
    adaptive: true,
    options: { acquisition, startupTrials, ...(acquisition === "lcb" && { kappa }) },
    suggest(context) {
      const { space, history, earlier, number, suggested, random } = context;
      const point = suggested === 0 ? defaultPoint(space) : undefined;
      if (point && isFresh(context, point)) return point;
      if (number < startupTrials || history.length < 2) return anyPoint(context);

      const pending = earlier.slice(history.length);
      const { posterior, ranked, incumbent } = modelOf(history, pending, context);
      const judge: Judge = (mean, deviation) => acquire(mean, deviation, incumbent);
      const moves = movesOf(space);
      const left = fewLeft(context);
      const found = left
        ? assessAll(posterior, judge, left.map(moves.vectors.encode))
        : maximize(
            posterior,
            judge,
            moves,
            ranked.slice(0, GOOD),
            random,
            effortFor(space.names.length, history.length),
          );
      for (const { vector } of found) {
        const params = moves.vectors.decode(vector);
        if (isFresh(context, params)) return params;
      }
      return anyPoint(context);
    },
  };
}

/** More points are judged in spaces of more parameters, fewer as each becomes dearer. */
function effortFor(parameters: number, trials: number): Effort {
  return { points: Math.min(1000, 200 * parameters, Math.max(300, Math.floor(50_000 / trials))), climbs: 6 };
}

/** A random point that is new, or undefined if there is none. */
function anyPoint(context: SuggestContext): Params | undefined {
  return unseen(context, () =>
    buildParams(context.space, (parameter) => fromUnit(parameter, context.random.uniform())),
  );
}

/** The points not suggested yet, if the space has few in all. */
function fewLeft({ space, earlier }: SuggestContext): Params[] | undefined {
  if (!isCountable(space)) return undefined;
  const { lattice, used } = stockOf(space, earlier);
  if (lattice.size > FEW_POINTS) return undefined;
  return Array.from({ length: lattice.size }, (_, index) => index)
    .filter((index) => !used.has(index))
    .map((index) => lattice.at(index))
    .filter((params) => allows(space, params));
}
