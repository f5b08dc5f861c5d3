/** Cells of `x` that are missing: filled where an option says so, and refused otherwise. */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import type { PipelineOptions } from "../../src/data/pipeline/options.js";
import { readTable } from "../../src/data/table.js";
import { choice } from "../../src/search/space/builders.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { tune } from "../../src/tune/tune.js";
import { linear } from "./support.js";

describe("missing cells of x", () => {
  const x = Array.from({ length: 40 }, (_, i) => [i % 7, i % 5 === 0 ? Number.NaN : i]);
  const y = x.map(([a]) => a * 2);
  const model = () => linear({ learningRate: 0.01 });
  const settings = {
    x,
    y,
    trials: 1,
    jobs: 1,
    space: { one: choice([1]) },
    model,
    fit: { epochs: 1 },
  } as const;

  it.each<[string, { missing?: "impute"; pipeline?: PipelineOptions }]>([
    ["by missing", { missing: "impute" }],
    ["by a pipeline that fills", { pipeline: { impute: "median" } }],
    ["by a pipeline that fills a column", { pipeline: { columns: { x1: { impute: 3 } } } }],
    ["by one that has indicators", { pipeline: { indicator: true } }],
    ["by one that may have indicators", { pipeline: { indicator: "auto" } }],
    [
      "by one that may have an indicator of a column",
      { pipeline: { columns: { x1: { indicator: "auto" } } } },
    ],
  ])("are filled %s, also in rows to predict", async (_, options) => {
    const { final } = await tune({ ...settings, ...options });
    const present = x.map(([, b]) => b).filter((b) => !Number.isNaN(b));
    const fill = { median: 20, mean: present.reduce((sum, b) => sum + b, 0) / present.length };
    const own = options.pipeline?.columns?.x1.impute ? 3 : options.pipeline?.impute ? fill.median : fill.mean;
    expect(final.pipeline.columns[1].fill).toBeCloseTo(own, 12);
    const [a, b] = [[[1, Number.NaN]], [[1, own]]].map((rows) => final.predict(rows).get(0, 0));
    if (!options.pipeline?.indicator) expect(a).toBeCloseTo(b, 5);
    expect(Number.isFinite(final.predict([[Number.NaN, 1]]).get(0, 0))).toBe(true);
  });

  it("are refused otherwise, with the option that settles it", async () => {
    const refused =
      'x must hold finite numbers; received NaN at x[0][1]; choose missing: "impute" for missing cells, which the pipeline then fills';
    await expect(tune(settings)).rejects.toThrow(refused);
    await expect(tune({ ...settings, missing: "refuse", pipeline: { impute: "mean" } })).rejects.toThrow(
      refused,
    );
    await expect(tune({ ...settings, pipeline: () => ({ impute: "mean" }) })).rejects.toThrow(refused);
    for (const pipeline of [{ indicator: false }, { columns: { x1: { indicator: false } } }])
      await expect(tune({ ...settings, pipeline })).rejects.toThrow(refused);
    const typed = { data: Float32Array.from(x.flat()), shape: [40, 2] };
    await expect(tune({ ...settings, x: typed })).rejects.toThrow('choose missing: "impute"');
  });

  it("are filled in grids and nested cross-validation too", async () => {
    const { trials: _, jobs: __, ...rest } = settings;
    const options = { ...rest, missing: "impute", validation: { folds: 2 }, jobs: 1 } as const;
    const { final } = await gridSearch(options);
    expect(final.predict([[1, Number.NaN]]).get(0, 0)).toBeTypeOf("number");
    const { scores } = await nestedCrossValidation(gridSearch, { ...options, outer: { folds: 2 } });
    expect(scores.every(Number.isFinite)).toBe(true);
  });

  it("are missing in no other way", async () => {
    const infinite = x.map((row, i) => (i === 3 ? [Number.POSITIVE_INFINITY, 1] : row));
    await expect(tune({ ...settings, x: infinite, missing: "impute" })).rejects.toThrow(
      "x must hold finite numbers; received Infinity at x[3][0]",
    );
    const empty = x.map(([a]) => [a, Number.NaN]);
    await expect(tune({ ...settings, x: empty, missing: "impute" })).rejects.toThrow(
      "column 1 of x must have values; all cells are missing",
    );
    await expect(tune({ ...settings, missing: "drop" as "impute" })).rejects.toThrow(
      'missing must be "refuse" or "impute"; rows of arrays keep their numbers',
    );
    const data = encodeTable(readTable("a,y\n1,1\n2,3\n"), { target: "y" });
    const { x: _, y: __, ...rest } = settings;
    await expect(tune({ ...rest, data, missing: "impute" })).rejects.toThrow(
      "missing must be left out with data, which has its own; choose the option missing of encodeTable",
    );
  });
});
