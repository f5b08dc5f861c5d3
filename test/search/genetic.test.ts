import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/numerics/random.js";
import { choice, float, int } from "../../src/search/parameter.js";
import { ranked } from "../../src/search/ranking.js";
import { fromUnit, toUnit } from "../../src/search/scale.js";
import { buildParams, type Params, resolveSpace, whyOutside } from "../../src/search/space.js";
import { blend, type Crossover, onePoint, uniform } from "../../src/search/strategies/genetic/crossover.js";
import { mutate, mutateChoice, mutateNumber } from "../../src/search/strategies/genetic/mutation.js";
import { diversityOf, succeed } from "../../src/search/strategies/genetic/population.js";
import {
  rank,
  roulette,
  selectionOf,
  spin,
  tournament,
} from "../../src/search/strategies/genetic/selection.js";
import { type GeneticOptions, genetic } from "../../src/search/strategies/genetic.js";
import { random } from "../../src/search/strategies/random.js";
import { createStudy } from "../../src/search/study.js";
import { makeRecord, type TrialOutcome } from "../../src/search/trial.js";
import { sameValue } from "../../src/search/value.js";
import { anySpace } from "../../src/testing/arbitraries/space.js";
import { checkStrategyLaw, strategyLaws } from "../../src/testing/strategy.js";
import { objectives, search, signTest } from "./objectives.js";
import { caught } from "./support.js";

describe.each<[string, GeneticOptions]>([
  ["its defaults", { populationSize: 4 }],
  ["other parts", { populationSize: 4, selection: "roulette", crossover: "onePoint", elitism: 0 }],
  [
    "immigrants",
    { populationSize: 3, selection: "rank", crossover: "uniform", convergence: { diversity: 1 } },
  ],
])("genetic with %s keeps the contract of strategies:", (_, options) => {
  test.each(Object.keys(strategyLaws))("%s", (law) =>
    checkStrategyLaw(genetic(options), law, { numRuns: 60 }),
  );
});

const anyCosts = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 30 });

/** Pearson's statistic of counts beside the expected ones; cells that expect nothing must be empty. */
function chiSquare(counts: readonly number[], expected: ArrayLike<number>): number {
  return counts.reduce((sum, count, i) => {
    if (expected[i] === 0) return count === 0 ? sum : Number.POSITIVE_INFINITY;
    return sum + (count - expected[i]) ** 2 / expected[i];
  }, 0);
}

