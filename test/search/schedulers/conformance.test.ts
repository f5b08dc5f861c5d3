/** Schedulers keep the contract; `test/faults` has those that do not. */
import { describe, expect, test } from "vitest";
import { createScheduler } from "../../../src/search/schedulers/index.js";
import { medianStopping } from "../../../src/search/schedulers/median.js";
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
