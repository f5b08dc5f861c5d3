import { describe, expect, test } from "vitest";
import { highDimensional } from "../../bench/search/classical.js";
import { startTraining, trainingSpace } from "../../bench/search/digits-training.js";
import { functions } from "../../bench/search/functions.js";
import { searchParts } from "../../bench/search/parts.js";
import { place } from "../../bench/search/placement.js";
import { scaleOf, type TestFunction } from "../../bench/search/problem.js";
import { checkpoints, summarize, summarizeFunction } from "../../bench/search/report.js";
import { type Run, run } from "../../bench/search/runner.js";
import type { Searcher, Task } from "../../bench/search/searcher.js";
import { seedsFor } from "../../bench/search/seeds.js";
import { bootstrapInterval, quantile, ranks, signTest } from "../../bench/search/statistics.js";
import { furtherStructured } from "../../bench/search/structured.js";
import { RandomStream } from "../../src/numerics/random.js";
import { fromUnit, toUnit } from "../../src/search/space/scale.js";
import { buildParams, type Params, resolveSpace } from "../../src/search/space/space.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";

const all = [...functions, ...furtherStructured];
describe.each(all.map((one) => [one.name, one] as const))("%s", (_, { space, optimum, instance }) => {
  const resolved = resolveSpace(space);
  /** The least value that 400 random points, and then 1,600 ever nearer to the best so far, find. */
  const least = (seed: number): number => {
    const f = instance(seed);
    const random = new RandomStream(seed);
    let [best, at]: [number, Params] = [Number.POSITIVE_INFINITY, {}];
    for (let i = 0; i < 2000; i++) {
      const width = 0.98 ** (i / 4 - 100);
      const params = buildParams(resolved, (parameter, name) => {
        const moves = i < 400 || !(name in at) || (parameter.type === "choice" && random.uniform() < 0.1);
        if (moves) return fromUnit(parameter, random.uniform());
        if (parameter.type === "choice" || random.uniform() < 0.3) return at[name];
        return fromUnit(parameter, toUnit(parameter, at[name]) + 0.2 * width * random.normal());
      });
      const value = f(params);
      if (value < best) [best, at] = [value, params];
    }
    return best;
  };

  test("has its minimum where it says, and comes near to it in some instance", () => {
    const found = Array.from({ length: 8 }, (_, seed) => least(seed) - optimum);
    // the values of sums of some ten terms of at most 500 are rounded to 2^-53
    expect(Math.min(...found)).toBeGreaterThan(-1e-12);
    expect(Math.min(...found)).toBeLessThan(0.5);
  });
});

test("a placed function takes its minimum within the box, and elsewhere for each seed", () => {
  for (const placement of ["shift", "rotate", "mirror"] as const) {
    const { instance } = place({
      name: "bowl",
      citation: "",
      box: [
        [-1, 3],
        [-1, 3],
      ],
      placement,
      minimizer: [0.5, 2],
      optimum: 7,
      f: ([x, y]) => 7 + Math.abs(x - 0.5) + Math.abs(y - 2),
    });
    const places = Array.from({ length: 40 }, (_, seed) => {
      const f = instance(seed);
      let [best, at] = [Number.POSITIVE_INFINITY, ""];
      for (let i = 0; i <= 80; i++) {
        for (let j = 0; j <= 80; j++) {
          const value = f({ x1: -1 + i / 20, x2: -1 + j / 20 });
          if (value < best) [best, at] = [value, `${i}, ${j}`];
        }
      }
      // the grid has a point within 0.025 of the minimum in each axis, and |a| + |b| ≤ √2 of the distance
      expect(best).toBeLessThanOrEqual(7 + 0.05 + 1e-12);
      expect(best).toBeGreaterThanOrEqual(7);
      return at;
    });
    expect(new Set(places).size).toBe(placement === "mirror" ? 4 : 40);
  }
});

