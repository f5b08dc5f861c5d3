/** The laws of pipelines: what they may see, what they give, and what they refuse. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable, type Input } from "../../../src/data/dataset.js";
import { bucketOf, murmurHash3 } from "../../../src/data/pipeline/hash.js";
import {
  type Imputation,
  type PipelineOptions,
  type ScalingName,
  unmarkedGaps,
} from "../../../src/data/pipeline/options.js";
import {
  applyPipeline,
  featureNames,
  fitPipeline,
  type PipelineData,
  restoreTarget,
} from "../../../src/data/pipeline/pipeline.js";
import { fitScaling, scalerOf } from "../../../src/data/pipeline/scaling.js";
import { transformed } from "../../../src/data/pipeline/target.js";
import { readTable } from "../../../src/data/table.js";
import { cases } from "../../cases.js";
import { refusal } from "../refusal.js";
import { number, numbers, RAW, words } from "./support.js";

const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

describe("filling", () => {
  it("with the mode takes the most frequent number, the least of equals, in whatever order", () => {
    const fill = (...cells: number[]) =>
      fitPipeline(numbers(Float64Array.from(cells)), { impute: "mode" }).pipeline.columns[0].fill;
    expect([fill(5, 5, 1), fill(1, 5, 5), fill(3, 2, 2, 3, 9), fill(2, 3, 3, 2)]).toEqual([5, 5, 2, 2]);
  });

  it("leaves numbers as they are where rare categories are grouped", () => {
    const { x } = fitPipeline(numbers(Float64Array.of(7, 8, 8)), { ...RAW, minFrequency: 2 });
    expect([...x]).toEqual([7, 8, 8]);
  });
});

describe("an indicator", () => {
  const category = (gaps: boolean): Input => ({ name: "w", kind: "category", categories: ["a", "b"], gaps });
  /** Codes 0 and 1, and gaps. */
  const data = (cells: readonly number[], gaps = true): PipelineData => ({
    inputs: [category(gaps)],
    columns: [Float64Array.from(cells)],
    task: "regression",
    outputs: 1,
    y: Float64Array.from(cells, (_, i) => i),
  });
  const plain = { scaleOneHot: false, target: "none", scale: "none", indicator: true } as const;
  const rowsOf = ({ x, pipeline }: { x: Float32Array; pipeline: { features: readonly string[] } }) =>
    Array.from({ length: x.length / pipeline.features.length }, (_, i) => [
      ...x.slice(i * pipeline.features.length, (i + 1) * pipeline.features.length),
    ]);

  it.each<[string, PipelineOptions, readonly (readonly number[])[]]>([
    [
      "one-hot",
      {},
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    ],
    [
      "ordinal",
      { encode: "ordinal" },
      [
        [0, 0],
        [1, 0],
        [1, 0],
        [-1, 1],
      ],
    ],
    [
      "rare words together",
      { minFrequency: 2 },
      [
        [0, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 1],
      ],
    ],
  ])("makes a missing category one of its own: %s", (_, options, expected) => {
    const fitted = fitPipeline(data([0, 1, 1, Number.NaN]), { ...plain, ...options });
    expect(rowsOf(fitted)).toEqual(expected);
    expect([...applyPipeline(fitted.pipeline, [[0, 1, 1, Number.NaN]])]).toEqual(expected.flat());
  });

  it("counts a missing category as what it is filled with, where it is not marked", () => {
    const options = { ...plain, indicator: false, minFrequency: 3 };
    const filled = [
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 1],
    ];
    expect(rowsOf(fitPipeline(data([0, 0, Number.NaN, 1]), options))).toEqual(filled);
  });

  it("makes it one of its own among buckets and target statistics", () => {
    const hashed = fitPipeline(data([0, 1, 1, Number.NaN]), { ...plain, encode: "hashed", buckets: 4 });
    const rows = rowsOf(hashed);
    expect(rows.map((row) => row.slice(0, 4).reduce((sum, each) => sum + each))).toEqual([1, 1, 1, 0]);
    expect(rows.map((row) => row[4])).toEqual([0, 0, 0, 1]);
    const means = fitPipeline(data([0, 0, 1, 1, Number.NaN]), { ...plain, encode: "target" }).pipeline;
    // the mean of all rows, 0 to 4, with the indicator to tell it apart
    expect([...applyPipeline(means, [[Number.NaN]])]).toEqual([2, 1]);
    const [{ source }] = means.columns[0].features;
    expect(source).toMatchObject({ type: "table", other: 2 });
  });

  it.each<[string, readonly number[]]>([
    ["no gap", [0, 1, 1]],
    ["no cell", [Number.NaN, Number.NaN]],
  ])("is 0 in every row where training rows have %s, so that it adds nothing untrained", (_, cells) => {
    const { pipeline } = fitPipeline(data(cells), plain);
    expect(pipeline.features).toEqual(["w=a", "w=b", "w (missing)"]);
    const later = [...applyPipeline(pipeline, [[0, Number.NaN]])];
    expect([later[2], later[5]]).toEqual([0, 0]);
    // filled by the most frequent, or by the first where there is none
    expect(later.slice(3, 5)).toEqual(cells.length === 3 ? [0, 1] : [1, 0]);
  });

  it("by itself is 1 only where targets with and without a cell are three standard errors apart", () => {
    const cells = Array.from({ length: 60 }, (_, i) => (i < 50 ? i % 2 : Number.NaN));
    const rows = (d: number) => {
      // means of 0 and d, a variance of 1 in both
      const y = Float64Array.from(cells, (_, i) => (i % 2 ? 1 : -1) + (i < 50 ? 0 : d));
      return rowsOf(fitPipeline({ ...data(cells), y }, { ...plain, indicator: "auto" }));
    };
    // d² > 9 (1 + d² · 10 · 50 / 60²) (1/50 + 1/10)
    const edge = Math.sqrt(1.08 / 0.85);
    expect(rows(0.999 * edge)[59]).toEqual([0, 0, 0]); // none of the words all the same
    expect(rows(1.001 * edge)[59]).toEqual([0, 0, 1]);
    expect(rows(-1.001 * edge)[59]).toEqual([0, 0, 1]);
    expect(rows(1.001 * edge)[49]).toEqual([0, 1, 0]);
  });

  it("is said to be left out where nobody chose", () => {
    const inputs = [category(true), { ...category(true), name: "v" }, { ...category(false), name: "u" }];
    const text =
      'missing cells of "w", "v" are filled without an indicator; indicator: true in the pipeline shows the network where they were, and indicator: false confirms this';
    expect(unmarkedGaps(inputs, {})).toEqual([text]);
    expect(unmarkedGaps(inputs, { columns: { v: { indicator: true } } })).toEqual([
      text.replace(', "v"', ""),
    ]);
    expect(unmarkedGaps(inputs, { indicator: false })).toEqual([]);
    expect(unmarkedGaps(inputs.slice(2), {})).toEqual([]);
  });
});

