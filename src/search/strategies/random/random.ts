/**
 * Random search: independent draws from the space's own distribution (Bergstra and
 * Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012), except that no point repeats. It
 * ignores the values of trials.
 */

import { unseen } from "../../memo/unseen.js";
import { randomPoint } from "../../space/defaults.js";
import type { Strategy } from "../strategy.js";

/**
 * The random strategy: uniform over floats, ints and choices, log-uniform on log scales.
 *
 * A draw that repeats an earlier point is drawn again. In a space with finitely many points, 100 repeats in a
 * row lead to one of the remaining points, each equally likely. The search ends once no point remains.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: int(1, 3) }, strategy: random(), direction: "minimize", seed: 1 });
 * await study.optimize(({ x }) => x * x, { trials: 50 });
 * study.trials.length; // 3
 * ```
 * @see J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012
 */
export function random(): Strategy {
  return {
    name: "random",
    adaptive: false,
    options: {},
    suggest: (context) => unseen(context, () => randomPoint(context.space, context.random)),
  };
}
