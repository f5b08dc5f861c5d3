/**
 * Bayesian optimization with a Gaussian process: a model of the objective, fitted to all trials, says which
 * point is most promising. This file has the strategy's steps; the other files of this folder, in the order
 * of use:
 *
 *     targets.ts      costs → y, warped and standardised
 *     kernel.ts       θ → k(x, x')
 *     fit.ts          x, y → θ
 *     posterior.ts    x, y, θ → μ, σ² at any point
 *     model.ts        a history → a posterior, with fits remembered
 *     acquisition.ts  μ, σ, f* → a(x)
 *     maximize.ts     a(x) → the next point, by the steps of moves.ts and cells.ts
 *     objectives.ts   several objectives: models → a(x), with boxes.ts
 *     regret.ts       a posterior → when to stop
 *
 * Notation of all of them (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, as GPML):
 *
 *     n               trials in the model
 *     d               coordinates of a point: 1 for a number, one for each value of a choice (`vectors.size`)
 *     p               index of a parameter of the space (`vectors.axes`)
 *     x      [d]      a point, each coordinate in [0, 1] (`space/vectors.ts`)
 *     y      [n]      standardised costs, mean 0 and variance 1; less is better (`targets`)
 *     f               the modelled function: y = f(x) + ε
 *     w_p             inverse squared length scale of parameter p (`weights`)
 *     s               variance of f (`signal`)
 *     a               share of s of parameters on their own (`alone`)
 *     σ_n²            variance of ε (`noise`)
 *     θ               (w, s, a, σ_n²), the hyperparameters
 *     M(r²/5)         (1 + r + r²/3) · e⁻ʳ, Matérn 5/2                                 GPML 4.17
 *     k(x, x')        s · ((1 − a) · M(Σ_p w_p·δ_p(x, x')) + a · mean_p M(w_p·δ_p(x, x')))
 *     K      [n, n]   covariances of the points, k(x_i, x_j)
 *     A      [n, n]   K + σ_n²·I
 *     L      [n, n]   lower Cholesky factor, A = L·Lᵀ, packed by rows (`factor`)
 *     α      [n]      A⁻¹·y (`alpha`)
 *     k*     [n]      covariances of a new point with the points
 *     μ(x)            k*ᵀ·α                                                           GPML 2.25
 *     σ²(x)           s − ‖L⁻¹·k*‖²                                                   GPML 2.26
 *     ln p(y | θ)     −½·yᵀ·α − Σ ln L_ii − ½·n·ln 2π                                 GPML 2.30, gradient 5.9
 *     f*              the incumbent: the least μ at any trial
 *     a(x)            the acquisition function: the merit of a point; more is better
 *     z               (f* − μ) / σ
 *     φ, Φ            density and distribution function of the standard normal law
 *     κ               standard deviations below the mean, for the confidence bound
 */

import { check, must, show } from "../../../errors.js";
import { leaveRooms } from "../../../numerics/rooms.js";
import { integer, nameOf, number, type OptionRules, readOptions } from "../../../rules.js";
import { isCountable, isFresh, stockOf, unseen } from "../../memo/unseen.js";
import { defaultPoint, middlePoint, randomPoint } from "../../space/defaults.js";
import { allows, type Params, type SearchSpace } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { firstPoint } from "../first.js";
import type { Strategy, SuggestContext } from "../strategy.js";
import { drawStratified } from "../stratified.js";
import { type AcquisitionName, acquisitions } from "./acquisition.js";
import { areConstrained, constrained } from "./constraints.js";
import { assessAll, type Effort, evaluationsWithin, maximize, meritOf } from "./maximize.js";
import { MOST_TRIALS, modelOf } from "./model.js";
import { movesOf } from "./moves.js";
import { type Front, frontOf } from "./objectives.js";

/** How a Gaussian process searches. */
export interface GpOptions {
  /**
   * What makes a point promising: `"logEi"`, the logarithm of the expected improvement; `"ei"`, the expected
   * improvement itself, whose gradient vanishes far from good points; `"pi"`, the probability of any
   * improvement, which stays near the best trial; or `"lcb"`, the lower confidence bound, which explores more
   * with a larger `kappa`. Default `"logEi"`.
   */
  readonly acquisition?: AcquisitionName;
  /** How many trials there must be before the model is used; a positive integer. Default 6. */
  readonly startupTrials?: number;
  /** Only for `"lcb"`: κ, how many standard deviations below the mean the bound is; at least 0. Default 2. */
  readonly kappa?: number;
}

const RULES = {
  acquisition: [nameOf("acquisition function", acquisitions), "logEi"],
  startupTrials: [integer(), 6],
  kappa: [number("[0, ∞)", "a number of at least 0"), 2],
} satisfies OptionRules<GpOptions>;