describe("scaling", () => {
  it("gives zeros for a constant feature, exactly, and finite numbers for one without cells", () => {
    const x = Float64Array.from({ length: 30 }, (_, k) => [0.1, NaN, 1e20][k % 3]);
    for (const scale of ["standard", "minMax", "robust"] as const)
      expect(fitPipeline(numbers(x, 3), { scale }).x).toEqual(new Float32Array(30));
  });

  it("treats differences that are only rounding as constant, as scikit-learn does", () => {
    const x = Float64Array.of(1e8, 1e8 * (1 + Number.EPSILON), 1e8, 1e8);
    expect(fitScaling("standard", x)[0]).toMatchObject({ scale: 1 });
  });

  it("brings the rows fitted to mean 0 and deviation 1", () => {
    const cell = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 40 }), (cells) => {
        fc.pre(new Set(cells.filter((value) => !Number.isNaN(value))).size > 1);
        const { x: z } = fitPipeline(numbers(Float64Array.from(cells)));
        const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
        const variance = z.reduce((sum, value) => sum + value * value, 0) / z.length;
        // |z| ≤ √40 < 7, each rounded to float32: an error of at most 7 · 2⁻²⁴ < 5e-7 a value.
        expect(Math.abs(mean)).toBeLessThan(5e-7);
        expect(Math.abs(variance - 1)).toBeLessThan(7e-6);
      }),
      { numRuns: cases(100) },
    );
  });

  it("keeps the order of numbers, whichever it is", () => {
    const values = fc.uniqueArray(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2 });
    const names = fc.constantFrom(...SCALINGS);
    fc.assert(
      fc.property(values, names, (cells, name) => {
        const ascending = cells.toSorted((a, b) => a - b);
        for (const scaling of fitScaling(name, Float64Array.from(cells))) {
          const sorted = ascending.map(scalerOf(scaling));
          for (let i = 1; i < sorted.length; i++) expect(sorted[i]).toBeGreaterThanOrEqual(sorted[i - 1]);
        }
      }),
      { numRuns: cases(100) },
    );
  });

  it("leaves one-hot features alone where it is told to, and booleans with them", () => {
    const data = encodeTable(readTable("a,w,b,y\n1,u,yes,1\n3,v,no,2\n5,v,no,3.5\n"), { target: "y" });
    const { x } = fitPipeline(data, { scale: "minMax", scaleOneHot: false });
    expect([...x]).toEqual([0, 1, 0, 1, 0.5, 0, 1, 0, 1, 0, 1, 0]);
    const none = fitPipeline(data, { scale: "none" });
    expect([...none.x]).toEqual([1, 1, 0, 1, 3, 0, 1, 0, 5, 0, 1, 0]);
  });

  it("differs by column where it is told to", () => {
    const x = Float64Array.of(0, 0, 2, 2, 4, 4);
    const { x: z } = fitPipeline(numbers(x, 2), { scale: "none", columns: { c1: { scale: "minMax" } } });
    expect([...z]).toEqual([0, 0, 2, 0.5, 4, 1]);
  });

  it("makes a feature of each scaling in a list, one after another", () => {
    const data = encodeTable(readTable("a,d,w,b,y\n1,2024-01-01,u,yes,1\n3,2024-01-03,v,no,2\n"), {
      target: "y",
      task: "regression",
    });
    const options = { scale: ["none", "minMax"], columns: { w: { encode: "ordinal" } } } as const;
    const { pipeline, x } = fitPipeline(data, options);
    const waves = ["year sin", "year cos", "week sin", "week cos"].map((wave) => `d (${wave})`);
    const days = ["d (days)", "d (days) (minMax)"];
    expect(pipeline.features).toEqual(["a", "a (minMax)", ...days, ...waves, "w", "w (minMax)", "b"]);
    const rows = [0, 1].map((i) => [...x.slice(11 * i, 11 * i + 11)]);
    const [first, second] = rows.map((row) => [...row.slice(0, 4), ...row.slice(8)]);
    expect(first).toEqual([1, 0, 19723, 0, 0, 0, 1]);
    expect(second).toEqual([3, 1, 19725, 1, 1, 1, -1]);
    expect(fitPipeline(data, { scale: ["none"] }).x).toEqual(fitPipeline(data, { scale: "none" }).x);
  });

  it("by quantiles, tells numbers apart that float32 holds as one, and takes those beyond float32", () => {
    const apart = Float64Array.from({ length: 9 }, (_, i) => 1e9 + i);
    const far = Float64Array.from({ length: 9 }, (_, i) => (i - 4) * 1e200);
    const data = {
      inputs: ["apart", "far"].map((name) => ({
        name,
        kind: "number" as const,
        categories: [],
        gaps: false,
      })),
      columns: [apart, far],
      task: "regression" as const,
      outputs: 1,
      y: apart,
    };
    const { pipeline, x } = fitPipeline(data, { scale: "quantile" });
    const [ofApart, ofFar] = [0, 1].map((j) => Array.from({ length: 9 }, (_, i) => x[2 * i + j]));
    expect(new Set(ofApart).size).toBe(9);
    expect(ofFar).toEqual(ofApart); // both are nine numbers at equal distances
    expect(applyPipeline(pipeline, data.columns)).toEqual(x);
  });

  it("by quantiles, takes equal values half below each other and none beyond the ends", () => {
    const score = 0.6744897501960817; // of 3 / 4
    const scaled = (cells: readonly number[]) =>
      scalerOf(fitScaling("quantile", Float64Array.from(cells))[0]);
    const expected = [-score, -score, -0.75 * score, -0.5 * score, 0.5 * score, score, score];
    for (const [i, value] of [-7, 1, 2, 3, 7, 9, 100].entries())
      expect(scaled([1, 9])(value)).toBeCloseTo(expected[i], 14);
    expect([-5, 0, 5].map(scaled([0, 0, 0]))).toEqual([0, 0, 0]);
    // 1,000 times 0 are 1,000 of 1,001 values; 0.005 of a tail is all that counts
    const rare = scaled([...new Array(1000).fill(0), 1]);
    expect(rare(1)).toBeCloseTo(2.5758293035489004, 14);
  });
});

