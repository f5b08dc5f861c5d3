/**
 * What a ledger knows of its trials, against all of them looked through: the best, the front, and who
 * waits, also once trials were withdrawn.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Ledger } from "../../../src/search/study/ledger.js";
import { cases } from "../../cases.js";

type Direction = "minimize" | "maximize";

/** Trials that end in a random order, some failed; then those after the first `kept` are withdrawn. */
const histories = fc
  .record({
    directions: fc.constantFrom<Direction[]>(["minimize"], ["maximize"], ["minimize", "maximize"]),
    ends: fc.array(
      fc.record({
        number: fc.nat(15),
        given: fc.boolean(),
        values: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
        fails: fc.boolean(),
      }),
      { minLength: 1, maxLength: 16 },
    ),
    kept: fc.nat(15),
  })
  .map(({ ends, ...rest }) => ({
    ...rest,
    given: ends.map(({ given }) => given),
    ends: [...new Map(ends.map((end) => [end.number % ends.length, end])).entries()],
  }));

it("knows the best, the front and who waits, before and after trials are withdrawn", () => {
  fc.assert(
    fc.property(histories, ({ directions, given, ends, kept }) => {
      const ledger = new Ledger([], { seed: 1, directions });
      for (const [i, isGiven] of given.entries())
        ledger.append({ params: { i }, ...(i > 0 && { parent: i - 1 }), ...(isGiven && { given: true }) });
      for (const _ of given) ledger.start();
      const ended = new Map<number, readonly number[]>();
      for (const [number, { values, fails }] of ends) {
        const own = values.slice(0, directions.length);
        ledger.finish(
          number,
          fails ? { status: "failed", error: "" } : own.length > 1 ? { values: own } : { value: own[0] },
        );
        if (!fails) ended.set(number, own);
      }
      const expectKnown = (waiting: number, finished: readonly number[]) => {
        const numbers = [...ended.keys()].filter((number) => finished.includes(number)).sort((a, b) => a - b);
        const costs = (number: number) =>
          (ended.get(number) ?? []).map((value, j) => (directions[j] === "minimize" ? value : -value));
        const isDominated = (number: number, other: number) =>
          costs(other).every((cost, j) => cost <= costs(number)[j]) &&
          costs(other).some((cost, j) => cost < costs(number)[j]);
        const front = numbers.filter((number) => !numbers.some((other) => isDominated(number, other)));
        expect(ledger.bestTrials.map(({ number }) => number).sort((a, b) => a - b)).toEqual(front);
        if (directions.length === 1) expect(ledger.best?.number).toBe(front[0]);
        expect(ledger.waiting).toBe(waiting);
        expect(ledger.records.map(({ number }) => number)).toEqual([...finished].sort((a, b) => a - b));
        const inRow = given.findIndex((_, number) => !finished.includes(number));
        expect(ledger.finishedInRow).toBe(inRow < 0 ? given.length : inRow);
        expect(ledger.history(ledger.finishedInRow).length).toBe(ledger.finishedInRow);
        expect(ledger.suggested).toBe(given.filter((isGiven) => !isGiven).length);
      };
      const all = ends.map(([number]) => number);
      expectKnown(0, all);
      for (const [number] of given.entries()) if (!all.includes(number)) ledger.release(number);
      const first = Math.min(kept, ledger.finishedInRow);
      ledger.withdraw(first);
      expectKnown(
        given.length - first,
        all.filter((number) => number < first),
      );
      // they run again, in order, as they were
      for (let number = first; number < given.length; number++) {
        expect(ledger.isGiven(number)).toBe(given[number]);
        expect(ledger.start()).toMatchObject({
          number,
          params: { i: number },
          ...(number > 0 && { parent: number - 1 }),
        });
      }
    }),
    { numRuns: cases(200) },
  );
});
