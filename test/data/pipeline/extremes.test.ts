/** Scalings of the largest and the smallest numbers: the same as of usual ones, or refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPipeline, fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { fitScaling, scalerOf } from "../../../src/data/pipeline/scaling.js";
import { cases } from "../../cases.js";
import { refusal } from "../refusal.js";
import { numbers, words } from "./support.js";

const SCALINGS = ["standard", "minMax", "robust", "quantile", "parts"] as const;
const scaled = (name: (typeof SCALINGS)[number], values: Float64Array): number[][] =>
  fitScaling(name, values).map((scaling) => Array.from(values, scalerOf(scaling)));

describe.each(SCALINGS)("%s", (name) => {
  // a power of two rounds nothing, so that not a bit may differ
  it("does not depend on the unit, from 2⁻⁹⁰⁰ to 2¹⁰⁰⁰", () => {
    const cell = fc.integer({ min: -1000, max: 1000 });
    const powers = fc.constantFrom(2 ** -900, 2 ** -700, 2 ** -480, 2 ** -100, 2 ** 300, 2 ** 520, 2 ** 1000);
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 20 }), powers, (cells, power) => {
        const values = Float64Array.from(cells);
        if (new Set(cells).size === 1) return; // see below
        const other = values.map((value) => value * power);
        const same = scaled(name, other).map((z) => z.map((value) => value + 0));
        // an interquartile range of 0 leaves differences as they are
        if (name === "robust" && Math.max(...same[0].map(Math.abs)) > 1e9) return;
        if (name === "robust" && fitScaling(name, values).some((own) => "scale" in own && own.scale === 1))
          return;
        expect(same).toEqual(scaled(name, values).map((z) => z.map((value) => value + 0)));
      }),
      { numRuns: cases(150) },
    );
  });

  it.each([0, 5e-324, 1e-300, 3, -1e200, 1.7e308])("makes zeros of a constant %s", (constant) => {
    const z = scaled(name, new Float64Array(7).fill(constant));
    for (const value of z.flat()) expect(Math.abs(value)).toBe(0);
  });
});

it("a column of 1e200 has a standard deviation, and says it", () => {
  const { pipeline, x } = fitPipeline(numbers(Float64Array.of(1e200, 3e200)));
  expect(pipeline.columns[0].features[0].scaling).toEqual({ center: 2e200, scale: 1e200 });
  expect(Array.from(x)).toEqual([-1, 1]);
  expect(Array.from(applyPipeline(pipeline, [[4e200]]))).toEqual([2]);
});

it("the largest numbers of both signs are standardized, and filled by their mean", () => {
  const most = 1.7e308;
  const { pipeline, x } = fitPipeline(numbers(Float64Array.of(-most, most, Number.NaN)), { impute: "mean" });
  expect(pipeline.columns[0].fill).toBe(0);
  expect(x[0]).toBeCloseTo(-Math.sqrt(1.5), 6);
  expect(x[1]).toBeCloseTo(Math.sqrt(1.5), 6);
  expect(x[2]).toBeCloseTo(0, 12);
});

it.each(["minMax", "robust", "quantile", "parts"] as const)(
  "%s refuses numbers whose difference float64 cannot hold",
  (scale) => {
    const far = Float64Array.of(-1.7e308, -1.7e308, 1.7e308, 1.7e308);
    expect(refusal(() => fitPipeline(numbers(far), { scale }))).toBe(
      `invalid_data: values of column "c0" must span less than ${Number.MAX_VALUE} to be scaled as "${scale}"; received -1.7e+308 to 1.7e+308; choose scale "standard"`,
    );
  },
);

it("numbers next to each other at the least that float64 has are told apart", () => {
  const { x } = fitPipeline(numbers(Float64Array.of(5e-324, 5e-323, 5e-322)));
  expect(new Set(x).size).toBe(3);
  for (const z of x) expect(Math.abs(z)).toBeLessThan(2);
});

describe.each([2 ** 600, 2 ** -600])("target statistics of quantities times %s", (size) => {
  const y = [1, 2, 1, 2, 9, 8, 9, 8, 4];
  const { inputs, ...data } = words(["a", "a", "a", "a", "b", "b", "b", "b", "a"], y);
  const cells = (data.columns[0] as Float64Array).with(8, Number.NaN);
  const fitted = (unit: number) =>
    fitPipeline(
      {
        ...data,
        inputs: [{ ...inputs[0], gaps: true }],
        columns: [cells],
        y: data.y.map((each) => each * unit),
      },
      { encode: "target" },
    );
  const [own, usual] = [size, 1].map(fitted);

  it("tell categories and gaps apart, as in the usual unit", () => {
    expect(own.x).toEqual(usual.x);
  });

  it("encode rows that were not trained on, one of an unknown word, as in the usual unit", () => {
    const [unknown, others] = [2, [0, 1, Number.NaN]];
    const [first, second] = [own, usual].map(({ pipeline }) =>
      applyPipeline(pipeline, [[unknown, ...others]]),
    );
    expect(first).toEqual(second);
    // the mean of all rows is between those of the categories
    const [ofUnknown, a, b] = first;
    expect(a).toBeLessThan(ofUnknown);
    expect(ofUnknown).toBeLessThan(b);
  });
});
