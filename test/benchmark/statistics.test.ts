/** Statistics against SciPy 1.15.3, whose values stand here as it printed them, and against closed forms. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bootstrapMeans,
  chiSquaredTail,
  friedmanTest,
  nemenyiDifference,
  normalRangeCdf,
  normalRangeQuantile,
  quantile,
  ranks,
} from "../../src/benchmark/statistics.js";
import { erf, exp, normCdf } from "../../src/numerics/special.js";
import { prop } from "../prop.js";

/** Whether two numbers agree to `relative`. */
const close = (got: number, expected: number, relative: number): void =>
  expect(Math.abs(got / expected - 1), `${got} for ${expected}`).toBeLessThan(relative);

describe("quantiles", () => {
  it("lie straight between neighbours", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((p) => quantile([4, 1, 3, 2], p))).toEqual([1, 1.75, 2.5, 3.25, 4]);
  });

  it("are infinite from the first infinite neighbour on, and never NaN", () => {
    const { POSITIVE_INFINITY: inf } = Number;
    expect([0.25, 0.5, 0.75].map((p) => quantile([inf, 1, 2, inf, 3], p))).toEqual([2, 3, inf]);
    expect([0.25, 0.5].map((p) => quantile([1, inf], p))).toEqual([inf, inf]);
    expect(quantile([inf, inf], 0.5)).toBe(inf);
  });
});

describe("ranks", () => {
  it("are those of scipy.stats.rankdata, infinity last", () => {
    const { POSITIVE_INFINITY: inf } = Number;
    expect(ranks([3, 1, 2, 1, inf, inf])).toEqual([4, 1.5, 3, 1.5, 5.5, 5.5]);
  });

  prop([fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 })])(
    "add up to those without ties",
    (values) => {
      const n = values.length;
      expect(ranks(values).reduce((a, b) => a + b)).toBe((n * (n + 1)) / 2);
    },
  );
});

describe("the tail of chi-squared", () => {
  // scipy.stats.chi2.sf
  it.each([
    [0.1, 1, 0.7518296340458492],
    [3.84, 1, 0.05004352124870519],
    [5, 2, 0.0820849986238988],
    [12.5, 8, 0.1302503547279264],
    [60, 8, 4.661032000779303e-10],
    [3, 8, 0.9343575456215499],
    [100, 50, 3.454931382984871e-5],
  ])("of %d with %d degrees is SciPy's", (x, freedom, expected) => {
    // exp(a ln z − z − lgamma(a)) has arguments up to 100 whose rounding is a share of the result, some 1e-14
    close(chiSquaredTail(x, freedom), expected, 1e-13);
  });

  prop([fc.double({ min: 0, max: 200, noNaN: true })])("of two degrees is exp(−x/2)", (x) => {
    close(chiSquaredTail(x, 2), exp(-x / 2), 1e-13);
  });
});

describe("Friedman's test", () => {
  // scipy.stats.friedmanchisquare of the columns
  it.each([
    {
      rows: [
        [0.1, 0.2, 0.3],
        [1, 3, 2],
        [0.5, 0.5, 0.7],
        [4, 5, 6],
        [2, 2, 2],
        [9, 7, 8],
      ],
      statistic: 3.2631578947368363,
      p: 0.19562045574649425,
    },
    {
      rows: [
        [1, 2, 3, 4],
        [2, 1, 3, 4],
        [1, 3, 2, 4],
        [1, 2, 4, 3],
        [2, 1, 4, 3],
      ],
      statistic: 10.200000000000003,
      p: 0.016940373522533844,
    },
  ])("is SciPy's, $statistic", ({ rows, statistic, p }) => {
    const test = friedmanTest(rows.map(ranks));
    close(test.statistic, statistic, 1e-13);
    close(test.p, p, 1e-13);
  });

  it("finds nothing where all are alike", () => {
    expect(friedmanTest([ranks([1, 1, 1]), ranks([2, 2, 2])])).toEqual({ statistic: 0, p: 1 });
  });
});

describe("the range of normal numbers", () => {
  // scipy.stats.studentized_range.cdf(q, k, inf), which integrates to about 1e-11
  it.each([
    [3.3, 3, 0.9486890935818101],
    [4.4, 9, 0.9514021483438517],
    [2, 9, 0.1072136061014206],
    [6, 9, 0.9992564390806458],
  ])("is at most %d of %d with SciPy's probability", (q, count, expected) => {
    close(normalRangeCdf(q, count), expected, 1e-10);
  });

  prop([fc.double({ min: 0.01, max: 12, noNaN: true })])("of two is erf(q/2)", (q) => {
    close(normalRangeCdf(q, 2), erf(q / 2), 1e-13);
  });

  // scipy.stats.studentized_range.ppf(p, k, inf)
  it.each([
    [0.95, 2, 2.771807648699355],
    [0.95, 3, 3.314493155398122],
    [0.95, 9, 4.38650911549537],
    [0.9, 9, 4.037023130237707],
    [0.99, 20, 5.6452146979858515],
  ])("has at %d of %d SciPy's quantile", (p, count, expected) => {
    close(normalRangeQuantile(p, count), expected, 1e-9);
  });

  it("gives the critical differences of Demšar's table 5", () => {
    // q of 0.05 for 2, 4, 5 and 10, printed with three decimals
    for (const [count, q] of [
      [2, 1.96],
      [4, 2.569],
      [5, 2.728],
      [10, 3.164],
    ]) {
      const rows = (count * (count + 1)) / 6;
      expect(Math.abs(nemenyiDifference(count, rows) - q)).toBeLessThan(0.0011);
    }
    expect(() => nemenyiDifference(1, 5)).toThrowError("at least 2 columns");
  });
});

describe("bootstrapped intervals", () => {
  it("are near those of the normal distribution, where that holds", () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i % 2, 1 - (i % 2)]);
    const [a, b] = bootstrapMeans(rows);
    // the mean of 100 coins has the deviation 0.05; the 2.5 % quantile of 2,000 samples one of 0.05 · 0.06,
    // and steps of 0.01
    for (const { mean, low, high } of [a, b]) {
      expect(mean).toBe(0.5);
      expect(Math.abs(normCdf((low - 0.5) / 0.05) - 0.025)).toBeLessThan(0.02);
      expect(Math.abs(normCdf((high - 0.5) / 0.05) - 0.975)).toBeLessThan(0.02);
    }
    // pairs are drawn together
    expect(Math.abs(a.low + b.high - 1)).toBeLessThan(1e-12);
  });

  it("are points where all rows are alike, and the same each time", () => {
    expect(bootstrapMeans([[3], [3], [3]])).toEqual([{ mean: 3, low: 3, high: 3 }]);
    const rows = [[1], [2], [5], [9]];
    expect(bootstrapMeans(rows)).toEqual(bootstrapMeans(rows));
  });
});
