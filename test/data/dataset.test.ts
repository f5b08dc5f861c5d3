import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneHot } from "../../src/data/classes.js";
import { ColumnsError } from "../../src/data/columns.js";
import { encodeRows, encodeTable, type MissingRule } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";
import { rowByRow } from "./rows.js";

const table = readTable(
  ["id,size,color,fresh,grade,price", "7,4,red,yes,1,2.5", "8,1,blue,no,3,1", "9,2,red,no,2,0.5"].join("\n"),
);
const gaps = readTable(
  ["size,color,fresh,good", "4,red,yes,1", ",blue,no,0", "2,,no,0", "3,red,,1", "5,green,yes,0"].join("\n"),
);

describe("encodeTable: inputs", () => {
  it("keeps numbers and booleans and makes codes of categories", () => {
    const data = encodeTable(table, { target: "price", drop: ["id", "grade"] });
    const { inputs, rows } = data;
    expect(inputs).toEqual([
      { name: "size", kind: "number", categories: [], gaps: false },
      { name: "color", kind: "category", categories: ["blue", "red"], gaps: false },
      { name: "fresh", kind: "boolean", categories: ["no", "yes"], gaps: false },
    ]);
    expect(rows).toBe(3);
    expect(rowByRow(data)).toEqual([4, 1, 1, 1, 0, 0, 2, 1, 0]);
  });

  it("drops rows with a missing cell in a column in use", () => {
    const all = encodeTable(gaps, { target: "good", missing: "drop" });
    expect([all.rows, rowByRow(all), all.inputs.map(({ categories }) => categories)]).toEqual([
      2,
      [4, 2, 1, 5, 1, 1],
      [[], ["blue", "green", "red"], ["no", "yes"]],
    ]);
  });

  it("leaves out rows without a target, whatever the rule, and counts them", () => {
    const table = readTable("a,y\n1,u\n2,\n,v\n4,v\n5,u\n");
    const of = (missing: MissingRule) => {
      const { rows, columns, labels, notes } = encodeTable(table, { target: "y", missing });
      return { rows, columns, labels: [...labels], notes };
    };
    const lacking = '1 of 5 rows (20.0 %) lack target "y" and are left out';
    const positive = (why: string) =>
      `"v" is the positive class of "y", ${why}; choose positive: "u" for the other`;
    const [a, labels] = [Float32Array.of(1, Number.NaN, 4, 5), [0, 1, 1, 0]];
    expect(of("impute")).toEqual({
      rows: 4,
      columns: [a],
      labels,
      notes: [lacking, positive("the second of two equals")],
    });
    const dropping =
      'missing: "drop" leaves out 1 of 5 rows (20.0 %), most for gaps in "a" (1); missing: "impute" keeps them';
    const whole = [Float32Array.of(1, 4, 5)];
    expect(of("drop")).toEqual({
      rows: 3,
      columns: whole,
      labels: [0, 1, 0],
      notes: [lacking, dropping, positive("the rarer of the two")],
    });
    expect(refusal(() => of("refuse"))).toMatch(/column "a" must have every cell; 1 of 4 are missing/);
  });

  it("leaves out rows that lack one of several targets", () => {
    const table = readTable("a,y,z\n1,1,2\n2,,3\n3,4,\n4,5,6\n");
    const { rows, y, notes } = encodeTable(table, { target: ["y", "z"] });
    expect([rows, [...y], notes]).toEqual([
      2,
      [1, 2, 5, 6],
      ['2 of 4 rows (50.0 %) lack target "y", "z" and are left out'],
    ]);
  });

  it("says which columns cost the most rows only where they are more than a twentieth", () => {
    const lines = (gaps: number) =>
      Array.from({ length: 100 }, (_, i) => `${i < gaps ? "" : i},${i < 2 ? "" : i},${i / 3}`).join("\n");
    const notes = (gaps: number) =>
      encodeTable(readTable(`a,b,y\n${lines(gaps)}\n`), { target: "y", missing: "drop" }).notes;
    expect(notes(5)).toEqual(['missing: "drop" leaves out 5 of 100 rows (5.0 %)']);
    expect(notes(6)).toEqual([
      'missing: "drop" leaves out 6 of 100 rows (6.0 %), most for gaps in "a" (6) and "b" (2); missing: "impute" keeps them',
    ]);
  });

  it("leaves NaN for a missing cell when it is to be imputed, and says which columns have some", () => {
    const data = encodeTable(gaps, { target: "good", missing: "impute" });
    const { rows, inputs } = data;
    expect([rows, inputs.map(({ gaps }) => gaps)]).toEqual([5, [true, true, true]]);
    const missing = rowByRow(data)
      .map((value, k) => (Number.isNaN(value) ? [Math.floor(k / 3), k % 3] : []))
      .filter((place) => place.length > 0);
    expect(missing).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it("gives each cell the code of its word", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 2 }), (cells) => {
        const text = ["word,y", ...cells.map((cell, i) => `${cell},${i + 0.5}`)].join("\n");
        const { columns, inputs } = encodeTable(readTable(text), { target: "y" });
        const [{ categories }] = inputs;
        expect(categories).toEqual([...new Set(cells)].sort());
        expect(Array.from(columns[0], (code) => categories[code])).toEqual(cells);
      }),
    );
  });
});