test.each(highDimensional.map((one) => [one.name, one] as const))(
  "%s has its minimum where the seed puts it, and less nowhere near",
  (_, { space, optimum, instance }) => {
    const f = instance(3);
    const stream = new RandomStream(3);
    const at = Object.entries(space).map(([name, parameter]) => {
      const { low, high } = parameter as { low: number; high: number };
      return [name, low + (0.1 + 0.8 * stream.uniform()) * (high - low)] as const;
    });
    // Rosenbrock's has 49 terms of 100·(1e-15)², Levy's and Ackley's some of sin(π)² and e
    expect(Math.abs(f(Object.fromEntries(at)) - optimum)).toBeLessThan(1e-7);
    for (let i = 0; i < 50; i++) {
      const near = at.map(([name, value]) => [name, value + 0.01 * stream.normal()]);
      expect(f(Object.fromEntries(near))).toBeGreaterThan(optimum - 1e-9);
    }
  },
);

describe("a run", () => {
  const line: TestFunction = {
    name: "line",
    citation: "",
    space: { x: { type: "float", low: 0, high: 10 } },
    optimum: 1,
    instance: () => (params) => 1 + (params.x as number),
  };
  /** Asks 5, 4, 3, …, and keeps what it is told. */
  function counting() {
    const tasks: Task[] = [];
    const told: [asked: number, number: number, value: number][] = [];
    const searcher: Searcher = {
      name: "counting",
      async start(task) {
        tasks.push(task);
        let asked = 0;
        return {
          ask: async () => ({ x: 5 - asked++ }),
          tell: async (number, outcome) => {
            if ("value" in outcome) told.push([asked, number, outcome.value]);
          },
        };
      },
    };
    return { searcher, tasks, told };
  }

  test("tells each value before the next is asked, or so many later as run at a time", async () => {
    for (const running of [1, 3]) {
      const { searcher, tasks, told } = counting();
      const { regrets } = await run(line, searcher, 4, { part: "quality", trials: 5, running });
      expect(regrets).toEqual([5, 4, 3, 2, 1]);
      expect(tasks).toEqual([{ space: line.space, seed: 4, running, objectives: 1, constrained: false }]);
      expect(told).toEqual(
        Array.from({ length: 5 - running }, (_, number) => [number + running, number, 6 - number]),
      );
    }
  });

  test("adds the same noise for each searcher, and measures without it where the least was told", async () => {
    const noisy = { ...line, noise: 0.4 };
    const [first, second] = [counting(), counting()];
    const conditions = { part: "noise", trials: 6, running: 1 };
    const { regrets } = await run(noisy, first.searcher, 4, conditions);
    await run(noisy, second.searcher, 4, conditions);
    expect(first.told).toEqual(second.told);
    const errors = first.told.map(([, number, value]) => value - (6 - number));
    // the median of uniform points is 5 from the minimum, and that of 1,001 has a standard error of 0.16
    expect(Math.abs(scaleOf(noisy) - 5)).toBeLessThan(0.64);
    expect(new Set(errors).size).toBe(5);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(5 * 0.4 * scaleOf(noisy));
    let least = Number.POSITIVE_INFINITY;
    for (const [, number, value] of first.told) {
      expect(regrets[number]).toBe(value < least ? 5 - number : regrets[number - 1]);
      least = Math.min(least, value);
    }
  });
});

test("settings are chosen on other seeds than those that are claimed on", () => {
  const [choose, claim] = (["choose", "claim"] as const).map((purpose) => seedsFor(purpose, 1000));
  expect(new Set([...choose, ...claim]).size).toBe(2000);
  expect(() => seedsFor("choose", 1_000_001)).toThrow(/number of seeds must be at most 1000000/);
});

test("each part has problems of one name each", () => {
  for (const { problems } of Object.values(searchParts)) {
    const names = problems.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(new Set(names).size).toBe(names.length);
  }
});

