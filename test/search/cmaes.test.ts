/** CMA-ES: the contract, its update by independent formulas, how it draws and when it restarts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/numerics/random.js";
import { choice, float } from "../../src/search/parameter.js";
import { resolveSpace, type Space, whyOutside } from "../../src/search/space.js";
import { layoutOf } from "../../src/search/strategies/cmaes/coordinates.js";
import { createDistribution, draw } from "../../src/search/strategies/cmaes/distribution.js";
import { ratesOf } from "../../src/search/strategies/cmaes/rates.js";
import { whyRestart } from "../../src/search/strategies/cmaes/restart.js";
import { advance, type Run, startRun } from "../../src/search/strategies/cmaes/run.js";
import { begin, learn } from "../../src/search/strategies/cmaes/update.js";
import { cmaes } from "../../src/search/strategies/cmaes.js";
import { random } from "../../src/search/strategies/random.js";
import { createStudy } from "../../src/search/study.js";
import { makeRecord, type TrialRecord } from "../../src/search/trial.js";
import { checkStrategyLaw, strategyLaws } from "../../src/testing/strategy.js";
import { cases } from "../cases.js";
import { type Objective, objectives, onCube, search, signTest } from "./objectives.js";
import { caught } from "./support.js";

describe("cmaes keeps the contract of strategies:", () => {
  test.each(Object.keys(strategyLaws))("%s", (law) =>
    checkStrategyLaw(cmaes({ populationSize: 4 }), law, { trials: 15 }),
  );
});

/** A space of n numbers of the unit interval, so that points and vectors are the same. */
const cube = (n: number): Space =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`x${i}`, float(0, 1)]));
const pointOf = (x: readonly number[]) => Object.fromEntries(x.map((xi, i) => [`x${i}`, xi]));

/** A generation of trials with the given points and values. */
const blockOf = (points: readonly object[], values: readonly number[]): TrialRecord[] =>
  points.map((params, number) => makeRecord({ number, params: params as never }, { value: values[number] }));

/** An orthogonal matrix: random vectors, made orthonormal one after another. */
function rotation(n: number, seed: number): number[][] {
  const stream = new RandomStream(seed);
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    let v = Array.from({ length: n }, () => stream.normal());
    for (const u of rows) {
      const dot = u.reduce((total, ui, k) => total + ui * v[k], 0);
      v = v.map((vk, k) => vk - dot * u[k]);
    }
    const length = Math.hypot(...v);
    rows.push(v.map((vk) => vk / length));
  }
  return rows;
}

/** Σ condition^(i/(n-1)) (q_i · (x - optimum))², q_i being the rows of a random rotation. */
function ellipsoid(n: number, condition: number, seed: number): Objective {
  const rows = rotation(n, seed);
  const stream = new RandomStream(seed, 1);
  const optimum = rows.map(() => stream.uniform() - 0.5);
  return onCube(n, -1, 1, (x) =>
    rows.reduce((total, row, i) => {
      const along = row.reduce((dot, q, k) => dot + q * (x[k] - optimum[k]), 0);
      return total + condition ** (i / (n - 1)) * along * along;
    }, 0),
  );
}