const SCALINGS: readonly ScalingName[] = ["standard", "minMax", "robust", "quantile", "parts", "none"];
const anyOptions: fc.Arbitrary<PipelineOptions> = fc.record(
  {
    impute: fc.constantFrom<Imputation>("mean", "median", "mode", 3),
    indicator: fc.constantFrom(false, true, "auto" as const),
    encode: fc.constantFrom("auto", "oneHot", "ordinal", "hashed", "target"),
    buckets: fc.integer({ min: 1, max: 5 }),
    minFrequency: fc.integer({ min: 1, max: 4 }),
    scale: fc.oneof(fc.constantFrom(...SCALINGS), fc.subarray([...SCALINGS], { minLength: 1 })),
    scaleOneHot: fc.boolean(),
    target: fc.constantFrom("standard", "log", "log1p", "none"),
  },
  { requiredKeys: [] },
);

describe("a pipeline", () => {
  // whole numbers, since numbers that differ by 1e-160 alone cannot scale another to float32
  const cell = fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.constant(NaN));
  const code = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(NaN));
  const row = fc.record({
    a: cell,
    w: code,
    b: fc.constantFrom(0, 1, NaN),
    y: fc.integer({ min: 1, max: 9 }),
  });
  type Row = { a: number; w: number; b: number; y: number };
  const tables = fc.array(fc.record({ own: row, other: row, fitted: fc.boolean() }), {
    minLength: 2,
    maxLength: 25,
  });
  const dataOf = (rows: readonly Row[]): PipelineData => ({
    inputs: [
      number("a"),
      { name: "w", kind: "category", categories: ["p", "q", "r", "s"], gaps: true },
      { name: "b", kind: "boolean", categories: ["no", "yes"], gaps: true },
    ],
    columns: [
      Float64Array.from(rows, ({ a }) => a),
      Float64Array.from(rows, ({ w }) => w),
      Float64Array.from(rows, ({ b }) => b),
    ],
    task: "regression",
    outputs: 1,
    y: Float64Array.from(rows, ({ y }) => y),
  });

  it("reads only the rows fitted: whatever is planted in another leaves no trace", () => {
    fc.assert(
      fc.property(tables, anyOptions, (rows, options) => {
        const train = ids(rows.length).filter((i) => rows[i].fitted);
        fc.pre(train.length > 0);
        const planted = rows.map(({ own, other, fitted }) => (fitted ? own : other));
        const before = fitPipeline(dataOf(rows.map(({ own }) => own)), { ...options, rows: train });
        expect(fitPipeline(dataOf(planted), { ...options, rows: train })).toEqual(before);
      }),
      { numRuns: cases(200) },
    );
  });

  it("is plain data, says what its features are, and gives finite numbers for any rows", () => {
    fc.assert(
      fc.property(tables, anyOptions, (rows, options) => {
        const train = ids(rows.length).filter((i) => rows[i].fitted);
        fc.pre(train.length > 0);
        const data = dataOf(rows.map(({ own }) => own));
        const { pipeline, x } = fitPipeline(data, { ...options, rows: train });
        const kept = JSON.parse(JSON.stringify(pipeline));
        expect(kept).toEqual(pipeline);
        expect(pipeline.features).toEqual(featureNames(data, options));
        expect(new Set(pipeline.features).size).toBe(pipeline.features.length);
        const all = applyPipeline(kept, data.columns);
        expect(all.length).toBe(rows.length * pipeline.features.length);
        expect(all.every(Number.isFinite)).toBe(true);
        // the training rows are what applying gives them, but for target statistics
        if (options.encode !== "target") expect(applyPipeline(pipeline, data.columns, train)).toEqual(x);
      }),
      { numRuns: cases(200) },
    );
  });

  it("encodes a training row by the targets of other rows: its own leaves no trace in it", () => {
    const examples = fc.array(fc.tuple(fc.constantFrom("p", "q", "r"), fc.integer({ min: 0, max: 20 })), {
      minLength: 2,
      maxLength: 30,
    });
    const options = { ...RAW, encode: "target" } as const;
    fc.assert(
      fc.property(examples, fc.nat(), fc.integer({ min: 100, max: 200 }), (cells, which, planted) => {
        const at = which % cells.length;
        const y = cells.map(([, value]) => value);
        const own = fitPipeline(
          words(
            cells.map(([word]) => word),
            y,
          ),
          options,
        ).x;
        const changed = words(
          cells.map(([word]) => word),
          y.with(at, planted),
        );
        expect(fitPipeline(changed, options).x[at]).toBe(own[at]);
      }),
      { numRuns: cases(100) },
    );
  });

  it("makes target statistics of a column with more than 100 categories", () => {
    const cells = Array.from({ length: 300 }, (_, i) => `w${i % 101}`);
    const y = cells.map((_, i) => (i % 101) + (i % 7));
    expect(fitPipeline(words(cells, y)).pipeline.features).toEqual(["w (target)"]);
    expect(fitPipeline(words(cells.slice(0, 100), y.slice(0, 100))).pipeline.features.length).toBe(100);
  });

  it("undoes the transform of the target", () => {
    const target = fc.constantFrom("standard", "log", "log1p", "none");
    const ys = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), {
      minLength: 2,
    });
    fc.assert(
      fc.property(ys, target, (pairs, name) => {
        const data = words(
          pairs.map(() => "w"),
          pairs.flat(),
          2,
        );
        const { pipeline, y } = fitPipeline(data, { target: name });
        expect(y.length).toBe(2 * pairs.length);
        restoreTarget(pipeline, y).forEach((value, k) => {
          // float32, whose error the logarithm's inverse multiplies by the range of it: below e^7
          expect(Math.abs(value - data.y[k])).toBeLessThanOrEqual(2 ** -19 * 1000);
        });
      }),
      { numRuns: cases(60) },
    );
    const { pipeline } = fitPipeline(words(["a", "b"], [1, 3]));
    expect(restoreTarget(pipeline, Float32Array.of(NaN, Infinity))).toEqual(Float64Array.of(NaN, Infinity));
  });
});

