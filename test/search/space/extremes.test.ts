/**
 * The widest, finest and longest ranges that a space may have: every value keeps its index and its place, or
 * the range is refused.
 */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { float, int } from "../../../src/search/space/builders.js";
import type { NumericParameter } from "../../../src/search/space/parameter.js";
import {
  fromUnit,
  indexFrom,
  indexOf,
  takes,
  toUnit,
  valueAt,
  valueCount,
} from "../../../src/search/space/scale.js";
import { cellAt, middleOf } from "../../../src/search/space/steps.js";
import { cases } from "../../cases.js";

const MOST = Number.MAX_SAFE_INTEGER;
const anyUnit = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1 - 2 ** -53, 1, 0.5, 0.5 - 2 ** -54, 2 ** -53, 5e-324),
);

const finite = {
  "every safe integer from 0 up": int(0, MOST),
  "2^53 - 1 integers about 0": int(-(2 ** 52), 2 ** 52 - 1),
  "an odd number beyond 2^52": int(7, 7 + 2 ** 52 + 12345),
  "three quarters of 2^53": int(0, 3 * 2 ** 51 + 1),
  "long steps": int(-MOST, 0, { step: 3 }),
  "steps of 1e-14": float(0, 1, { step: 1e-14 }),
  "the finest step": float(-1, 1, { step: 2 ** -48 }),
  "the finest step of odd bounds": float(-3.7e200, 1.9e200, { step: 1.32e186 }),
  "subnormal steps": float(0, 1e-318, { step: 5e-324 }),
  "wide steps": float(-8e307, 8e307, { step: 1e299 }),
} satisfies Record<string, NumericParameter>;

describe.each(Object.entries<NumericParameter>(finite))("%s", (_, parameter) => {
  const count = valueCount(parameter);
  const step = parameter.step ?? 1;

  test("each value has one index and one place", () => {
    fc.assert(
      fc.property(anyUnit, (u) => {
        const index = cellAt(u, count);
        const value = valueAt(parameter, index) as number;
        expect(indexOf(parameter, value)).toBe(index);
        expect(indexFrom(parameter, value)).toBe(index);
        expect(takes(parameter, value)).toBe(true);
        expect(fromUnit(parameter, toUnit(parameter, value))).toBe(value);
        expect(fromUnit(parameter, u)).toBe(value);
        if (index === 0) return;
        const before = valueAt(parameter, index - 1) as number;
        expect(value - before).toBeGreaterThan(step / 2);
        const between = before + (value - before) / 2;
        expect(indexFrom(parameter, between)).toBe(between > before ? index : index - 1);
      }),
      { numRuns: cases(300) },
    );
  });

  test("its ends are its first and last value", () => {
    expect(fromUnit(parameter, 0)).toBe(parameter.low);
    expect(fromUnit(parameter, 1)).toBe(valueAt(parameter, count - 1));
    expect(indexFrom(parameter, parameter.low - step)).toBe(0);
    expect(indexFrom(parameter, Number.MAX_VALUE)).toBe(count);
    expect(indexFrom(parameter, -Number.MAX_VALUE)).toBe(0);
  });
});

test("counts are those of integers", () => {
  expect(valueCount(int(0, MOST))).toBe(2 ** 53);
  expect(valueCount(float(0, 1, { step: 1e-14 }))).toBe(1e14 + 1);
  expect(valueCount(float(0, 1e-318, { step: 5e-324 }))).toBe(202402 + 1);
  expect(valueAt(float(0, 1, { step: 1e-14 }), 1e14 - 3)).toBe(0.99999999999997);
  expect(valueAt(int(0, MOST), 2 ** 53 - 1)).toBe(MOST);
});

test("the middle of a cell lies in it, of any number of cells", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.nat({ max: 22 }), anyUnit, (m, shift, u) => {
      const count = Math.min(2 ** 53, m * 2 ** shift + (m % 3));
      for (const cell of [cellAt(u, count), 0, count - 1, count >> 1]) {
        if (cell < 0) continue;
        expect(cellAt(middleOf(cell, count), count)).toBe(cell);
      }
    }),
    { numRuns: cases(1000) },
  );
});

describe("continuous ranges", () => {
  // what a unit may be off by, as a fraction of the range: rounding of the unit, and of logarithms over it
  it.each([
    ["the widest", float(-Number.MAX_VALUE, Number.MAX_VALUE), 2 ** -51],
    ["half of the widest", float(0, Number.MAX_VALUE), 2 ** -51],
    ["subnormal", float(-5e-320, 1e-319), 2 ** -51],
    ["two numbers", float(0, 5e-324), 2 ** -51],
    ["all positive numbers", float(5e-324, Number.MAX_VALUE, { log: true }), 2 ** -48],
    ["subnormal logarithms", float(5e-324, 1e-310, { log: true }), 2 ** -45],
    ["a narrow one of logarithms", float(1, 1.0000001, { log: true }), 2 ** -25],
  ] as const)("%s: units rise with values and come back", (_, parameter, tolerance) => {
    fc.assert(
      fc.property(anyUnit, anyUnit, (a, b) => {
        const [x, y] = [a, b].map((u) => fromUnit(parameter, u) as number);
        expect(takes(parameter, x)).toBe(true);
        const [u, v] = [x, y].map((value) => toUnit(parameter, value));
        expect(x === y || x < y === u <= v || u === v).toBe(true);
        const back = fromUnit(parameter, u) as number;
        expect(Math.abs(toUnit(parameter, back) - u)).toBeLessThanOrEqual(tolerance);
      }),
      { numRuns: cases(300) },
    );
    expect(fromUnit(parameter, 0)).toBe(parameter.low);
    expect(fromUnit(parameter, 1)).toBe(parameter.high);
    expect(toUnit(parameter, parameter.low)).toBe(0);
    expect(toUnit(parameter, parameter.high)).toBe(1);
  });

  test("draws of all positive numbers are even over their logarithm", () => {
    const parameter = float(5e-324, Number.MAX_VALUE, { log: true });
    const [low, high] = [-744.4400719213812, 709.782712893384]; // ln of the ends
    for (const u of [0.25, 0.5, 0.75])
      expect(Math.log(fromUnit(parameter, u) as number)).toBeCloseTo(low + (high - low) * u, 10);
  });
});

describe("refusals", () => {
  const refused = (make: () => unknown) => {
    try {
      make();
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return [code, message];
    }
    return undefined;
  };

  it.each([
    [
      () => float(0, 1, { step: 2e-16 }),
      "step must be at least 3.552713678800501e-15, which is 2^-48 of 1: float64 cannot distinguish",
    ],
    [() => float(1e6, 1e6 + 1, { step: 1e-12 }), "step must be at least 3.5527"],
    [() => float(-1e6, 1, { step: 1e-12 }), "which is 2^-48 of 1000000"],
    [
      () => float(-1.7e308, 1.7e308, { step: 1e300 }),
      "the range of a float with a step must be at most 1.797e308 wide; received [-1.7e+308,1.7e+308]",
    ],
    [() => int(-MOST, MOST), "the range of an int must be at most 2^53 - 1 wide"],
    [() => int(-MOST, MOST, { step: 2 ** 40 }), "the range of an int must be at most 2^53 - 1 wide"],
    [() => int(0, 2 ** 53), "high of an int must be a safe integer"],
  ] as const)("%s", (make, message) => {
    const [code, text] = refused(make) ?? [];
    expect(code).toBe("invalid_space");
    expect(text).toContain(message);
  });
});
