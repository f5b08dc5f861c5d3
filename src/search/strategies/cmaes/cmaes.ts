/**
 * CMA-ES: a normal distribution that learns, from the better half of each generation, where to look, how far
 * and in which directions. This file is the strategy; `update.ts` has its equations.
 */

import { memoized } from "../../../memo.js";
import { integer, number, type OptionRules, readOptions } from "../../../rules.js";
import { memoizeGenerations } from "../../memo/generations.js";
import { unseen } from "../../memo/unseen.js";
import { randomPoint } from "../../space/defaults.js";
import type { SearchSpace } from "../../space/space.js";
import { firstPoint } from "../first.js";
import type { Strategy } from "../strategy.js";
import { drawStratified } from "../stratified.js";
import { draw } from "./distribution.js";
import { advance, type Run, startRun } from "./run.js";

/** How CMA-ES starts. */
export interface CmaesOptions {
  /**
   * The initial standard deviation of each number, as a fraction of its range, from 1e-9 to 1. Default 0.2,
   * or 0.5 / √n for n > 6 numbers.
   */
  readonly sigma?: number;
  /**
   * λ, the trials of a generation, an integer from 4 to 10,000. Default 4 + ⌊1.5 ln n⌋ for n parameters;
   * doubled at each restart.
   */
  readonly populationSize?: number;
}

const RULES = {
  sigma: number("[1e-9, 1]", "a number from 1e-9 to 1"),
  populationSize: integer(4, 10_000),
} satisfies OptionRules<CmaesOptions>;

/**
 * Parts of each range over which trials are spread while no trial has a value: a valid tenth of a range is
 * found within two rounds.
 */
const STRATA = 16;

/** The factor by which each repeat of an earlier point widens the next draw for that trial. */
const WIDEN = 1.1;

/**
 * The covariance matrix adaptation evolution strategy: best for spaces of numbers, up to a few dozen that
 * depend on each other, and for a hundred trials or more. Trials come in generations of λ. All points of a
 * generation are drawn from one distribution, which then moves towards the better ones:
 *
 *     x = m + σ N(0, C),   then
 *     m ← Σ w_i x_i:λ,
 *     C ← (1 - c₁ - c_μ Σ w_i) C + c₁ p pᵀ + c_μ Σ w_i y_i:λ y_i:λᵀ,
 *
 * where x_i:λ is the i-th best point and y = (x - m) / σ. The weights w fall from the best to the worst; for
 * the worse half they are negative in C ("active") and 0 in m. p is the path of recent moves, and σ grows
 * while moves agree and shrinks while they cancel. The constants are the tutorial's, except for λ. Beyond the
 * tutorial:
 *
 * - **Space.** A number is its place in the unit interval, on its own scale. The first generation is centred
 *   on the
 *   defaults, or the middle of a range without one; if any parameter has a default, trial 0 is that point.
 * - **History.** The update uses the evaluated points. For a rounded number, the update uses the median of
 *   the
 *   distribution within the interval that rounds to it. A number that does not apply counts as the mean, so
 *   its trial does not move it. Points too far away, such as those drawn before the last generation ended
 *   (`lag`), are pulled in (Hansen 2011).
 * - **Many numbers.** Above 100, C is diagonal, and learns (n + 2)/3 times as fast (Ros and Hansen 2008): the
 *   time of an update is proportional to n, not to its cube.
 * - **Bounds.** A point outside the bounds is drawn again; after 20 draws it is moved to the bound.
 * - **Ints and steps.** If σ falls below the step, the coordinate is drawn wider, so that it leaves its value
 *   with
 *   probability at least 1/(λ n) (Hamano et al. 2022).
 * - **Choices.** Each has a table of probabilities that moves towards the frequencies in the better half. The
 *   values
 *   other than the most likely one share a probability of at least 1/(λ n) (as in Hamano et al. 2024, with a
 *   fixed rate).
 * - **Restarts.** When costs, points or C show no more progress, λ doubles (IPOP); one generation is drawn
 *   uniformly, and the search restarts at its best point.
 * - **Failures.** Trials that failed or diverged are the worst of their generation. If an entire generation
 *   fails, trials are spread evenly over 16 parts of each range, in those used least, until one has a value;
 *   the search starts there.
 * - **Repeats.** A point that was suggested before is drawn again, a tenth wider each time. The search ends
 *   only when a finite space is exhausted.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 5), y: float(-5, 5) },
 *   strategy: cmaes(),
 *   direction: "minimize",
 * });
 * await study.optimize(({ x, y }) => (x - 1) ** 2 + 100 * (y - x) ** 2, { trials: 200 });
 * study.best.value < 1e-4; // true
 * ```
 * @see N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, 2023
 * @see A. Auger and N. Hansen, "A restart CMA evolution strategy with increasing population size", CEC 2005
 * @see R. Ros and N. Hansen, "A simple modification in CMA-ES achieving linear time and space complexity",
 * PPSN X, 2008
 * @see R. Hamano et al., "CMA-ES with margin", GECCO 2022; "CatCMA", GECCO 2024
 */
export function cmaes(options: CmaesOptions = {}): Strategy {
  const { sigma, populationSize } = readOptions(options, "cmaes", RULES, " of cmaes");
  const start = memoized((space: SearchSpace) => startRun(space, sigma, populationSize));
  const stateAfter = memoizeGenerations<Run>({
    start: ({ space }) => start(space),
    size: ({ rates }) => rates.lambda,
    step: (run, generation, problem) => advance(run, generation, problem, sigma),
  });
  return {
    name: "cmaes",
    adaptive: true,
    options: { ...options },
    suggest(context) {
      const { space, random, history } = context;
      const first = firstPoint(context);
      if (first !== undefined) return first;
      const { distribution, drawn } = stateAfter(history, context).state;
      let widen = 1 / WIDEN;
      return unseen(context, () => {
        widen *= WIDEN;
        if (drawn === "near") return draw(distribution, space, random, widen);
        if (drawn === "evenly") return drawStratified(context, STRATA);
        return randomPoint(space, random);
      });
    },
  };
}