describe("selection", () => {
  const costs = [3, -1, 7, 0, 2, 7.5, 4, -2];

  test("by roulette takes members in proportion to their fitness", () => {
    const stream = new RandomStream(5);
    const probabilities = roulette(costs);
    const counts = costs.map(() => 0);
    const spins = 40_000;
    for (let i = 0; i < spins; i++) counts[spin(probabilities, stream)]++;
    const fitness = costs.map((cost) => 7.5 - cost);
    const total = fitness.reduce((sum, f) => sum + f);
    const expected = fitness.map((f) => (f / total) * spins);
    // 6 degrees of freedom (the worst is never taken): exceeded once in 1,000 times
    expect(chiSquare(counts, expected)).toBeLessThan(22.46);
    // and the test could tell: fitness squared would be far beyond
    const squares = fitness.map((f) => f * f);
    const other = squares.map((f) => (f / squares.reduce((sum, x) => sum + x)) * spins);
    expect(chiSquare(counts, other)).toBeGreaterThan(1000);
  });

  test("by tournament takes the best of those drawn, as often as tournaments held by hand", () => {
    for (const size of [1, 2, 3, 5]) {
      const stream = new RandomStream(6, size);
      const counts = costs.map(() => 0);
      const held = 40_000;
      for (let i = 0; i < held; i++) {
        let winner = stream.integer(costs.length);
        for (let k = 1; k < size; k++) {
          const rival = stream.integer(costs.length);
          if (costs[rival] < costs[winner]) winner = rival;
        }
        counts[winner]++;
      }
      // 7 degrees of freedom: exceeded once in 1,000 times
      const expected = tournament(size)(costs).map((p) => p * held);
      expect(chiSquare(counts, expected)).toBeLessThan(24.33);
    }
  });

  test("by rank falls linearly from the best to the worst", () => {
    fc.assert(
      fc.property(anyCosts, fc.double({ min: 1, max: 2, noNaN: true }), (costs, pressure) => {
        const n = costs.length;
        const order = costs.map((_, i) => i).sort((i, j) => costs[i] - costs[j] || i - j);
        const inOrder = order.map((i) => rank(pressure)(costs)[i]);
        for (const [i, p] of inOrder.entries()) {
          const share = n === 1 ? 1 : pressure - ((2 * pressure - 2) * i) / (n - 1);
          expect(p).toBeCloseTo(share / n, 12);
        }
      }),
    );
  });

  test("is a distribution that prefers less cost, and sees only differences", () => {
    const anySelection = fc.constantFrom(roulette, tournament(2), tournament(4), rank(1.5));
    fc.assert(
      fc.property(anyCosts, anySelection, (costs, select) => {
        const probabilities = select(costs);
        expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        for (let i = 0; i < costs.length; i++) {
          expect(probabilities[i]).toBeGreaterThanOrEqual(0);
          for (let j = 0; j < costs.length; j++) {
            if (costs[i] < costs[j]) expect(probabilities[i]).toBeGreaterThanOrEqual(probabilities[j]);
          }
        }
      }),
    );
  });

  test("takes all alike where all cost the same, and survives the widest range", () => {
    expect([...roulette([2, 2, 2, 2])]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([...roulette([-1.7e308, 1.7e308])]).toEqual([1, 0]);
    expect([...roulette([0, 5e-324])]).toEqual([1, 0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["a name that does not exist", () => selectionOf("roulete" as never), /Did you mean "roulette"/],
    [
      "a figure of another kind",
      () => selectionOf({ type: "rank", size: 3 } as never),
      /unknown option of rank selection/,
    ],
    ["a size of 0", () => selectionOf({ type: "tournament", size: 0 }), /positive integer, received 0/],
    ["a pressure of 3", () => selectionOf({ type: "rank", pressure: 3 }), /lies in \[1, 2\], received 3/],
  ])("refuses %s", (_, make, message) => {
    expect(caught(make).message).toMatch(message);
  });
});

/** A space, two of its points, and a stream. */
const anyParents = fc
  .record({ space: anySpace().map(resolveSpace), seed: fc.nat() })
  .map(({ space, seed }) => {
    const stream = new RandomStream(seed);
    const point = () => buildParams(space, (parameter) => fromUnit(parameter, stream.uniform()));
    return { space, a: point(), b: point(), stream };
  });

describe("crossover", () => {
  const kinds: [string, Crossover][] = [
    ["uniform", uniform],
    ["onePoint", onePoint],
    ["blend", blend(0.5)],
  ];

  test.each(kinds)(
    "%s gives a point of the space, with what only one parent has from that one",
    (_, cross) => {
      fc.assert(
        fc.property(anyParents, ({ space, a, b, stream }) => {
          const child = cross(space, a, b, stream);
          expect(whyOutside(space, child)).toBeUndefined();
          for (const name of Object.keys(child)) {
            if (name in a !== name in b) expect(child[name]).toEqual(name in a ? a[name] : b[name]);
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  test.each(kinds)("%s of equal parents is the same point", (_, cross) => {
    fc.assert(
      fc.property(anyParents, ({ space, a, stream }) => {
        expect(cross(space, a, a, stream)).toEqual(a);
      }),
    );
  });

  test.each(kinds.slice(0, 2))("%s takes each value from a parent", (_, cross) => {
    fc.assert(
      fc.property(anyParents, ({ space, a, b, stream }) => {
        const child = cross(space, a, b, stream);
        for (const name of Object.keys(child)) {
          const parents = [a, b].filter((parent) => name in parent);
          if (parents.length > 0)
            expect(parents.some((parent) => sameValue(parent[name], child[name]))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  const numbers = resolveSpace({ a: float(0, 1), b: float(0, 1), c: float(0, 1), d: float(0, 1) });
  const [zeros, ones] = [0, 1].map((x) => ({ a: x, b: x, c: x, d: x }));

  test("onePoint cuts once, at every place", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      seen.add(Object.values(onePoint(numbers, zeros, ones, new RandomStream(seed))).join(""));
    }
    expect([...seen].sort()).toEqual(["0001", "0011", "0111"]);
  });

  test("uniform takes either parent with equal chances, each parameter by itself", () => {
    const counts = new Array<number>(16).fill(0);
    for (let seed = 0; seed < 3200; seed++) {
      const bits = Object.values(uniform(numbers, zeros, ones, new RandomStream(seed))).join("");
      counts[Number.parseInt(bits, 2)]++;
    }
    // 15 degrees of freedom: exceeded once in 1,000 times
    expect(chiSquare(counts, new Array(16).fill(200))).toBeLessThan(37.7);
  });

  test("blend stays within the parents' interval, extended by alpha at either end, and fills it", () => {
    fc.assert(
      fc.property(anyParents, fc.constantFrom(0, 0.3, 1), ({ space, a, b, stream }, alpha) => {
        const child = blend(alpha)(space, a, b, stream);
        for (const [name, parameter] of Object.entries(space.parameters)) {
          if (parameter.type === "choice" || !(name in child && name in a && name in b)) continue;
          const [u, v] = [a, b].map((parent) => toUnit(parameter, parent[name]));
          const [low, high] = [Math.min(u, v), Math.max(u, v)];
          const reach = alpha * (high - low);
          const bounds = [low - reach, high + reach].map((x) => fromUnit(parameter, x) as number);
          // the scale's own rounding, where parents are next to each other
          const slack = 1e-9 * Math.max(1, Math.abs(bounds[0]), Math.abs(bounds[1]));
          expect(child[name]).toBeGreaterThanOrEqual(bounds[0] - slack);
          expect(child[name]).toBeLessThanOrEqual(bounds[1] + slack);
        }
      }),
      { numRuns: 300 },
    );
    const space = resolveSpace({ x: float(0, 1) });
    const children = Array.from(
      { length: 1000 },
      (_, seed) => blend(0.5)(space, { x: 0.4 }, { x: 0.6 }, new RandomStream(seed)).x as number,
    );
    // of a thousand uniform numbers, the least is above 0.01 of the range once in 23,000 times
    expect(Math.min(...children)).toBeLessThan(0.302);
    expect(Math.max(...children)).toBeGreaterThan(0.698);
  });
});

describe("mutation", () => {
  const anyPoint = anyParents.map(({ space, a, stream }) => ({ space, a, stream }));

  test("gives a point of the space; at rate 0 the same one", () => {
    fc.assert(
      fc.property(anyPoint, fc.constantFrom(0.1, 0.5, 1), ({ space, a, stream }, rate) => {
        expect(whyOutside(space, mutate(space, a, { rate, scale: 0.2 }, stream))).toBeUndefined();
        expect(mutate(space, a, { rate: 0, scale: 0.2 }, stream)).toEqual(a);
      }),
      { numRuns: 300 },
    );
  });

  test("at rate 1 changes every value that can change", () => {
    fc.assert(
      fc.property(anyPoint, ({ space, a, stream }) => {
        const free = resolveSpace(
          Object.fromEntries(
            Object.keys(a).map((name) => {
              const { when, ...parameter } = space.parameters[name];
              return [name, parameter];
            }),
          ),
        );
        const child = mutate(free, a, { rate: 1, scale: 0.01 }, stream);
        for (const [name, parameter] of Object.entries(free.parameters)) {
          // where a range is a few roundings wide, a step may round back
          const isNarrow =
            parameter.type === "float" &&
            parameter.high <= parameter.low + 1e-9 * (1 + Math.abs(parameter.low));
          if (isNarrow && parameter.step === undefined) continue;
          const single =
            parameter.type === "choice"
              ? parameter.values.length === 1
              : fromUnit(parameter, 0) === fromUnit(parameter, 1);
          expect(sameValue(child[name], a[name])).toBe(single);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("moves a number by a normal step on its own scale", () => {
    const parameter = float(1e-4, 1, { log: true });
    const steps = Array.from({ length: 4000 }, (_, seed) => {
      const value = mutateNumber(parameter, 1e-2, 0.1, new RandomStream(seed));
      return (Math.log10(value) + 2) / 4 / 0.1;
    });
    const mean = steps.reduce((sum, x) => sum + x, 0) / 4000;
    const variance = steps.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000;
    // four standard errors: 1/√4000 of the mean, √(2/4000) of the variance
    expect(Math.abs(mean)).toBeLessThan(0.064);
    expect(Math.abs(variance - 1)).toBeLessThan(0.09);
  });

  test("moves an int to a neighbour when the step is less than one", () => {
    const parameter = int(0, 9);
    for (let seed = 0; seed < 50; seed++) {
      const stream = () => new RandomStream(seed);
      expect([3, 5]).toContain(mutateNumber(parameter, 4, 1e-6, stream()));
      expect(mutateNumber(parameter, 0, 1e-6, stream())).toBe(1);
      expect(mutateNumber(parameter, 9, 1e-6, stream())).toBe(8);
    }
  });

  test("gives each other value of a choice the same chance", () => {
    const parameter = choice(["a", "b", "c", "d"]);
    const counts = { b: 0, c: 0, d: 0 } as Record<string, number>;
    for (let seed = 0; seed < 3000; seed++)
      counts[mutateChoice(parameter, "a", new RandomStream(seed)) as string]++;
    expect(Object.keys(counts)).toHaveLength(3);
    // 2 degrees of freedom: exceeded once in 1,000 times
    expect(chiSquare(Object.values(counts), [1000, 1000, 1000])).toBeLessThan(13.82);
  });
});

describe("a population", () => {
  const anyOutcome: fc.Arbitrary<TrialOutcome> = fc.oneof(
    fc.double({ min: -9, max: 9, noNaN: true }).map((value) => ({ value })),
    fc.constant<TrialOutcome>({ status: "failed" }),
  );
  const anyTrials = fc
    .array(anyOutcome, { minLength: 1, maxLength: 20 })
    .map((outcomes) => outcomes.map((told, number) => makeRecord({ number, params: { x: number } }, told)));

  test("keeps its best from one generation to the next", () => {
    fc.assert(
      fc.property(anyTrials, anyTrials, fc.integer({ min: 1, max: 5 }), (first, second, elitism) => {
        const before = ranked(first, "maximize");
        const values = before.map(({ value }) => value ?? Number.NEGATIVE_INFINITY);
        expect(values).toEqual([...values].sort((a, b) => b - a || 0));
        const after = succeed(before, second, elitism, "maximize");
        expect(after).toHaveLength(Math.min(elitism, first.length) + second.length);
        for (const elite of before.slice(0, elitism)) expect(after).toContain(elite);
        const all = [...first, ...second].map(({ value }) => value ?? Number.NEGATIVE_INFINITY);
        expect(after[0].value ?? Number.NEGATIVE_INFINITY).toBe(Math.max(...all));
      }),
    );
  });

  test("has a diversity of 0 where all agree, and of 1 where values are uniform", () => {
    const space = resolveSpace({
      x: float(0, 1),
      k: choice(["a", "b", "c", "d"]),
      l: int(0, 3, { when: { k: ["d"] } }),
      one: choice(["only"]),
    });
    const at = (x: number, k: string, rest = {}) => ({ params: { x, k, one: "only", ...rest } as Params });
    expect(diversityOf(space, [at(0.2, "a"), at(0.2, "a"), at(0.2, "a")])).toBeCloseTo(0, 15);
    expect(diversityOf(space, [at(0.2, "a")])).toBe(0);
    // x: half of the members at either end has the standard deviation 1/2; k: two of four values, (1/2) / (3/4)
    expect(diversityOf(space, [at(0, "a"), at(1, "b")])).toBeCloseTo((Math.sqrt(12) / 2 + 2 / 3) / 2, 14);
    // l is at 1/8 and 7/8 for those who have it: 3/8
    const some = [at(0.5, "a"), at(0.5, "d", { l: 0 }), at(0.5, "d", { l: 3 }), at(0.5, "a")];
    expect(diversityOf(space, some)).toBeCloseTo((0 + 2 / 3 + (3 / 8) * Math.sqrt(12)) / 3, 14);
    const stream = new RandomStream(2);
    const spread = Array.from({ length: 5000 }, () =>
      at(stream.uniform(), ["a", "b", "c"][stream.integer(3)]),
    );
    expect(diversityOf(space, spread)).toBeCloseTo((1 + (2 / 3) * (4 / 3)) / 2, 1);
  });
});

describe("the search", () => {
  test.each(Object.entries(objectives))("is better than random search on %s", (_, objective) => {
    expect(signTest(objective, genetic(), random(), { seeds: 20, trials: 80 })).toBeLessThan(0.01);
  });

  test.each<[string, GeneticOptions]>([
    ["roulette", { selection: "roulette" }],
    ["rank", { selection: "rank" }],
    ["uniform", { crossover: "uniform" }],
    ["onePoint", { crossover: "onePoint" }],
    ["mutation alone", { crossoverRate: 0 }],
  ])("is better than random search with %s", (_, options) => {
    expect(signTest(objectives.sphere, genetic(options), random(), { seeds: 20, trials: 80 })).toBeLessThan(
      0.01,
    );
  });

  /** How far from the best point so far the trials of the last generation are. */
  const lastSteps = (options: GeneticOptions) => {
    const { study } = search(objectives.sphere, genetic(options), 3, 410);
    const best = study.best?.params as Record<string, number>;
    return study.trials
      .slice(-40)
      .map(({ params }) =>
        Math.max(...Object.keys(best).map((name) => Math.abs(best[name] - (params[name] as number)))),
      );
  };

  test("sends immigrants once the population has converged, and only then", () => {
    const narrow = { mutationRate: 0 };
    const far = (steps: readonly number[]) => steps.filter((step) => step > 1).length;
    expect(far(lastSteps({ ...narrow, convergence: { diversity: 0 } }))).toBe(0);
    // a uniform point is within 1 of the best in all 5 numbers once in 3,000 times; a few populations exceed 1
    expect(far(lastSteps({ ...narrow, convergence: { diversity: 1, immigrants: 1 } }))).toBeGreaterThan(30);
    const some = far(lastSteps({ ...narrow, convergence: { diversity: 1 } }));
    expect(some).toBeGreaterThan(5);
    expect(some).toBeLessThan(31);
  });

  test("begins at the defaults", () => {
    const space = { x: float(0, 1, { default: 0.9 }), y: int(0, 4) };
    const study = createStudy({ space, strategy: genetic(), direction: "minimize" });
    expect(study.ask()?.params).toEqual({ x: 0.9, y: 2 });
  });

  test("is made again from its options as JSON", () => {
    const options: GeneticOptions = {
      populationSize: 5,
      selection: { type: "tournament", size: 2 },
      crossover: { type: "blend", alpha: 0.1 },
      mutationRate: 0.5,
    };
    const again = genetic(JSON.parse(JSON.stringify(genetic(options).options)));
    expect(again.options).toEqual(options);
    const runs = [genetic(options), again].map((strategy) =>
      search(objectives.ackley, strategy, 1, 40).study.trials.map(({ params }) => params),
    );
    expect(runs[1]).toEqual(runs[0]);
  });
});

test.each<[string, GeneticOptions, RegExp]>([
  ["a population of 1", { populationSize: 1 }, /an integer from 2, received 1/],
  ["elitism of all", { populationSize: 5, elitism: 5 }, /from 0 to populationSize - 1, received 5/],
  ["a rate above 1", { mutationRate: 2 }, /mutationRate of genetic lies in \[0, 1\], received 2/],
  ["a scale of 0", { mutationScale: 0 }, /a number above 0, received 0/],
  ["a figure of convergence", { convergence: { diversity: -1 } }, /diversity of genetic lies in/],
  [
    "a stray option of convergence",
    { convergence: { spread: 1 } as never },
    /unknown option of genetic's convergence/,
  ],
  ["a negative alpha", { crossover: { type: "blend", alpha: -1 } }, /a number from 0, received -1/],
])("genetic refuses %s", (_, options, message) => {
  expect(caught(() => genetic(options)).message).toMatch(message);
});
