/**
 * Laws of `gaussianCrps`: it is the integral of its definition, and has the unit of the targets. In float64.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { gaussianCrps } from "../../src/nn/losses/index.js";
import { cases } from "../cases.js";
import { evaluate, plain } from "../nn/losses/relative.js";
import { reference } from "../nn/support.js";
import { grid } from "./otherLosses.js";

const crps = (y: number, mean: number, variance: number): number =>
  evaluate(reference, gaussianCrps(), plain, [y], [mean, variance]).value;

it("is the area between the distribution function and the step at the truth, squared", () => {
  const [STEP, REACH] = [2 ** -10, 10];
  fc.assert(
    fc.property(grid(-4, 4), grid(-4, 4), grid(0.25, 4), (y, mean, deviation) => {
      // in units of the deviation, the step between two places
      const z = Math.round((y - mean) / deviation / STEP) * STEP;
      const [low, high] = [-REACH + Math.min(0, z), REACH + Math.max(0, z)];
      let [area, below] = [0, 0];
      const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
      // the rule of midpoints, twice: of the density for its function, and of the squares
      for (let t = low + STEP / 2; t < high; t += STEP) {
        const here = below + (STEP / 2) * density(t - STEP / 4);
        area += STEP * (here - Number(t > z)) ** 2;
        below += STEP * density(t);
      }
      // midpoints are wrong by at most STEP²/24 of the curvature, below 1, over at most 32 deviations
      const room = deviation * 32 * STEP ** 2;
      expect(Math.abs(crps(mean + z * deviation, mean, deviation ** 2) - deviation * area)).toBeLessThan(
        room,
      );
    }),
    { numRuns: cases(5) },
  );
});

it("moves with truth and mean, has their unit and no sign, and is the absolute error without a variance", () => {
  // roundings of numbers up to 2^8, of sums and products of at most 16 terms
  const close = (a: number, b: number): void =>
    expect(Math.abs(a - b)).toBeLessThanOrEqual(16 * 2 ** 8 * 2 ** -52);
  fc.assert(
    fc.property(grid(-4, 4), grid(-4, 4), grid(0.125, 8), fc.constantFrom(0.5, 3), (y, mean, v, by) => {
      const value = crps(y, mean, v);
      expect(value).toBeGreaterThan(0);
      close(crps(y + by, mean + by, v), value);
      close(crps(by * y, by * mean, by * by * v), by * value);
      close(crps(-y, -mean, v), value);
      // σ/√π at most, σ² = 1e-6
      expect(Math.abs(crps(y, mean, 0) - Math.abs(y - mean))).toBeLessThanOrEqual(
        1e-3 / Math.sqrt(Math.PI) + 2 ** -50,
      );
    }),
    { numRuns: cases(30) },
  );
});
