/** Kinds of columns that teach a model nothing, roles, and codes with zeros in front. */
import { describe, expect, it } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";
import { rowByRow } from "./rows.js";

const ROWS = 40;
/** A table of that column beside an input and a target. */
const withColumn = (name: string, cell: (i: number) => string | number, options = {}) =>
  readTable(
    [`${name},x,y`, ...Array.from({ length: ROWS }, (_, i) => `${cell(i)},${i % 7},${i % 2}`)].join("\n"),
    options,
  );
const kindOf = (...args: Parameters<typeof withColumn>) => {
  const { kind, reason } = withColumn(...args).schema.columns[0];
  return [kind, reason];
};

describe("a column is", () => {
  it.each<[string, string, (i: number) => string | number, string, string | undefined]>([
    [
      "an identifier by its name",
      "customer_id",
      (i) => 7001 + 3 * i,
      "identifier",
      "is different in every row",
    ],
    ["an identifier in camel case", "customerId", (i) => i, "identifier", "is different in every row"],
    [
      "an identifier of words",
      "code",
      (i) => `u${i * 7919}`,
      "identifier",
      "has 40 different cells in 40 rows",
    ],
    ["a number without such a name", "time", (i) => i, "number", undefined],
    ["a number that is paid", "paid", (i) => i * i, "number", undefined],
    ["row numbers", "x", (i) => i, "identifier", "counts the rows, from 0 to 39"],
    ["row numbers from the last", "left", (i) => 40 - i, "identifier", "counts the rows, from 40 to 1"],
    [
      "numbers that skip some rows",
      "batch",
      (i) => 10_248 + i + Math.floor(i / 9),
      "identifier",
      "counts the rows, from 10248 to 10291",
    ],
    [
      "numbers in turn by their name",
      "order_no",
      (i) => 7 * i + (i % 3),
      "identifier",
      "counts the rows, from 0 to 273",
    ],
    [
      "pandas' index of shuffled rows",
      "Unnamed: 0",
      (i) => (i * 7) % 40,
      "identifier",
      "is different in every row",
    ],
    ["an index without a name", "", (i) => (i * 7) % 40, "identifier", "is different in every row"],
    ["numbers that grow, but not by one", "paid", (i) => 3 * i, "number", undefined],
    ["numbers in turn with a gap", "x", (i) => (i === 5 ? "" : i), "number", undefined],
    ["a number of ids that repeat", "shop_id", (i) => i % 9, "number", undefined],
    ["text", "note", (i) => `this is note number ${i}`, "text", "has 40 different cells in 40 rows"],
    [
      "a category of words that repeat",
      "note",
      (i) => `this is note number ${i % 30}`,
      "category",
      undefined,
    ],
    ["constant", "unit", () => "kg", "constant", 'is "kg" in every row'],
    ["a number, if the same everywhere", "pixel", () => 0, "number", undefined],
    ["empty", "notes", () => "", "empty", "has no cells"],
  ])("%s", (_, name, cell, kind, reason) => {
    expect(kindOf(name, cell)).toEqual([kind, reason]);
  });

  it("none of these in a table too small to show it", () => {
    const { columns } = readTable("id,unit,y\nq1,kg,1\nq2,kg,2\n");
    expect(columns.map(({ kind }) => kind)).toEqual(["category", "category", "number"]);
  });
});

