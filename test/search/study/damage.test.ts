/** Studies that were saved as JSON and changed by anyone: refused with a reason, or opened as what they say, and gone on with. */
import { it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { cmaes } from "../../../src/search/strategies/cmaes/cmaes.js";
import { genetic } from "../../../src/search/strategies/genetic/genetic.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { nsga2 } from "../../../src/search/strategies/nsga2/nsga2.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { restoreStudy } from "../../../src/search/study/checkpoint.js";
import { createStudy } from "../../../src/search/study/study.js";
import type { TrialOutcome } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { damaged, meaningOf } from "../../damage.js";

const space = {
  optimizer: choice(["sgd", "adam", ["lion", { beta: 0.9 }]]),
  momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  units: int(8, 128, { log: true }),
  mix: float(0, 1, { step: 0.1 }),
};
const strategies: readonly Strategy[] = [
  random(),
  tpe({ startupTrials: 4 }),
  gp({ startupTrials: 4 }),
  genetic({ populationSize: 4 }),
  cmaes(),
  pbt({ populationSize: 3, quantile: 0.4 }),
  nsga2({ populationSize: 4 }),
];

/** Trials of each status, with everything that a trial can have. */
const outcomes: readonly TrialOutcome[] = [
  { value: 1 / 3, std: 0.1, scores: [1, Number.NaN], curve: [1, 2], attributes: { a: [null, "b"] } },
  { value: Number.NaN, seconds: 2 },
  { status: "failed", error: "no memory" },
  { status: "pruned", value: 4, steps: 2 },
  { value: -7, constraints: [0.5, -1] },
  { value: 1e300 },
];

describe.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s", (name, strategy) => {
  const several = name === "nsga2";
  const study = createStudy({
    ...{ space, strategy, seed: 5, lag: 2 },
    direction: several ? ["minimize", "maximize"] : "minimize",
  });
  for (let i = 0; i < 9 && study.canAsk(); i++) {
    const trial = study.ask();
    const { value, ...outcome } = outcomes[i % outcomes.length];
    if (!trial || i === 6) continue; // runs on
    const told = value === undefined ? {} : several ? { values: [value, 1] } : { value };
    study.tell(trial.number, { ...outcome, ...told });
  }
  const json = JSON.parse(JSON.stringify(study)) as unknown;

  it.prop([damaged(json)], { numRuns: cases(100) })("is refused, or opened as what it says", (given) => {
    try {
      const again = restoreStudy(given, { strategy });
      expect(meaningOf(JSON.parse(JSON.stringify(again)))).toEqual(
        meaningOf(JSON.parse(JSON.stringify(given))),
      );
      for (let i = 0; i < 3 && again.canAsk(); i++) {
        const trial = again.ask();
        if (trial) again.tell(trial.number, several ? { values: [i, 1] } : { value: i });
      }
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      expect(["invalid_checkpoint", "invalid_argument", "invalid_space"]).toContain(error.code);
      expect(error.message.length).toBeGreaterThan(20);
    }
  });
});
