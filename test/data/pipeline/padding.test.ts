/**
 * Padded sequences in a pipeline: padding stays, what counts is scaled by feature, and neither becomes the
 * other.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Applier } from "../../../src/data/pipeline/applier.js";
import { applyPipeline, type FittedPipeline, fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { writeStep } from "../../../src/data/pipeline/steps.js";
import { FettleError } from "../../../src/errors.js";
import { cases } from "../../cases.js";
import { refusal } from "../refusal.js";
import { numbers } from "./support.js";

/** Steps of two numbers: three in the first row, one in the second. */
const cells = Float64Array.of(1, 10, 2, 20, 3, 0, 4, 30, 0, 0, 0, 0);
const data = numbers(cells, 6, Float64Array.of(0, 1));
const padding = [{ first: 0, steps: 3, features: 2, maskValue: 0 }] as const;

describe("padded steps", () => {
  it("stay, and the others are scaled by feature over all steps that count", () => {
    const { pipeline, x } = fitPipeline(data, { padding });
    // 1, 2, 3, 4 and 10, 20, 0, 30
    const deviations = [Math.sqrt(1.25), Math.sqrt(125)];
    const scale = (value: number, feature: number): number =>
      Math.fround((value - [2.5, 15][feature]) / deviations[feature]);
    const expected = Array.from(cells, (cell, i) => (i > 7 ? 0 : scale(cell, i % 2)));
    expect(Array.from(x)).toEqual(expected);
    expect(pipeline.columns.map(({ features: [{ scaling }] }) => scaling)).toEqual(
      Array.from({ length: 6 }, (_, i) => ({ center: [2.5, 15][i % 2], scale: deviations[i % 2] })),
    );
    expect(Array.from(applyPipeline(pipeline, data.columns))).toEqual(expected);
    expect(Array.from(applyPipeline(JSON.parse(JSON.stringify(pipeline)), data.columns, [1]))).toEqual(
      expected.slice(6),
    );
  });

  it("are filled in steps that count, by feature", () => {
    const gaps = numbers(Float64Array.of(1, Number.NaN, 0, 0, 3, 10, 5, 30), 4);
    const { pipeline, x } = fitPipeline(gaps, {
      impute: "mean",
      scale: "none",
      padding: [{ first: 0, steps: 2, features: 2, maskValue: 0 }],
    });
    expect(Array.from(x)).toEqual([1, 20, 0, 0, 3, 10, 5, 30]);
    expect(pipeline.columns.map(({ fill }) => fill)).toEqual([3, 20, 3, 20]);
  });

  it("have their gaps refused one number at a time, before they are filled", () => {
    const { pipeline } = fitPipeline(data, { padding });
    const gaps = Float64Array.from(cells, (cell, i) => (i === 3 ? Number.NaN : cell));
    const told: [column: number, cells: number[]][] = [];
    new Applier(pipeline, 2, writeStep).apply(
      {
        read: (j) => Float64Array.of(gaps[j], gaps[6 + j], 7),
        refusal: (row) => new FettleError("invalid_data", String(row)),
        refuseGaps: (column, own) => void told.push([column, [...own]]),
      },
      2,
      new Float32Array(12),
    );
    expect(new Map(told)).toEqual(new Map(Array.from({ length: 6 }, (_, j) => [j, [gaps[j], gaps[6 + j]]])));
  });

  it("stand beside other columns", () => {
    const four = numbers(Float64Array.of(5, 1, 0, 100, 7, 3, 5, 300), 4);
    const { x } = fitPipeline(four, { padding: [{ first: 1, steps: 2, features: 1, maskValue: 0 }] });
    const z = (value: number): number => Math.fround((value - 3) / Math.sqrt(8 / 3));
    expect(Array.from(x)).toEqual([-1, z(1), 0, -1, 1, 2 ** -20, z(5), 1]);
  });

  // 1, 3, 5 in the steps that count: a standard deviation of √(8/3), a least of 1 and a range of 4
  const standard = { center: 3, scale: Math.sqrt(8 / 3) };
  const minMax = { center: 1, scale: 4 };
  it.each([
    ["the first", "c0", { scale: "minMax" as const }, [minMax, standard]],
    ["the second", "c1", { scale: "minMax" as const }, [standard, minMax]],
    ["none", "c0", {}, [standard, standard]],
  ])("are scaled as %s has it on its own", (_, name, own, expected) => {
    const sequence = numbers(Float64Array.of(1, 0, 3, 5), 2);
    const { pipeline } = fitPipeline(sequence, {
      padding: [{ first: 0, steps: 2, features: 1, maskValue: 0 }],
      columns: { [name]: own },
    });
    expect(pipeline.columns.map(({ features: [{ scaling }] }) => scaling)).toEqual(expected);
  });

  it("that are all padding in training rows stay as they are later", () => {
    const empty = numbers(Float64Array.of(9, 9, 9, 9), 2);
    const own = [{ first: 0, steps: 2, features: 1, maskValue: 9 }];
    const { pipeline, x } = fitPipeline(empty, { padding: own });
    expect(Array.from(x)).toEqual([9, 9, 9, 9]);
    expect(Array.from(applyPipeline(pipeline, [[9], [4]]))).toEqual([9, 4]);
  });

  // what a network sees as padding is what was padding, whatever the numbers and the scaling
  it("are the same before and after any scaling", () => {
    const number = fc.oneof(
      fc.constantFrom(0, -1, 1, 2.5, 1e-300, -1e-46, 1e-30, 1e30),
      fc.float({ noNaN: true, min: -1000, max: 1000 }),
    );
    const input = fc.record({
      maskValue: fc.constantFrom(0, -1, 1, 2.5, -999, 0.1),
      features: fc.integer({ min: 1, max: 3 }),
      rows: fc.array(fc.array(number, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      scale: fc.constantFrom("standard", "minMax", "robust", "quantile", "none"),
      pads: fc.array(fc.nat(35), { maxLength: 12 }),
    });
    let [tried, scaled] = [0, 0];
    fc.assert(
      fc.property(input, ({ maskValue, features, rows, scale, pads }) => {
        tried++;
        const flat = Float64Array.from(rows.flat());
        for (const at of pads) flat[at % flat.length] = maskValue;
        const steps = 6 / features;
        let fitted: FittedPipeline;
        try {
          fitted = fitPipeline(numbers(flat, 6), {
            scale: scale as "standard",
            padding: [{ first: 0, steps, features, maskValue }],
          });
        } catch (error) {
          // 10³⁰ beside an interquartile range of almost nothing
          expect((error as Error).message).toMatch(/must be near enough to the training rows to be scaled/);
          return;
        }
        const { pipeline, x } = fitted;
        scaled++;
        const masked = (values: ArrayLike<number>): boolean[] =>
          Array.from({ length: values.length / features }, (_, step) =>
            Array.from({ length: features }, (_, f) => Math.fround(values[step * features + f])).every(
              (value) => value === Math.fround(maskValue),
            ),
          );
        expect(masked(x)).toEqual(masked(flat));
        const columns = Array.from({ length: 6 }, (_, j) => flat.filter((_, i) => i % 6 === j));
        expect(applyPipeline(pipeline, columns)).toEqual(x);
      }),
      { numRuns: cases(500) },
    );
    expect(scaled).toBeGreaterThan(tried / 2);
  });
});

it("a step that counts whose numbers are all the mean is next to padding, and not it", () => {
  const own = [{ first: 0, steps: 1, features: 2, maskValue: 0 }];
  const { pipeline } = fitPipeline(numbers(Float64Array.of(1, 3, 3, 5), 2), { padding: own });
  expect(Array.from(applyPipeline(pipeline, [[2], [4]]))).toEqual([2 ** -20, 0]);
});

describe("padding is refused:", () => {
  const steps = { first: 0, steps: 2, features: 1, maskValue: 0 };
  const word = { name: "w", kind: "boolean", categories: ["no", "yes"], gaps: false } as const;
  it.each<[string, object, RegExp]>([
    ["as one object", { padding: steps }, /padding must be a list of \{ first, steps, features, maskValue }/],
    ["beyond the inputs", { padding: [{ ...steps, steps: 7 }] }, /padding must name inputs before 6/],
    ["twice", { padding: [steps, steps] }, /padding must name inputs before 6, in their order and each once/],
    ["of no steps", { padding: [{ ...steps, steps: 0 }] }, /steps of padding must be/],
    ["with NaN", { padding: [{ ...steps, maskValue: Number.NaN }] }, /maskValue of padding must be a finite/],
    ["misspelt", { padding: [{ ...steps, mask: 1 }] }, /unknown option of padding "mask"/],
    ["in parts", { padding, scale: "parts" }, /column "c0" must have one feature.*; received 4; choose one/],
    ["with indicators", { padding, indicator: true }, /column "c0" must have one feature.*; received 2/],
  ])("%s", (_, options, message) => {
    expect(refusal(() => fitPipeline(data, options))).toMatch(message);
  });

  it("of other columns than numbers", () => {
    const mixed = { ...numbers(Float64Array.of(1, 0), 2), inputs: [...data.inputs.slice(0, 1), word] };
    expect(refusal(() => fitPipeline(mixed, { padding: [{ ...steps }] }))).toMatch(
      /padding must name columns of numbers; received "w", a boolean/,
    );
  });
});
