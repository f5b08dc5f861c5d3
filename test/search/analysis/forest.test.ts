/**
 * Trees, and their exact analysis: against sums over every point of a grid, and over every division of a few
 * points.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { Analysis, type Measure } from "../../../src/search/analysis/anova.js";
import { featureOf } from "../../../src/search/analysis/features.js";
import { type Feature, growForest, growTree, type Tree } from "../../../src/search/analysis/forest.js";
import { float, int } from "../../../src/search/space/builders.js";
import { cases } from "../../cases.js";

/**
 * Numbers with `count` values, at the middle of their cells; divided at one of the bounds of cells between
 * two of them.
 */
const steps = (count: number): Feature => ({
  cut(a, b, u) {
    const [below, above] = [a, b].map((x) => Math.floor(x * count));
    return (below + 1 + Math.floor(u * (above - below))) / count;
  },
});
const continuous: Feature = { cut: (a, b, u) => a + (b - a) * u };

const COUNTS = [12, 5, 4] as const;
const features: readonly Feature[] = [steps(12), steps(5), { categories: 4 }];
const centre = (j: number, k: number): number => (j === 2 ? k : (k + 0.5) / COUNTS[j]);

/** A tree over points drawn from the grid, with values drawn too, so that most cells have none. */
function anyTree(seed: number): Tree {
  const random = new RandomStream(seed);
  const columns = COUNTS.map((count, j) =>
    Float64Array.from({ length: 40 }, () => centre(j, random.integer(count))),
  );
  const values = Float64Array.from({ length: 40 }, () => random.normal());
  return growTree(features, columns, values, { minSamplesLeaf: 1, random });
}

/** Every point of the grid with its share of it. */
function* grid(
  shares: readonly (readonly number[])[],
): Generator<{ k: number[]; share: number; point: number[] }> {
  for (let a = 0; a < 12; a++)
    for (let b = 0; b < 5; b++)
      for (let c = 0; c < 4; c++) {
        const k = [a, b, c];
        yield {
          k,
          share: shares[0][a] * shares[1][b] * shares[2][c],
          point: k.map((at, j) => centre(j, at)),
        };
      }
}

/** What the analysis is by its definition: means and variances of predictions over the grid. */
function bySums(tree: Tree, shares: readonly (readonly number[])[]) {
  const cells = [...grid(shares)].map((cell) => ({ ...cell, value: tree.predict(cell.point) }));
  const mean = cells.reduce((sum, { share, value }) => sum + share * value, 0);
  const variance = cells.reduce((sum, { share, value }) => sum + share * (value - mean) ** 2, 0);
  /** The mean where features `fixed` are where they are, and the share of that place. */
  const groups = (fixed: readonly number[]) => {
    const found = new Map<string, { share: number; sum: number }>();
    for (const { k, share, value } of cells) {
      const key = fixed.map((j) => k[j]).join();
      const { share: before, sum } = found.get(key) ?? { share: 0, sum: 0 };
      found.set(key, { share: before + share, sum: sum + share * value });
    }
    return found;
  };
  const varianceOf = (fixed: readonly number[]): number =>
    [...groups(fixed).values()].reduce(
      (total, { share, sum }) => (share === 0 ? total : total + share * (sum / share - mean) ** 2),
      0,
    );
  const at = (j: number, k: number): number => {
    const { share, sum } = groups([j]).get(String(k)) as { share: number; sum: number };
    return sum / share;
  };
  return { mean, variance, varianceOf, at };
}

const even = COUNTS.map((count) => new Array<number>(count).fill(1 / count));
const whole: readonly Measure[] = [
  { intervals: [[0, 1]] },
  { intervals: [[0, 1]] },
  { weights: new Float64Array(4).fill(1) },
];
/** Cells 3 to 5 and 9 of the first, all of the second, categories with weights 2 : 0 : 1 : 1. */
const part: readonly Measure[] = [
  {
    intervals: [
      [3 / 12, 6 / 12],
      [9 / 12, 10 / 12],
    ],
  },
  { intervals: [[0, 1]] },
  { weights: Float64Array.of(2, 0, 1, 1) },
];
const partShares = [
  even[0].map((_, k) => ((k >= 3 && k < 6) || k === 9 ? 1 / 4 : 0)),
  even[1],
  [0.5, 0, 0.25, 0.25],
];

// Some 240 terms of size below 10 are added on both sides: rounding stays below 1e-12.
const DIGITS = 11;