describe("the update", () => {
  test("has the constants of the tutorial", () => {
    // the figures of the package `cmaes` 0.11 for Python, which agrees with the tutorial on these
    const ten = ratesOf(10, 10);
    const positive = [
      0.45627264690340597, 0.2707530970017852, 0.1622311171586698, 0.08523354710016448, 0.025509591835974777,
    ];
    for (const [i, weight] of positive.entries()) expect(ten.weights[i]).toBeCloseTo(weight, 14);
    expect(ten.muEff).toBeCloseTo(3.1672992814107026, 13);
    expect(ten.cc).toBeCloseTo(0.29499038303562225, 14);
    expect(ten.c1).toBeCloseTo(0.015283824524751714, 14);
    expect(ten.cSigma).toBeCloseTo(0.2844285879463675, 14);
    expect(ten.dSigma).toBeCloseTo(1.2844285879463675, 14);
    expect(ten.chi).toBeCloseTo(3.0847265651690123, 13);
    const three = ratesOf(3, 7);
    expect(three.weights[3]).toBeCloseTo(0, 14);
    expect(three.muEff).toBeCloseTo(2.2548150822016044, 13);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 4, max: 80 }), (n, lambda) => {
        const { weights, c1, cMu } = ratesOf(n, lambda);
        const negative = weights.reduce((total, w) => total + Math.min(0, w), 0);
        // C stays positive definite: what negative weights can take away, n c_μ Σ|w⁻|, is at most what is kept
        expect(c1 + cMu).toBeLessThanOrEqual(1 + 1e-15);
        expect(-negative * n * cMu).toBeLessThanOrEqual(1 - c1 - cMu + 1e-12);
        for (let i = 1; i < lambda; i++) expect(weights[i]).toBeLessThanOrEqual(weights[i - 1]);
      }),
    );
  });

  test("recombines and adapts as the equations say, written out a second time", () => {
    // all around the mean, or all on one side of it, so that the path is short or long
    const anyGeneration = fc
      .tuple(fc.integer({ min: 2, max: 6 }), fc.constantFrom(0.2, 0.7))
      .chain(([n, min]) => {
        const point = fc.array(fc.double({ min, max: 0.8, noNaN: true }), { minLength: n, maxLength: n });
        return fc.record({
          n: fc.constant(n),
          points: fc.array(point, { minLength: 8, maxLength: 8 }),
        });
      });
    fc.assert(
      fc.property(anyGeneration, ({ n, points }) => {
        const [lambda, sigma] = [8, 0.2];
        const layout = layoutOf(resolveSpace(cube(n)));
        const state = begin(layout, new Float64Array(n).fill(0.5), sigma, lambda);
        const next = learn(state, layout, points.map(pointOf));

        const raw = points.map((_, i) => Math.log(4.5) - Math.log(i + 1));
        const positive = raw.slice(0, 4).reduce((a, b) => a + b);
        const w = raw.slice(0, 4).map((x) => x / positive);
        const muEff = 1 / w.reduce((total, x) => total + x * x, 0);
        const y = points.map((x) => x.map((xi) => (xi - 0.5) / sigma));
        const mean = Array.from({ length: n }, (_, i) => w.reduce((m, wk, k) => m + wk * points[k][i], 0));
        const shift = mean.map((m) => (m - 0.5) / sigma);
        for (const [i, m] of mean.entries()) expect(next.distribution.mean[i]).toBeCloseTo(m, 12);

        const cSigma = (muEff + 2) / (n + muEff + 5);
        const path = shift.map((s) => Math.sqrt(cSigma * (2 - cSigma) * muEff) * s);
        const chi = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
        const damping = 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma;
        const ratio = Math.hypot(...path) / chi;
        expect(next.distribution.sigma / sigma).toBeCloseTo(Math.exp((cSigma / damping) * (ratio - 1)), 12);

        const c1 = 2 / ((n + 1.3) ** 2 + muEff);
        const cMu = Math.min(1 - c1, (2 * (muEff + 1 / muEff - 1.75)) / ((n + 2) ** 2 + muEff));
        const worse = raw.slice(4);
        const muEffMinus = worse.reduce((a, b) => a + b) ** 2 / worse.reduce((a, b) => a + b * b, 0);
        const total = Math.min(1 + c1 / cMu, 1 + (2 * muEffMinus) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
        const all = w.concat(worse.map((x) => (-total * x) / worse.reduce((a, b) => a + b)));
        const cc = (4 + muEff / n) / (n + 4 + (2 * muEff) / n);
        const h = ratio / Math.sqrt(1 - (1 - cSigma) ** 2) < 1.4 + 2 / (n + 1) ? 1 : 0;
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const one =
              h * cc * (2 - cc) * muEff * shift[i] * shift[j] + (1 - h) * cc * (2 - cc) * +(i === j);
            const mu = all.reduce((m, wk, k) => {
              const length = y[k].reduce((s, yi) => s + yi * yi, 0);
              return m + (wk >= 0 || length === 0 ? wk : (wk * n) / length) * y[k][i] * y[k][j];
            }, 0);
            const kept = 1 - c1 - cMu * all.reduce((a, b) => a + b);
            const expected = kept * +(i === j) + c1 * one + cMu * mu;
            expect(next.distribution.covariance[i * n + j]).toBeCloseTo(expected, 11);
          }
        }
      }),
      { numRuns: cases(100) },
    );
  });

  test("pulls in points that no draw could have given", () => {
    const layout = layoutOf(resolveSpace(cube(2)));
    const state = begin(layout, Float64Array.of(0.5, 0.5), 1e-3, 4);
    const { mean } = learn(
      state,
      layout,
      [1, 1, 1, 1].map((x) => pointOf([x, 0.5])),
    ).distribution;
    // √n + 2n/(n+2) standard deviations, with all positive weights on the same point
    expect(mean[0]).toBeCloseTo(0.5 + 1e-3 * (Math.SQRT2 + 1), 12);
  });

  test("leaves coordinates that do not apply where they are", () => {
    const space = resolveSpace({ kind: choice(["a", "b"]), x: float(0, 1, { when: { kind: ["a"] } }) });
    const run = startRun(space, 0.2, 4);
    const without = blockOf(
      [1, 2, 3, 4].map(() => ({ kind: "b" })),
      [1, 2, 3, 4],
    );
    const next = advance(run, without, { space, direction: "minimize", directions: ["minimize"] }, 0.2);
    expect(next.distribution.mean).toEqual(Float64Array.of(0.5));
    // c₁ is all that fades where nothing is known of any step
    expect(next.distribution.covariance[0]).toBeGreaterThan(0.5);
    expect(next.distribution.shares[0][1]).toBeGreaterThan(0.7);
  });

  test("keeps shares a distribution, none below its margin", () => {
    const space = resolveSpace({ a: choice(["x", "y", "z"]), b: choice([1, 2]), c: float(0, 1) });
    const anyPoint = fc.record({
      a: fc.constantFrom("x", "y", "z"),
      b: fc.constantFrom(1, 2),
      c: fc.integer({ min: 0, max: 100 }).map((i) => i / 100),
    });
    fc.assert(
      fc.property(
        fc.array(anyPoint, { minLength: 5, maxLength: 5 }),
        fc.nat({ max: 30 }),
        (points, times) => {
          const layout = layoutOf(space);
          let state = begin(layout, Float64Array.of(0.5), 0.2, 5);
          for (let i = 0; i <= times; i++) state = learn(state, layout, points);
          for (const shares of state.distribution.shares) {
            expect(shares.reduce((total, share) => total + share)).toBeCloseTo(1, 12);
            for (const share of shares) expect(share).toBeGreaterThan(1 / 15 / (shares.length - 1) - 1e-12);
          }
        },
      ),
    );
  });
});

