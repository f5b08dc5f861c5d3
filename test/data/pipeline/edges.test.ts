/** A pipeline at the edges of its inputs: no gaps, dates, several outputs, one row, huge numbers. */
import { describe, expect, it } from "vitest";
import { fitPipeline, type PipelineData } from "../../../src/data/pipeline/pipeline.js";
import { hasParts, quantileOf } from "../../../src/data/pipeline/scaling.js";
import { outOfFoldStatistics } from "../../../src/data/pipeline/statistics.js";
import { fitTarget, isUnchanged } from "../../../src/data/pipeline/target.js";
import { applyPipeline } from "../../../src/index.js";
import { numbers, RAW, words } from "./support.js";

const GAP = Number.NaN;

/** Five times the rows that are looked at for parts. */
const MANY = 100_000;

describe("a column", () => {
  it.each([
    [true, ["w=a", "w=b", "w (missing)"]],
    [false, ["w=a", "w=b"]],
  ])("is marked only if it may have gaps: %s", (gaps, features) => {
    const { inputs, ...data } = words(["a", "b"], [1, 2]);
    const { pipeline } = fitPipeline({ ...data, inputs: [{ ...inputs[0], gaps }] }, { indicator: true });
    expect(pipeline.features).toEqual(features);
  });

  it("of numbers is filled with their mean beside its mark", () => {
    const { x } = fitPipeline(numbers(Float64Array.of(1, GAP, 3)), { ...RAW, indicator: true });
    expect([...x]).toEqual([1, 0, 2, 1, 3, 0]);
  });

  it.each([
    [5, 4],
    ["mean", 4],
    ["median", 2],
  ] as const)("of dates takes no number for its gaps: %s", (impute, fill) => {
    const { inputs, ...data } = numbers(Float64Array.of(1, GAP, 2, 9));
    const dates: PipelineData = { ...data, inputs: [{ ...inputs[0], kind: "date" }] };
    expect(fitPipeline(dates, { ...RAW, impute }).pipeline.columns[0].fill).toBe(fill);
    expect(fitPipeline(numbers(data.columns[0] as Float64Array), { ...RAW, impute: 5 }).x[1]).toBe(5);
  });

  it("has a statistic of each output, by its number where there are several", () => {
    const names = (outputs: number) =>
      fitPipeline(words(["a", "b"], [1, 2, 3, 4, 5, 6].slice(0, 2 * outputs), outputs), { encode: "target" })
        .pipeline.features;
    expect(names(1)).toEqual(["w (target)"]);
    expect(names(2)).toEqual(["w (target 0)", "w (target 1)"]);
    expect(names(3)).toEqual(["w (target 0)", "w (target 1)", "w (target 2)"]);
  });

  it("finds other rows of each category where the table is sorted by it", () => {
    const codes = Float64Array.from({ length: 100 }, (_, row) => Math.floor(row / 20));
    // of one value, so that the others of a category say it exactly
    const y = codes.map((code) => [3, -1, 8, 0, 5][code]);
    expect([...outOfFoldStatistics(codes, 5, y)]).toEqual([...y]);
  });

  it("of a single row has its target as statistic, for there are no others", () => {
    expect([...outOfFoldStatistics(Float64Array.of(0), 1, Float64Array.of(7))]).toEqual([7]);
  });

  it("has parts by its values, not by its gaps", () => {
    const [two, many] = [[0, 1, 0, 1, 1], Array.from({ length: 50 }, (_, i) => i)];
    for (const [values, parts] of [
      [two, false],
      [many, true],
    ] as const)
      expect([values, [...values, GAP, GAP, GAP]].map((each) => hasParts(Float64Array.from(each)))).toEqual([
        parts,
        parts,
      ]);
  });

  it.each([
    ["first", (i: number) => i < MANY / 5],
    ["middle", (i: number) => i >= 0.4 * MANY && i < 0.6 * MANY],
    ["last", (i: number) => i >= 0.8 * MANY],
  ])("has parts by all of its rows, whatever the %s fifth of them holds", (_, isIn) => {
    const values = (isVarying: (i: number) => boolean) =>
      Float64Array.from({ length: MANY }, (_, i) => (isVarying(i) ? i + 1 : 0));
    expect(hasParts(values((i) => !isIn(i)))).toBe(true);
    expect(hasParts(values(isIn))).toBe(false);
  });
});

it("a quantile lies between its neighbours, however far apart", () => {
  const far = 1.5e308;
  expect(quantileOf(Float64Array.of(-far, far), 1, 4)).toBe(-far / 2);
  expect(quantileOf(Float64Array.of(-far, far), 3, 4)).toBe(far / 2);
});

it("padding is not scaled, however far from the numbers that are", () => {
  const padding = [{ first: 0, steps: 2, features: 1, maskValue: -1e38 }];
  const data = numbers(Float64Array.of(1e-30, 2e-30, 3e-30, -1e38), 2);
  const { pipeline, x } = fitPipeline(data, { padding });
  expect(x[3]).toBe(Math.fround(-1e38));
  expect([...applyPipeline(pipeline, data.columns)]).toEqual([...x]);
});

it.each([
  ["none", [0, 1], true],
  ["standard", [-1, 1], true],
  ["standard", [0, 2], false],
  ["log1p", [0, 0], false],
  ["log", [1, 1], false],
] as const)("a network learns targets unchanged: %s of %j, %s", (name, y, unchanged) => {
  expect(isUnchanged(fitTarget(name, { y: Float64Array.from(y), outputs: 1 }, [0, 1]))).toBe(unchanged);
});
