/** Numbers kept in order, against a list that is sorted each time. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedNumbers } from "../../../src/search/memo/sorted.js";
import { cases } from "../../cases.js";

const anyScore = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ noNaN: true }));

test("it holds what a sorted list of the same numbers holds, in whatever order they come and go", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), anyScore), { maxLength: 60 }),
      fc.constantFrom(0, 2000),
      fc.array(anyScore, { minLength: 1, maxLength: 5 }),
      (steps, before, asked) => {
        const sorted = new SortedNumbers();
        // of many numbers it has several parts
        const list = Array.from({ length: before }, (_, i) => (i * 37) % 100);
        for (const x of list) sorted.add(x);
        for (const [adds, x] of steps) {
          if (adds || list.length === 0) {
            list.push(x);
            sorted.add(x);
          } else sorted.remove(list.splice(Math.abs(Math.trunc(x)) % list.length || 0, 1)[0]);
        }
        const expected = list.sort((a, b) => a - b);
        expect(sorted).toHaveLength(expected.length);
        for (const x of [...asked, ...expected.slice(0, 5), ...expected.slice(-5)])
          expect(sorted.atMost(x)).toBe(expected.filter((each) => each <= x).length);
        for (const [place, x] of expected.entries())
          expect(Object.is(sorted.at(place), x) || sorted.at(place) === x).toBe(true);
      },
    ),
    { numRuns: cases(100) },
  );
});

test("it is emptied, part by part", () => {
  const sorted = new SortedNumbers();
  for (let i = 0; i < 3000; i++) sorted.add((i * 7919) % 3000);
  for (let i = 0; i < 3000; i++) {
    expect(sorted.at(0)).toBe(i);
    sorted.remove(i);
    expect(sorted.atMost(2999)).toBe(2999 - i);
  }
  expect(sorted).toHaveLength(0);
});
