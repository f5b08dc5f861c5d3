/**
 * Quasi-random search: points of a scrambled Sobol' sequence, which leave no large gaps and form no clusters. It does
 * not look at the values of trials. The sequence itself is in `sobol/sequence.ts`.
 */

import { check, checkOptions, show } from "../../../errors.js";
import { unseen } from "../../memo/unseen.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams } from "../../space/space.js";
import type { Strategy } from "../strategy.js";
import { sobolPoint } from "./sequence.js";

/** How the sequence is randomised. */
export interface SobolOptions {
  /**
   * Whether the study's seed scrambles the sequence (Owen's nested uniform scrambling), so that each point is
   * uniform by itself. Without, all seeds suggest the same points, the first of them at the low ends. Default true.
   */
  readonly scramble?: boolean;
}

/**
 * Where a point goes that came before: this much further on. Odd, so that one jump after another goes round all
 * remainders of any power of two; large, so that no later trial stands there.
 */
const JUMP = 1_048_573;

/**
 * The quasi-random strategy: the k-th suggestion is the k-th point of a Sobol' sequence, with a dimension for each
 * parameter of the space. It covers a space more evenly than random search does: of 2ᵐ trials, each 2ᵐ-th part of
 * a parameter's range gets one, and the same holds, nearly, for boxes over two parameters. Numbers of trials that
 * are powers of two use that to the full.
 *
 * Parameters take the first dimensions in declared order; a conditional parameter has its own, read where it applies.
 * A point that came before is replaced by the one 1,048,573 places further on, up to 100 times. Then a space with
 * finitely many points gives one of those left, each equally likely, and nothing once none is left.
 *
 * Direction numbers of Joe and Kuo are there for 64 parameters. Those beyond repeat the 64 dimensions with the points
 * in another order, evenly spread in themselves but not together with the first.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for options that do not exist or are no truth value
 * @example
 * ```ts
 * const space = { learningRate: float(1e-4, 1, { log: true }), units: int(8, 128, { log: true }) };
 * const study = createStudy({ space, strategy: sobol(), direction: "minimize", seed: 1 });
 * await study.optimize(({ learningRate }) => (Math.log10(learningRate) + 2) ** 2, { trials: 16 });
 * study.trials.filter(({ params }) => params.learningRate < 1e-2).length; // 8
 * ```
 * @see I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals", 1967;
 * S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci.
 * Comput. 30, 2008; A. Owen, "Randomly permuted (t, m, s)-nets and (t, s)-sequences", 1995
 */
export function sobol(options: SobolOptions = {}): Strategy {
  checkOptions(options, "sobol", ["scramble"]);
  const { scramble = true } = options;
  check(typeof scramble === "boolean", () => `scramble is true or false, received ${show(scramble)}`);
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
