/** What is remembered from ask to ask: it must never differ from what would be found afresh. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoizeGenerations, type SearchProblem } from "../../../src/search/memo/generations.js";
import { createGrowing } from "../../../src/search/memo/growing.js";
import { isFresh, stockOf } from "../../../src/search/memo/unseen.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { type Params, resolveSpace } from "../../../src/search/space/space.js";
import { makeRecord, type TrialRecord } from "../../../src/search/trial/trial.js";

const space = resolveSpace({ x: float(0, 1) });

/** Lists of 30 items that go on from each other, end earlier, or part in the middle. */
const anyLists = fc.array(fc.array(fc.nat({ max: 1 }), { maxLength: 30 }), { maxLength: 8 });

describe("what grows with a list", () => {
  test("is what the whole list gives, whatever was asked before", () => {
    const items = Array.from({ length: 60 }, (_, i) => ({ i }));
    fc.assert(
      fc.property(anyLists, (lists) => {
        const sums = createGrowing<object, { i: number }, number[]>(
          () => [],
          (result, { i }) => result.push(i),
        );
        // item 2k or 2k + 1 at place k, so that lists have beginnings in common
        for (const list of lists) {
          const chosen = list.map((bit, k) => items[2 * k + bit]);
          expect(sums(space, chosen)).toEqual(chosen.map(({ i }) => i));
        }
      }),
    );
  });

  test("adds only new items", () => {
    const added: number[] = [];
    const sums = createGrowing<object, number, number[]>(
      () => [],
      (_, item) => added.push(item),
    );
    sums(space, [1, 2]);
    sums(space, [1, 2, 3]);
    expect(added).toEqual([1, 2, 3]);
    sums({}, [1]);
    expect(added).toEqual([1, 2, 3, 1]);
  });
});

describe("the state after the generations of a history", () => {
  const search = (direction: "minimize" | "maximize"): SearchProblem => ({
    space,
    direction,
    directions: [direction],
  });
  const records = Array.from({ length: 60 }, (_, i) =>
    makeRecord({ number: i >> 1, params: { x: i / 60 } }, { value: i }),
  );
  /** Sums of blocks of 1, 2, 3, … trials. */
  const make = (steps: number[]) =>
    memoizeGenerations<readonly number[]>({
      start: () => [],
      size: (sums) => sums.length + 1,
      step(sums, block) {
        steps.push(block.length);
        return [...sums, block.reduce((sum, { value }) => sum + (value as number), 0)];
      },
    });

  test("depends on the whole history alone, whatever was computed before", () => {
    fc.assert(
      fc.property(anyLists, (lists) => {
        const fold = make([]);
        for (const list of lists) {
          const history = list.map((bit, k) => records[2 * k + bit]);
          expect(fold(history, search("minimize"))).toEqual(make([])(history, search("minimize")));
        }
      }),
    );
  });

  test("computes each whole generation once, and again only for a history that differs before its end", () => {
    const steps: number[] = [];
    const fold = make(steps);
    const history = (n: number): TrialRecord[] => records.slice(0, n);
    expect(fold(history(5), search("minimize"))).toEqual({ state: [0, 1 + 2], used: 3 });
    expect(fold(history(6), search("minimize"))).toEqual({ state: [0, 3, 12], used: 6 });
    expect(steps).toEqual([1, 2, 3]);
    // a shorter history finds what is remembered, and does not take it from the longer
    expect(fold(history(4), search("minimize")).used).toBe(3);
    expect(fold(history(6), search("minimize")).used).toBe(6);
    expect(steps).toEqual([1, 2, 3]);
    expect(fold([...history(2), records[40]], search("minimize")).state).toEqual([0, 41]);
    expect(steps).toEqual([1, 2, 3, 2]);
    // another direction is another search
    fold(history(1), search("maximize"));
    expect(steps).toEqual([1, 2, 3, 2, 1]);
  });
});

describe("of many generations", () => {
  const search: SearchProblem = { space, direction: "minimize", directions: ["minimize"] };
  const many = Array.from({ length: 1000 }, (_, i) =>
    makeRecord({ number: i, params: { x: 0 } }, { value: 1 }),
  );

  test("enough states are kept for a shorter history to cost at most a third of how much it is shorter", () => {
    let steps = 0;
    const fold = memoizeGenerations<{ sum: number }>({
      start: () => ({ sum: 0 }),
      size: () => 1,
      step({ sum }) {
        steps++;
        return { sum: sum + 1 };
      },
    });
    for (let n = 1; n <= 1000; n++) expect(fold(many.slice(0, n), search).state.sum).toBe(n);
    expect(steps).toBe(1000);
    for (const n of [999, 990, 900, 500, 1]) {
      steps = 0;
      expect(fold(many.slice(0, n), search).state.sum).toBe(n);
      expect(steps).toBeLessThanOrEqual((1000 - n) / 3);
      for (let again = n + 1; again <= 1000; again++) fold(many.slice(0, again), search);
    }
  });
});

describe("a point is fresh", () => {
  const mixed = resolveSpace({
    a: choice([1, "1", [2], "2,", { b: 1, c: "," }]),
    b: choice([true, "true"], { when: { a: [1] } }),
    c: int(0, 3),
  });
  const points: Params[] = [
    { a: 1, b: true, c: 0 },
    { a: 1, b: "true", c: 0 },
    { a: 1, b: true, c: 1 },
    { a: "1", c: 0 },
    { a: [2], c: 0 },
    { a: "2,", c: 0 },
    { a: { b: 1, c: "," }, c: 0 },
  ];

  test("unless one with the same values is among the earlier", () => {
    points.forEach((point, i) => {
      const earlier = points.slice(0, i);
      expect(isFresh({ space: mixed, earlier }, point)).toBe(true);
      // in another order, and its values copied
      const again = Object.fromEntries(Object.entries(structuredClone(point)).reverse()) as Params;
      expect(isFresh({ space: mixed, earlier: [...earlier, point] }, again)).toBe(false);
    });
  });

  test("unless the constraint forbids it", () => {
    const constrained = { ...mixed, constraint: ({ c }: Params) => c !== 0 };
    expect(isFresh({ space: constrained, earlier: [] }, points[0])).toBe(false);
    expect(isFresh({ space: constrained, earlier: [] }, points[2])).toBe(true);
  });

  test("and used ones are known by their numbers on the lattice", () => {
    const { lattice, used } = stockOf(mixed, points);
    expect(used.size).toBe(points.length);
    for (const point of points) expect(used.has(lattice.indexOf(point) as number)).toBe(true);
    expect(lattice.size).toBe((2 + 4) * 4);
  });
});