describe("the analysis of a tree", () => {
  it.each([
    ["the whole box", whole, even],
    ["a part of it, unevenly", part, partShares],
  ])("is what sums over every point of a grid give, over %s", (_, measures, shares) => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const tree = anyTree(seed);
        const analysis = new Analysis(tree, measures);
        const expected = bySums(tree, shares);
        expect(analysis.mean).toBeCloseTo(expected.mean, DIGITS);
        expect(analysis.variance).toBeCloseTo(expected.variance, DIGITS);
        for (let j = 0; j < 3; j++) {
          expect(analysis.main(j)).toBeCloseTo(expected.varianceOf([j]), DIGITS);
          for (let k = 0; k < COUNTS[j]; k++) {
            if (shares[j][k] > 0) expect(analysis.at(j, centre(j, k))).toBeCloseTo(expected.at(j, k), DIGITS);
          }
          for (let i = 0; i < j; i++) {
            const together =
              expected.varianceOf([i, j]) - expected.varianceOf([i]) - expected.varianceOf([j]);
            expect(analysis.pair(i, j)).toBeCloseTo(together, DIGITS);
            expect(analysis.pair(j, i)).toBeCloseTo(together, DIGITS);
          }
        }
      }),
      { numRuns: cases(20) },
    );
  });

  it("is what a fine grid gives for continuous features, to the width of its cells", () => {
    const random = new RandomStream(8);
    const columns = [0, 1].map(() => Float64Array.from({ length: 12 }, () => random.uniform()));
    const values = Float64Array.from(columns[0], (x, i) => x * columns[1][i]);
    const tree = growTree([continuous, continuous], columns, values, { minSamplesLeaf: 1, random });
    const analysis = new Analysis(tree, [{ intervals: [[0, 1]] }, { intervals: [[0, 1]] }]);
    const n = 1000;
    const at = (i: number) => (i + 0.5) / n;
    let mean = 0;
    const rows = Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += tree.predict([at(i), at(j)]) / n;
      mean += sum / n;
      return sum;
    });
    const main = rows.reduce((sum, row) => sum + (row - mean) ** 2 / n, 0);
    // values lie in [0, 1]; each of at most 11 bounds of a feature puts at most one cell in the wrong place
    const bound = (2 * 11 * 2) / n;
    expect(Math.abs(analysis.mean - mean)).toBeLessThan(bound);
    expect(Math.abs(analysis.main(0) - main)).toBeLessThan(bound);
    expect(main).toBeGreaterThan(4 * bound * bound); // the comparison says something
    expect(tree.leaves).toHaveLength(12);
  });
});

describe("a point on a bound", () => {
  it("belongs to the part below it, in the tree and in its analysis", () => {
    const atPoints: Feature = { cut: (a) => a };
    const options = { minSamplesLeaf: 1, random: new RandomStream(1) };
    const tree = growTree([atPoints], [Float64Array.of(0.25, 0.75)], Float64Array.of(1, 5), options);
    const analysis = new Analysis(tree, [{ intervals: [[0, 1]] }]);
    for (const [x, value] of [
      [0, 1],
      [0.25, 1],
      [0.26, 5],
      [1, 5],
    ]) {
      expect([tree.predict([x]), analysis.at(0, x)]).toEqual([value, value]);
    }
  });
});

