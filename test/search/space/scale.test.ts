import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import type { NumericParameter } from "../../../src/search/space/parameter.js";
import {
  fromUnit,
  indexFrom,
  nearest,
  shift,
  stepOf,
  takes,
  toUnit,
  valueAt,
  valueCount,
} from "../../../src/search/space/scale.js";
import { anySpace } from "../../../src/testing/arbitraries/space.js";

const anyParameter = anySpace({ maxParameters: 1 }).map((space) => Object.values(space)[0]);
const anyUnit = fc.double({ min: 0, max: 1, noNaN: true });

/** `count` draws of a parameter. */
function draws(parameter: Parameters<typeof fromUnit>[0], count: number): number[] {
  const stream = new RandomStream(17);
  return Array.from({ length: count }, () => fromUnit(parameter, stream.uniform()) as number);
}

/** Kolmogorov–Smirnov distance of a sample from a distribution function. */
function distance(sample: number[], cdf: (x: number) => number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.max(...sorted.map((x, i) => Math.max(cdf(x) - i / n, (i + 1) / n - cdf(x))));
}

/** Pearson's statistic of `sample` against expected shares. */
function chiSquare(sample: number[], shares: Map<number, number>): number {
  let sum = 0;
  for (const [value, share] of shares) {
    const expected = share * sample.length;
    sum += (sample.filter((x) => x === value).length - expected) ** 2 / expected;
  }
  return sum;
}

