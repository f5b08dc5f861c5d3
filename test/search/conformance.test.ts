import { describe, expect, test } from "vitest";
import { resolveSpace } from "../../src/search/space.js";
import { grid } from "../../src/search/strategies/grid.js";
import { random } from "../../src/search/strategies/random.js";
import type { Strategy } from "../../src/search/strategies/strategy.js";
import { checkStrategy, checkStrategyLaw, strategyLaws } from "../../src/testing/strategy.js";
import { cases } from "../cases.js";

describe.each([
  ["random", random()],
  ["grid", grid({ points: 3 })],
])("%s keeps the contract of strategies:", (_, strategy) => {
  test.each(Object.keys(strategyLaws))("%s", (law) => checkStrategyLaw(strategy, law));
});

/** Broken strategies, each made from the random one, and the law that catches it. */
const broken: [string, Partial<Strategy>, RegExp][] = [
  [
    "one that leaves the space",
    { suggest: (context) => ({ ...random().suggest(context), [context.space.names[0]]: "nowhere" }) },
    /suggests values of the space/,
  ],
  [
    "one that ignores conditions",
    {
      suggest: (context) => {
        const unconditional = Object.entries(context.space.parameters).map(([name, { when, ...rest }]) => [
          name,
          rest,
        ]);
        return random().suggest({ ...context, space: resolveSpace(Object.fromEntries(unconditional)) });
      },
    },
    /suggests values of the space/,
  ],
  [
    "one with hidden state",
    (() => {
      let calls = 0;
      const suggest: Strategy["suggest"] = (context) =>
        random().suggest({ ...context, earlier: [], random: context.random.fork(calls++) });
      return { suggest };
    })(),
    /the same sequence for the same seed/,
  ],
  [
    "one that repeats itself",
    { suggest: (context) => random().suggest({ ...context, earlier: [] }) },
    /repeats no point/,
  ],
  [
    "one that chokes on failures",
    {
      adaptive: true,
      suggest: (context) => {
        const values = context.history.map(({ value }) => (value as number).toFixed(1));
        return random().suggest({ ...context, random: context.random.fork(values.length) });
      },
    },
    /breaks the law/,
  ],
];

test("the laws try several objectives with a strategy that takes them, and only then", () => {
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

test.each(broken)("the laws catch %s", (_, parts, law) => {
  expect(() => checkStrategy({ ...random(), ...parts })).toThrow(law);
});
