/** The acquisition functions: values of high precision, derivatives beside differences, and draws. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float } from "../../../../src/search/space/builders.js";
import { type Params, resolveSpace } from "../../../../src/search/space/space.js";
import { acquisitions, logH } from "../../../../src/search/strategies/gp/acquisition.js";
import { modelOf } from "../../../../src/search/strategies/gp/model.js";
import { grid } from "../../../../src/search/strategies/grid/grid.js";
import { createStudy } from "../../../../src/search/study/create.js";

/**
 * [z, ln(φ(z) + z·Φ(z))], computed with mpmath 1.3.0 in 60 digits from erfc, rounded to float64 once; below
 * −1e5 from three terms of the asymptotic series. Not our own output.
 */
const highPrecision = [
  [-1e100, -5e199],
  [-1e6, -500000000028.55],
  [-1000, -500014.73445209116],
  [-500, -125013.34816672988],
  [-100, -5010.12957880025],
  [-38, -730.1961834021138],
  [-10, -55.55312203612235],
  [-5, -16.74430116266099],
  [-3.5, -9.746810037765387],
  [-3, -7.869686059603029],
  [-2, -4.768783523917114],
  [-1, -2.4851210257126413],
  [-0.5, -1.6205162643873199],
  [0, -0.9189385332046728],
  [0.5, -0.3598276837450638],
  [1, 0.08002621884930694],
  [2, 0.6973835457882284],
  [5, 1.6094379231264313],
  [20, 2.995732273553991],
  [40, 3.6888794541139363],
  [1000, 6.907755278982137],
  [1e100, 230.25850929940458],
] as const;

describe("acquisition functions", () => {
  test.each(highPrecision)("ln h(%d) is exact to 1e-14 and a few ulp", (z, expected) => {
    // h itself is within 11·6 ulp at −3, where φ and z·Φ cancel most; the logarithm takes that as an absolute
    // error
    expect(Math.abs(logH(z).value - expected)).toBeLessThanOrEqual(1e-14 + 4 * 2 ** -53 * Math.abs(expected));
  });

  const anyBelief = fc.record({
    mean: fc.double({ min: -50, max: 50, noNaN: true }),
    deviation: fc.double({ min: 0.05, max: 5, noNaN: true }),
    best: fc.double({ min: -50, max: 50, noNaN: true }),
  });

  test.each(["logEi", "ei", "pi", "lcb"] as const)("%s has the derivatives that differences give", (name) => {
    const acquisition = acquisitions[name](1.5);
    fc.assert(
      fc.property(anyBelief, ({ mean, deviation, best }) => {
        const { value, byMean, byDeviation } = acquisition(mean, deviation, best);
        const h = 1e-5 * deviation;
        const differences = [
          [
            acquisition(mean + h, deviation, best).value - acquisition(mean - h, deviation, best).value,
            byMean,
          ],
          [
            acquisition(mean, deviation + h, best).value - acquisition(mean, deviation - h, best).value,
            byDeviation,
          ],
        ];
        for (const [difference, exact] of differences) {
          // relative h² ~ 1e-10 and rounding ε·|value| / h
          const bound = 1e-8 * Math.abs(exact) + (1e-15 * (1 + Math.abs(value))) / h;
          expect(Math.abs(difference / (2 * h) - exact)).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  test("ei is the mean of what is gained over draws", () => {
    // the midpoints of 20,000 equal cells of probability stand for draws; their error is below 1e-3
    const [mean, deviation, best] = [0.3, 0.8, 0.1];
    let sum = 0;
    const steps = 20_000;
    for (let i = 0; i < steps; i++) {
      const z = -8 + (16 * (i + 0.5)) / steps;
      const gained = Math.max(0, best - (mean + deviation * z));
      sum += (gained * Math.exp(-z * z * 0.5) * (16 / steps)) / Math.sqrt(2 * Math.PI);
    }
    expect(Math.abs(acquisitions.ei()(mean, deviation, best).value - sum)).toBeLessThan(1e-6);
  });
});

test("the incumbent counts running trials with their expected value", () => {
  const space = resolveSpace({ x: float(0, 1) });
  const study = createStudy({
    space: space.parameters,
    strategy: grid({ points: 6 }),
    direction: "minimize",
  });
  for (let i = 0; i < 6; i++) {
    const trial = study.ask();
    study.tell(i, { value: ((trial?.params.x as number) - 0.51) ** 2 });
  }
  const model = (pending: Params[]) =>
    modelOf(study.trials, pending, { space, direction: "minimize", directions: ["minimize"] });
  const { posterior, incumbent, ranked } = model([{ x: 0.5 }]);
  expect(incumbent).toBe(posterior.predict(Float64Array.of(0.5)).mean);
  expect(incumbent).toBeLessThan(model([]).incumbent);
  expect(ranked[0]).toEqual(Float64Array.of(0.5));
});

test.each([0.1, 1, 7])(
  "improvement by 0.01 is as probable as not where the mean is that much better (σ %d)",
  (deviation) => {
    const { value, byMean } = acquisitions.pi()(2.99, deviation, 3);
    expect(value).toBeCloseTo(-Math.LN2, 12);
    // −φ(0) / (Φ(0) σ)
    expect(byMean).toBeCloseTo(-Math.sqrt(2 / Math.PI) / deviation, 12);
  },
);