describe("steps", () => {
  const valuesOf = (parameter: NumericParameter) =>
    Array.from({ length: valueCount(parameter) }, (_, i) => valueAt(parameter, i));

  test.each([
    [float(0, 1, { step: 0.1 }), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    // whichever of the lower bound and the step is written in more decimals
    [float(0.25, 2, { step: 0.5 }), [0.25, 0.75, 1.25, 1.75]],
    [float(-0.125, 3, { step: 1 }), [-0.125, 0.875, 1.875, 2.875]],
    [float(-1, 0, { step: 0.375 }), [-1, -0.625, -0.25]],
    [float(2.5e-7, 1e-6, { step: 3e-7 }), [2.5e-7, 5.5e-7, 8.5e-7]],
  ])("of %j are as they are written", (parameter, values) => {
    expect(valuesOf(parameter)).toEqual(values);
  });

  test("have the decimals in which they are written", () => {
    const tiny = float(1e-7, 1e-6, { step: 1e-7 });
    expect(valueAt(tiny, 2)).toBe(3e-7);
    expect(valueCount(tiny)).toBe(10);
    expect(Object.is(valueAt(float(-0.2, 0.2, { step: 0.1 }), 2), 0)).toBe(true);
  });

  test("stop at the last value not above high", () => {
    expect(valueCount(int(1, 10, { step: 4 }))).toBe(3);
    expect(valueAt(int(1, 10, { step: 4 }), 2)).toBe(9);
    expect(valueCount(float(0, 0.3, { step: 0.1 }))).toBe(4);
    expect(valueCount(float(0, 0.29999, { step: 0.1 }))).toBe(3);
    expect(valueCount(float(-0.2, 0.04999999999999999, { step: 0.25 }))).toBe(1);
    expect(valueCount(float(0, 1, { step: 7 }))).toBe(1);
  });

  test("are all values of a parameter, and within its range", () => {
    const values = [-1, 0, 0.5, 1, 2, 3, Number.NaN, Number.POSITIVE_INFINITY, "1", 1n, null];
    const taken = (parameter: Parameters<typeof takes>[0]) =>
      values.filter((value) => takes(parameter, value));
    expect(taken(int(0, 2))).toEqual([0, 1, 2]);
    expect(taken(float(0, 2))).toEqual([0, 0.5, 1, 2]);
    expect(taken(float(0, 1.75, { step: 0.5 }))).toEqual([0, 0.5, 1]);
  });

  test("are counted, found and inverted alike", () => {
    fc.assert(
      fc.property(anyParameter, anyUnit, (parameter, u) => {
        const count = valueCount(parameter);
        if (parameter.type === "choice" || !Number.isFinite(count)) return;
        const index = Math.min(count - 1, Math.floor(u * count));
        const value = valueAt(parameter, index) as number;
        expect(takes(parameter, value)).toBe(true);
        expect(indexFrom(parameter, value)).toBe(index);
        expect(nearest(parameter, value)).toBe(value);
        // a range of one number, without steps, has nothing after it to ask for
        if (stepOf(parameter) !== undefined) expect(takes(parameter, valueAt(parameter, count))).toBe(false);
      }),
    );
  });
});

describe("the unit interval", () => {
  test("maps to values of the parameter, both ends included", () => {
    fc.assert(
      fc.property(anyParameter, anyUnit, (parameter, u) => {
        expect(takes(parameter, fromUnit(parameter, u))).toBe(true);
      }),
    );
    expect(fromUnit(float(1e-4, 0.1, { log: true }), 0)).toBe(1e-4);
    expect(fromUnit(float(1e-4, 0.1, { log: true }), 1)).toBe(0.1);
    expect(fromUnit(int(3, 9, { log: true }), 0)).toBe(3);
    expect(fromUnit(int(3, 9, { log: true }), 1)).toBe(9);
    expect(fromUnit(choice(["a", "b"]), 1)).toBe("b");
    expect(fromUnit(float(-Number.MAX_VALUE, Number.MAX_VALUE), 0.5)).toBe(0);
  });

  test("reaches the ends of a continuous range exactly", () => {
    fc.assert(
      fc.property(anyParameter, (parameter) => {
        if (parameter.type !== "float" || parameter.step !== undefined) return;
        expect([fromUnit(parameter, 0), fromUnit(parameter, 1)]).toEqual([parameter.low, parameter.high]);
      }),
    );
  });

  test("holds discrete values at the middle of their cells", () => {
    expect(["a", "b", "c", "d"].map((value) => toUnit(choice(["a", "b", "c", "d"]), value))).toEqual([
      0.125, 0.375, 0.625, 0.875,
    ]);
    expect([1, 3, 5, 9].map((value) => toUnit(int(1, 9, { step: 2 }), value))).toEqual([0.1, 0.3, 0.5, 0.9]);
    expect(toUnit(int(7, 7), 7)).toBe(0.5);
    expect(toUnit(float(-1, 3), 0)).toBe(0.25);
    // (log 4 − log ½) / (log 8½ − log ½), within the few roundings of its logarithms
    const expected = Math.log(8) / Math.log(17);
    expect(Math.abs(toUnit(int(1, 8, { log: true }), 4) - expected)).toBeLessThan(8 * 2 ** -53);
  });

  test("is where a value came from", () => {
    fc.assert(
      fc.property(anyParameter, anyUnit, (parameter, u) => {
        const value = fromUnit(parameter, u);
        const back = toUnit(parameter, value);
        expect(back).toBeGreaterThanOrEqual(0);
        expect(back).toBeLessThanOrEqual(1);
        const again = fromUnit(parameter, back);
        if (Number.isFinite(valueCount(parameter))) expect(again).toEqual(value);
        else {
          const { low, high } = parameter as { low: number; high: number };
          // a few roundings of numbers no larger than the bounds, or of logarithms below 30
          const scale =
            parameter.type === "float" && parameter.log ? 64 * (value as number) : Math.max(-low, high);
          expect(Math.abs((again as number) - (value as number))).toBeLessThanOrEqual(8 * 2 ** -52 * scale);
        }
      }),
    );
  });

  test("refuses values outside the parameter", () => {
    expect(() => toUnit(choice(["a"]), "b")).toThrow(
      'the value of a choice must be one of ["a"]; received "b"',
    );
    expect(() => toUnit(float(0, 1), 2)).toThrow(
      "the value of a parameter must be a number from 0 to 1; received 2",
    );
    expect(() => toUnit(float(0, 1), -1)).toThrow(
      "the value of a parameter must be a number from 0 to 1; received -1",
    );
    expect(() => toUnit(float(0, 1), "0.5")).toThrow(
      'the value of a parameter must be a number from 0 to 1; received "0.5"',
    );
    expect(() => toUnit(float(0, 1), Number.NaN)).toThrow(
      "the value of a parameter must be a number from 0 to 1; received NaN",
    );
  });
});

describe("a shift", () => {
  test("is by a part of the unit interval, and mirrored at the ends", () => {
    const x = float(0, 8);
    expect([0.25, -0.5, 0.875, -0.875, 2.25].map((by) => shift(x, 4, by))).toEqual([6, 0, 5, 3, 6]);
    expect(shift(float(1, 100, { log: true }), 1, 0.5)).toBeCloseTo(10, 12);
  });

  test("moves a discrete number by at least one value, and back from the ends", () => {
    const n = int(0, 4);
    expect([1e-9, -1e-9].map((by) => shift(n, 2, by))).toEqual([3, 1]);
    expect([shift(n, 0, -1e-9), shift(n, 4, 1e-9)]).toEqual([1, 3]);
    expect([shift(n, 2, 0.4), shift(n, 2, -0.4)]).toEqual([4, 0]);
    expect(shift(float(0, 1, { step: 0.25 }), 0.5, 1e-9)).toBe(0.75);
    expect(shift(int(3, 3), 3, 0.5)).toBe(3);
  });
});

// Thresholds are those that a true sample exceeds once in 10,000 times.
describe("draws", () => {
  const n = 5000;
  const ksLimit = 2.23 / Math.sqrt(n);

  test("of a float are uniform", () => {
    expect(distance(draws(float(-3, 5), n), (x) => (x + 3) / 8)).toBeLessThan(ksLimit);
  });

  test("of a log float are uniform in the logarithm", () => {
    const cdf = (x: number) => Math.log(x / 1e-4) / Math.log(1e3);
    expect(distance(draws(float(1e-4, 0.1, { log: true }), n), cdf)).toBeLessThan(ksLimit);
  });

  test("of an int and of a stepped float give each value its share", () => {
    const sample = draws(int(-2, 3), n);
    expect(chiSquare(sample, new Map([-2, -1, 0, 1, 2, 3].map((x) => [x, 1 / 6])))).toBeLessThan(25.74); // 5 degrees
    const stepped = draws(float(0, 0.3, { step: 0.1 }), n);
    expect(chiSquare(stepped, new Map([0, 0.1, 0.2, 0.3].map((x) => [x, 1 / 4])))).toBeLessThan(21.11); // 3 degrees
  });

  test("of a log int give each value the logarithm of its cell", () => {
    const total = Math.log(8.5 / 0.5);
    const shares = [1, 2, 3, 4, 5, 6, 7, 8].map((x) => [x, Math.log((x + 0.5) / (x - 0.5)) / total] as const);
    expect(chiSquare(draws(int(1, 8, { log: true }), n), new Map(shares))).toBeLessThan(29.88); // 7 degrees
  });
});
