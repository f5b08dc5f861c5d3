/** What is left to gain: against its formulas over every point of a finite space, and as a bound. */
import { describe, expect, it } from "vitest";
import { float, int } from "../../../../src/search/space/builders.js";
import type { Space } from "../../../../src/search/space/space.js";
import { vectorsOf } from "../../../../src/search/space/vectors.js";
import { gp } from "../../../../src/search/strategies/gp/gp.js";
import { modelOf, spaceOf } from "../../../../src/search/strategies/gp/model.js";
import { remainingRegret } from "../../../../src/search/strategies/gp/regret.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../../src/search/study/create.js";
import type { Direction } from "../../../../src/search/trial/trial.js";

/**
 * The standard normal density and distribution function; the latter by the series of Abramowitz and Stegun
 * 26.2.11.
 */
const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
function distribution(z: number): number {
  let [term, sum] = [z, z];
  for (let k = 1; k < 200; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density(z) * sum;
}

describe("what is left to gain", () => {
  const cases = [1, 2, 3].flatMap((parameters) =>
    (
      [
        [7, "minimize"],
        [16, "maximize"],
      ] as const
    ).map(([trials, direction]) => [parameters, trials, direction] as const),
  );
  it.each(cases)(
    "of %d parameters after %d trials, to %s, is that of the formulas",
    (parameters, trials, direction) => {
      const side = [60, 12, 5][parameters - 1];
      const space: Space = Object.fromEntries(
        Array.from({ length: parameters }, (_, i) => [`x${i}`, int(0, side - 1)]),
      );
      const study = createStudy({ space, strategy: random(), direction, seed: 5 });
      const worth = (x: number, i: number) => Math.sin((3 + i) * (x / side)) + (x / side) * (x / side);
      for (let k = 0; k < trials; k++) {
        const trial = study.ask();
        const value = Object.values(trial?.params ?? {}).reduce(
          (sum: number, x, i) => sum + worth(x as number, i),
          0,
        );
        study.tell(k, { value });
      }
      const { expectedImprovement, bound } = remainingRegret(study);

      const problem = {
        space: spaceOf(study.space),
        direction: direction as Direction,
        directions: [direction as Direction],
      };
      const { posterior, incumbent, unit } = modelOf(study.trials, [], problem);
      const { encode } = vectorsOf(problem.space);
      const beliefs = Array.from({ length: side ** parameters }, (_, index) => {
        const point = Object.fromEntries(
          Object.keys(space).map((name, i) => [name, Math.floor(index / side ** i) % side]),
        );
        const { mean, variance } = posterior.predict(encode(point));
        return { mean, deviation: Math.sqrt(Math.max(variance, 1e-12)) };
      });
      const tried = study.trials.map(({ params }) => {
        const { mean, variance } = posterior.predict(encode(params));
        return { mean, deviation: Math.sqrt(Math.max(variance, 1e-12)) };
      });
      // Makarova et al., algorithm 1 with β a fifth of theorem 1's: β = 2 ln(d t² π² / 6δ) / 5, δ = 0.1
      const kappa = Math.sqrt((2 * Math.log((parameters * trials ** 2 * Math.PI ** 2) / (6 * 0.1))) / 5);
      const best = tried.sort((a, b) => a.mean - b.mean).slice(0, 5);
      const upper = Math.min(...best.map(({ mean, deviation }) => mean + kappa * deviation));
      const lower = Math.min(...beliefs.map(({ mean, deviation }) => mean - kappa * deviation));
      const improvements = beliefs.map(({ mean, deviation }) => {
        const z = (incumbent - mean) / deviation;
        return z < -6 ? 0 : deviation * (density(z) + z * distribution(z));
      });
      const expected = Math.max(...improvements);
      expect(upper - lower).toBeGreaterThan(expected); // so that the bound is that of the confidence bounds
      expect(bound / (unit * (upper - lower))).toBeCloseTo(1, 9);
      expect(expectedImprovement / (unit * expected)).toBeCloseTo(1, 6);
    },
  );

  it.each([
    [3, 20],
    [4, 20],
    [10, 30],
    [11, 30],
    [5, 10],
  ])("is bounded by no less than is expected (seed %d, %d trials)", async (seed, trials) => {
    const space = { a: float(0, 1), b: float(0, 1) };
    const study = createStudy({ space, strategy: gp(), direction: "minimize", seed });
    await study.optimize(({ a, b }) => (a - 0.3) ** 2 + (b - 0.6) ** 2, { trials });
    const { expectedImprovement, bound } = remainingRegret(study);
    expect(expectedImprovement).toBeGreaterThan(0);
    expect(bound).toBeGreaterThanOrEqual(expectedImprovement);
  });
});
