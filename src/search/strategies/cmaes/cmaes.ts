/**
 * CMA-ES: a normal distribution that learns, from which half of each generation was better, where to look, how
 * far and in which directions. This file is the strategy; its parts are in `cmaes/`.
 */

import { check, checkOptions, show } from "../../../errors.js";
import { createFold } from "../../memo/generations.js";
import { unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams, type SearchSpace } from "../../space/space.js";
import type { Strategy } from "../strategy.js";
import { draw } from "./distribution.js";
import { advance, type Run, startRun } from "./run.js";

/** How a search by CMA-ES begins. */
export interface CmaesOptions {
  /** The first standard deviation of each number, as a part of its range: above 0, at most 1. Default 0.2. */
  readonly sigma?: number;
  /** Trials a generation, an integer from 4. Default 4 + ⌊1.5 ln n⌋ for n parameters; doubled at each restart. */
  readonly populationSize?: number;
}

/** By how much each repeat of an earlier point widens the draws of that trial. */
const WIDEN = 1.1;

/**
 * The covariance matrix adaptation evolution strategy: for numbers above all, up to some tens of them that depend
 * on each other, and from about a hundred trials on. Trials come in generations of λ. All points of a
 * generation are drawn from one distribution, which then moves towards the better ones:
 *
 *     x = m + σ N(0, C),   then
 *     m ← Σ w_i x_i:λ,
 *     C ← (1 - c₁ - c_μ Σ w_i) C + c₁ p pᵀ + c_μ Σ w_i y_i:λ y_i:λᵀ,
 *
 * where x_i:λ is the i-th best point and y = (x - m) / σ. The weights w fall from the best to the worst; for the
 * worse half they are negative in C ("active") and 0 in m. p is the path of recent moves, and σ grows while moves
 * agree and shrinks while they cancel. The constants are the tutorial's but for λ. Where it says nothing:
 *
 * - **Space.** A number is its place in the unit interval on its own scale. The first generation lies around the
 *   defaults, and the middle where there are none; if any parameter has a default, trial 0 is that point.
 * - **History.** The update uses points as they were evaluated. Of a rounded number only the interval is known
 *   that was rounded to it: it stands at the median of the distribution within. One that does not apply stands
 *   at the mean, which its trial thus does not move. Points too far off, as those drawn before the last
 *   generation ended (`lag`), are pulled in (Hansen 2011).
 * - **Bounds.** A point outside is drawn again, after 20 times moved to the bound.
 * - **Ints and steps.** Where σ falls below the step, the coordinate is drawn wider, so that it leaves its value
 *   with probability 1/(λ n) at the least (Hamano et al. 2022).
 * - **Choices.** Each has a table of probabilities that moves towards the better half's frequencies, none below
 *   1/(λ n) shared by the other values (as in Hamano et al. 2024, with a fixed rate).
 * - **Restarts.** When costs, points or C show no more progress, λ doubles (IPOP); one generation is drawn
 *   uniformly, and the search begins anew at its best point.
 * - **Repeats.** A point that was suggested before is drawn again, a tenth wider each time; a finite space is
 *   used up before anything ends.
 *
 * @throws FettleError `invalid_argument` for options outside their range, `unknown_name` for ones that do not exist
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 5), y: float(-5, 5) },
 *   strategy: cmaes(),
 *   direction: "minimize",
 * });
 * await study.optimize(({ x, y }) => (x - 1) ** 2 + 100 * (y - x) ** 2, { trials: 200 });
 * study.best!.value! < 1e-4; // true
 * ```
 * @see N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, 2023
 * @see A. Auger and N. Hansen, "A restart CMA evolution strategy with increasing population size", CEC 2005
 * @see R. Hamano et al., "CMA-ES with margin", GECCO 2022; "CatCMA", GECCO 2024
 */
export function cmaes(options: CmaesOptions = {}): Strategy {
  checkOptions(options, "cmaes", ["sigma", "populationSize"]);
  const { sigma = 0.2, populationSize } = options;
  check(
    typeof sigma === "number" && sigma > 0 && sigma <= 1,
    () => `sigma of cmaes is a part of the range, above 0 and at most 1; received ${show(sigma)}`,
  );
  check(
    populationSize === undefined || (Number.isSafeInteger(populationSize) && populationSize >= 4),
    () => `populationSize of cmaes is an integer from 4, received ${show(populationSize)}`,
  );
  const starts = new WeakMap<SearchSpace, Run>();
  const fold = createFold<Run>({
    start({ space }) {
      const run = starts.get(space) ?? startRun(space, sigma, populationSize);
      starts.set(space, run);
      return run;
    },
    size: ({ rates }) => rates.lambda,
    step: (run, block, search) => advance(run, block, search, sigma),
  });
  return {
    name: "cmaes",
    adaptive: true,
    options: { ...options },
    suggest(context) {
      const { space, number, random, history } = context;
      const first = number === 0 ? defaultPoint(space) : undefined;
      if (first !== undefined) return first;
      const { distribution, scattered } = fold(history, context).state;
      let widen = 1 / WIDEN;
      return unseen(context, () => {
        widen *= WIDEN;
        return scattered
          ? buildParams(space, (parameter) => fromUnit(parameter, random.uniform()))
          : draw(distribution, space, random, widen);
      });
    },
  };
}
