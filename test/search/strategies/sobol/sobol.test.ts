import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import type { Params, Space } from "../../../../src/search/space/space.js";
import { scramble, sobolPoint } from "../../../../src/search/strategies/sobol/sequence.js";
import { type SobolOptions, sobol } from "../../../../src/search/strategies/sobol/sobol.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { checkStrategyLaw, strategyLaws } from "../../../../src/testing/strategy.js";
import { caught } from "../../support.js";

/** Parameters x0, x1, … over the unit interval. */
function cube(dimensions: number): Space {
  return Object.fromEntries(Array.from({ length: dimensions }, (_, i) => [`x${i}`, float(0, 1)]));
}

/** The first `count` suggestions. */
function suggestions(space: Space, count: number, seed = 0, options?: SobolOptions): Params[] {
  const study = createStudy({ space, strategy: sobol(options), seed, direction: "minimize" });
  return Array.from({ length: count }, () => study.ask()?.params as Params);
}

/** The same in the cube, [count, dimensions]. */
function points(dimensions: number, count: number, seed = 0, options?: SobolOptions): number[][] {
  return suggestions(cube(dimensions), count, seed, options).map(
    (params) => Object.values(params) as number[],
  );
}

/** How many points lie in each box of sides 2^-bits, for the boxes that hold any; bits by dimension. */
function boxes(all: readonly number[][], bits: Readonly<Record<number, number>>): number[] {
  const counts = new Map<string, number>();
  for (const point of all) {
    const key = Object.entries(bits).map(([d, b]) => Math.floor(point[Number(d)] * 2 ** b));
    counts.set(key.join(), (counts.get(key.join()) ?? 0) + 1);
  }
  return [...counts.values()];
}

/**
 * The square of the centred L2 discrepancy: F. Hickernell, "A generalized discrepancy and quadrature error
 * bound", 1998, eq. 5.1c.
 */
function centredDiscrepancy(all: readonly number[][]): number {
  const product = (d: number, factor: (i: number) => number) =>
    Array.from({ length: d }, (_, i) => factor(i)).reduce((a, b) => a * b, 1);
  const [n, d] = [all.length, all[0].length];
  let [single, double] = [0, 0];
  for (const x of all) {
    const off = x.map((value) => Math.abs(value - 0.5));
    single += product(d, (i) => 1 + off[i] / 2 - off[i] ** 2 / 2);
    for (const y of all) {
      double += product(d, (i) => 1 + (off[i] + Math.abs(y[i] - 0.5) - Math.abs(x[i] - y[i])) / 2);
    }
  }
  return (13 / 12) ** d - (2 / n) * single + double / n ** 2;
}

// first of all: the first points make the table of directions, and only what looks at them can tell if it is
// wrong
describe("the unscrambled sequence", () => {
  test("begins as Joe and Kuo's program prints it", () => {
    // the example on their page, 10 points in 3 dimensions
    expect(points(3, 10, 5, { scramble: false })).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
      [0.875, 0.875, 0.125],
      [0.625, 0.125, 0.875],
      [0.125, 0.625, 0.375],
      [0.1875, 0.3125, 0.9375],
      [0.6875, 0.8125, 0.4375],
    ]);
  });

  test("is SciPy's further on, in all 64 dimensions", () => {
    // scipy.stats.qmc.Sobol(64, scramble=False, bits=32).random(16384), SciPy 1.15.3, times 2^14
    expect(Array.from(sobolPoint(682, 64), (x) => x * 2 ** 14)).toEqual([
      16368, 4176, 11984, 7216, 14736, 4208, 12048, 4848, 11760, 10704, 5328, 4400, 3824, 15792, 10832, 12048,
      7344, 6576, 3792, 6864, 8912, 464, 9328, 7984, 368, 2160, 944, 15824, 11568, 5744, 6800, 11696, 2960,
      14032, 4976, 3440, 1072, 10192, 10320, 4688, 1808, 15920, 11920, 10128, 9904, 6544, 368, 624, 6992,
      13712, 9136, 10544, 11792, 6704, 9584, 3632, 10800, 14128, 12720, 816, 4080, 5040, 9840, 9712,
    ]);
    expect(Array.from(sobolPoint(12345, 64), (x) => x * 2 ** 14)).toEqual([
      10501, 13327, 2627, 8631, 14557, 965, 2085, 1857, 13137, 7039, 1217, 9811, 15253, 15431, 565, 10499,
      1025, 835, 5233, 5627, 3265, 1331, 9945, 14135, 7231, 4845, 5997, 7897, 1437, 6627, 4701, 10847, 8235,
      10835, 3117, 14919, 43, 5281, 15727, 15535, 3531, 13115, 12487, 9379, 4733, 7817, 16087, 3929, 10865,
      10041, 12639, 7429, 145, 10089, 14191, 9029, 7309, 15935, 7573, 15887, 1771, 10283, 15891, 7629,
    ]);
  });

  test.each([
    // scipy.stats.qmc.discrepancy(Sobol(64, scramble=False).random(n)[:, :d], method="CD"), SciPy 1.15.3
    [2, 16, 0.0036243862575953134],
    [2, 256, 1.663160380993567e-5],
    [5, 64, 0.0031211288638202106],
    [5, 256, 0.0002597808337478913],
    [10, 64, 0.04311075633343897],
  ])("has SciPy's centred discrepancy in %i dimensions, %i points", (dimensions, count, expected) => {
    // sums near (13/12)^d < 2.3 of up to 2^16 terms, each rounded to 2^-53: within 2^16 · 2.3 · 2^-53 of each
    // other
    expect(
      Math.abs(centredDiscrepancy(points(dimensions, count, 0, { scramble: false })) - expected),
    ).toBeLessThan(2e-11);
  });
});

