/**
 * Blocks of trials that TPE suggests together: which there are, and that what is remembered of one is what
 * would be made afresh.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { float } from "../../../../src/search/space/builders.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { blockAfter, createBlockMemory } from "../../../../src/search/strategies/tpe/blocks.js";
import { tpe } from "../../../../src/search/strategies/tpe/tpe.js";
import { type Direction, makeRecord, type TrialRecord } from "../../../../src/search/trial/trial.js";
import { cases } from "../../../cases.js";

const space = resolveSpace({ x: float(0, 1), y: float(0, 1) });

function contextOf(records: readonly TrialRecord[], running: number, direction: Direction, seed: number) {
  return {
    space,
    number: records.length,
    suggested: records.length,
    history: records.slice(0, records.length - running),
    earlier: records.map(({ params }) => params),
    direction,
    directions: [direction],
    random: new RandomStream(seed, 0, records.length),
    studyRandom: new RandomStream(seed, 1),
  };
}

/** Trials that crowd at a place. */
function trialsAt(place: number, count: number): TrialRecord[] {
  return Array.from({ length: count }, (_, number) => {
    const params = { x: place + ((number * 0.618) % 1) * 0.3, y: (number * 0.414) % 1 };
    return makeRecord({ number, params }, { value: Math.abs(params.x - 0.5) });
  });
}

test("every trial is in one block: each alone up to 500, then up to 64 together", () => {
  fc.assert(
    fc.property(fc.nat({ max: 200_000 }), (trials) => {
      const { start, size } = blockAfter(trials);
      expect(start <= trials && trials < start + size).toBe(true);
      expect(size === 1).toBe(trials <= 500);
      // the largest power of two up to a 128th of all trials
      expect(size).toBe(trials <= 500 ? 1 : Math.min(64, 2 ** Math.floor(Math.log2(trials / 128))));
      for (let other = Math.max(start, 501); other < start + size; other++)
        expect(blockAfter(other)).toEqual({ start, size });
      expect(blockAfter(start + size).start).toBe(start + size);
    }),
    { numRuns: cases(300) },
  );
});

test("a block is made again only for another one, other trials, another direction or another seed", () => {
  const made: string[] = [];
  const blockOf = createBlockMemory((context, { start }, random) => {
    const what = [context.history.length, context.earlier.length, context.direction, random.uniform()].join();
    made.push(what);
    return `${start},${what}`;
  });
  const [here, there] = [trialsAt(0, 1100), trialsAt(0.5, 1100)];
  const ask = (records: readonly TrialRecord[], direction: Direction, seed: number, running = 0) =>
    blockOf(contextOf(records, running, direction, seed), blockAfter(records.length));
  const first = ask(here.slice(0, 1024), "minimize", 1);
  expect(ask(here.slice(0, 1030), "minimize", 1)).toBe(first);
  expect(made).toHaveLength(1);
  const others = [
    ask(here.slice(0, 1040), "minimize", 1),
    ask(here.slice(0, 1030), "maximize", 1),
    ask(here.slice(0, 1030), "minimize", 2),
    ask(here.slice(0, 1030), "minimize", 1, 3),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
  expect(made).toHaveLength(5);
  ask(there.slice(0, 1030), "minimize", 1, 3); // as many trials, but others
  expect(made).toHaveLength(6);
  expect(ask(here.slice(0, 1030), "minimize", 1)).toBe(first);
});

test("the trials of a block differ, and an asked for point that was added meanwhile is not repeated", () => {
  const strategy = tpe();
  const records = trialsAt(0.2, 1024);
  const ask = () => strategy.suggest(contextOf(records, 0, "minimize", 4)) as { x: number; y: number };
  const points = Array.from({ length: 8 }, () => {
    const params = ask();
    records.push(makeRecord({ number: records.length, params }, { value: 1 }));
    return params;
  });
  expect(new Set(points.map(({ x }) => x)).size).toBe(8);
  // the same block again, of whose points the second was added before
  const added = [...records.slice(0, 1024), makeRecord({ number: 1024, params: points[1] }, { value: 1 })];
  const next = tpe().suggest(contextOf(added, 0, "minimize", 4)) as { x: number };
  expect(next.x).not.toBe(points[1].x);
});

test("parameters that are modelled one by one are drawn independently in a block too", () => {
  const records = Array.from({ length: 1024 }, (_, number) => {
    const x = (number * 0.618) % 1;
    return makeRecord({ number, params: { x, y: x } }, { value: Math.abs(x - 0.5) });
  });
  const { x, y } = tpe({ multivariate: false }).suggest(contextOf(records, 0, "minimize", 4)) as {
    x: number;
    y: number;
  };
  expect(x).not.toBe(y);
});

test("every running trial counts, however many trials there are", () => {
  // trials that run, but are neither among the latest 25 nor at the places that would stand for all others
  const isMoved = (number: number) => number >= 600 && number < 675 && ![607, 624, 641, 658].includes(number);
  const suggested = [0.5, 0.9].map((moved) => {
    const records = Array.from({ length: 700 }, (_, number) => {
      const params = { x: isMoved(number) ? moved : (number * 0.618) % 1, y: 0.5 };
      return makeRecord({ number, params }, { value: Math.abs(params.x - 0.5) });
    });
    return Array.from({ length: 20 }, (_, seed) => tpe().suggest(contextOf(records, 100, "minimize", seed)));
  });
  expect(suggested[0]).not.toEqual(suggested[1]);
});
