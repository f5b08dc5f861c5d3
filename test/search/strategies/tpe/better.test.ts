/**
 * Which trials TPE takes for the better ones, found from what is remembered of a history and from all of it.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { SharedList } from "../../../../src/search/memo/shared.js";
import { float } from "../../../../src/search/space/builders.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { betterTrials } from "../../../../src/search/strategies/tpe/better.js";
import { tpe } from "../../../../src/search/strategies/tpe/tpe.js";
import { costsOf } from "../../../../src/search/trial/costs.js";
import { type Direction, makeRecord, type TrialRecord } from "../../../../src/search/trial/trial.js";
import { anyHistory } from "../../../../src/testing/arbitraries/history.js";
import { cases } from "../../../cases.js";

function contextOf(
  space: ReturnType<typeof resolveSpace>,
  history: readonly TrialRecord[],
  direction: Direction,
  seed = 0,
) {
  return {
    space,
    number: history.length,
    suggested: history.length,
    history,
    earlier: history.map(({ params }) => params),
    direction,
    directions: [direction],
    random: new RandomStream(seed),
    studyRandom: new RandomStream(seed, 1),
  };
}

test("the better trials are the first of all in the order of their costs", () => {
  fc.assert(
    fc.property(
      anyHistory(90),
      fc.constantFrom<Direction>("maximize", "minimize"),
      fc.constantFrom(0.1, 0.5, 0.9),
      (outcomes, direction, gamma) => {
        const space = resolveSpace({ x: float(0, 1) });
        const history = new SharedList<TrialRecord>();
        for (const [number, outcome] of outcomes.entries()) {
          history.add(makeRecord({ number, params: { x: 0 } }, outcome));
          const { items } = history;
          const costs = costsOf(items, direction);
          const valued = [...items.keys()].filter((i) => items[i].value !== null);
          const count = Math.min(25, Math.ceil(gamma * valued.length));
          const first = valued.sort((i, j) => costs[i] - costs[j] || i - j).slice(0, count);
          const found = betterTrials(contextOf(space, items, direction), gamma);
          expect([...found.entries()]).toEqual(first.sort((i, j) => i - j).map((i) => [i, 1]));
        }
      },
    ),
    { numRuns: cases(50) },
  );
});

test.each([
  [501, 20],
  [2400, 48],
])("a search of %i trials, each %ith good, goes where good ones are and others are not", (length, every) => {
  const space = resolveSpace({ x: float(0, 1) });
  const history = Array.from({ length }, (_, number) => {
    // good ones in two places, of which all others crowd in one, but for the latest
    const isGood = number % every === 0;
    const around = isGood && number % (2 * every) === 0 ? 0.2 : isGood || number < length - 60 ? 0.8 : 0.5;
    const x = around + 0.02 * ((number * 0.618) % 1);
    return makeRecord({ number, params: { x } }, { value: isGood ? 0 : 1 });
  });
  const near = Array.from({ length: 15 }, (_, seed) => {
    const { x } = tpe().suggest(contextOf(space, history, "minimize", seed)) as { x: number };
    return Math.abs(x - 0.2) < 0.1;
  });
  expect(near.filter((is) => is).length).toBeGreaterThan(13);
});