/** In finite spaces of at most this many points, every point is assessed. */
const FEW_POINTS = 1000;
/** The most running trials in the model; of more, the most recent count. */
const MOST_PENDING = 256;
/** The most objectives: each has a model, and each multiplies the number of boxes between trials. */
const MOST_OBJECTIVES = 8;
/** How many of the best trials are searched around more closely. */
const GOOD = 5;

/**
 * The Gaussian process strategy: makes the most of few trials, for expensive and fairly smooth objectives. A
 * suggestion takes some milliseconds, growing with the square of the number of trials.
 *
 * 1. If any parameter has a default, the first suggestion is the point of the defaults, with the middle of
 * the range for
 *    parameters without one. With at least 8 numbers that always apply, this is the first suggestion even if
 *    none has a default.
 * 2. Up to `startupTrials`, suggestions are a Latin hypercube: the range of each parameter is divided into
 * `startupTrials`
 *    parts (at most 1,000), and a suggestion falls into one of the parts used least.
 * 3. After that, the suggestion is the point where the acquisition function of the posterior is largest. The
 * model is
 *    y = f(x) + ε. Here y is the objective's values, warped and standardised, and f is a Gaussian process
 *    with mean 0 and covariance
 *
 *        k(x, x') = s·((1 − a)·M(Σ_p w_p·δ_p) + a·mean_p M(w_p·δ_p)), M(r²/5) = (1 + r + r²/3)·e⁻ʳ (Matérn
 *        5/2)
 *
 *    over coordinates in [0, 1] along each parameter's scale: the effects of all parameters together, and of
 *    each alone (from 2 to 64 parameters; with more, a is 0). For choices, δ is 0 for equal values and 1 for
 *    different ones; a parameter that does not apply is in the middle. The w_p, s, a and the variance of ε
 *    are the most probable ones given the trials, under the priors of Optuna's GPSampler; they are refitted
 *    whenever the history has grown by an eighth, or beyond 256 trials has doubled. The warp is the most
 *    probable one of four at each fit: the worse half compressed logarithmically (favoured by a factor of
 *    e³), none, or all compressed, mildly or strongly.
 *
 * Trials that failed or diverged count as the worst of the others, pruned ones with the value that they
 * reached. Running trials count with their expected value. No point is repeated while a finite space has
 * others. Up to 256 trials are all in the model. Of more, the model has the best 128, the most recent 64, and
 * 64 spread over the rest, chosen at each fit and after every 256 trials, and the trials since then.
 *
 * If trials break soft constraints, each constraint has its own model, and the suggestion is the point with
 * the largest improvement on the best feasible trial, times the probability of being feasible (Gardner et
 * al.); with `"lcb"`, an infeasible trial instead costs more than all others.
 *
 * With several objectives, each has its own model, and the suggestion is the point with the largest expected
 * improvement of the hypervolume between the trials and a corner a little worse than the worst in each
 * objective (Yang et al.). It is exact, except for fronts of more than 63 points of three objectives, or 15
 * of four, where it uses the points that together dominate most. Only `"logEi"` has a form for several
 * objectives.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options, and for `kappa` without
 * `"lcb"`; when used,
 * `invalid_space` for a space of more than 2,000 coordinates, and `invalid_argument` for several objectives
 * without
 * `"logEi"`
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { learningRate: float(1e-4, 1, { log: true }), units: int(1, 64, { log: true }) },
 *   strategy: gp(),
 *   direction: "minimize",
 *   seed: 1,
 * });
 * await study.optimize(({ learningRate, units }) => (learningRate - 0.1) * (learningRate - 0.1) + 1 / units, { trials: 20 });
 * study.best.params.units; // 64
 * ```
 * @see D. Duvenaud, H. Nickisch and C. Rasmussen, "Additive Gaussian processes", NIPS 24, 2011
 * @see E. Snelson, C. Rasmussen and Z. Ghahramani, "Warped Gaussian processes", NIPS 16, 2003
 * @see J. Snoek, H. Larochelle and R. Adams, "Practical Bayesian optimization of machine learning
 * algorithms", NIPS 2012
 * @see S. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS
 * 2023
 * @see J. Gardner et al., "Bayesian optimization with inequality constraints", ICML 2014
 * @see K. Yang, M. Emmerich, A. Deutz and T. Bäck, "Efficient computation of expected hypervolume improvement
 * using box decomposition algorithms", J. Global Optimization 75, 2019
 */
