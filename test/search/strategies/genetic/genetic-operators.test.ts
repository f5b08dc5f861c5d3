/** The pieces of the genetic algorithm alone: who is selected, how parents are crossed, and what mutates. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { fromUnit, toUnit } from "../../../../src/search/space/scale.js";
import { buildParams, resolveSpace, whyOutside } from "../../../../src/search/space/space.js";
import { sameValue } from "../../../../src/search/space/value.js";
import { breedingOf } from "../../../../src/search/strategies/genetic/breeding.js";
import {
  blend,
  crossoverOf,
  onePoint,
  sbx,
  uniform,
} from "../../../../src/search/strategies/genetic/crossover.js";
import {
  mutate,
  mutateChoice,
  mutationOf,
  normal,
  polynomial,
} from "../../../../src/search/strategies/genetic/mutation.js";
import {
  rank,
  roulette,
  selectionOf,
  spin,
  tournament,
} from "../../../../src/search/strategies/genetic/selection.js";
import { anySpace } from "../../../../src/testing/arbitraries/space.js";
import { cases } from "../../../cases.js";
import { caught } from "../../support.js";

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

  test("by roulette chooses members in proportion to their fitness", () => {
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

  test("by tournament chooses the best of the drawn members, as often as simulated tournaments", () => {
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

  test("gives equal costs equal chances, and survives the widest range", () => {
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
    ["a size of 0", () => selectionOf({ type: "tournament", size: 0 }), /positive integer; received 0/],
    [
      "a pressure of 3",
      () => selectionOf({ type: "rank", pressure: 3 }),
      /must be a number in \[1, 2\]; received 3/,
    ],
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
      { numRuns: cases(300) },
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

test.each([
  ["blend", blend(0.5)],
  ["sbx", sbx(2)],
])("%s takes a choice from either parent, and none between", (_, cross) => {
  const space = resolveSpace({ kind: choice(["a", "b", "c", "d", "e"]) });
  const stream = new RandomStream(8);
  const kinds = Array.from({ length: 2000 }, () => cross(space, { kind: "a" }, { kind: "e" }, stream).kind);
  expect([...new Set(kinds)].sort()).toEqual(["a", "e"]);
  // four standard deviations of 2000 coins
  const first = kinds.filter((kind) => kind === "a").length;
  expect(Math.abs(first - 1000)).toBeLessThan(4 * Math.sqrt(500));
});

describe("sbx", () => {
  const space = resolveSpace({ x: float(0, 1) });
  /** Children of two numbers that are none of the parents: a half of all. */
  const childrenOf = (a: number, b: number, eta: number, count: number) => {
    const stream = new RandomStream(9);
    return Array.from(
      { length: count },
      () => sbx(eta)(space, { x: a }, { x: b }, stream).x as number,
    ).filter((x) => x !== a && x !== b);
  };

  test.each([0, 2, 20])("of η = %i has the distribution of the paper where ends are far", (eta) => {
    // parents 0.499 and 0.501: α is 2 - 500^-(η+1), so that ends matter little even for η = 0
    const spreads = childrenOf(0.499, 0.501, eta, 8000).map((x) => Math.abs(x - 0.5) / 0.001);
    expect(Math.abs(spreads.length - 4000)).toBeLessThan(4 * Math.sqrt(2000));
    // F(β) is β^(η+1) / 2 below 1, and 1 - β^-(η+1) / 2 above
    const exact = (beta: number) => (beta <= 1 ? beta ** (eta + 1) / 2 : 1 - beta ** -(eta + 1) / 2);
    const places = spreads.map(exact).sort((a, b) => a - b);
    const distance = Math.max(...places.map((place, i) => Math.abs(place - (i + 0.5) / places.length)));
    // Kolmogorov and Smirnov: beyond 1.95 / √n once in 1,000 times; for η = 0 the ends cut off 1/1000
    expect(distance).toBeLessThan(1.95 / Math.sqrt(places.length) + 1e-3);
  });

  test("keeps within the range, and lets no child beyond its end pile up there", () => {
    const children = childrenOf(0.02, 0.3, 1, 4000);
    expect(Math.min(...children)).toBeGreaterThanOrEqual(0);
    expect(children.filter((x) => x === 0)).toHaveLength(0);
    // on either side alike: the middle parts the children into halves
    const left = children.filter((x) => x < 0.16).length;
    expect(Math.abs(left - children.length / 2)).toBeLessThan(2 * Math.sqrt(children.length));
  });
});

