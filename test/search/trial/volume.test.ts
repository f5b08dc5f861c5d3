/**
 * What points add to the volume of others, and greedy subsets, beside unit cells that are counted and all
 * subsets.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gainOf, mostVolume, undominated, volumeOf } from "../../../src/search/trial/volume.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";

const SIDE = 5;

/** How many unit cells of [0, SIDE)ᴹ the points dominate; their coordinates are integers. */
function cellsOf(points: readonly (readonly number[])[], objectives: number): number {
  let count = 0;
  for (let cell = 0; cell < SIDE ** objectives; cell++) {
    const place = Array.from({ length: objectives }, (_, k) => Math.floor(cell / SIDE ** k) % SIDE);
    if (points.some((point) => point.every((cost, k) => cost <= place[k]))) count++;
  }
  return count;
}

const anyPoints = fc.integer({ min: 1, max: 4 }).chain((objectives) =>
  fc.record({
    objectives: fc.constant(objectives),
    points: fc.array(fc.array(fc.nat({ max: SIDE - 1 }), { minLength: objectives, maxLength: objectives }), {
      minLength: 1,
      maxLength: 8,
    }),
  }),
);

describe("the volume of points", () => {
  prop([anyPoints], { numRuns: cases(200) })("is the cells that they dominate", ({ points, objectives }) => {
    const corner = new Array<number>(objectives).fill(SIDE);
    expect(volumeOf(points, corner)).toBe(cellsOf(points, objectives));
    expect(volumeOf(undominated(points), corner)).toBe(cellsOf(points, objectives));
  });

  prop([anyPoints], { numRuns: cases(200) })("grows by what a point adds", ({ points, objectives }) => {
    const corner = new Array<number>(objectives).fill(SIDE);
    const [first, ...others] = points;
    expect(gainOf(first, others, corner)).toBe(cellsOf(points, objectives) - cellsOf(others, objectives));
  });
});

describe("a greedy subset", () => {
  prop([anyPoints, fc.nat({ max: 9 })], { numRuns: cases(200) })(
    "takes the point that adds most each time, the first of equal ones",
    ({ points, objectives }, count) => {
      const chosen: number[] = [];
      while (chosen.length < Math.min(count, points.length)) {
        const left = [...points.keys()].filter((i) => !chosen.includes(i));
        const volumes = left.map((i) =>
          cellsOf(
            [...chosen, i].map((j) => points[j]),
            objectives,
          ),
        );
        chosen.push(left[volumes.indexOf(Math.max(...volumes))]);
      }
      const corner = new Array<number>(objectives).fill(SIDE);
      expect(mostVolume(points, corner, count)).toEqual(chosen);
    },
  );

  prop([anyPoints, fc.integer({ min: 1, max: 4 })], { numRuns: cases(100) })(
    "has at least 1 − 1/e of what the best subset dominates",
    ({ points, objectives }, count) => {
      const corner = new Array<number>(objectives).fill(SIDE);
      let best = 0;
      for (let subset = 0; subset < 2 ** points.length; subset++) {
        const members = points.filter((_, i) => Math.floor(subset / 2 ** i) % 2 === 1);
        if (members.length <= count) best = Math.max(best, cellsOf(members, objectives));
      }
      const chosen = mostVolume(points, corner, count).map((i) => points[i]);
      expect(cellsOf(chosen, objectives)).toBeGreaterThanOrEqual((1 - 1 / Math.E) * best);
    },
  );

  it("of a line takes the middle, and then what is farthest from it", () => {
    const line = Array.from({ length: 9 }, (_, i) => [i, 8 - i]);
    expect(mostVolume(line, [9, 9], 3)).toEqual([4, 1, 6]);
  });
});
