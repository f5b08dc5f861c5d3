/** CMA-ES: the contract, how it draws and when it restarts. Its update: cmaes-update.test.ts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float } from "../../../../src/search/space/builders.js";
import { resolveSpace, type Space, whyOutside } from "../../../../src/search/space/space.js";
import { cmaes } from "../../../../src/search/strategies/cmaes/cmaes.js";
import { layoutOf } from "../../../../src/search/strategies/cmaes/coordinates.js";
import {
  DiagonalCovariance,
  FullCovariance,
  identity,
} from "../../../../src/search/strategies/cmaes/covariance.js";
import { createDistribution, draw } from "../../../../src/search/strategies/cmaes/distribution.js";
import { recordProgress, whyRestart } from "../../../../src/search/strategies/cmaes/restart.js";
import { advance, type Run, startRun } from "../../../../src/search/strategies/cmaes/run.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { makeRecord, type TrialRecord } from "../../../../src/search/trial/trial.js";
import { checkStrategyLaw, strategyLaws } from "../../../../src/testing/strategy.js";
import { cases } from "../../../cases.js";
import { type Objective, objectives, onCube, search, signTest } from "../../objectives.js";
import { caught } from "../../support.js";

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
  const covariance = new FullCovariance(Float64Array.of(1, 0.6, 0.6, 1), 2);
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

  test("moves each number to its own bound where no draw of all of them must be a number inside", () => {
    // of 40 numbers that each go astray half of the time, all are inside once in 2^40 times
    const many = resolveSpace(cube(40));
    const mean = Float64Array.from({ length: 40 }, (_, i) => i % 2);
    const covariance = identity(40);
    const wide = createDistribution(layoutOf(many), 0.01, { mean, sigma: 0.1, covariance, shares: [] });
    const stream = new RandomStream(5);
    let onBound = 0;
    for (let i = 0; i < 50; i++) {
      // how far from the bound: not at all, or half of a normal distribution, of which 7 standard deviations
      // see the end
      const gaps = Object.values(draw(wide, many, stream, 1)).map((u, k) =>
        Math.abs((u as number) - mean[k]),
      );
      onBound += gaps.filter((gap) => gap === 0).length;
      expect(Math.max(...gaps)).toBeLessThan(0.7);
    }
    // 2000 numbers, each there with probability ½: five standard deviations
    expect(Math.abs(onBound - 1000)).toBeLessThan(5 * Math.sqrt(500));
  });

  test("counts a point on the bound as inside", () => {
    const line = resolveSpace(cube(1));
    const atLow = { mean: Float64Array.of(0), sigma: 0.5, covariance: identity(1), shares: [] };
    const normals = [0, 1];
    const stream = { normal: () => normals.shift() } as unknown as RandomStream;
    expect(draw(createDistribution(layoutOf(line), 0.01, atLow), line, stream, 1)).toEqual({ x0: 0 });
    expect(normals).toEqual([1]);
  });
});

describe("restarts", () => {
  const SIGMA = 0.17; // another than the default
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
    let run = startRun(space, SIGMA, 4);
    let generations = 0;
    while (run.drawn === "near") {
      run = advance(
        run,
        generation(run, () => 1),
        scene,
        SIGMA,
      );
      generations++;
    }
    // 10 + ⌈30 n / λ⌉
    expect(generations).toBe(25);
    expect(run.rates.lambda).toBe(8);
    const scattered = generation(run, () => stream.uniform());
    run = advance(run, scattered, scene, SIGMA);
    const best = scattered.reduce((a, b) => ((a.value as number) < (b.value as number) ? a : b));
    expect([...run.distribution.mean]).toEqual([best.params.x0, best.params.x1]);
    expect([run.drawn, run.rates.lambda, run.distribution.sigma]).toEqual(["near", 8, SIGMA]);
    expect(run.generation).toBe(0);
  });

  test("spread trials evenly after a generation of failures, and begin at the first that has a value", () => {
    let run = startRun(space, SIGMA, 4);
    run = advance(
      run,
      generation(run, () => Number.NaN),
      scene,
      SIGMA,
    );
    expect([run.drawn, run.rates.lambda, run.generation]).toEqual(["evenly", 4, 0]);
    expect(run.distribution.sigma).toBe(SIGMA);
    run = advance(
      run,
      generation(run, () => Number.NaN),
      scene,
      SIGMA,
    );
    expect(run.drawn).toBe("evenly");
    const one = generation(run, () => stream.uniform()).map((record, i) =>
      i === 2 ? record : makeRecord(record, { status: "diverged" }),
    );
    run = advance(run, one, scene, SIGMA);
    expect([run.drawn, run.rates.lambda, run.distribution.sigma]).toEqual(["near", 4, SIGMA]);
    expect([...run.distribution.mean]).toEqual([one[2].params.x0, one[2].params.x1]);
  });

  test("double it, too, when costs rise for long, and not before", () => {
    let run = startRun(space, SIGMA, 4);
    let generations = 0;
    while (run.drawn === "near") {
      const block = generation(run, () => generations);
      run = advance(run, block, scene, SIGMA);
      generations++;
    }
    // 120 + ⌈30 n / λ⌉
    expect(generations).toBe(135);
    expect(run.rates.lambda).toBe(8);
  });

  test("look at the least and the median cost of each generation, as many as they need", () => {
    let progress = recordProgress({ bests: [], medians: [] }, Float64Array.of(1, 2, 30, 40, 500), 2);
    expect(progress).toEqual({ bests: [1], medians: [30] });
    for (let i = 0; i < 140; i++)
      progress = recordProgress(progress, Float64Array.of(i, i, i + 1, i + 2, 900), 2);
    // the latest 120 + ⌈30 n / λ⌉
    const latest = Array.from({ length: 132 }, (_, i) => 8 + i);
    expect(progress).toEqual({ bests: latest, medians: latest.map((i) => i + 1) });
  });

  test("come for each of their reasons, and not without", () => {
    const run = startRun(space, 0.2, 4);
    const costs = Float64Array.of(1, 2, 3, 4);
    const falling = Array.from({ length: 140 }, (_, i) => 200 - i);
    const good = { bests: falling, medians: falling };
    expect(whyRestart(run, good, costs)).toBeUndefined();
    const still = { ...run.distribution, sigma: 1e-13 };
    expect(whyRestart({ ...run, distribution: still }, good, costs)).toBe("tolX");
    // a standard deviation is σ times the root of a variance: 1e-13 here, 1e-11 there
    const variances = (x: number, y: number) => ({
      ...run.distribution,
      covariance: new FullCovariance(Float64Array.of(x, 0, 0, y), 2),
    });
    const variance = (x: number) => variances(x, x);
    const narrow = { ...variance(1e-6), sigma: 1e-10 };
    expect(whyRestart({ ...run, distribution: narrow }, good, costs)).toBe("tolX");
    const broad = { ...variance(1e4), sigma: 1e-13 };
    expect(whyRestart({ ...run, distribution: broad }, good, costs)).toBeUndefined();
    const widened = (x: number) => ({ ...run.distribution, widening: Float64Array.of(x, x) });
    expect(whyRestart({ ...run, distribution: widened(1000) }, good, costs)).toBeUndefined();
    expect(whyRestart({ ...run, distribution: widened(1001) }, good, costs)).toBe("tolX");
    expect(whyRestart({ ...run, distribution: variances(1, 1e-16) }, good, costs)).toBe("condition");
    const thin = { ...run.distribution, covariance: new DiagonalCovariance(Float64Array.of(1, 1e-16)) };
    expect(whyRestart({ ...run, distribution: thin }, good, costs)).toBe("condition");
    const round = { ...run.distribution, covariance: new DiagonalCovariance(Float64Array.of(1, 1e-12)) };
    expect(whyRestart({ ...run, distribution: round }, good, costs)).toBeUndefined();
    const rising = [...falling].reverse();
    expect(whyRestart(run, { bests: rising, medians: rising }, costs)).toBe("stagnation");
    expect(whyRestart(run, { bests: rising, medians: falling }, costs)).toBeUndefined();
    // a middle that is worse than both ends says nothing, and neither does one odd generation at either end
    const bent = falling.map((cost, i) => (i < 20 || i >= 120 ? cost : 300));
    expect(whyRestart(run, { bests: bent, medians: bent }, costs)).toBeUndefined();
    const odd = falling.map((cost, i) => (i === 10 ? -100 : i === 130 ? 300 : cost));
    expect(whyRestart(run, { bests: odd, medians: odd }, costs)).toBeUndefined();
    const flat = falling.map(() => 1);
    const none = Float64Array.of(1, 1, 1, 1);
    expect(whyRestart(run, { bests: flat, medians: falling }, none)).toBe("tolFun");
    // of two coordinates and a population of 4, the latest 25 generations count, and none before
    const equal = (from: number, to: number) => falling.map((cost, i) => (i >= from && i < to ? 1 : cost));
    expect(whyRestart(run, { bests: equal(115, 140), medians: falling }, none)).toBe("tolFun");
    expect(whyRestart(run, { bests: equal(116, 140), medians: falling }, none)).toBeUndefined();
    expect(whyRestart(run, { bests: equal(0, 116), medians: falling }, none)).toBeUndefined();
    expect(whyRestart(run, { bests: equal(115, 140), medians: falling }, costs)).toBeUndefined();
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
  ["a sigma of 0", () => cmaes({ sigma: 0 }), /sigma of cmaes must be a number from 1e-9 to 1; received 0/],
  ["a population of 3", () => cmaes({ populationSize: 3 }), /an integer of at least 4; received 3/],
  ["a stray option", () => cmaes({ popsize: 8 } as never), /unknown option of cmaes "popsize"/],
])("cmaes refuses %s", (_, make, message) => {
  expect(caught(make).message).toMatch(message);
});

test("the default population is 4 + ⌊1.5 · ln n⌋ for n parameters that vary, choices too", () => {
  const letters = choice(["a", "b", "c"]);
  const choices = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`c${i}`, letters]));
  const lambdaOf = (space: Space) => startRun(resolveSpace(space)).rates.lambda;
  expect(
    [cube(2), { ...cube(2), ...choices }, choices, { ...cube(2), one: choice([1]) }].map(lambdaOf),
  ).toEqual([4 + 1, 4 + 4, 4 + 4, 4 + 1]);
});

describe("the first step", () => {
  test("is 0.2 of each range in up to six dimensions, and half a range long in all together in more", () => {
    const sigmaOf = (n: number) => startRun(resolveSpace(cube(n))).distribution.sigma;
    expect([1, 2, 6].map(sigmaOf)).toEqual([0.2, 0.2, 0.2]);
    for (const n of [7, 20, 50]) expect(sigmaOf(n) * Math.sqrt(n)).toBeCloseTo(0.5, 14);
    expect(startRun(resolveSpace(cube(50)), 0.3).distribution.sigma).toBe(0.3);
  });

  test("of the default leads nearer to the optimum of 30 dimensions than a wide one", () => {
    const bowl = onCube(30, 0, 1, (x) => x.reduce((sum, xi, i) => sum + (xi - 0.2 - (0.6 * i) / 29) ** 2, 0));
    // the sign test over 10 seeds
    expect(signTest(bowl, cmaes(), cmaes({ sigma: 0.2 }), { seeds: 10, trials: 100 })).toBeLessThan(0.02);
  });
});
