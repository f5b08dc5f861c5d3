/**
 * What `verify` holds to the laws unless it is given something else: everything of the library that is under one. Each
 * entry is the arguments of its check. It checks nothing itself.
 */
import { createEngine } from "../engine/engine.js";
import type { OperationName } from "../graph/graph.js";
import { getOptimizer, optimizers } from "../optim/registry.js";
import { createScheduler, schedulerNames } from "../search/schedulers/index.js";
import { gp } from "../search/strategies/gp/gp.js";
import { grid } from "../search/strategies/grid/grid.js";
import { createStrategy, strategyNames } from "../search/strategies/index.js";
import { random } from "../search/strategies/random/random.js";
import { tpe } from "../search/strategies/tpe/tpe.js";
import type { checkExecutor } from "./executor.js";
import type { checkOperation } from "./operation.js";
import { operationCases } from "./operations/index.js";
import { FLOAT32, FLOAT64 } from "./operations/rounding.js";
import type { checkOptimizer } from "./optimizer.js";
import type { checkReproducible } from "./reproducibility.js";
import type { checkScheduler, SchedulerMaker } from "./scheduler.js";
import type { checkStrategy } from "./strategy.js";
import { RECORDED, tuningBy } from "./tuning.js";

/** What is held to the laws: for each kind, lists of the arguments of its check, as `[gp(), { trials: 8 }]`. */
export interface VerifyParts {
  /** Those of `checkOperation`, for their values and for their gradients. */
  readonly operations: readonly Parameters<typeof checkOperation>[];
  readonly optimizers: readonly Parameters<typeof checkOptimizer>[];
  readonly strategies: readonly Parameters<typeof checkStrategy>[];
  readonly schedulers: readonly Parameters<typeof checkScheduler>[];
  readonly executors: readonly Parameters<typeof checkExecutor>[];
  /** Those of `checkReproducible`. */
  readonly tunings: readonly Parameters<typeof checkReproducible>[];
}

/**
 * All of the library's own. The kernels must be there.
 *
 * @param cases - of each law; a case of a tuning is several whole studies, so that of those there are a quarter
 */
export function ownParts(cases: number): VerifyParts {
  const numRuns = Math.ceil(cases / 4);
  return {
    operations: Object.entries(operationCases)
      .filter(([, cases]) => cases !== undefined)
      .map(([name]) => [name as OperationName]),
    optimizers: Object.keys(optimizers).map((name) => [getOptimizer(name)]),
    // a grid accepts every space only if it is told how many points a range has
    strategies: strategyNames.map((name) => [name === "grid" ? grid({ points: 3 }) : createStrategy(name)]),
    schedulers: schedulerNames.map((name) => {
      const make: SchedulerMaker = (options) => createScheduler(name, options);
      // how far values are apart counts in the median stopping rule
      return [make, { rankBased: name !== "median" }];
    }),
    executors: [
      [createEngine(), { precision: FLOAT32 }],
      [createEngine({ executor: "reference" }), { precision: FLOAT64 }],
    ],
    tunings: [
      [tuningBy(random(), RECORDED), { numRuns }],
      [tuningBy(tpe({ startupTrials: 3 })), { numRuns }],
      [tuningBy(gp({ startupTrials: 3 })), { numRuns }],
    ],
  };
}