test("a network for the digits has the same scores in whatever stages it is trained", async () => {
  const study = createStudy({ space: trainingSpace, strategy: random(), direction: "minimize", seed: 3 });
  for (let trial = study.ask(); trial && trial.number < 3; trial = study.ask()) {
    const [whole, staged] = [0, 1].map(() => startTraining(trial.params, trial.seed, 4));
    const last = await whole.after(4);
    for (const epochs of [1, 3, 2, 4]) expect(await staged.after(epochs)).toEqual(await whole.after(epochs));
    expect(await staged.after(4)).toEqual(last);
    expect(last).not.toEqual(await staged.after(1));
  }
});

describe("statistics", () => {
  test("are SciPy's and NumPy's", () => {
    // scipy.stats.binomtest(12, 15).pvalue and the like, numpy.quantile, scipy.stats.rankdata
    expect(signTest(12, 3)).toBeCloseTo(0.03515625, 14);
    expect(signTest(0, 5)).toBeCloseTo(0.0625, 14);
    expect(signTest(5, 5)).toBe(1);
    expect(quantile([10, 1, 3, 2], 0.25)).toBe(1.75);
    const endless = [1, 2, Infinity, Infinity];
    expect([0, 0.2, 0.5, 0.9, 1].map((q) => quantile(endless, q))).toEqual([
      1,
      1.6,
      Infinity,
      Infinity,
      Infinity,
    ]);
    expect(ranks([3, 1, 3, 2])).toEqual([3.5, 1, 3.5, 2]);
  });

  test("sample each stratum by itself", () => {
    expect(bootstrapInterval([new Array(5).fill(1), new Array(5).fill(3)])).toEqual([2, 2]);
    // the mean of 200 numbers of standard deviation 0.5 has 0.0354, so the interval is 1.96 of that to each
    // side
    const [low, high] = bootstrapInterval([Array.from({ length: 200 }, (_, i) => i % 2)]);
    // a percentile of 2,000 samples has a standard error of 0.002 here, and means are multiples of 0.005
    expect(Math.abs(low - (0.5 - 1.96 * 0.0354))).toBeLessThan(0.01);
    expect(Math.abs(high - (0.5 + 1.96 * 0.0354))).toBeLessThan(0.01);
  });
});

describe("a report", () => {
  const runsOf = (strategy: string, last: readonly number[]): Run[] =>
    last.map((regret, seed) => ({
      part: "quality",
      function: "branin",
      strategy,
      seed,
      regrets: [9, regret],
    }));
  const runs = [...runsOf("random", [4, 4, 4, 4, 4]), ...runsOf("other", [1, 1, 1, 4])];

  test("takes quartiles after some trials, and a sign test over the seeds that both have", () => {
    expect(summarizeFunction(runs, "branin", 1)[1]).toMatchObject({ quartiles: [9, 9, 9], p: null });
    // three better, none worse, one equal: 2 · 2^-3
    expect(summarizeFunction(runs, "branin", 2)[1]).toMatchObject({
      seeds: 4,
      quartiles: [1, 1, 1.75],
      p: expect.closeTo(0.25, 12),
    });
  });

  test("ranks the strategies over the blocks that all have", () => {
    const branin = functions.filter(({ name }) => name === "branin");
    const [random, other] = summarize(runs, branin, { branin: 2 }, 2);
    expect(random).toMatchObject({ blocks: 4, meanRank: (2 + 2 + 2 + 1.5) / 4, p: null });
    expect(other).toMatchObject({
      meanRank: (1 + 1 + 1 + 1.5) / 4,
      wins: 3,
      losses: 0,
      p: expect.closeTo(0.25, 12),
    });
    // regrets over the scale: ½, ½, ½ and 2
    expect(other.geometricMean).toBeCloseTo((0.5 ** 3 * 2) ** 0.25, 14);
  });

  test("is after the last trial and at most two counts before", () => {
    expect([checkpoints(100), checkpoints(30), checkpoints(10)]).toEqual([[25, 50, 100], [25, 30], [10]]);
  });
});
