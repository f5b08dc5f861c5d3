/** Schedulers keep the contract; `test/faults` has those that do not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createScheduler } from "../../../src/search/schedulers/index.js";
import { medianStopping } from "../../../src/search/schedulers/median.js";
import { type RungContext, type Scheduler, scoringOf } from "../../../src/search/schedulers/scheduler.js";
import { float } from "../../../src/search/space/builders.js";
import type { Space } from "../../../src/search/space/space.js";
import { createStrategy } from "../../../src/search/strategies/index.js";
import type { RunningTrial } from "../../../src/search/study/contract.js";
import { createStudy } from "../../../src/search/study/create.js";
import {
  anyLearningCase,
  curveOf,
  type LearningCase,
  valueAt,
} from "../../../src/testing/arbitraries/learning.js";
import {
  checkScheduler,
  checkSchedulerLaw,
  rankLaws,
  type SchedulerFactory,
  schedulerLaws,
} from "../../../src/testing/scheduler.js";
import { cases } from "../../cases.js";

const laws = Object.keys(schedulerLaws);

describe.each([
  ["halving", {}],
  ["halving", { reduction: 2, leastSteps: 2 }],
  ["hyperband", {}],
  ["hyperband", { reduction: 2 }],
  ["asha", {}],
  ["asha", { reduction: 4, leastSteps: 2 }],
  ["median", {}],
  ["median", { startupTrials: 1, leastSteps: 3 }],
])("%s with %j", (name, given) => {
  const make: SchedulerFactory = (options = given) => createScheduler(name, options);
  const rankBased = name !== "median";
  test.each(laws.filter((law) => rankBased || !rankLaws.includes(law)))("%s", (law) =>
    checkSchedulerLaw(make, law, { numRuns: cases(20) }),
  );
});

test("all laws together leave out those of ranks where it is asked", async () => {
  const make: SchedulerFactory = (options = { startupTrials: 1 }) => medianStopping(options);
  await checkScheduler(make, { rankBased: false, numRuns: cases(10) });
  await expect(checkScheduler(make)).rejects.toThrow(/the law "(decides by the order|continues the best)/);
});

describe("decisions from scores that a study keeps are those from all earlier trials", () => {
  /** A study of trials that report after each step, and wait some turns before each. */
  async function study(given: LearningCase, scheduler: Scheduler, concurrency: number) {
    const { lag, direction, steps, trials, pauses } = given;
    const strategy = createStrategy("random");
    const space: Space = { x: float(0, 1) };
    const own = createStudy({ space, strategy, direction, lag });
    const objective = async (_: unknown, trial: RunningTrial) => {
      const { values, end } = curveOf(given, trial.number);
      for (let done = 1; done <= steps; done++) {
        for (let turn = pauses[(7 * trial.number + done) % pauses.length]; turn > 0; turn--) await undefined;
        if (done === end?.step && end.fails) throw new Error("out of luck");
        if (done === end?.step || !(await trial.report(valueAt(values, done), done)))
          return valueAt(values, done);
      }
      return valueAt(values, steps);
    };
    await own.optimize(objective, { trials, steps, concurrency, scheduler });
    return JSON.stringify(own);
  }

  test.each([
    ["asha", {}],
    ["asha", { reduction: 2, leastSteps: 2 }],
    ["median", { startupTrials: 2 }],
  ])("%s with %j", async (name, options) => {
    await fc.assert(
      fc.asyncProperty(
        anyLearningCase({ trials: 40, steps: 12 }),
        fc.integer({ min: 1, max: 7 }),
        async (given, concurrency) => {
          const scheduler = createScheduler(name, options);
          const { promotes } = scheduler;
          // a study knows no scores of a function that it has not seen
          const comparing = { ...scheduler, promotes: (context: RungContext) => promotes(context) };
          expect(scoringOf(scheduler)).toBeDefined();
          expect(scoringOf(comparing)).toBeUndefined();
          expect(await study(given, scheduler, concurrency)).toBe(await study(given, comparing, concurrency));
        },
      ),
      { numRuns: cases(30) },
    );
  });
});
