import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cos,
  erf,
  erfc,
  exp,
  expm1,
  lgamma,
  log,
  log1p,
  logNormCdf,
  normCdf,
  normQuantile,
  pow,
  sigmoid,
  sin,
  softplus,
  tanh,
} from "../../src/numerics/special.js";
import { cases } from "../cases.js";
import { highPrecision } from "./highPrecision.js";
import { errorF64, ulpF64, worst } from "./ulp.js";

type Table = readonly (readonly number[])[];

/** Name, function, the bound that src/numerics/special.ts states, and values to hold it to. */
const againstTable: readonly (readonly [string, (x: number) => number, number, Table])[] = [
  ["erf", erf, 1, highPrecision.erf],
  ["erfc", erfc, 4, highPrecision.erfc],
  ["lgamma", lgamma, 4, highPrecision.lgamma],
  ["normCdf", normCdf, 6, highPrecision.normCdf],
  ["logNormCdf", logNormCdf, 6, highPrecision.logNormCdf],
  ["normQuantile", normQuantile, 8, highPrecision.normQuantile],
];

describe.each(againstTable)("%s", (_name, f, bound, table) => {
  it.each(table)(`is within ${bound} ulp of the 300-bit value at %d`, (x, want) => {
    // the table is rounded to float64, which is worth half an ulp
    expect(errorF64(f(x), want)).toBeLessThanOrEqual(bound + 0.5);
  });

  it("gives NaN for NaN", () => {
    expect(f(Number.NaN)).toBeNaN();
  });
});

/** Name, function, the host's (error below 1 ulp, tanh 2), the sum of both bounds, and where to look. */
const againstHost: readonly (readonly [
  string,
  (x: number) => number,
  (x: number) => number,
  number,
  fc.Arbitrary<number>,
])[] = [
  ["exp", exp, Math.exp, 2, fc.double({ min: -750, max: 715 })],
  ["log", log, Math.log, 2, fc.double()],
  ["log1p", log1p, Math.log1p, 2, fc.double({ min: -1 })],
  ["expm1", expm1, Math.expm1, 3, fc.double({ min: -50, max: 715 })],
  ["sin", sin, Math.sin, 2, fc.double()],
  ["cos", cos, Math.cos, 2, fc.double()],
  ["tanh", tanh, Math.tanh, 4, fc.double({ min: -25, max: 25 })],
];

describe.each(againstHost)("%s", (_name, f, host, bound, arbitrary) => {
  it(`is within ${bound} ulp of the host's over all exponents`, () => {
    fc.assert(
      fc.property(arbitrary, (x) => errorF64(f(x), host(x)) <= bound),
      { numRuns: cases(5000) },
    );
  });

  it(`is within ${bound} ulp of the host's over [-20, 20]`, () => {
    const xs = Float64Array.from({ length: 20001 }, (_, i) => (i - 10000) * 0.002);
    const found = worst(xs, (i) => errorF64(f(xs[i]), host(xs[i])));
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(bound);
  });

  it("is the host's at zeros, infinities and NaN", () => {
    const xs = [0, -0, Infinity, -Infinity, NaN];
    expect(xs.map(f)).toEqual(xs.map(host));
  });
});

describe("pow", () => {
  it("is within 2 ulp of the host's", () => {
    const base = fc.double({ min: 0, noNaN: true });
    const exponent = fc.double({ min: -30, max: 30, noNaN: true });
    fc.assert(
      fc.property(base, exponent, (x, y) => errorF64(pow(x, y), x ** y) <= 2),
      { numRuns: cases(5000) },
    );
  });

  it("takes negative bases to whole exponents only", () => {
    expect([pow(-2, 3), pow(-2, 4), pow(-2, 0.5)]).toEqual([-8, 16, NaN]);
    const nearly = [1, 3, 478, 2 ** 31].map((whole) => whole * (1 + Number.EPSILON));
    expect(nearly.map((y) => pow(-1.5, y))).toEqual([NaN, NaN, NaN, NaN]);
    expect([pow(-1, 2 ** 53 - 1), pow(-1, 2 ** 53), pow(-0, -3), pow(-0, -2)]).toEqual([
      -1,
      1,
      -Infinity,
      Infinity,
    ]);
  });

  it("is within 1 ulp near 1, where exponents are huge", () => {
    // by Python's decimal, in 80 digits
    const table = [
      [0.9999999060691668, 2266577458.20026, 3.4517951776992444e-93],
      [0.9999998220824604, -3419687397.9559903, 1.7159340796255478e264],
      [1.0000000002045901, 2993745516.899663, 1.8450211896582667],
      [1 + Number.EPSILON, -(2 ** 60), 6.616261056709674e-112],
    ];
    for (const [x, y, z] of table) expect(errorF64(pow(x, y), z)).toBeLessThanOrEqual(1);
  });

  it("is IEEE 754's where JavaScript's ** is not", () => {
    const pairs = [
      [1, NaN],
      [1, Infinity],
      [-1, Infinity],
      [-1, -Infinity],
      [NaN, 0],
    ];
    expect(pairs.map(([x, y]) => pow(x, y))).toEqual([1, 1, 1, 1, 1]);
  });
});

