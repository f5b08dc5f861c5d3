/** What the model is taught: costs, warped and standardised. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { float } from "../../../../src/search/space/builders.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { vectorsOf } from "../../../../src/search/space/vectors.js";
import { fitHyperparameters } from "../../../../src/search/strategies/gp/fit.js";
import { defaultHyperparameters } from "../../../../src/search/strategies/gp/kernel.js";
import { modelOf } from "../../../../src/search/strategies/gp/model.js";
import { condition, extend } from "../../../../src/search/strategies/gp/posterior.js";
import { targetsOf, type Warp, warps } from "../../../../src/search/strategies/gp/targets.js";
import { makeRecord } from "../../../../src/search/trial/trial.js";

describe("what the model is taught", () => {
  const [tail, none, mild, strong] = warps;

  test.each(warps)(
    "keeps the order of the costs, with mean 0 and variance 1, up to the largest numbers: %j",
    (warp) => {
      fc.assert(
        fc.property(
          fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 30 }),
          (list) => {
            const { values, unit } = targetsOf(Float64Array.from(list), warp);
            for (const [i, a] of list.entries()) {
              for (const [j, b] of list.entries())
                if (a < b) expect(values[i]).toBeLessThanOrEqual(values[j]);
            }
            const n = list.length;
            const mean = values.reduce((sum, y) => sum + y, 0) / n;
            const variance = values.reduce((sum, y) => sum + y * y, 0) / n;
            expect(Math.abs(mean)).toBeLessThan(1e-3); // the least spread that counts is 1e-12, rounding 1e-16
            if (unit > 0) expect(Math.abs(variance - 1)).toBeLessThan(1e-3);
            else expect(values).toEqual(new Float64Array(n));
          },
        ),
      );
    },
  );

  test("is linear in the returned unit up to where a warp begins, and logarithmic beyond", () => {
    // the median is 4, 2 above the least
    const [a, b, c, d] = [tail, none, mild, strong].map((warp) => {
      const { values, unit } = targetsOf(Float64Array.of(2, 3, 4, 5, 1000), warp);
      return [1, 2, 4].map((i) => (values[i] - values[0]) * unit);
    });
    const close = (actual: number[], expected: number[]) => {
      for (const [i, y] of actual.entries()) expect(y).toBeCloseTo(expected[i], 10);
    };
    close(a, [1, 2, 2 + 2 * Math.log1p(996 / 2)]);
    close(b, [1, 2, 998]);
    close(
      c,
      [1, 2, 998].map((cost) => 2 * Math.log1p(cost / 2)),
    );
    close(
      d,
      [1, 2, 998].map((cost) => 0.2 * Math.log1p(cost / 0.2)),
    );
  });

  test("has the slopes that differences of neighbouring costs give, up to one constant", () => {
    for (const warp of warps) {
      const costs = Float64Array.from({ length: 21 }, (_, i) => (i * i) / 4);
      const { values, logSlopes, unit } = targetsOf(costs, warp);
      // the least cost and the median keep their places, so that the warp is the same
      for (const i of [3, 7, 13, 19]) {
        const [low, high] = [-1e-4, 1e-4].map((step) => {
          const moved = targetsOf(costs.with(i, costs[i] + step), warp);
          return (moved.values[i] - moved.values[0]) * moved.unit;
        });
        const slope = (high - low) / 2e-4 / unit;
        // targets are of costs over the largest, 100
        expect(Math.abs(Math.exp(logSlopes[i]) / 100 - slope)).toBeLessThan(1e-5 * slope);
      }
      expect(values.length).toBe(21);
    }
  });

  test("is the costs themselves where half of them are the least", () => {
    for (const warp of warps) {
      const { values, unit } = targetsOf(Float64Array.of(1, 1, 5, 9), warp);
      expect((values[2] - values[0]) * unit).toBeCloseTo(4, 12);
      expect((values[3] - values[0]) * unit).toBeCloseTo(8, 12);
    }
  });

  test.each([
    ["none, for waves", ({ x, y }: { x: number; y: number }) => Math.sin(7 * x) + Math.cos(6 * y), none],
    [
      "a strong one, for a bowl over orders of magnitude",
      ({ x, y }: { x: number; y: number }) => Math.exp(24 * ((x - 0.4) ** 2 + (y - 0.6) ** 2)),
      strong,
    ],
  ])("is warped as the data show: %s", (_, f, expected) => {
    const space = resolveSpace({ x: float(0, 1), y: float(0, 1) });
    const random = new RandomStream(3);
    const history = Array.from({ length: 40 }, (_, number) => {
      const params = { x: random.uniform(), y: random.uniform() };
      return makeRecord({ number, params }, { value: f(params) });
    });
    const { unit } = modelOf(history, [], { space, direction: "minimize", directions: ["minimize"] });
    const costs = Float64Array.from(history, ({ value }) => value as number);
    expect(warps.find((warp) => targetsOf(costs, warp).unit === unit)).toBe(expected);
  });

  test.each(["complete", "failed", "diverged"] as const)(
    "after four trials, one of them %s, is that of the most probable warp and fit",
    (status) => {
      const space = resolveSpace({ x: float(0, 1) });
      const vectors = vectorsOf(space);
      const random = new RandomStream(8);
      const starts = [defaultHyperparameters(vectors)];
      // where some have no value, also from a steep function almost without noise
      if (status !== "complete") starts.push({ ...starts[0], weights: Float64Array.of(100), noise: 1e-3 });
      const [found, startsOf] = [new Set<Warp>(), new Set<number>()];
      for (let seed = 0; seed < 12; seed++) {
        const history = Array.from({ length: 4 }, (_, number) => {
          const value = seed % 2 === 0 ? Math.exp(12 * random.uniform()) : random.normal();
          const hasValue = status === "complete" || number !== 2;
          return makeRecord(
            { number, params: { x: random.uniform() } },
            hasValue ? { value } : { status, error: "" },
          );
        });
        const worst = Math.max(...history.map(({ value }) => value ?? Number.NEGATIVE_INFINITY));
        const costs = Float64Array.from(history, ({ value }) => value ?? worst);
        const points = history.map(({ params }) => vectors.encode(params));
        const fits = warps.map((warp, i) => {
          const { values, targetOf } = targetsOf(costs, warp);
          const fitted = starts.map((start) => fitHyperparameters(vectors, points, values, start, 20));
          const { hyperparameters, cost } = fitted.reduce((a, b) => (b.cost < a.cost ? b : a));
          startsOf.add(fitted.findIndex((each) => each.cost === cost));
          // the density of costs is that of targets times their slope; the first warp has prior odds of e³
          const slopes = Array.from(costs, (cost) => {
            const step = 1e-5 * Math.abs(cost);
            return (targetOf(cost + step) - targetOf(cost - step)) / (2 * step);
          });
          const improbability = slopes.reduce(
            (sum, slope) => sum - Math.log(slope),
            i === 0 ? cost - 3 : cost,
          );
          return { warp, values, hyperparameters, improbability };
        });
        const { warp, values, hyperparameters } = fits.reduce((a, b) =>
          b.improbability < a.improbability ? b : a,
        );
        found.add(warp);
        const factored = extend(
          vectors,
          { hyperparameters, points: [], factor: new Float64Array(0) },
          points,
        );
        const expected = condition(vectors, factored, values).predict(Float64Array.of(0.37));
        const { posterior } = modelOf(history, [], {
          space,
          direction: "minimize",
          directions: ["minimize"],
        });
        expect({ ...posterior.predict(Float64Array.of(0.37)) }).toEqual({ ...expected });
      }
      expect([found.size > 1 || status !== "complete", startsOf.size]).toEqual([true, starts.length]);
    },
  );
});