describe("a column that teaches nothing", () => {
  const table = withColumn("user", (i) => `u${i * 7919}`);

  it("is left out by name, with the reason, and is an input where it is told to", () => {
    const data = encodeTable(table, { target: "y" });
    expect(data.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(data.leftOut).toEqual([{ name: "user", reason: "has 40 different cells in 40 rows" }]);
    const asked = encodeTable(
      withColumn("user", (i) => `u${i * 7919}`, { as: { user: "category" } }),
      { target: "y" },
    );
    expect(asked.inputs.map(({ name }) => name)).toEqual(["user", "x"]);
    expect(asked.leftOut).toBeUndefined();
  });

  it("is not named where it is dropped, nor needed in another table", () => {
    const data = encodeTable(table, { target: "y", drop: ["user"] });
    expect(data.leftOut).toBeUndefined();
    const other = readTable("y,x,user\n1,3,anything\n", { schema: table.schema });
    expect(encodeRows(other, data)).toMatchObject({
      columns: [Float32Array.of(3)],
      labels: Int32Array.of(1),
    });
  });

  it("is left out where the user says so", () => {
    const named = withColumn("shop", (i) => `s${i % 4}`, { as: { shop: "identifier" } });
    expect(encodeTable(named, { target: "y" }).leftOut).toEqual([
      { name: "shop", reason: "is left out by choice" },
    ]);
  });

  it("is no target", () => {
    expect(refusal(() => encodeTable(table, { target: "user" }))).toBe(
      'invalid_data: target "user" must hold numbers, booleans or categories; it has 40 different cells in 40 rows; choose as: {"user":"category"}',
    );
  });
});

it("a target that counts the rows is refused with the kind that keeps it", () => {
  const text = ["x,y", ...Array.from({ length: 40 }, (_, i) => `${i % 7},${i}`)].join("\n");
  expect(refusal(() => encodeTable(readTable(text), { target: "y" }))).toBe(
    'invalid_data: target "y" must hold numbers, booleans or categories; it counts the rows, from 0 to 39; choose as: {"y":"number"}',
  );
  const kept = encodeTable(readTable(text, { as: { y: "number" } }), { target: "y" });
  expect([kept.task, kept.y[39]]).toEqual(["regression", 39]);
});

describe("roles in a schema", () => {
  const { schema } = readTable("a,b,y\n1,2,0\n3,4,1\n");
  const withRoles = (roles: Readonly<Record<string, string>>) => ({
    ...schema,
    columns: schema.columns.map((column) => ({
      ...column,
      ...(roles[column.name] && { role: roles[column.name] }),
    })),
  });
  const read = (roles: Readonly<Record<string, string>>) =>
    readTable("a,b,y\n5,6,1\n7,8,0\n", { schema: withRoles(roles) as never });

  it("choose the target and leave columns out", () => {
    const data = encodeTable(read({ y: "target", b: "ignored" }), {});
    expect([data.target, data.inputs.map(({ name }) => name), rowByRow(data)]).toEqual(["y", ["a"], [5, 7]]);
    expect(encodeTable(read({ y: "target" }), { target: "a", task: "regression" }).target).toBe("a");
    // a column that counts rows is no input, even where another one does
    expect(refusal(() => encodeTable(read({ y: "target", b: "weight" }), { weight: "a" }))).toContain(
      "a table must have an input besides the target",
    );
  });

  it("are refused where they say too much, or nothing that is known", () => {
    expect(refusal(() => encodeTable(read({ y: "target", a: "weight", b: "weight" }), {}))).toBe(
      'invalid_argument: weight must be one column of the role in the schema; received ["a","b"]',
    );
    expect(refusal(() => encodeTable(read({ b: "weight" }), {}))).toBe(
      "invalid_argument: target must be the name of a column, or names that differ; received undefined",
    );
    expect(refusal(() => read({ y: "label" }))).toBe(
      'unknown_name: unknown role of column "y" of schema "label". Known: input, target, weight, group, ignored.',
    );
  });
});

describe("codes with zeros in front", () => {
  const zip = (options = {}) => withColumn("zip", (i) => `0${2100 + (i % 5)}`, options);

  it("are in doubt, since numbers would lose them", () => {
    expect(refusal(() => encodeTable(zip(), { target: "y" }))).toContain(
      'column "zip" has leading zeros, as in "02100", which numbers lose; choose as: {"zip":"category"} or as: {"zip":"number"}',
    );
    expect(zip({ as: { zip: "category" } }).columns[0].categories[0]).toBe("02100");
    expect(zip({ as: { zip: "number" } }).columns[0].values[0]).toBe(2100);
  });
});
