/**
 * Quasi-random search: points of a scrambled Sobol' sequence, which leave no large gaps and form no clusters.
 * It ignores the values of trials. The sequence itself is in `sequence.ts`.
 */

import { flag, type OptionRules, readOptions } from "../../../rules.js";
import { unseen } from "../../memo/unseen.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams } from "../../space/space.js";
import type { Strategy } from "../strategy.js";
import { sobolPoint } from "./sequence.js";

/** How the sequence is randomised. */
export interface SobolOptions {
  /**
   * Whether the study's seed scrambles the sequence (Owen's nested uniform scrambling), so that each point is
   * uniform by itself. If not, all seeds suggest the same points, starting at the low ends. Default true.
   */
  readonly scramble?: boolean;
}

const RULES = { scramble: [flag, true] } satisfies OptionRules<SobolOptions>;

/**
 * A point that repeats an earlier one is replaced by the one this much further on. Odd, so that successive
 * jumps reach all remainders of any power of two; large, so that no later trial gets the same point.
 */
const JUMP = 1_048_573;

/**
 * The quasi-random strategy: the k-th suggestion is the k-th point of a Sobol' sequence, with a dimension for
 * each parameter of the space. It covers a space more evenly than random search does: 2ᵐ trials place one
 * point in each of 2ᵐ equal parts of a parameter's range, and nearly the same holds for boxes over two
 * parameters. A number of trials that is a power of two makes full use of this.
 *
 * Parameters take the first dimensions in declared order; a conditional parameter has a dimension too, which
 * is read where it applies. A point that repeats an earlier one is replaced by the one 1,048,573 places
 * further on, up to 100 times. After that, a space with finitely many points yields one of the remaining
 * points, each equally likely. The search ends once no point remains.
 *
 * Joe and Kuo's direction numbers are included for 64 parameters. Further parameters repeat the 64 dimensions
 * with the points in another order: evenly spread among themselves, but not together with the first 64.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const space = { learningRate: float(1e-4, 1, { log: true }), units: int(8, 128, { log: true }) };
 * const study = createStudy({ space, strategy: sobol(), direction: "minimize", seed: 1 });
 * await study.optimize(({ learningRate }) => (Math.log10(learningRate) + 2) ** 2, { trials: 16 });
 * study.trials.filter(({ params }) => params.learningRate < 1e-2).length; // 8
 * ```
 * @see I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals",
 * 1967; S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J.
 * Sci. Comput. 30, 2008; A. Owen, "Randomly permuted (t, m, s)-nets and (t, s)-sequences", 1995
 */
export function sobol(options: SobolOptions = {}): Strategy {
  const { scramble } = readOptions(options, "sobol", RULES, " of sobol");
  return {
    name: "sobol",
    adaptive: false,
    options: { scramble },
    suggest(context) {
      const { space, suggested, studyRandom } = context;
      const { names } = space;
      const keys = scramble ? names.map(() => studyRandom.integer(2 ** 32)) : undefined;
      let index = suggested;
      return unseen(context, () => {
        const point = sobolPoint(index % 2 ** 32, names.length, keys);
        index += JUMP;
        return buildParams(space, (parameter, name) => fromUnit(parameter, point[names.indexOf(name)]));
      });
    },
  };
}
