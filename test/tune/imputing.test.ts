/**
 * A model that was trained with `missing: "impute"` fills any cell, also in columns that every training row
 * has.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Dataset, encodeRows, encodeTable, type MissingRule } from "../../src/data/dataset.js";
import { isoDay } from "../../src/data/days.js";
import { readTable } from "../../src/data/table.js";
import type { Model } from "../../src/model/model.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { readContents } from "../../src/predict/description.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import type { RowRecord } from "../../src/predict/rows.js";
import { choice } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { describeModel } from "../../src/serve/models/description.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { refusal } from "../data/refusal.js";
import { type Exported, expectNear, moduleOf } from "../model/export/modules.js";
import { linear } from "./support.js";

const NAMES = ["size", "fresh", "port", "day", "gap"] as const;
const PORTS = ["C", "Q", "S"];
const DAY = 86_400_000;

/**
 * Only `gap` lacks cells. Two of three ports are Q, two of three rows are not fresh; days are 0 to 29 after
 * the first.
 */
const rows = Array.from({ length: 30 }, (_, i) => {
  const port = ["Q", "Q", i % 2 ? "C" : "S"][i % 3];
  const day = isoDay(Date.UTC(2024, 0, 1 + i));
  return { size: i * i, fresh: i % 3 === 0 ? "yes" : "no", port, day, gap: i % 5 ? i : "" };
});
const text = [
  [...NAMES, "y"].join(","),
  ...rows.map((row, i) => [...NAMES.map((name) => row[name]), i + 3 * Number(row.port === "Q")].join(",")),
].join("\n");

const dataWith = (missing: MissingRule, drop: readonly string[] = []): Dataset =>
  encodeTable(readTable(text), { target: "y", missing, drop });

async function trainedOn(data: Dataset, indicator = false): Promise<Model> {
  const { final } = await tune({
    data,
    space: { rate: choice([0.01]) },
    strategy: grid(),
    jobs: 1,
    validation: { folds: 2 },
    model: ({ rate }) => linear({ learningRate: rate }),
    fit: { epochs: 3 },
    pipeline: { impute: "median", indicator },
  });
  return final as Model;
}

/** What each column is filled with: medians, and the most frequent. */
const present = rows.flatMap(({ gap }) => (gap === "" ? [] : [Number(gap)]));
const middle = (sorted: readonly number[]): number => (sorted[11] + sorted[12]) / 2;
const FILLED: RowRecord = {
  size: (14 * 14 + 15 * 15) / 2,
  fresh: "no",
  port: "Q",
  day: new Date(Date.UTC(2024, 0, 1) + 14.5 * DAY),
  gap: middle(present),
};

describe("a model that imputes", () => {
  const data = dataWith("impute");
  let model: Model;
  let predictor: Predictor;
  let module: Exported;
  beforeAll(async () => {
    model = await trainedOn(data);
    const bytes = saveModel(model);
    predictor = await loadPredictor(bytes);
    module = await moduleOf(readContents(bytes));
  });

  it("predicts a row with missing cells as the one with what they are filled with, through every door", () => {
    const row = fc.record({
      size: fc.double({ min: -100, max: 1000, noNaN: true }),
      fresh: fc.constantFrom("yes", "no"),
      port: fc.constantFrom(...PORTS),
      day: fc.integer({ min: 0, max: 3000 }).map((days) => isoDay(Date.UTC(2024, 0, 1) + days * DAY)),
      gap: fc.integer({ min: -50, max: 50 }),
    });
    const nothing = fc.constantFrom(null, undefined, "", " na ", Number.NaN);
    fc.assert(
      fc.property(row, fc.subarray([...NAMES]), nothing, (whole, lacking, none) => {
        const lacks = (name: string): boolean => lacking.includes(name as (typeof NAMES)[number]);
        const of = (value: (name: string) => RowRecord[string]): RowRecord =>
          Object.fromEntries(NAMES.map((name) => [name, lacks(name) ? value(name) : whole[name]]));
        const [given, filled] = [of(() => none), of((name) => FILLED[name])];
        const [expected] = model.predict(filled).data;
        expect(model.predict(given).data[0]).toBe(expected);
        expect(model.predict([{ ...given }, given]).data[1]).toBe(expected);
        expect(predictor.predict(given).data[0]).toBe(expected);
        expectNear((module.predict(given) as { y: number }).y, expected, 20);
      }),
      { numRuns: cases(100) },
    );
  });

  it("takes rows that encodeRows encoded, and codes", async () => {
    const [expected] = model.predict({ ...rows[2], size: FILLED.size, port: "Q" }).data;
    const other = readTable(`port,day,gap,fresh,size\n,${rows[2].day},2,no,\n`, { schema: data.schema! });
    expect(model.predict(encodeRows(other, data)).data[0]).toBe(expected);
    expect(predictor.predict(encodeRows(other, data)).data[0]).toBe(expected);
    const day = Date.parse(rows[2].day);
    expect(predictor.predict([[Number.NaN, 0, Number.NaN, day, 2]]).data[0]).toBe(expected);
  });

  it("says so in its file and its description, and as loaded for more training", async () => {
    expect(readContents(saveModel(model)).table?.inputs.map(({ gaps }) => gaps)).toEqual(Array(5).fill(true));
    expect(describeModel(predictor).inputs.map(({ missing }) => missing)).toEqual(Array(5).fill(true));
    const [expected] = model.predict({}).data;
    expect((await loadModel(saveModel(model))).predict({}).data[0]).toBe(expected);
  });

  it("has an indicator only of a column in which a row lacks a cell", async () => {
    const { pipeline } = await trainedOn(data, true);
    expect(pipeline.features.filter((name) => name.endsWith("(missing)"))).toEqual(["gap (missing)"]);
  });
});

it.each(["refuse", "drop"] as const)("%s trains a model that refuses missing cells", async (missing) => {
  const model = await trainedOn(dataWith(missing, ["gap"]));
  const bytes = saveModel(model);
  const row = { ...rows[2], port: null };
  const message =
    'invalid_data: row 0, column "port": a cell must be there, as in every training row; received none; train with missing: "impute" to fill it in';
  expect(refusal(() => model.predict(row))).toBe(message);
  const predictor = await loadPredictor(bytes, { unknown: "missing" });
  expect(refusal(() => predictor.predict(row))).toBe(message);
  expect(refusal(() => predictor.predict({ ...row, port: "Z" }))).toBe(message);
  const module = await moduleOf(readContents(bytes));
  expect(() => module.predict(row)).toThrow('(train with missing: "impute" to fill it in); received null');
});
