/** CMA-ES on numbers with steps and on choices: where they stand, and that none gets stuck. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normCdf } from "../../src/numerics/special.js";
import { float, int } from "../../src/search/parameter.js";
import { fromUnit } from "../../src/search/scale.js";
import { resolveSpace, type SearchSpace } from "../../src/search/space.js";
import { layoutOf, standing } from "../../src/search/strategies/cmaes/coordinates.js";
import { leastStd } from "../../src/search/strategies/cmaes/distribution.js";
import { begin, learn } from "../../src/search/strategies/cmaes/update.js";
import { cmaes } from "../../src/search/strategies/cmaes.js";
import { type Objective, search } from "./objectives.js";

/** The value of the only parameter of a space at `u` of the unit interval. */
const valueAt = ({ parameters }: SearchSpace, u: number) => fromUnit(parameters.k, u);

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
          // the last and first places of other values, by bisection on the parameter's own scale
          const edge = (outside: number) => {
            let [inner, outer] = [mean, outside];
            for (let i = 0; i < 60; i++) {
              const middle = (inner + outer) / 2;
              if (at(middle) === at(mean)) inner = middle;
              else outer = middle;
            }
            return outer;
          };
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
          const x = standing(coordinate, { k: value }, mean, std);
          // nudged towards the middle of the cell, since an edge belongs to one of two values
          const inside = [x - 1e-9, x, x + 1e-9].map((place) => valueAt(space, place));
          expect(inside).toContain(value);
          expect(standing(coordinate, {}, mean, std)).toBe(mean);
        },
      ),
    );
    const [coordinate] = layoutOf(resolveSpace({ k: int(0, 3) })).coordinates;
    // of N(0.5, 1) on [0.5, 0.75): Φ(x - 0.5) halfway between Φ(0) = 0.5 and Φ(0.25) = 0.598706
    expect(standing(coordinate, { k: 2 }, 0.5, 1)).toBeCloseTo(0.5 + 0.124029, 5);
    expect(standing(coordinate, { k: 3 }, 0.1, 1e-3)).toBe(0.75);
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
    // σ must shrink to the hundredth of a step before the ints, which start far off, decide the order of points
    const objective: Objective = {
      space: { k: int(0, 9, { default: 1 }), l: int(0, 9, { default: 1 }), x: float(0, 1), y: float(0, 1) },
      cost: ({ k, l, x, y }) => 1e4 * ((x - 0.3) ** 2 + (y - x) ** 2) + (9 - k) + (9 - l),
    };
    for (let seed = 0; seed < 6; seed++) {
      const { study } = search(objective, cmaes(), seed, 1000);
      expect([study.best?.params.k, study.best?.params.l]).toEqual([9, 9]);
    }
  });
});
