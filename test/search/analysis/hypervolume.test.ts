/**
 * The hypervolume beside inclusion and exclusion over all subsets of the points, which shares nothing with
 * it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hypervolume } from "../../../src/search/analysis/hypervolume.js";
import { makeRecord, type TrialOutcome } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";
import { caught } from "../support.js";

const minimize = (objectives: number) => new Array<"minimize">(objectives).fill("minimize");

/** Σ over nonempty subsets of (−1)^(size + 1) times the volume that all of the subset dominate. */
function byInclusionAndExclusion(
  points: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  let volume = 0;
  for (let subset = 1; subset < 2 ** points.length; subset++) {
    const members = points.filter((_, i) => Math.floor(subset / 2 ** i) % 2 === 1);
    const box = reference
      .map((cost, k) => Math.max(0, cost - Math.max(...members.map((point) => point[k]))))
      .reduce((product, side) => product * side, 1);
    volume += members.length % 2 === 1 ? box : -box;
  }
  return volume;
}

/** Small integers, so that sums are exact, ties common, and some points beyond the reference. */
const anyPoints = fc.integer({ min: 1, max: 5 }).chain((objectives) =>
  fc.array(fc.array(fc.nat({ max: 7 }), { minLength: objectives, maxLength: objectives }), {
    minLength: 1,
    maxLength: 9,
  }),
);

describe("the hypervolume", () => {
  prop([anyPoints], { numRuns: cases(500) })("is that of the union of boxes, in any dimension", (points) => {
    const reference = points[0].map((_, k) => 6 - (k % 2));
    expect(hypervolume(points, minimize(reference.length), reference)).toBe(
      byInclusionAndExclusion(points, reference),
    );
  });

  prop([fc.array(fc.tuple(fc.double(unit()), fc.double(unit()), fc.double(unit())), { maxLength: 12 })])(
    "of any numbers is right to rounding",
    (points) => {
      // 4,095 subsets of volumes up to 1, each rounded to 2^-53 of at most 12 choose 6 = 924
      expect(
        Math.abs(hypervolume(points, minimize(3), [1, 1, 1]) - byInclusionAndExclusion(points, [1, 1, 1])),
      ).toBeLessThan(4095 * 924 * 2 ** -53);
    },
  );

  prop([anyPoints, fc.nat(), fc.nat()])(
    "depends neither on order nor on repeats, and follows the objectives when they are turned round",
    (points, first, second) => {
      const reference = points[0].map(() => 6);
      const volume = hypervolume(points, minimize(reference.length), reference);
      const again = [...points].reverse();
      again.push(points[first % points.length], points[second % points.length]);
      expect(hypervolume(again, minimize(reference.length), reference)).toBe(volume);
      const turned = points.map((point) => point.map((cost, k) => (k === 0 ? -cost : cost)));
      const directions = reference.map((_, k) => (k === 0 ? "maximize" : "minimize"));
      expect(hypervolume(turned, directions, [-6, ...reference.slice(1)])).toBe(volume);
    },
  );

  it("of hundreds of points in many objectives is done at once", () => {
    // points of a simplex, of which none dominates another: 6 objectives, 252 points
    const points: number[][] = [];
    const extend = (point: number[], left: number) => {
      if (point.length === 5) points.push([...point, left]);
      else for (let cost = 0; cost <= left; cost++) extend([...point, cost], left - cost);
    };
    extend([], 5);
    expect(points).toHaveLength(252);
    // unit cells of [0, 6)^6 of which the lower corner is at least some point: those with a sum of 5 or more
    let cells = 0;
    for (let cell = 0; cell < 6 ** 6; cell++) {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += Math.floor(cell / 6 ** k) % 6;
      if (sum >= 5) cells++;
    }
    expect(hypervolume(points, minimize(6), new Array(6).fill(6))).toBe(cells);
  });

  it("of trials counts those that are complete and keep their constraints", () => {
    const record = (outcome: TrialOutcome) => makeRecord({ number: 0, params: {} }, outcome, 2);
    const trials = [
      record({ values: [4, 1] }),
      record({ values: [5, 2], constraints: [0] }),
      record({ values: [9, 0], constraints: [1] }),
      record({ values: [9, 0], status: "pruned" }),
      record({ values: [9, Number.NaN] }),
      record({ status: "failed" }),
      record({ values: [0, 0] }),
    ];
    expect(hypervolume(trials, ["maximize", "minimize"], [0, 3])).toBe(4 * 2 + 1 * 1);
    const one = makeRecord({ number: 0, params: {} }, { value: 3 });
    expect(hypervolume([one], "maximize", [1])).toBe(2);
    expect(hypervolume([one], ["minimize"], [1])).toBe(0);
    expect(hypervolume([], ["minimize", "minimize"], [1, 1])).toBe(0);
  });

  it("does not count what is infinite", () => {
    const points = [
      [Number.NEGATIVE_INFINITY, 0],
      [0, Number.POSITIVE_INFINITY],
      [1, 1],
    ];
    expect(hypervolume(points, minimize(2), [2, 2])).toBe(1);
  });

  it.each<[string, readonly (readonly number[])[], readonly number[], RegExp]>([
    [
      "a reference of another dimension",
      [],
      [1],
      /reference must be 2 finite numbers, one for each objective; received/,
    ],
    [
      "an infinite reference",
      [],
      [1, Infinity],
      /reference must be 2 finite numbers, one for each objective; received/,
    ],
    [
      "a point of another dimension",
      [[1, 2, 3]],
      [4, 4],
      /the values of a trial must be 2 numbers, one for each objective; received \[1,2,3\]/,
    ],
    ["a value that is not a number", [[1, Number.NaN]], [4, 4], /the values of a trial must be 2 numbers/],
  ])("refuses %s", (_, points, reference, message) => {
    expect(caught(() => hypervolume(points, minimize(2), reference)).message).toMatch(message);
  });
});

function unit() {
  return { min: 0, max: 1, noNaN: true };
}