describe("a tree", () => {
  it("covers the box: every point is in one leaf, whose value is predicted", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const tree = anyTree(seed);
        for (const { point } of grid(even)) {
          const around = tree.leaves.filter(({ box }) =>
            point.every((x, j) => box.within[j]?.[x] ?? Number(box.low[j] < x && x < box.high[j])),
          );
          expect(around.map(({ value }) => value)).toEqual([tree.predict(point)]);
        }
      }),
      { numRuns: cases(10) },
    );
  });

  /** The squared error of values from their means on either side. */
  const errorOf = (values: readonly number[], left: readonly boolean[]): number =>
    [true, false].reduce((total, side) => {
      const own = values.filter((_, i) => left[i] === side);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      return total + own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    }, 0);

  it("is divided where the squared error is least of all divisions, of categories among all groups", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const random = new RandomStream(seed);
        const n = 14;
        const columns = [
          Float64Array.from({ length: n }, () => random.uniform()),
          Float64Array.from({ length: n }, () => random.integer(5)),
        ];
        const values = Float64Array.from({ length: n }, () => random.integer(100));
        const tree = growTree([continuous, { categories: 5 }], columns, values, {
          minSamplesLeaf: 1,
          maxDepth: 1,
          random,
        });
        const sides = [
          ...[...columns[0]].map((bound) => [...columns[0]].map((x) => x <= bound)),
          ...Array.from({ length: 32 }, (_, mask) => [...columns[1]].map((x) => ((mask >> x) & 1) === 1)),
        ].filter((left) => {
          const count = left.filter(Boolean).length;
          return count > 0 && count < n;
        });
        const least = Math.min(...sides.map((left) => errorOf([...values], left)));
        expect(tree.leaves).toHaveLength(2);
        const [first] = tree.leaves;
        const left = [...values].map((_, i) => tree.predict([columns[0][i], columns[1][i]]) === first.value);
        expect(errorOf([...values], left)).toBeCloseTo(least, 8);
      }),
    );
  });

  it("has as many points in a leaf as are asked for, and divides while it can", () => {
    const random = new RandomStream(3);
    const x = Float64Array.from({ length: 50 }, () => random.uniform());
    const tree = growTree([continuous], [x], x, { minSamplesLeaf: 7, random });
    const sizes = tree.leaves.map(({ box }) => x.filter((at) => at > box.low[0] && at <= box.high[0]).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(50);
    for (const size of sizes) {
      expect(size).toBeGreaterThanOrEqual(7);
      expect(size).toBeLessThan(14);
    }
  });

  it("leaves as many on either side, though one value alone would be the best to cut off", () => {
    const x = Float64Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);
    const indices = { categories: 20 };
    for (const odd of [0, 19]) {
      const y = Float64Array.from(x, (_, i) => (i === odd ? 100 : 0));
      const options = { minSamplesLeaf: 7, maxDepth: 1, random: new RandomStream(2) };
      const [left, right] = growTree([continuous], [x], y, options).leaves.map(
        ({ box }) => x.filter((at) => at > box.low[0] && at <= box.high[0]).length,
      );
      expect([left, right]).toEqual(odd === 0 ? [7, 13] : [13, 7]);
      const grouped = growTree([indices], [Float64Array.from(x.keys())], y, options).leaves.map(({ box }) =>
        box.within[0]?.reduce((sum, bit) => sum + bit, 0),
      );
      expect(grouped.sort((a, b) => Number(a) - Number(b))).toEqual([7, 13]);
    }
  });

  it("is one leaf where nothing can be divided", () => {
    const random = new RandomStream(1);
    // their mean is rounded: (0.1 + 0.1 + 0.1)/3 is above 0.1
    const rounded = growTree([continuous], [Float64Array.of(0.1, 0.5, 0.9)], new Float64Array(3).fill(0.1), {
      minSamplesLeaf: 1,
      random,
    });
    expect(rounded.leaves).toHaveLength(1);
    const same = growTree([continuous], [Float64Array.of(0.1, 0.9)], Float64Array.of(3, 3), {
      minSamplesLeaf: 1,
      random,
    });
    expect([same.leaves.length, same.predict([0.5])]).toEqual([1, 3]);
    const one = growTree([continuous], [Float64Array.of(0.5, 0.5)], Float64Array.of(1, 4), {
      minSamplesLeaf: 1,
      random,
    });
    expect([one.leaves.length, one.predict([0])]).toEqual([1, 2.5]);
  });

  it("ends after 64 divisions one below the other", () => {
    // each division cuts off the largest value alone
    const x = Float64Array.from({ length: 200 }, (_, i) => i / 200);
    const y = Float64Array.from(x, (_, i) => 4 ** i);
    const random = new RandomStream(1);
    expect(growTree([continuous], [x], y, { minSamplesLeaf: 1, random }).leaves).toHaveLength(65);
  });
});

describe("a forest", () => {
  const values = Float64Array.from({ length: 30 }, (_, i) => i);
  const forest = (seed: number) =>
    growForest([continuous], () => [values.map((v) => v / 30)], values, 3, {
      minSamplesLeaf: 1,
      random: new RandomStream(seed),
    }).map(({ predict }) => Array.from({ length: 50 }, (_, i) => predict([i / 50])));

  it("has the same bits for the same seed, others for another, and trees that differ", () => {
    expect(forest(1)).toEqual(forest(1));
    expect(forest(2)).not.toEqual(forest(1));
    expect(forest(1)[1]).not.toEqual(forest(1)[0]);
  });
});

describe("a number as a direction of a box", () => {
  const cut = (parameter: Parameters<typeof featureOf>[0], a: number, b: number, u: number): number =>
    (featureOf(parameter) as Exclude<Feature, { categories: number }>).cut(a, b, u);

  it("is cut anywhere between two values", () => {
    expect(cut(float(-5, 5), 0.25, 0.75, 0.5)).toBe(0.5);
    expect(cut(float(-5, 5), 0.25, 0.75, 0.125)).toBe(0.3125);
  });

  it("is cut between two neighbours where it is discrete", () => {
    // the middles of the cells of 1, 2, 3 and 4 are eighths; edges are quarters
    expect([0, 0.4, 0.99].map((u) => cut(int(1, 4), 1 / 8, 7 / 8, u))).toEqual([1 / 4, 2 / 4, 3 / 4]);
  });
});

it.each([1, 3, 8])("each leaf of each tree of a forest has at least %i of its samples", (minSamplesLeaf) => {
  const stream = new RandomStream(7);
  const n = 64;
  const columns = [0, 1].map(() => Float64Array.from({ length: n }, () => stream.uniform()));
  const values = Float64Array.from({ length: n }, () => stream.uniform());
  const options = { minSamplesLeaf, random: new RandomStream(3) };
  const cut = (a: number, b: number): number => (a + b) / 2;
  const trees = growForest([{ cut }, { cut }], () => columns, values, 4, options);
  for (const { leaves } of trees) {
    expect(leaves.length).toBeLessThanOrEqual(n / minSamplesLeaf);
    expect(leaves.length).toBeGreaterThan(n / minSamplesLeaf / 4);
  }
});
