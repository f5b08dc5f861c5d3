/**
 * Studies that were saved as JSON and changed by anyone: refused with a reason, or opened as what they say,
 * and gone on with.
 */
import { describe, expect } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { cmaes } from "../../../src/search/strategies/cmaes/cmaes.js";
import { genetic } from "../../../src/search/strategies/genetic/genetic.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { nsga2 } from "../../../src/search/strategies/nsga2/nsga2.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { restoreStudy } from "../../../src/search/study/create.js";
import { cases } from "../../cases.js";
import { damaged, meaningOf } from "../../damage.js";
import { prop } from "../../prop.js";
import { space, studyInMidst } from "./midst.js";

const strategies: readonly Strategy[] = [
  random(),
  tpe({ startupTrials: 4 }),
  gp({ startupTrials: 4 }),
  genetic({ populationSize: 4 }),
  cmaes(),
  pbt({ populationSize: 3, quantile: 0.4 }),
  nsga2({ populationSize: 4 }),
];

describe.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s", (name, strategy) => {
  const several = name === "nsga2";
  const study = studyInMidst(strategy, space, several ? ["minimize", "maximize"] : "minimize");
  const json = JSON.parse(JSON.stringify(study)) as unknown;

  prop([damaged(json)], { numRuns: cases(100) })("is refused, or opened as what it says", (given) => {
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