describe("hashes", () => {
  it("are MurmurHash3 of UTF-8, and never negative as buckets", () => {
    // sklearn.utils.murmurhash3_32(word, seed=0)
    expect(["", "a", "hello", "grün", "naïve café"].map(murmurHash3)).toEqual([
      0, 1009084850, 613153351, 720732358, 1734666806,
    ]);
    // by scikit-learn's murmurhash3_32: bytes above 127 in each place of a block
    expect(["é", "né", "née", "日本", "Zürich", "abcé"].map(murmurHash3)).toEqual([
      269551495, -1936413940, -1713559946, -992347838, 694770001, -861850303,
    ]);
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (word, buckets) => {
        const bucket = bucketOf(word, buckets);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < buckets).toBe(true);
      }),
      { numRuns: cases(200) },
    );
  });
});

describe("refusals", () => {
  const x = Float64Array.of(1, 2, 3, 4);
  const data = numbers(x, 2);
  const { pipeline } = fitPipeline(data);
  const y = words(["a", "b"], [-1, 5]);
  it.each<[string, () => unknown, string]>([
    [
      "no data",
      () => fitPipeline(undefined as never),
      "invalid_argument: data must be what encodeTable returns; received undefined",
    ],
    [
      "no rows",
      () => fitPipeline(data, { rows: [] }),
      "invalid_argument: rows must be the ids of at least one row; received []",
    ],
    [
      "a row that does not exist",
      () => applyPipeline(pipeline, data.columns, [0, 2]),
      "invalid_argument: rows must hold integers from 0 to 1; received 2 at index 1",
    ],
    [
      "a number of rows",
      () => fitPipeline(data, { rows: 2 as never }),
      "invalid_argument: rows must be an array of row ids; received 2",
    ],
    [
      "columns of two lengths",
      () => applyPipeline(pipeline, [x, x.subarray(1)]),
      "invalid_shape: columns must be 2 of one length; received 2 of lengths [4,3]",
    ],
    [
      "columns that are too few",
      () => applyPipeline(pipeline, [x]),
      "invalid_shape: columns must be 2 of one length; received 1 of lengths [4]",
    ],
    [
      "no numbers",
      () => applyPipeline(pipeline, {} as never),
      "invalid_argument: columns must be an array of arrays of numbers, one for each input; received {}",
    ],
    [
      "no pipeline",
      () => applyPipeline({} as never, [x]),
      "invalid_argument: pipeline must be what fitPipeline returns as pipeline; received {}",
    ],
    [
      "no pipeline to restore by",
      () => restoreTarget(undefined as never, x),
      "invalid_argument: pipeline must be what fitPipeline returns as pipeline; received undefined",
    ],
    [
      "a number for predictions",
      () => restoreTarget(pipeline, 5 as never),
      "invalid_argument: z must be an array of predictions; received 5",
    ],
    [
      "a misspelt option",
      () => fitPipeline(data, { scaling: "none" } as never),
      'unknown_name: unknown option of fitPipeline "scaling". Known: impute, indicator, encode, buckets, minFrequency, scale, scaleOneHot, target, columns, padding, moments.',
    ],
    [
      "distributions of logarithms",
      () => fitPipeline(data, { target: "log", moments: { log: true, least: 1 } }),
      'invalid_argument: target of a pipeline with moments must be "standard" or "none", since a normal distribution of its logarithm is not a normal distribution of the target; received "log"',
    ],
    [
      "variances of at least 0",
      () => fitPipeline(data, { moments: { log: true, least: 0 } }),
      'invalid_argument: moments must be { log, least }, whether it predicts logarithms, and the least variance, above 0; received {"log":true,"least":0}',
    ],
    [
      "a misspelt scaling",
      () => fitPipeline(data, { scale: "minmax" as never }),
      'unknown_name: unknown scaling "minmax". Did you mean "minMax"? Known: standard, minMax, robust, quantile, parts, none.',
    ],
    [
      "a misspelt scaling in a list",
      () => fitPipeline(data, { columns: { c0: { scale: ["standard", "none", "rank"] as never } } }),
      'unknown_name: unknown scaling "rank". Known: standard, minMax, robust, quantile, parts, none.',
    ],
    [
      "no scalings",
      () => fitPipeline(data, { columns: { c1: { scale: [] } } }),
      'invalid_argument: scale of column "c1" must be a scaling, or a list of different ones; received []',
    ],
    [
      "a scaling twice",
      () => fitPipeline(data, { scale: ["none", "none"] }),
      'invalid_argument: scale must be a scaling, or a list of different ones; received ["none","none"]',
    ],
    [
      "a misspelt imputation",
      () => fitPipeline(data, { impute: "avg" as never }),
      'invalid_argument: impute must be "mean", "median", "mode" or a finite number; received "avg"',
    ],
    [
      "a column that does not exist",
      () => fitPipeline(data, { columns: { c3: {} } }),
      'unknown_name: unknown column "c3". Did you mean "c0"? Known: c0, c1.',
    ],
    [
      "no buckets",
      () => fitPipeline(data, { columns: { c0: { buckets: 0 } } }),
      'invalid_argument: buckets of column "c0" must be a positive integer; received 0',
    ],
    [
      "a target without a logarithm",
      () => fitPipeline(y, { target: "log1p" }),
      'invalid_data: row 0: the target must be above -1 for target: "log1p"; received -1',
    ],
    [
      "a value that float32 cannot hold",
      () => applyPipeline(fitPipeline(numbers(Float64Array.of(1e-30, 2e-30))).pipeline, [[0, 1e30]]),
      'invalid_data: column "c0", row 1: values must be near enough to the training rows to be scaled ({"center":1.5000000000000001e-30,"scale":5e-31}); received 1e+30',
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });

  it.each([0, 1023, 1024, 1999])("names row %i, wherever it is among the given rows", (row) => {
    const { pipeline } = fitPipeline(numbers(Float64Array.of(1e-30, 2e-30)));
    const cells = new Float64Array(2000);
    cells[row] = 1e30;
    const backwards = ids(2000).reverse();
    expect(refusal(() => applyPipeline(pipeline, [cells], backwards))).toContain(`column "c0", row ${row}: `);
    const { target } = fitPipeline(y, { target: "log1p", rows: [1] }).pipeline;
    const targets = Float64Array.from(cells, (cell) => -cell);
    expect(refusal(() => transformed(target, { y: targets }, backwards))).toContain(
      `row ${row}: the target must be above -1`,
    );
  });
});
