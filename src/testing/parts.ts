/**
 * The default parts of `verify`: every part of the library that has laws. Each entry is the arguments of its
 * check. It checks nothing itself.
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
import type { checkReproducibility } from "./reproducibility.js";
import type { checkScheduler, SchedulerFactory } from "./scheduler.js";
import type { checkStrategy } from "./strategy.js";
import { RECORDED, tuningBy } from "./tuning.js";

/**
 * The parts to check: for each kind, the lists of arguments of its check, such as `[gp(), { trials: 8 }]`.
 */
export interface VerifyParts {
  /** Arguments of `checkOperation`; they are used for the groups `operations` and `gradients`. */
  readonly operations: readonly Parameters<typeof checkOperation>[];
  readonly optimizers: readonly Parameters<typeof checkOptimizer>[];
  readonly strategies: readonly Parameters<typeof checkStrategy>[];
  readonly schedulers: readonly Parameters<typeof checkScheduler>[];
  readonly executors: readonly Parameters<typeof checkExecutor>[];
  /** Arguments of `checkReproducibility`. */
  readonly tunings: readonly Parameters<typeof checkReproducibility>[];
}

/**
 * All parts of the library. The kernels must be loaded.
 *
 * @param cases - of each law; reproducibility tries a quarter as many, since each of its cases is several
 * studies
 */
export function ownParts(cases: number): VerifyParts {
  const numRuns = Math.ceil(cases / 4);
  return {
    operations: Object.entries(operationCases)
      .filter(([, cases]) => cases !== undefined)
      .map(([name]) => [name as OperationName]),
    optimizers: Object.keys(optimizers).map((name) => [getOptimizer(name)]),
    // a grid accepts every space only with a number of points for ranges
    strategies: strategyNames.map((name) => [name === "grid" ? grid({ points: 3 }) : createStrategy(name)]),
    schedulers: schedulerNames.map((name) => {
      const make: SchedulerFactory = (options) => createScheduler(name, options);
      // median stopping depends on the differences between values
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
