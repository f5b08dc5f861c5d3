/** CMA-ES on numbers with steps and on choices: where they stand, and that none gets stuck. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normCdf } from "../../../../src/numerics/special.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { fromUnit } from "../../../../src/search/space/scale.js";
import { resolveSpace, type SearchSpace } from "../../../../src/search/space/space.js";
import { cmaes } from "../../../../src/search/strategies/cmaes/cmaes.js";
import { coordinateOf, layoutOf } from "../../../../src/search/strategies/cmaes/coordinates.js";
import { FullCovariance } from "../../../../src/search/strategies/cmaes/covariance.js";
import { createDistribution, leastStd } from "../../../../src/search/strategies/cmaes/distribution.js";
import { begin, learn } from "../../../../src/search/strategies/cmaes/update.js";
import { cases } from "../../../cases.js";
import { type Objective, search } from "../../objectives.js";

/** The value of the only parameter of a space at `u` of the unit interval. */
const valueAt = ({ parameters }: SearchSpace, u: number) => fromUnit(parameters.k, u);

/**
 * Where the value that the parameter has at `inside` ends on the way to `outside`, by bisection on its own
 * scale.
 */
function edgeTowards(space: SearchSpace, inside: number, outside: number): number {
  const value = valueAt(space, inside);
  let [inner, outer] = [inside, outside];
  for (let i = 0; i < 60; i++) {
    const middle = (inner + outer) / 2;
    if (valueAt(space, middle) === value) inner = middle;
    else outer = middle;
  }
  return outer;
}