describe("sobol keeps the contract of strategies:", () => {
  describe.each([true, false])("scrambled: %s:", (scrambled) => {
    test.each(Object.keys(strategyLaws))("%s", (law) =>
      checkStrategyLaw(sobol({ scramble: scrambled }), law),
    );
  });
});

describe.each([0, 1, 2, 3])("the first 2^m points scrambled by seed %i", (seed) => {
  test("lie one in each 2^m-th part of any dimension", () => {
    const all = points(130, 64, seed);
    for (let d = 0; d < 130; d++)
      expect(boxes(all, { [d]: 6 }), `dimension ${d}`).toEqual(new Array(64).fill(1));
  });

  test("are a (1, m, 3)-net in the first three", () => {
    const all = points(3, 128, seed);
    for (let a = 0; a <= 6; a++) {
      for (let b = 0; a + b <= 6; b++) {
        expect(boxes(all, { 0: a, 1: b, 2: 6 - a - b })).toEqual(new Array(64).fill(2));
      }
    }
  });

  test.each([
    [2, 16],
    [5, 64],
    [10, 256],
  ])("have less than half of the discrepancy that random points have in %i dimensions, %i points", (d, n) => {
    // the expectation for independent points: ((5/4)^d − (13/12)^d) / n
    const expected = ((5 / 4) ** d - (13 / 12) ** d) / n;
    expect(centredDiscrepancy(points(d, n, seed))).toBeLessThan(expected / 2);
  });
});

describe("scrambling", () => {
  const word = fc.nat({ max: 2 ** 32 - 1 });
  /** How many of the highest bits two words share. */
  const shared = (a: number, b: number) => Math.clz32(a ^ b);

  test("is nested: words that share their highest bits share as many afterwards, and no more", () => {
    fc.assert(
      fc.property(word, word, word, (x, y, key) => {
        expect(shared(scramble(x, key), scramble(y, key))).toBe(shared(x, y));
      }),
    );
  });

  test("is nested where words share many bits, too", () => {
    fc.assert(
      fc.property(word, fc.nat({ max: 31 }), word, (x, bit, key) => {
        const y = (x ^ (2 ** bit)) >>> 0;
        expect(shared(scramble(x, key), scramble(y, key))).toBe(31 - bit);
      }),
    );
  });

  test("turns the first three levels independently", () => {
    // 7 nodes of the tree of halves: 128 outcomes, 127 degrees, exceeded once in 10,000 times
    const [outcomes, keys] = [new Array<number>(128).fill(0), 12_800];
    for (let key = 0; key < keys; key++) {
      const bits = [0, 1, 2, 3].map((quarter) => scramble(quarter * 2 ** 30, key * 2_654_435));
      const first = bits[0] >>> 31;
      const second = [bits[0], bits[2]].map((x) => (x >>> 30) & 1);
      const third = bits.map((x) => (x >>> 29) & 1);
      outcomes[[first, ...second, ...third].reduce((code, bit) => 2 * code + bit)]++;
    }
    expect(outcomes.reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0)).toBeLessThan(191.7);
  });

  test("differs by seed and by dimension, and not by trial", () => {
    const [one, other] = [points(3, 2, 1), points(3, 2, 2)];
    expect(new Set([...one[0], ...other[0]]).size).toBe(6);
    // the second point must be a number in the other half of every dimension, which holds only for one
    // scrambling
    for (const [first, second] of [one, other]) {
      expect(second.map((x) => x < 0.5)).toEqual(first.map((x) => x >= 0.5));
    }
  });

  test("leaves every point uniform", () => {
    const first = Array.from({ length: 1000 }, (_, seed) => points(1, 1, seed)[0][0]);
    // ten cells, 9 degrees, exceeded once in 10,000 times
    const cells = Array.from({ length: 10 }, (_, i) => first.filter((x) => Math.floor(10 * x) === i).length);
    expect(cells.reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0)).toBeLessThan(33.72);
  });
});