describe("sigmoid and softplus", () => {
  const moderate = fc.double({ min: -700, max: 40, noNaN: true });

  it("sigmoid is within 6 ulp of its definition by the host's exp, and its mirror completes it to 1", () => {
    fc.assert(
      fc.property(moderate, (x) => {
        const z = Math.exp(x);
        // the host's quotient is good to 3 ulp, as ours
        const want = x < 0 ? z / (1 + z) : 1 / (1 + Math.exp(-x));
        expect(errorF64(sigmoid(x), want)).toBeLessThanOrEqual(6);
        expect(Math.abs(sigmoid(x) + sigmoid(-x) - 1)).toBeLessThanOrEqual(4 * 2 ** -53);
      }),
    );
  });

  it("softplus(x) - softplus(-x) is x, and its ends are exact", () => {
    fc.assert(
      fc.property(moderate, (x) => {
        const [a, b] = [softplus(x), softplus(-x)];
        expect(Math.abs(a - b - x)).toBeLessThanOrEqual(3 * ulpF64(Math.max(a, b)));
      }),
    );
    expect([-Infinity, -1000, 1000, Infinity].map(softplus)).toEqual([0, 0, 1000, Infinity]);
    expect([-Infinity, -1000, 1000, Infinity].map(sigmoid)).toEqual([0, 0, 1, 1]);
  });
});

describe("laws", () => {
  it("erf is odd, and erfc(x) + erfc(-x) is 2", () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
        expect(erf(-x)).toBe(-erf(x));
        expect(Math.abs(erfc(x) + erfc(-x) - 2)).toBeLessThanOrEqual(5 * 2 ** -52);
        expect(Math.abs(erf(x) + erfc(x) - 1)).toBeLessThanOrEqual(5 * 2 ** -52);
      }),
      { numRuns: cases(2000) },
    );
  });

  it("lgamma(x + 1) is lgamma(x) + ln x", () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -10, max: 200, noNaN: true }), (x) => {
        const terms = [lgamma(x + 1), lgamma(x), Math.log(x)];
        // three results of 4 ulp, and the rounding of x + 1 under a slope below 6
        const allowed = 4 * terms.reduce((sum, term) => sum + ulpF64(term), 0) + 6 * ulpF64(x + 1);
        expect(Math.abs(terms[0] - terms[1] - terms[2])).toBeLessThanOrEqual(allowed);
      }),
      { numRuns: cases(2000) },
    );
  });

  it("lgamma of whole numbers is the logarithm of factorials, exactly 0 at 1 and 2", () => {
    expect([lgamma(1), lgamma(2)]).toEqual([0, 0]);
    let factorial = 1;
    for (let n = 2; n <= 22; n++) {
      factorial *= n;
      expect(errorF64(lgamma(n + 1), Math.log(factorial))).toBeLessThanOrEqual(5);
    }
    expect([0, -0, -1, -5, Infinity, -Infinity].map(lgamma)).toEqual(Array(6).fill(Infinity));
  });

  it("normQuantile undoes normCdf in the lower tail", () => {
    fc.assert(
      fc.property(fc.double({ min: -37, max: -0.01, noNaN: true }), (x) => {
        const p = normCdf(x);
        // 6 ulp of p move the quantile by at most 6 ulp / (|x| p'(x) / p) of x, and p' / p > |x|
        const allowed = 8 * 2 ** -52 * Math.abs(x) + (6 * 2 ** -52) / Math.max(Math.abs(x), 0.79);
        expect(Math.abs(normQuantile(p) - x)).toBeLessThanOrEqual(allowed);
      }),
      { numRuns: cases(2000) },
    );
  });

  it("normQuantile has its ends, its middle and its symmetry", () => {
    expect([0, 0.5, 1, -0.1, 1.1].map(normQuantile)).toEqual([-Infinity, 0, Infinity, NaN, NaN]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 - 1 }), (k) => {
        const p = k / 2 ** 30; // 1 - p is exact
        expect(normQuantile(1 - p)).toBe(-normQuantile(p) + 0);
      }),
    );
  });

  it("logNormCdf is the logarithm of normCdf where that can be taken, and rises everywhere", () => {
    fc.assert(
      fc.property(fc.double({ min: -37, max: 0, noNaN: true }), (x) => {
        const want = Math.log(normCdf(x));
        // 6 ulp each: of the result, and of the probability, which counts absolutely in a logarithm
        expect(Math.abs(logNormCdf(x) - want)).toBeLessThanOrEqual(7 * ulpF64(want) + 6 * 2 ** -52);
      }),
    );
    const xs = [-1e300, -1e99, -1e10, -100, -40, -38, -2, -1.78, -1.77, 0, 1, 8, 30];
    const values = xs.map(logNormCdf);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.slice(1).every((value) => value < 0 && Number.isFinite(value))).toBe(true);
    expect([-Infinity, Infinity].map(logNormCdf)).toEqual([-Infinity, -0]);
  });
});
