/** Pipelines against scikit-learn: stored values, whose origin is with them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { applyPipeline, fitPipeline, restoreTarget } from "../../../src/data/pipeline/pipeline.js";
import { fitScaling, scalerOf } from "../../../src/data/pipeline/scaling.js";
import { readTable } from "../../../src/data/table.js";
import { columnsFrom } from "../rows.js";
import { numbers, RAW, words } from "./support.js";

/** Its origin is in it. */
const sklearn = JSON.parse(readFileSync(new URL("sklearn.json", import.meta.url), "utf8"));

const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
/** Equality up to the rounding of a few operations in float64. */
function expectEqual(received: ArrayLike<number>, expected: readonly number[]): void {
  expect(received.length).toBe(expected.length);
  expected.forEach((value, k) => {
    expect(Math.abs(received[k] - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
  });
}
/** Equality up to the rounding of the result to float32. */
function expectClose(received: ArrayLike<number>, expected: readonly number[]): void {
  expect(received.length).toBe(expected.length);
  expected.forEach((value, k) => {
    expect(Math.abs(received[k] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -24 + 1e-9);
  });
}

describe("pipelines equal scikit-learn's", () => {
  const gaps = Float64Array.from(sklearn.gaps, (value) => (value as number) ?? Number.NaN);

  it.each(["mean", "median", "mode"] as const)("imputer: %s", (impute) => {
    const { pipeline } = fitPipeline(numbers(gaps), { impute });
    expectEqual([pipeline.columns[0].fill], [sklearn.impute[impute]]);
  });

  it("imputer: a constant, and the indicator of missing cells", () => {
    const { pipeline, x } = fitPipeline(numbers(gaps), { ...RAW, impute: -1, indicator: true });
    expect(pipeline.features).toEqual(["c0", "c0 (missing)"]);
    expect(x.filter((_, k) => k % 2 === 1)).toEqual(Float32Array.from(sklearn.impute.indicator));
    expect(x.filter((_, k) => k % 2 === 0)).toEqual(
      Float32Array.from(gaps, (value) => (Number.isNaN(value) ? -1 : value)),
    );
  });

  it.each(
    (["standard", "minMax", "robust", "quantile"] as const).flatMap((name) =>
      (["spread", "tied"] as const).map((values) => [name, values] as const),
    ),
  )("scaler: %s of %s values", (name, values) => {
    const train = Float64Array.from(sklearn[values]);
    const scaled = scalerOf(fitScaling(name, train)[0]);
    expectEqual(train.map(scaled), sklearn[name][values].fitted);
    expectEqual(Float64Array.from(sklearn.others as number[], scaled), sklearn[name][values].others);
  });

  it.each(["spread", "tied", "crowded"])("scaler: parts of %s values", (values) => {
    const train = Float64Array.from(sklearn[values]);
    const parts = fitScaling("parts", train).map(scalerOf);
    const scaled = (all: readonly number[]) => all.flatMap((value) => parts.map((part) => part(value)));
    expectEqual(scaled(sklearn[values]), sklearn.parts[values].fitted);
    expectEqual(scaled(sklearn.others), sklearn.parts[values].others);
  });

  it("encoder: one-hot", () => {
    expect([...fitPipeline(words(sklearn.words, sklearn.quantity), RAW).x]).toEqual(sklearn.oneHot);
  });

  it("encoder: one-hot with rare categories in one", () => {
    const data = words(sklearn.words, sklearn.quantity);
    const { pipeline } = fitPipeline(data, { ...RAW, minFrequency: 6 });
    const unknown = data.inputs[0].categories.length;
    const all = applyPipeline(pipeline, [[...data.columns[0], unknown]]);
    // ours has a feature for each category, whatever the rows, and it is 0 for rare ones
    const { names, values } = sklearn.minFrequency;
    const column = (name: string) =>
      pipeline.features.indexOf(name.replace("w_infrequent_sklearn", "w (other)").replace(/^w_/, "w="));
    const width = pipeline.features.length;
    const kept = Array.from({ length: all.length / width }, (_, i) =>
      names.map((name: string) => all[i * width + column(name)]),
    );
    expect(kept.flat()).toEqual(values);
    expect(all.reduce((sum, value) => sum + value, 0)).toBe(data.columns[0].length + 1);
  });

  it("encoder: ordinal", () => {
    const { x, pipeline } = fitPipeline(words(sklearn.words, sklearn.quantity), {
      ...RAW,
      encode: "ordinal",
    });
    expect([...x]).toEqual(sklearn.ordinal);
    expect(pipeline.features).toEqual(["w"]);
  });

  it("encoder: hashed", () => {
    const data = words(sklearn.words, sklearn.quantity);
    const { x, pipeline } = fitPipeline(data, { ...RAW, encode: "hashed", buckets: 8 });
    expect([...x]).toEqual(sklearn.hashed);
    expect(pipeline.features[7]).toBe("w #7");
    // a word that is no category is in no bucket
    expect([...applyPipeline(pipeline, [[data.inputs[0].categories.length]])]).toEqual(new Array(8).fill(0));
  });

  it.each([
    ["quantity", 1, true],
    ["binary", 1, false],
    ["three", 3, false],
  ] as const)("encoder: target statistics of %s", (name, outputs, regression) => {
    const y: number[] =
      outputs === 1
        ? sklearn[name]
        : sklearn[name].flatMap((label: number) => [0, 1, 2].map((each) => Number(each === label)));
    const data = words(sklearn.words, y, outputs, regression);
    const { features } = fitPipeline(data, { encode: "target" }).pipeline.columns[0];
    const codes = [...data.columns[0], data.inputs[0].categories.length];
    const received = codes.flatMap((code) =>
      features.map(({ source }) => (source.type === "table" ? (source.numbers[code] ?? source.other) : NaN)),
    );
    expectEqual(received, sklearn.target[name]);
  });

  it("target: logarithm, standardized", () => {
    const { y, pipeline } = fitPipeline(words(sklearn.words, sklearn.quantity), { target: "log1p" });
    expectClose(y, sklearn.log1p);
    restoreTarget(pipeline, Float64Array.from(sklearn.log1p)).forEach((value, i) => {
      expect(Math.abs(value - sklearn.quantity[i])).toBeLessThanOrEqual(1e-12 * sklearn.quantity[i]);
    });
  });

  it("imputer and scaler together", () => {
    // make_pipeline(SimpleImputer(), StandardScaler()).fit(x[:4]).transform(x), scikit-learn 1.4.2
    const x = Float64Array.from(
      [
        [1, NaN, 1000001.5],
        [2, 10, 1000002.5],
        [NaN, 30, 1000001.5],
        [4, 20, 1000004],
        [5, NaN, 1000001.5],
      ].flat(),
    );
    const { pipeline, x: trained } = fitPipeline(numbers(x, 3), { rows: ids(4) });
    expectEqual(
      pipeline.columns.map(({ fill }) => fill),
      [2.3333333333333335, 20, 1000002.375],
    );
    const expected = [
      [-1.2344267996967355, 0, -0.8551861104941365],
      [-0.308606699924184, -Math.SQRT2, 0.12216944435630522],
      [0, Math.SQRT2, -0.8551861104941365],
      [1.5430334996209192, 0, 1.5882027766319677],
      [2.4688535993934706, 0, -0.8551861104941365],
    ].flat();
    expectClose(applyPipeline(pipeline, columnsFrom(x, 3)), expected);
    expectClose(trained, expected.slice(0, 12));
  });

  it("filling of categories and booleans with the mode, which is standardized too", () => {
    const table = readTable(
      "color,fresh,y\ngreen,yes,1\nblue,,2\nblue,no,3\nred,no,4.5\n,no,5\nred,yes,6\nred,yes,7\n",
    );
    const data = encodeTable(table, { target: "y", missing: "impute" });
    const { pipeline, x } = fitPipeline(data, { rows: ids(5) });
    expect(pipeline.features).toEqual(["color=blue", "color=green", "color=red", "fresh"]);
    const fills = (rows: ArrayLike<number>) =>
      fitPipeline(data, { rows }).pipeline.columns.map(({ fill }) => fill);
    expect(fills(ids(5))).toEqual([0, 0]); // blue, not fresh
    // StandardScaler().fit_transform of the one-hot rows green, blue, blue, red, blue
    expectClose(
      x.filter((_, k) => k % 4 < 3),
      [
        [-1.224744871391589, 2, -0.5],
        [0.816496580927726, -0.5, -0.5],
        [0.816496580927726, -0.5, -0.5],
        [-1.224744871391589, -0.5, 2],
        [0.816496580927726, -0.5, -0.5],
      ].flat(),
    );
    // On a tie the first value and 0 win; over all rows red is the most frequent.
    expect(fills([2, 3, 4, 5, 1])).toEqual([0, 0]);
    expect(fills(ids(7))).toEqual([2, 0]);
  });
});
