/** Strategies keep the contract; `test/faults` has those that do not. */
import { describe, expect, test } from "vitest";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { checkStrategy, checkStrategyLaw, strategyLaws } from "../../../src/testing/strategy.js";
import { cases } from "../../cases.js";

describe.each([
  ["random", random()],
  ["grid", grid({ points: 3 })],
])("%s keeps the contract of strategies:", (_, strategy) => {
  test.each(Object.keys(strategyLaws))("%s", (law) => checkStrategyLaw(strategy, law));
});

// seeds with which a law was wrong: a constraint forbade all of a range a few roundings wide, and 0 was
// 5.6e-17
test.each([
  ["suggests only points that the constraint allows", 7],
  ["resumes from a saved study as if it had never stopped", 67],
  ["repeats no point of a finite space before all are used", 89],
])("random %s, where there is little room", (law, seed) => {
  checkStrategyLaw(random(), law, { seed, numRuns: cases(100) });
});

test("the laws try several objectives only with a strategy that supports them", () => {
  const seen = (parts: Partial<Strategy>) => {
    const counts = new Set<number>();
    const suggest: Strategy["suggest"] = (context) => {
      counts.add(context.directions.length);
      return random().suggest(context);
    };
    checkStrategy({ ...random(), ...parts, suggest }, { numRuns: cases(20) });
    return [...counts].sort();
  };
  expect(seen({ adaptive: true })).toEqual([1]);
  expect(seen({ adaptive: true, multiObjective: true })).toEqual([1, 2, 3]);
});
