/** Explanations of real models: the same bits by a model and its predictor, and as JSON. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { partialDependence } from "../../src/explain/dependence.js";
import { explain, explainRow } from "../../src/explain/explain.js";
import { shapleyValues } from "../../src/explain/shapley.js";
import type { Model } from "../../src/model/model.js";
import { saveModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import { choice } from "../../src/search/space/builders.js";
import { denseModel } from "../../src/tune/dense.js";
import { tune } from "../../src/tune/tune.js";
import { formulaModel, numbers, rowsOf } from "./formula.js";

const table = readTable(readFileSync(new URL("../../examples/data/iris.csv", import.meta.url), "utf8"));
const data = encodeTable(table, { target: "species" });
const row = { columns: data.columns.map((column) => column.subarray(70, 71)) };

let model: Model;
let predictor: Predictor;
beforeAll(async () => {
  const { final } = await tune({
    data,
    trials: 2,
    jobs: 1,
    space: { units: choice([8, 16]) },
    model: (params) => denseModel(data, params),
    fit: { epochs: 20 },
  });
  model = final;
  predictor = await loadPredictor(saveModel(final));
});

describe("an explanation of a model", () => {
  it("has the same bits by a model and by its predictor, and is JSON", async () => {
    const [one, other] = [await explain(model, data), await explain(predictor, data)];
    expect(other).toEqual(one);
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    expect(await explain(model, data, { seed: 1 })).not.toEqual(one);
  });

  it("draws all four columns, the most important first, and two pairs", async () => {
    const found = await explain(model, data, { metric: "accuracy" });
    expect(found).toMatchObject({ task: "classification", target: "species", outputs: data.classes });
    expect(found.dependence.map(({ column }) => column)).toEqual(
      found.importance.columns.map(({ columns }) => columns[0]),
    );
    expect(found.withoutCurve).toBe(0);
    expect(found.pairs).toHaveLength(2);
    expect(found.importance.score).toBeCloseTo(
      model.classify(data).filter((name, i) => name === data.classes[truthOf(i)]).length / 150,
      12,
    );
    // the lengths of petals tell the species, their widths the same
    expect(found.importance.groups[0].columns).toEqual([
      "sepal_length_cm",
      "petal_length_cm",
      "petal_width_cm",
    ]);
    for (const { mean } of found.dependence)
      for (const outputs of mean) expect(outputs.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });

  it("draws the thirty most important columns of more, and says how many have no curve", async () => {
    const names = Array.from({ length: 33 }, (_, j) => `x${j}`);
    const rows = Array.from({ length: 8 }, (_, i) => names.map((_, j) => (i >> (j % 3)) & 1));
    const y = Float64Array.from(rows, (row) => row[32]);
    const found = await explain(
      formulaModel(numbers(...names), (cells) => cells[32]),
      {
        ...rowsOf(rows),
        y,
      },
    );
    expect(found.dependence[0].column).toBe("x32");
    expect([found.dependence.length, found.withoutCurve]).toEqual([30, 3]);
  });
});

const truthOf = (row: number): number => [0, 1, 2].findIndex((k) => data.y[3 * row + k] === 1);

describe("an explanation of a row", () => {
  it("adds up to the prediction, and has the same bits by a model and by its predictor", async () => {
    const [one, other] = [await explainRow(model, row, data), await explainRow(predictor, row, data)];
    expect(other).toEqual(one);
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    expect(one.prediction).toEqual([...model.predict(row).data]);
    expect(one.class).toBe(model.classify(row)[0]);
    expect(one.background).toEqual({ rows: 32, of: 150 });
    for (const [k, prediction] of one.prediction.entries()) {
      const sum = one.contributions.reduce((all, { contribution }) => all + contribution[k], one.base[k]);
      expect(Math.abs(sum - prediction)).toBeLessThan(1e-12);
    }
    const sizes = one.contributions.map(({ contribution }) => Math.max(...contribution.map(Math.abs)));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it("names changes that turn the answer, from values of the row to values of rows", async () => {
    const { changes = [], class: now } = await explainRow(model, row, data, { fixed: ["sepal_width_cm"] });
    expect(changes.length).toBeGreaterThan(0);
    for (const { changes: its, class: turned, prediction } of changes) {
      const changed = { columns: row.columns.map((column) => column.slice()) };
      for (const { column, from, to } of its) {
        const at = data.inputs.findIndex(({ name }) => name === column);
        expect(from).toBe(row.columns[at][0]);
        expect([...data.columns[at]]).toContain(to);
        changed.columns[at][0] = to as number;
      }
      expect(model.classify(changed)[0]).toBe(turned);
      expect([...model.predict(changed).data]).toEqual(prediction);
      expect(turned).not.toBe(now);
      expect(its.map(({ column }) => column)).not.toContain("sepal_width_cm");
    }
  });

  it("of a quantity has changes where it has a goal", async () => {
    const quantity = formulaModel(numbers("x"), ([x]) => 2 * x);
    const rows = rowsOf([[1], [2], [3]]);
    expect((await explainRow(quantity, rowsOf([[1]]), rows)).changes).toBeUndefined();
    const { changes } = await explainRow(quantity, rowsOf([[1]]), rows, { least: 5 });
    expect(changes?.map((each) => each.changes)).toEqual([[{ column: "x", from: 1, to: 3, passed: 2 / 3 }]]);
  });

  it("has a missing cell and the words of a category as values", async () => {
    const columns = [{ name: "port", words: ["u", "v"] }, { name: "x" }];
    const mixed = formulaModel(columns, ([port, x]) => port + (Number.isNaN(x) ? 5 : x));
    const found = await explainRow(mixed, { port: ["v"], x: [null] } as never, rowsOf([[0, 1]]));
    expect(found.contributions).toEqual([
      { columns: ["x"], values: [null], contribution: [4] },
      { columns: ["port"], values: ["v"], contribution: [1] },
    ]);
  });

  it("is of one row", async () => {
    await expect(explainRow(model, data, data)).rejects.toThrow(/row must be one row; received 150/);
  });
});

describe("what is no model of a table", () => {
  it("is refused", async () => {
    for (const wrong of [undefined, null, {}, 3, "model"])
      await expect(shapleyValues(wrong as never, [[1]], [[1]])).rejects.toThrow(
        /^model must be a model of a table/,
      );
    const network = sequential([dense(1)]);
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await network.fit([[1], [2]], [1, 2], { epochs: 1 });
    await expect(partialDependence(network as never, [[1]])).rejects.toThrow(/has no columns to explain/);
  });

  it("is refused without rows to compare with", async () => {
    const quantity = formulaModel(numbers("x"), ([x]) => x);
    await expect(shapleyValues(quantity, [[1]], [])).rejects.toThrow(/must not be empty/);
    await expect(partialDependence(quantity, [])).rejects.toThrow(/must not be empty/);
  });
});