describe("the search", () => {
  test.each([
    [5, 1e4, 1600],
    [5, 1e6, 2200],
    [10, 1e4, 3600],
  ])(
    "finds the minimum of a rotated quadratic, %i numbers, condition %d, to 1e-8 in %i trials",
    (n, condition, trials) => {
      for (let seed = 0; seed < 2; seed++) {
        expect(search(ellipsoid(n, condition, seed + 100), cmaes(), seed, trials).best).toBeLessThan(1e-8);
      }
    },
  );

  test("sees only the order of values", () => {
    const { space, cost } = objectives.rosenbrock;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const points = [cost, (p: never) => Math.log(cost(p)), (p: never) => -cost(p)].map((value, i) => {
          const study = createStudy({
            space,
            strategy: cmaes(),
            seed,
            direction: i === 2 ? "maximize" : "minimize",
          });
          return Array.from({ length: 80 }, () => {
            const trial = study.ask();
            study.tell(trial?.number as number, { value: value(trial?.params as never) });
            return trial?.params;
          });
        });
        expect(points[1]).toEqual(points[0]);
        expect(points[2]).toEqual(points[0]);
      }),
      { numRuns: cases(5) },
    );
  });

  test.each(Object.entries(objectives))("is better than random search on %s", (_, objective) => {
    expect(signTest(objective, cmaes(), random(), { seeds: 20, trials: 80 })).toBeLessThan(0.01);
  });

  test("begins at the defaults, and near them", () => {
    const space = {
      x: float(0, 1, { default: 0.9 }),
      y: float(0, 1),
      z: choice(["a", "b", "c"], { default: "c" }),
    };
    const study = createStudy({ space, strategy: cmaes({ sigma: 0.01 }), direction: "minimize", seed: 1 });
    const points = Array.from({ length: 5 }, () => {
      const trial = study.ask();
      study.tell(trial?.number as number, { value: 0 });
      return trial?.params;
    });
    expect(points[0]).toEqual({ x: 0.9, y: 0.5, z: "c" });
    for (const point of points) expect(Math.abs((point?.x as number) - 0.9)).toBeLessThan(0.05);
  });
});