describe("sobol search", () => {
  test("skips no point of the sequence for enqueued or added ones", () => {
    const space = cube(2);
    const study = createStudy({ space, strategy: sobol(), seed: 4, direction: "minimize" });
    const asked: Params[] = [];
    for (let i = 0; i < 8; i++) {
      if (i % 3 === 1) study.add({ x0: 0.5, x1: i / 10 } as never, { value: 1 });
      asked.push(study.ask()?.params as Params);
    }
    expect(asked).toEqual(suggestions(space, 8, 4));
  });

  test("suggests each of a power of two of values equally often", () => {
    const space: Space = { units: int(1, 8), kind: choice(["a", "b", "c", "d"]), x: float(0, 1) };
    const all = suggestions(space, 64, 9);
    const counts = (name: string) => {
      const values = all.map((params) => params[name]);
      return [...new Set(values)].map((value) => values.filter((other) => other === value).length);
    };
    expect(counts("units")).toEqual(new Array(8).fill(8));
    expect(counts("kind")).toEqual(new Array(4).fill(16));
  });

  test("gives a conditional parameter its own dimension", () => {
    const conditional: Space = {
      kind: choice(["a", "b"]),
      x: float(0, 1, { when: { kind: ["b"] } }),
      y: float(0, 1),
    };
    const plain = suggestions({ ...conditional, x: float(0, 1) }, 16, 3);
    for (const [i, params] of suggestions(conditional, 16, 3).entries()) {
      expect(params).toEqual(params.kind === "b" ? plain[i] : { kind: "a", y: plain[i].y });
    }
  });

  test("replaces a repeated point by the one 1,048,573 further on", () => {
    const space: Space = { a: int(0, 2), b: int(0, 2) };
    const at = (index: number): Params => {
      const [a, b] = Array.from(sobolPoint(index, 2), (u) => Math.floor(3 * u));
      return { a, b };
    };
    const expected: Params[] = [];
    for (let i = 0; i < 9; i++) {
      let index = i;
      const isUsed = () => expected.some(({ a, b }) => a === at(index).a && b === at(index).b);
      while (isUsed()) index += 1_048_573;
      expected.push(at(index));
    }
    expect(suggestions(space, 10, 0, { scramble: false })).toEqual([...expected, undefined]);
  });

  test("leaves no sooner than all points of a finite space are used", () => {
    const space: Space = { a: int(1, 40), b: choice(["x", "y"]), c: int(1, 3, { when: { b: ["x"] } }) };
    const all = suggestions(space, 161, 2);
    expect(new Set(all.slice(0, 160).map((params) => JSON.stringify(params))).size).toBe(160);
    expect(all[160]).toBeUndefined();
  });

  test("has its dimensions beyond 64 in another order", () => {
    for (const options of [{ scramble: true }, { scramble: false }]) {
      const all = points(130, 256, 6, options);
      for (const [d, other] of [
        [0, 64],
        [0, 128],
        [64, 128],
      ]) {
        const [x, y] = [d, other].map((i) => all.map((point) => point[i] - 0.5));
        const inner = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
        const correlation = inner(x, y) / Math.sqrt(inner(x, x) * inner(y, y));
        // of independent points it is within 4/√256 but once in 10,000 times
        expect(Math.abs(correlation)).toBeLessThan(0.25);
      }
    }
  });

  test.each<[string, () => unknown, string, RegExp]>([
    [
      "an option",
      () => sobol({ scrambled: true } as never),
      "unknown_name",
      /unknown option of sobol "scrambled"/,
    ],
    [
      "a word for a truth value",
      () => sobol({ scramble: "no" } as never),
      "invalid_argument",
      /scramble of sobol must be true or false; received "no"/,
    ],
  ])("refuses %s that does not exist", (_, make, code, message) => {
    const error = caught(make);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });
});
