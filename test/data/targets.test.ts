/** Several targets of a table, and why one is of classes or a quantity. */
import { describe, expect, it } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { choice } from "../../src/search/space/builders.js";
import { denseModel } from "../../src/tune/dense.js";
import { tune } from "../../src/tune/tune.js";
import { refusal } from "./refusal.js";

const lines = Array.from(
  { length: 60 },
  (_, i) => `${i % 10},${3 * (i % 10) + 0.5},${i % 2 ? "u" : "v"},${100 - (i % 10)}`,
);
const text = `a,up,word,down\n${lines.join("\n")}\n`;
const table = readTable(text);

describe("several targets", () => {
  const data = encodeTable(table, { target: ["down", "up"] });

  it("are the columns of y, in the order given, each an output of a regression", () => {
    expect(data).toMatchObject({
      task: "regression",
      target: "down, up",
      targets: ["down", "up"],
      outputs: 2,
      classes: [],
    });
    expect([...data.y.subarray(0, 6)]).toEqual([100, 0.5, 99, 3.5, 98, 6.5]);
    expect(data.inputs.map(({ name }) => name)).toEqual(["a", "word"]);
  });

  it("are those of the schema, and are found in another table or are not there at all", () => {
    const columns = table.schema.columns.map((column) =>
      column.name === "up" || column.name === "down" ? { ...column, role: "target" as const } : column,
    );
    const schema = { ...table.schema, columns };
    expect(encodeTable(readTable(text, { schema }), {}).targets).toEqual(["up", "down"]);
    const read = (names: string, row: string) => readTable(`${names}\n${row}\n`, { schema: table.schema });
    expect(encodeRows(read("down,a,word,up", "1,2,u,3"), data)).toEqual({
      rows: 1,
      columns: [Float32Array.of(2), Float32Array.of(0)],
      y: Float64Array.of(1, 3),
    });
    expect(encodeRows(read("a,word", "2,u"), data).y).toBeUndefined();
    expect(refusal(() => encodeRows(read("a,word,up", "2,u,1"), data))).toBe(
      'invalid_data: targets must all be in the table, or none; received "up"',
    );
  });

  it("are tuned, each in its own units", async () => {
    const { final } = await tune({
      data,
      space: { learningRate: choice([0.03]) },
      model: (params) => denseModel(data, params),
      trials: 1,
      fit: { epochs: 80, batchSize: 8 },
      testSize: 0.2,
    });
    expect(final.test.r2).toBeGreaterThan(0.98);
    const prediction = final.predict([[4, 0]]);
    expect(Math.abs((prediction?.get(0, 0) as number) - 96)).toBeLessThan(1);
    expect(Math.abs((prediction?.get(0, 1) as number) - 12.5)).toBeLessThan(3);
  });

  it.each<[string, object, string]>([
    [
      "of words",
      { target: ["up", "word"] },
      'invalid_data: target "word" must hold numbers for regression; received ["u","v"]; choose task: "classification"',
    ],
    [
      "twice the same",
      { target: ["up", "up"] },
      'invalid_argument: target must be the name of a column, or names that differ; received ["up","up"]',
    ],
    [
      "none",
      { target: [] },
      "invalid_argument: target must be the name of a column, or names that differ; received []",
    ],
    [
      "of classes",
      { target: ["up", "a"], task: "classification" },
      'invalid_argument: task must be "regression" for several targets; received "classification"',
    ],
    [
      "that are dropped",
      { target: ["up", "a"], drop: ["a"] },
      'invalid_argument: drop must not hold the target; received "a" as both',
    ],
  ])("are refused: %s", (_, options, message) => {
    expect(refusal(() => encodeTable(table, options))).toBe(message);
  });
});

describe("one target", () => {
  it("of few integers is of classes, and says why and what to do", () => {
    const data = encodeTable(table, { target: "a" });
    expect(data.task).toBe("classification");
    expect(data.notes).toEqual([
      'target "a" has 10 different integers, which are treated as classes; choose task: "regression" if they are quantities',
    ]);
    expect(encodeTable(table, { target: "a", task: "regression" }).notes).toBeUndefined();
    expect(encodeTable(readTable("a,y\n1,0\n2,1\n"), { target: "y", positive: "1" }).notes).toBeUndefined();
  });
});