export function gp(options: GpOptions = {}): Strategy {
  const { acquisition, startupTrials, kappa } = readOptions(options, "gp", RULES, " of gp");
  const acquire = acquisitions[acquisition](kappa);
  check(
    options.kappa === undefined || acquisition === "lcb",
    () =>
      `kappa of gp must be left out unless acquisition is "lcb"; received ${show(kappa)} with ${show(acquisition)}`,
  );
  /** One objective: the merit of points, and the best trials. */
  const towardsBest = (pending: readonly Params[], context: SuggestContext): Front => {
    const { history } = context;
    if (acquisition !== "lcb" && areConstrained(history)) {
      const inLogarithms = acquisition === "ei" ? acquisitions.logEi() : acquire;
      const { merit, ranked, models } = constrained(history, pending, context, inLogarithms);
      return { merit, good: ranked.slice(0, GOOD), models };
    }
    const { posterior, ranked, incumbent } = modelOf(history, pending, context);
    const merit = meritOf(posterior, (mean, deviation) => acquire(mean, deviation, incumbent));
    return { merit, good: ranked.slice(0, GOOD), models: 1 };
  };
  return {
    name: "gp",
    adaptive: true,
    multiObjective: true,
    options: { acquisition, startupTrials, ...(acquisition === "lcb" && { kappa }) },
    suggest(context) {
      leaveRooms(); // of the models of earlier suggestions
      const { space, history, earlier, number, random } = context;
      checkSize(space);
      const objectives = "the number of objectives for gp (use nsga2() for more)";
      must(
        context.directions.length <= MOST_OBJECTIVES,
        objectives,
        `at most ${MOST_OBJECTIVES}`,
        context.directions.length,
        "limit_exceeded",
      );
      const isPossible = context.directions.length === 1 || acquisition === "logEi";
      must(isPossible, "acquisition of gp", '"logEi" with several objectives', acquisition);
      const isStarting = number < startupTrials || history.length < 2;
      const first = firstPoint(context, isStarting && isWide(space) ? middlePoint : defaultPoint);
      if (first !== undefined) return first;
      if (isStarting) return unseen(context, () => drawStratified(context, startupTrials));

      const pending = earlier.slice(history.length).slice(-MOST_PENDING);
      const { merit, good, models } =
        context.directions.length === 1 ? towardsBest(pending, context) : frontOf(history, pending, context);
      const moves = movesOf(space);
      const left = fewLeft(context);
      const found = left
        ? assessAll(merit, left.map(moves.vectors.encode))
        : maximize(merit, moves, good, random, effortFor(space, history.length, pending.length, models));
      for (const { vector } of found) {
        const params = moves.vectors.decode(vector);
        if (isFresh(context, params)) return params;
      }
      return anyPoint(context);
    },
  };
}

/** The most coordinates: one per number, one per value of a choice. Time grows faster than their number. */
const MOST_COORDINATES = 2000;

function checkSize(space: SearchSpace): void {
  const { size } = vectorsOf(space);
  const name =
    "the number of coordinates of a space for gp, one for a number and one for each value of a choice,";
  must(size <= MOST_COORDINATES, name, `at most ${MOST_COORDINATES}`, size, "invalid_space");
}

/**
 * From this many numbers, the middle of a cube is usually nearer to a random point of the cube than any of
 * six points of a Latin hypercube: in 47 % of draws for 7 numbers, 54 % for 8, 92 % for 20.
 */
const WIDE = 8;

/** Whether the first trial is the middle of the space. */
function isWide({ names, parameters }: SearchSpace): boolean {
  const numbers = names.filter((name) => parameters[name].type !== "choice" && !parameters[name].when);
  return numbers.length >= WIDE;
}

/** More points are assessed in spaces of more parameters, fewer as each becomes more expensive. */
function effortFor(space: SearchSpace, trials: number, pending: number, models: number): Effort {
  const points = Math.min(1000, 200 * space.names.length, Math.max(300, Math.floor(50_000 / trials)));
  const evaluations = evaluationsWithin(
    vectorsOf(space).size,
    Math.min(trials, MOST_TRIALS) + pending,
    models,
  );
  return { points, climbs: 6, evaluations };
}

/** A random new point; undefined if there is none. */
function anyPoint(context: SuggestContext): Params | undefined {
  return unseen(context, () => randomPoint(context.space, context.random));
}

/** The unused points of a space with few points. */
function fewLeft({ space, earlier }: SuggestContext): Params[] | undefined {
  if (!isCountable(space)) return undefined;
  const { lattice, used } = stockOf(space, earlier);
  if (lattice.size > FEW_POINTS) return undefined;
  return Array.from({ length: lattice.size }, (_, index) => index)
    .filter((index) => !used.has(index))
    .map((index) => lattice.at(index))
    .filter((params) => allows(space, params));
}