describe("encodeTable: target", () => {
  const target = (cells: readonly (string | number)[], task?: "classification" | "regression") =>
    encodeTable(readTable(["x,y", ...cells.map((cell, i) => `${i},${cell}`)].join("\n")), {
      target: "y",
      ...(task && { task }),
    });

  it("keeps a quantity as it is", () => {
    expect(target([2.5, 1, 1e9 + 0.5])).toMatchObject({
      task: "regression",
      outputs: 1,
      y: Float64Array.of(2.5, 1, 1e9 + 0.5),
      classes: [],
    });
  });

  it("codes two classes as 0 and 1 in one column", () => {
    const expected = {
      task: "classification",
      outputs: 1,
      y: Float64Array.of(1, 0, 1),
      labels: Int32Array.of(1, 0, 1),
    };
    expect(target(["m", "b", "b"])).toMatchObject({
      y: Float64Array.of(1, 0, 0),
      labels: Int32Array.of(1, 0, 0),
      classes: ["b", "m"],
    });
    expect(target(["yes", "No", "yes"])).toMatchObject({ ...expected, classes: ["No", "yes"] });
    expect(target(["TRUE", "False", "true"])).toMatchObject({ ...expected, classes: ["False", "TRUE"] });
    expect(target([1, -1, 1])).toMatchObject({ ...expected, classes: ["-1", "1"] });
  });

  it("codes several classes one-hot, numbers in order of value", () => {
    const { y, ...rest } = target([10, 9, 100]);
    expect(rest).toMatchObject({
      task: "classification",
      outputs: 3,
      labels: Int32Array.of(1, 0, 2),
      classes: ["9", "10", "100"],
    });
    expect(y).toEqual(Float64Array.of(0, 1, 0, 1, 0, 0, 0, 0, 1));
  });

  it("treats up to 20 distinct integers as classes, unless a task is given", () => {
    const integers = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(target(integers(20)).task).toBe("classification");
    expect(target(integers(21)).task).toBe("regression");
    expect(target([0, 1, 0.5]).task).toBe("regression");
    expect(target(integers(3), "regression").task).toBe("regression");
    expect(target([0.5, 1.5], "classification").classes).toEqual(["0.5", "1.5"]);
  });

  it("names only the classes of the rows kept", () => {
    const some = readTable("x,y\n1,a\n,b\n2,c\n3,a\n");
    expect(encodeTable(some, { target: "y", missing: "drop" }).classes).toEqual(["a", "c"]);
  });
});