describe("drawing", () => {
  const space = resolveSpace({ k: choice(["a", "b", "c"]), x: float(0, 1), y: float(0, 1) });
  const layout = layoutOf(space);
  const covariance = Float64Array.of(1, 0.6, 0.6, 1);
  const moments = { mean: Float64Array.of(0.5, 0.5), sigma: 0.05, covariance };
  const distribution = createDistribution(layout, 0.01, {
    ...moments,
    shares: [Float64Array.of(0.7, 0.2, 0.1)],
  });
  const drawn = (widen: number) => {
    const stream = new RandomStream(3);
    return Array.from({ length: 6000 }, () => draw(distribution, space, stream, widen));
  };

  test.each([
    [1, [0.7, 0.2, 0.1]],
    [2, [0.35 + 1 / 6, 0.1 + 1 / 6, 0.05 + 1 / 6]],
  ])("takes choices by their shares, widened %d-fold", (widen, shares) => {
    const points = drawn(widen);
    const statistic = ["a", "b", "c"].reduce((sum, value, i) => {
      const expected = 6000 * shares[i];
      return sum + (points.filter(({ k }) => k === value).length - expected) ** 2 / expected;
    }, 0);
    // 2 degrees of freedom: exceeded once in 1,000 times
    expect(statistic).toBeLessThan(13.82);
  });

  test.each([1, 2])("has the covariance of the distribution, widened %d-fold", (widen) => {
    const points = drawn(widen).map(({ x, y }) => [x, y].map((u) => ((u as number) - 0.5) / (0.05 * widen)));
    for (const [i, j, expected] of [
      [0, 0, 1],
      [1, 1, 1],
      [0, 1, 0.6],
    ]) {
      const moment = points.reduce((sum, z) => sum + z[i] * z[j], 0) / 6000;
      // four standard errors, of which the variances have the largest: √(2/6000)
      expect(Math.abs(moment - expected)).toBeLessThan(4 * Math.sqrt(2 / 6000));
    }
  });

  test("stays in the unit cube, also far out in a corner", () => {
    const corner = { ...moments, mean: Float64Array.of(0, 1), sigma: 0.5, shares: distribution.shares };
    const wide = createDistribution(layout, 0.01, corner);
    const stream = new RandomStream(4);
    const points = Array.from({ length: 500 }, () => draw(wide, space, stream, 1));
    for (const point of points) expect(whyOutside(space, point)).toBeUndefined();
    // a draw fails with probability below 0.86, twenty in a row below 0.05: hardly any lies on the bound
    expect(points.filter(({ x, y }) => x === 0 || y === 1).length).toBeLessThan(50);
  });
});

describe("restarts", () => {
  const space = resolveSpace(cube(2));
  const scene = { space, direction: "minimize", directions: ["minimize"] } as const;
  const stream = new RandomStream(1);
  const generation = (run: Run, value: () => number) => {
    const points = Array.from(run.rates.weights, () => pointOf([stream.uniform(), stream.uniform()]));
    return blockOf(
      points,
      points.map(() => value()),
    );
  };

  test("double the population when no cost changes, and begin at the best of a uniform generation", () => {
    let run = startRun(space, 0.2, 4);
    let generations = 0;
    while (!run.scattered) {
      run = advance(
        run,
        generation(run, () => 1),
        scene,
        0.2,
      );
      generations++;
    }
    // 10 + ⌈30 n / λ⌉
    expect(generations).toBe(25);
    expect(run.rates.lambda).toBe(8);
    const scattered = generation(run, () => stream.uniform());
    run = advance(run, scattered, scene, 0.2);
    const best = scattered.reduce((a, b) => ((a.value as number) < (b.value as number) ? a : b));
    expect([...run.distribution.mean]).toEqual([best.params.x0, best.params.x1]);
    expect([run.scattered, run.rates.lambda, run.distribution.sigma]).toEqual([false, 8, 0.2]);
    expect(run.generation).toBe(0);
  });

  test("come for each of their reasons, and not without", () => {
    const run = startRun(space, 0.2, 4);
    const costs = Float64Array.of(1, 2, 3, 4);
    const falling = Array.from({ length: 140 }, (_, i) => 200 - i);
    const good = { bests: falling, medians: falling };
    expect(whyRestart(run, good, costs)).toBeUndefined();
    const still = { ...run.distribution, sigma: 1e-13 };
    expect(whyRestart({ ...run, distribution: still }, good, costs)).toBe("tolX");
    const thin = { ...run.distribution, lengths: Float64Array.of(1e-8, 1) };
    expect(whyRestart({ ...run, distribution: thin }, good, costs)).toBe("condition");
    const rising = [...falling].reverse();
    expect(whyRestart(run, { bests: rising, medians: rising }, costs)).toBe("stagnation");
    expect(whyRestart(run, { bests: rising, medians: falling }, costs)).toBeUndefined();
    const flat = falling.map(() => 1);
    const none = Float64Array.of(1, 1, 1, 1);
    expect(whyRestart(run, { bests: flat, medians: falling }, none)).toBe("tolFun");
  });

  test("find a minimum that the first descent misses", () => {
    // a wide bowl around the centre, and a deeper one in a corner
    const trap = onCube(2, -1, 1, ([x, y]) =>
      Math.min(1 + x * x + y * y, 8 * ((x - 0.75) ** 2 + (y + 0.75) ** 2)),
    );
    const bests = [0, 1, 2].map((seed) => search(trap, cmaes({ sigma: 0.1 }), seed, 2500).best);
    expect(Math.max(...bests)).toBeLessThan(1e-6);
  });
});

test.each<[string, () => unknown, RegExp]>([
  ["a sigma of 0", () => cmaes({ sigma: 0 }), /above 0 and at most 1; received 0/],
  ["a population of 3", () => cmaes({ populationSize: 3 }), /an integer from 4, received 3/],
  ["a stray option", () => cmaes({ popsize: 8 } as never), /unknown option of cmaes "popsize"/],
])("cmaes refuses %s", (_, make, message) => {
  expect(caught(make).message).toMatch(message);
});