test.each<[string, () => unknown, RegExp]>([
  ["a negative η of sbx", () => crossoverOf({ type: "sbx", eta: -1 }), /number of at least 0; received -1/],
  ["alpha of sbx", () => crossoverOf({ type: "sbx", alpha: 1 } as never), /unknown option of sbx crossover/],
  [
    "η of blend",
    () => crossoverOf({ type: "blend", eta: 1 } as never),
    /unknown option of blend crossover "eta"/,
  ],
  [
    "α as text",
    () => crossoverOf({ type: "blend", alpha: "1" } as never),
    /number of at least 0; received "1"/,
  ],
  [
    "an unknown crossover",
    () => crossoverOf("unifrom" as never),
    /unknown crossover "unifrom". Did you mean "uniform"/,
  ],
  ["an unknown mutation", () => mutationOf("polynomal" as never), /Did you mean "polynomial"/],
  [
    "an unknown selection",
    () => selectionOf("rnak" as never),
    /unknown selection "rnak". Did you mean "rank"/,
  ],
  [
    "a stray option of selection",
    () => selectionOf({ type: "rank", sise: 2 } as never),
    /unknown option of selection "sise"/,
  ],
  [
    "an endless η",
    () => mutationOf({ type: "polynomial", eta: Infinity }),
    /a number of at least 0; received/,
  ],
  ["a scale of polynomial", () => mutationOf({ type: "polynomial", scale: 1 } as never), /unknown option of/],
])("options refuse %s", (_, make, message) => {
  expect(caught(make).message).toMatch(message);
});

describe("mutation", () => {
  const anyPoint = anyParents.map(({ space, a, stream }) => ({ space, a, stream }));
  const anyMutation = fc.constantFrom(normal(0.2), normal(0.01), polynomial(1), polynomial(20));

  test("gives a point of the space; at rate 0 the same one", () => {
    fc.assert(
      fc.property(anyPoint, fc.constantFrom(0.1, 0.5, 1), anyMutation, ({ space, a, stream }, rate, move) => {
        expect(whyOutside(space, mutate(space, a, rate, move, stream))).toBeUndefined();
        expect(mutate(space, a, 0, move, stream)).toEqual(a);
      }),
      { numRuns: cases(300) },
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
        const child = mutate(free, a, 1, normal(0.01), stream);
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
      { numRuns: cases(300) },
    );
  });

  test("moves a number by a normal step on its own scale", () => {
    const parameter = float(1e-4, 1, { log: true });
    const steps = Array.from({ length: 4000 }, (_, seed) => {
      const value = normal(0.1)(parameter, 1e-2, new RandomStream(seed));
      return (Math.log10(value) + 2) / 4 / 0.1;
    });
    const mean = steps.reduce((sum, x) => sum + x, 0) / 4000;
    const variance = steps.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000;
    // four standard errors: 1/√4000 of the mean, √(2/4000) of the variance
    expect(Math.abs(mean)).toBeLessThan(0.064);
    expect(Math.abs(variance - 1)).toBeLessThan(0.09);
  });

  test.each([
    ["normal", normal(1e-6)],
    ["polynomial", polynomial(1e6)],
  ])("%s moves an int to a neighbour when the step is less than one", (_, move) => {
    const parameter = int(0, 9);
    for (let seed = 0; seed < 50; seed++) {
      const stream = () => new RandomStream(seed);
      expect([3, 5]).toContain(move(parameter, 4, stream()));
      expect(move(parameter, 0, stream())).toBe(1);
      expect(move(parameter, 9, stream())).toBe(8);
    }
  });

  test.each([0, 5, 20])("polynomial of η = %i steps as the paper says, within the range", (eta) => {
    const parameter = float(0, 1);
    const stream = new RandomStream(4);
    const from = 0.2;
    const steps = Array.from({ length: 4000 }, () => polynomial(eta)(parameter, from, stream) - from);
    // the paper's equations, of r uniform: a step below 0 has r < ½, and the step says which r it was
    const places = steps.map((step) => {
      const end = step < 0 ? from : 1 - from;
      const [power, least] = [(1 - Math.abs(step)) ** (eta + 1), (1 - end) ** (eta + 1)];
      const r = (power - least) / (2 * (1 - least));
      return step < 0 ? r : 1 - r;
    });
    places.sort((a, b) => a - b);
    const distance = Math.max(...places.map((place, i) => Math.abs(place - (i + 0.5) / 4000)));
    // Kolmogorov and Smirnov: beyond 1.95 / √n once in 1,000 times
    expect(distance).toBeLessThan(1.95 / Math.sqrt(4000));
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

test.each([
  [2, undefined, 1],
  [8, undefined, 1],
  [20, undefined, 1],
  [8, 0.25, 2],
  [8, 0, 0],
  [8, 1, 8],
])(
  "a child of %i parameters mutates at a rate of %s in %i of them on the average",
  (n, mutationRate, mean) => {
    const space = resolveSpace(
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`x${i}`, float(0, 1)])),
    );
    const parent = Object.fromEntries(space.names.map((name) => [name, 0.5]));
    const breed = breedingOf({
      crossover: "blend",
      crossoverRate: 0,
      mutation: "normal",
      ...(mutationRate !== undefined && { mutationRate }),
    });
    const stream = new RandomStream(n);
    let changed = 0;
    for (let i = 0; i < 4000; i++) {
      const child = breed(space, () => parent, stream);
      changed += space.names.filter((name) => child[name] !== 0.5).length / 4000;
    }
    // four standard deviations of the mean of 4,000 counts with a variance of at most 1.5
    expect(Math.abs(changed - mean)).toBeLessThan(4 * Math.sqrt(1.5 / 4000));
  },
);