describe("encodeTable: refusals", () => {
  const words = readTable(["id,y", ...Array.from({ length: 1001 }, (_, i) => `w${i},${i % 2}`)].join("\n"));
  const asWords = readTable(
    ["id,y", ...Array.from({ length: 1001 }, (_, i) => `w${i},${i % 2}`)].join("\n"),
    {
      as: { id: "category" },
    },
  );
  const hollow = readTable("a,b,y\n,1,0\n,2,1\n", { as: { a: "number" } });
  const noTarget = readTable("x,y\n1,0\n2,\n3,1\n");

  it.each<[string, () => unknown, RegExp]>([
    [
      "an unknown target",
      () => encodeTable(table, { target: "sizes" }),
      /^unknown_name: unknown column "sizes". Did you mean "size"\? Known: id, size, color, fresh, grade, price/,
    ],
    [
      "an unknown column to drop",
      () => encodeTable(table, { target: "price", drop: ["colour"] }),
      /^unknown_name: .*"colour"/,
    ],
    [
      "a dropped target",
      () => encodeTable(table, { target: "price", drop: ["price"] }),
      /^invalid_argument: .*"price"/,
    ],
    [
      "no input left",
      () => encodeTable(noTarget, { target: "y", drop: ["x"] }),
      /^invalid_argument: a table must have an input besides the target; received only "y"/,
    ],
    [
      "an unknown task",
      () => encodeTable(table, { target: "price", task: "ranking" as "auto" }),
      /^unknown_name: unknown task "ranking"/,
    ],
    [
      "an unknown rule",
      () => encodeTable(table, { target: "price", missing: "mean" as "drop" }),
      /^unknown_name: .*"mean".*refuse, drop, impute/,
    ],
    [
      "a missing cell by default",
      () => encodeTable(gaps, { target: "good" }),
      /^invalid_data: 3 columns cannot be used:\n {2}column "size" must have every cell; 1 of 5 are missing, the first in row 2 /,
    ],
    [
      "a target without a cell",
      () => encodeTable(readTable("x,y\n1,\n2,\n", { as: { y: "number" } }), { target: "y" }),
      /^invalid_data: target "y" must have values; all cells are missing$/,
    ],
    [
      "rows that all have a gap",
      () => encodeTable(hollow, { target: "y", missing: "drop" }),
      /^invalid_data: missing: "drop" must leave at least one row; received a missing cell in every row; leave columns out, with drop: \["a"\] for those without cells, or choose missing: "impute"$/,
    ],
    [
      "a column without a cell",
      () => encodeTable(hollow, { target: "y", missing: "impute" }),
      /^invalid_data: column "a" must have values; all cells are missing; leave it out with drop: \["a"\]$/,
    ],
    [
      "words for a quantity",
      () => encodeTable(table, { target: "color", task: "regression" }),
      /^invalid_data: target "color" must hold numbers for regression; received \["blue","red"\]; choose task: "classification"$/,
    ],
    [
      "a single class",
      () => encodeTable(readTable("x,y\n1,a\n2,a\n"), { target: "y" }),
      /^invalid_data: target "y" must differ between rows; received "a" in all 2$/,
    ],
    [
      "a constant quantity",
      () => encodeTable(readTable("x,y\n1,2.5\n2,2.5\n"), { target: "y" }),
      /^invalid_data: target "y" must differ between rows; received "2.5" in all 2$/,
    ],
    [
      "ids as a category",
      () => encodeTable(words, { target: "y" }),
      /^invalid_argument: a table must have an input besides the target; received only "y", and "id", which has 1001 different cells in 1001 rows; choose as: \{"id":"category"\}$/,
    ],
    [
      "ids as classes",
      () => encodeTable(words, { target: "id" }),
      /^invalid_data: target "id" must hold numbers, booleans or categories; it has 1001 different cells in 1001 rows; choose as: \{"id":"category"\}$/,
    ],
    [
      "too many classes",
      () => encodeTable(asWords, { target: "id", drop: [] }),
      /^invalid_data: target "id" must have at most 1000 distinct values; received 1001$/,
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toMatch(message);
  });
});

describe("encodeTable: columns that cannot be used", () => {
  const DOUBT = 'can be read in two ways, "1,100" as 1100 or 1.1; choose decimal: "." or decimal: ","';
  const words = Array.from(
    { length: 1002 },
    (_, i) =>
      `w${i},${i % 7 === 0 ? "" : i},"${1 + (i % 9)},${100 + (i % 800)}",${(7 * i) % 1002},${i % 2},b${i % 2}`,
  );
  const bad = readTable(["id,gap,open,fine,flag,y", ...words].join("\n"));
  const caught = (run: () => unknown): ColumnsError => {
    try {
      run();
    } catch (error) {
      if (error instanceof ColumnsError) return error;
    }
    throw new Error("expected a ColumnsError");
  };

  it("are named all at once, each with its reason, and with a remedy", () => {
    const error = caught(() => encodeTable(bad, { target: "y", drop: ["flag"] }));
    expect(`${error.code}: ${error.message}`).toBe(
      [
        "invalid_data: 2 columns cannot be used:",
        'column "gap" must have every cell; 144 of 1002 are missing, the first in row 1 below the header',
        `column "open" ${DOUBT}`,
        'choose missing: "impute" or missing: "drop", or leave columns out with drop: ["flag","gap","open"]',
      ].join("\n  "),
    );
    expect(error.drop).toEqual(["flag", "gap", "open"]);
    // the remedy works
    const remedied = encodeTable(bad, { target: "y", drop: error.drop });
    expect(remedied.inputs.map(({ name }) => name)).toEqual(["fine"]);
    expect(remedied.leftOut).toEqual([{ name: "id", reason: "has 1002 different cells in 1002 rows" }]);
    const imputed = caught(() => encodeTable(bad, { target: "y", missing: "impute" })).drop;
    expect(imputed).toEqual(["open"]);
    expect(encodeTable(bad, { target: "y", missing: "impute", drop: imputed }).inputs).toHaveLength(3);
  });

  it("are named with the target", () => {
    const error = caught(() => encodeTable(bad, { target: "open", drop: ["flag"] }));
    expect(error.message).toBe(
      [
        "2 columns cannot be used:",
        'column "gap" must have every cell; 144 of 1002 are missing, the first in row 1 below the header',
        `target "open" ${DOUBT}`,
        'choose missing: "impute" or missing: "drop", or leave columns out with drop: ["flag","gap"]',
      ].join("\n  "),
    );
  });

  it("are not suggested for dropping where no other is left", () => {
    const one = readTable("a,y\n1,0\n,1\n");
    const error = caught(() => encodeTable(one, { target: "y" }));
    expect(error.message).toMatch(/below the header; choose missing: "impute" or missing: "drop"$/);
    expect(error.drop).toEqual([]);
  });
});

describe("encodeTable: arguments of another kind", () => {
  it.each<[string, () => unknown, string]>([
    [
      "undefined",
      () => encodeTable(undefined as never, { target: "y" }),
      "invalid_argument: table must be what readTable returns; received undefined",
    ],
    [
      "text",
      () => encodeTable("a,b" as never, { target: "y" }),
      'invalid_argument: table must be what readTable returns; received "a,b"; read text with readTable(text) first',
    ],
    [
      "an object",
      () => encodeTable({} as never, { target: "y" }),
      "invalid_argument: table must be what readTable returns; received {}",
    ],
    [
      "no options",
      () => encodeTable(table, undefined as never),
      "invalid_argument: the options of encodeTable must be an object; received undefined",
    ],
    [
      "no target",
      () => encodeTable(table, {} as never),
      "invalid_argument: target must be the name of a column, or names that differ; received undefined",
    ],
    [
      "an unknown option",
      () => encodeTable(table, { target: "price", dropp: ["id"] } as never),
      'unknown_name: unknown option of encodeTable "dropp". Did you mean "drop"? Known: target, task, positive, weight, group, time, drop, missing, rareClasses.',
    ],
    [
      "a column to drop that is not in a list",
      () => encodeTable(table, { target: "price", drop: "id" as never }),
      'invalid_argument: drop must be an array of column names; received "id"',
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });
});

it.each<[string, Parameters<typeof encodeTable>[1], string]>([
  [
    "target",
    { target: "word" },
    'invalid_data: target "word" must hold words of the schema; the one in row 2 below the header is another; ' +
      'choose unknown: "missing" to leave such rows out',
  ],
  [
    "group",
    { target: "size", group: "word" },
    'invalid_data: group "word" must hold words of the schema; the one in row 2 below the header is another',
  ],
])("an ignored word is neither a class nor a group: %s", (_, options, message) => {
  const { schema } = readTable("size,other,word\n1,5,a\n2.5,6,b\n3,7,c\n");
  const table = readTable("size,other,word\n1,5,a\n2.5,6,x\n3,7,y\n", { schema, unknown: "ignore" });
  expect(refusal(() => encodeTable(table, options))).toBe(message);
  const first = encodeTable(readTable("size,other,word\n1,5,a\n2.5,6,b\n3,7,c\n"), { target: "word" });
  expect(refusal(() => encodeRows(table, first))).toBe(
    'invalid_data: target "word" must be one of "a", "b", "c"; received a word that the schema lacks',
  );
});

describe("oneHot", () => {
  it.each<[string, () => unknown, string]>([
    [
      "no number of classes",
      () => oneHot([0, 1], undefined as never),
      "invalid_argument: classes must be a positive integer; received undefined",
    ],
    [
      "half a class",
      () => oneHot([0, 1], 1.5),
      "invalid_argument: classes must be a positive integer; received 1.5",
    ],
    [
      "two billion classes",
      () => oneHot([0, 1], 2 ** 31),
      "memory_limit: one-hot rows must hold at most 250000000 numbers (2 GB); received 2 rows of 2147483648 classes; " +
        "use sparseCategoricalCrossentropy, which accepts class ids",
    ],
    [
      "one label",
      () => oneHot(1 as never, 2),
      "invalid_argument: labels must be an array of class ids; received 1",
    ],
    [
      "words",
      () => oneHot(["0"] as never, 2),
      'invalid_data: labels must be integers from 0 to 1; received "0" at index 0',
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });

  it("refuses a label that is not a class", () => {
    for (const label of [3, -1, 0.5, NaN])
      expect(refusal(() => oneHot([0, label], 3))).toMatch(/^invalid_data: labels .*received .* at index 1$/);
  });
});

describe("the tables in examples/data", () => {
  // Counts as the tables' sources state them.
  it.each([
    ["breast-cancer", "diagnosis", 569, 30, 1, [357, 212]],
    ["iris", "species", 150, 4, 3, [50, 50, 50]],
    ["wine", "cultivar", 178, 13, 3, [59, 71, 48]],
    ["digits", "digit", 1797, 64, 10, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]],
    ["diabetes", "progression", 442, 10, 1, []],
  ])("%s", (name, target, rows, inputs, outputs, classes) => {
    const text = readFileSync(new URL(`../../examples/data/${name}.csv`, import.meta.url), "utf8");
    const dataset = encodeTable(readTable(text), { target });
    expect([dataset.rows, dataset.inputs.length, dataset.outputs]).toEqual([rows, inputs, outputs]);
    expect(
      dataset.classes.map((_, label) => dataset.labels.filter((other) => other === label).length),
    ).toEqual(classes);
    for (const values of dataset.columns) {
      expect(values.length).toBe(rows);
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });
});