/** The mass of N(mean, std²) between two points, over its density at `at`, by Simpson's rule. */
function massBetween(from: number, to: number, mean: number, std: number, at: number): number {
  const density = (x: number) => Math.exp(((at - mean) ** 2 - (x - mean) ** 2) / (2 * std * std));
  const h = (to - from) / 400;
  let sum = density(from) + density(to);
  for (let i = 1; i < 400; i++) sum += density(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

test("what has one value is neither a coordinate nor a choice", () => {
  const parameters = { one: int(3, 3), same: float(2, 2), only: choice(["a"]) };
  expect(layoutOf(resolveSpace(parameters))).toEqual({ coordinates: [], categories: [] });
  const { coordinates, categories } = layoutOf(
    resolveSpace({ ...parameters, k: int(0, 3), c: choice([1, 2]) }),
  );
  expect([...coordinates, ...categories].map(({ name, count }) => [name, count])).toEqual([
    ["k", 4],
    ["c", 2],
  ]);
});

describe("discrete numbers", () => {
  const parameters = [int(0, 9), int(1, 256, { log: true }), float(0, 1, { step: 0.25 }), int(3, 4)];
  const anyDiscrete = fc.constantFrom(...parameters).map((parameter) => {
    const space = resolveSpace({ k: parameter });
    return layoutOf(space).coordinates[0];
  });
  // fc.double would draw exponents, nearly all of them tiny
  const anyUnit = fc.integer({ min: 0, max: 10_000 }).map((i) => i / 10_000);

  test("leave the value at the mean with the margin's probability on each side", () => {
    fc.assert(
      fc.property(
        anyDiscrete,
        anyUnit,
        fc.integer({ min: 1, max: 300 }).map((i) => i / 1000),
        (coordinate, mean, margin) => {
          const std = leastStd(coordinate, mean, margin);
          const space = resolveSpace({ k: coordinate.parameter });
          const at = (u: number) => valueAt(space, u);
          const edge = (outside: number) => edgeTowards(space, mean, outside);
          const below = at(0) === at(mean) ? undefined : normCdf((edge(0) - mean) / std);
          const above = at(1) === at(mean) ? undefined : normCdf(-(edge(1) - mean) / std);
          const sides = [below, above].filter((p) => p !== undefined);
          for (const p of sides) expect(p).toBeGreaterThan((margin / sides.length) * (1 - 1e-6));
          // and no wider than that needs
          expect(Math.min(...sides)).toBeLessThan((margin / sides.length) * (1 + 1e-6));
        },
      ),
    );
  });

  test("stand at the median of the distribution within their cell", () => {
    fc.assert(
      fc.property(
        anyDiscrete,
        anyUnit,
        anyUnit,
        fc.integer({ min: 1, max: 1000 }).map((i) => i / 1000),
        (coordinate, u, mean, std) => {
          const space = resolveSpace({ k: coordinate.parameter });
          const value = valueAt(space, u);
          const x = coordinateOf(coordinate, { k: value }, mean, std);
          expect(coordinateOf(coordinate, {}, mean, std)).toBe(mean);

          const [from, to] = [0, 1].map((end) => edgeTowards(space, u, end));
          expect(x).toBeGreaterThanOrEqual(from - 1e-12);
          expect(x).toBeLessThanOrEqual(to + 1e-12);
          const nearest = Math.min(to, Math.max(from, mean));
          const far = Math.abs(nearest - mean) / std;
          if (far < 30) {
            // as much mass on one side as on the other, but for e⁻³⁰ of it further off
            const reach = std * Math.min(9, 30 / far);
            const [low, high] = [Math.max(from, nearest - reach), Math.min(to, nearest + reach)];
            const below = massBetween(low, x, mean, std, nearest);
            const above = massBetween(x, high, mean, std, nearest);
            expect(Math.abs(below / (below + above) - 0.5)).toBeLessThan(1e-6);
          } else {
            // the density falls faster than one over z standard deviations, whose median is ln 2 of these
            expect(Math.abs(x - nearest)).toBeLessThan(std / far);
          }
        },
      ),
      { numRuns: cases(300) },
    );
    const [coordinate] = layoutOf(resolveSpace({ k: int(0, 3) })).coordinates;
    // of N(0.5, 1) on [0.5, 0.75): Φ(x - 0.5) halfway between Φ(0) = 0.5 and Φ(0.25) = 0.598706
    expect(coordinateOf(coordinate, { k: 2 }, 0.5, 1)).toBeCloseTo(0.5 + 0.124029, 5);
    // so far off that no probability is left: the edge on the near side
    expect(coordinateOf(coordinate, { k: 3 }, 0.1, 1e-3)).toBe(0.75);
    expect(coordinateOf(coordinate, { k: 0 }, 0.9, 1e-3)).toBe(0.25);
  });

  test("move the mean by the median under the coordinate's own variance", () => {
    const layout = layoutOf(resolveSpace({ k: int(0, 9), l: int(0, 9) }));
    const covariance = new FullCovariance(Float64Array.of(4, 0, 0, 0.25), 2);
    const moments = { mean: Float64Array.of(0.55, 0.55), sigma: 0.1, covariance, shares: [] };
    const distribution = createDistribution(layout, 0.1, moments);
    const points = new Array(4).fill({ k: 6, l: 6 });
    const state = { ...begin(layout, moments.mean, 0.1, 4), distribution };
    const { mean } = learn(state, layout, points).distribution;
    // all points are one, so that the mean goes there: to the medians of N(0.55, 0.2²) and N(0.55, 0.05²) on
    // [0.6, 0.7), which are Φ⁻¹((Φ(0.25) + Φ(0.75))/2) = 0.484655 and Φ⁻¹((Φ(1) + Φ(3))/2) = 1.405054
    // standard deviations away
    expect(mean[0]).toBeCloseTo(0.55 + 0.2 * 0.484655, 6);
    expect(mean[1]).toBeCloseTo(0.55 + 0.05 * 1.405054, 6);
  });

  test("move the mean to where the better points are, however small σ is", () => {
    const layout = layoutOf(resolveSpace({ k: int(0, 9), x: float(0, 1) }));
    const state = begin(layout, Float64Array.of(0.55, 0.5), 1e-9, 4);
    const { mean } = learn(
      state,
      layout,
      [6, 6, 5, 5].map((k) => ({ k, x: 0.5 })),
    ).distribution;
    // the two better points lie beyond 0.6, and their weights sum to 1
    expect(mean[0]).toBeGreaterThan(0.6);
  });

  test("do not get stuck while σ shrinks for the sake of others", () => {
    // σ must shrink to the hundredth of a step before the ints, which start far off, decide the order of
    // points
    const objective: Objective = {
      space: { k: int(0, 9, { default: 1 }), l: int(0, 9, { default: 1 }), x: float(0, 1), y: float(0, 1) },
      cost: ({ k, l, x, y }) => 1e4 * ((x - 0.3) ** 2 + (y - x) ** 2) + (9 - k) + (9 - l),
    };
    for (let seed = 0; seed < 6; seed++) {
      const { study } = search(objective, cmaes(), seed, 1000);
      expect([study.best.params.k, study.best.params.l]).toEqual([9, 9]);
    }
  });
});
