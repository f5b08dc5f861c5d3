/**
 * All that a strategy or a scheduler was made with is in its options, from which a saved study makes it
 * again.
 */

import { expect, it } from "vitest";
import type { HalvingOptions } from "../../src/search/schedulers/halving.js";
import { createScheduler, schedulerNames } from "../../src/search/schedulers/index.js";
import type { MedianOptions } from "../../src/search/schedulers/median.js";
import type { CmaesOptions } from "../../src/search/strategies/cmaes/cmaes.js";
import type { GeneticOptions } from "../../src/search/strategies/genetic/genetic.js";
import type { GpOptions } from "../../src/search/strategies/gp/gp.js";
import type { GridOptions } from "../../src/search/strategies/grid/grid.js";
import { createStrategy, strategyNames } from "../../src/search/strategies/index.js";
import type { Nsga2Options } from "../../src/search/strategies/nsga2/nsga2.js";
import type { PbtOptions } from "../../src/search/strategies/pbt/pbt.js";
import type { SobolOptions } from "../../src/search/strategies/sobol/sobol.js";
import type { TpeOptions } from "../../src/search/strategies/tpe/tpe.js";
import { rowOf } from "../rowOf.js";

/** Each option there is, none at its default. */
type All<Options> = { readonly [Name in keyof Options]-?: unknown };
const halving: All<HalvingOptions> = { reduction: 4, leastSteps: 3 };
const schedulers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  halving,
  hyperband: halving,
  asha: halving,
  median: { startupTrials: 3, leastSteps: 2 } satisfies All<MedianOptions>,
};
const breeding = {
  crossover: { type: "sbx", eta: 7 },
  crossoverRate: 0.6,
  mutation: { type: "normal", scale: 0.2 },
  mutationRate: 0.3,
};
const strategies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  random: {},
  grid: { points: { a: 3 } } satisfies All<GridOptions>,
  sobol: { scramble: false } satisfies All<SobolOptions>,
  tpe: {
    multivariate: false,
    startupTrials: 4,
    candidates: 9,
    gamma: 0.3,
    priorWeight: 2,
  } satisfies All<TpeOptions>,
  gp: { acquisition: "lcb", startupTrials: 4, kappa: 3 } satisfies All<GpOptions>,
  genetic: {
    ...breeding,
    populationSize: 7,
    elitism: 2,
    selection: { type: "rank", pressure: 1.5 },
    convergence: { diversity: 0.1, immigrants: 0.2 },
  } satisfies All<GeneticOptions>,
  nsga2: { ...breeding, populationSize: 7, offspring: 3 } satisfies All<Nsga2Options>,
  cmaes: { sigma: 0.2, populationSize: 7 } satisfies All<CmaesOptions>,
  pbt: {
    start: { name: "sobol", options: { scramble: false } },
    populationSize: 6,
    quantile: 0.4,
    explore: ["a"],
    factors: [0.5, 2],
    resample: 0.1,
  } satisfies All<PbtOptions>,
};

it.each(strategyNames)("strategy %s", (name) => {
  const given = rowOf(strategies, name, "strategies of test/search/options.test.ts");
  const { options } = createStrategy(name, given);
  expect(options).toEqual(given);
  expect(createStrategy(name, JSON.parse(JSON.stringify(options))).options).toEqual(given);
});

it.each(schedulerNames)("scheduler %s", (name) => {
  const given = rowOf(schedulers, name, "schedulers of test/search/options.test.ts");
  const { options, rungs, width } = createScheduler(name, given);
  expect(options).toEqual(given);
  const again = createScheduler(name, JSON.parse(JSON.stringify(options)));
  expect([again.options, again.width(90)]).toEqual([given, width(90)]);
  for (let number = 0; number < 40; number++) expect(again.rungs(number, 90)).toEqual(rungs(number, 90));
});
