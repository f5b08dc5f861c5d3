/** What columns are, and that one schema reads other tables alike. */
import { describe, expect, it } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import type { Schema } from "../../src/data/schema.js";
import { type ReadTableOptions, readRecords, readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";
import { rowByRow } from "./rows.js";

const column = (text: string, options?: ReadTableOptions) =>
  readTable(`c\n${text}`, options).schema.columns[0];

describe("a column of numbers", () => {
  it("is read in the way that it shows", () => {
    const { columns } = readTable("a;b;c;d\n1.234,50;45 %;0,5;€ 3\n99,10;3 %;-1,5;€ 1,25\n", {
      delimiter: ";",
    });
    expect(columns.map(({ values }) => [...values])).toEqual([
      [1234.5, 99.1],
      [45, 3],
      [0.5, -1.5],
      [3, 1.25],
    ]);
    expect(columns.map(({ kind }) => kind)).toEqual(["number", "number", "number", "number"]);
  });

  it("that can be read in two ways is decided by the other columns, or by the option", () => {
    const values = (text: string, options?: ReadTableOptions) => [
      ...readTable(text, options).columns[0].values,
    ];
    expect(values('a,b\n"1,234",0.5\n', {})).toEqual([1234]);
    expect(values('a,b\n"1,234","0,5"\n', {})).toEqual([1.234]);
    expect(values('a,b\n1.234,"0,5"\n', {})).toEqual([1234]);
    expect(values("a,b\n1.234,x\n", {})).toEqual([1.234]); // as JavaScript has it, where nothing speaks against it
    expect(values('a,b\n"1,234",x\n', { decimal: "," })).toEqual([1.234]);
    expect(values('a,b\n"1,234",x\n', { decimal: "." })).toEqual([1234]);
  });

  it("is in doubt where nothing decides, and then neither an input nor a target", () => {
    const table = readTable('a,b,c\n"1,234",1,4\n"2,500",2,3\n');
    expect(table.columns[0].values).toEqual(Float32Array.of(Number.NaN, Number.NaN));
    const doubt = 'can be read in two ways, "1,234" as 1234 or 1.234; choose decimal: "." or decimal: ","';
    expect(refusal(() => encodeTable(table, { target: "b" }))).toBe(
      `invalid_data: column "a" ${doubt}; leave it out with drop: ["a"]`,
    );
    expect(refusal(() => encodeTable(table, { target: "a" }))).toBe(`invalid_data: target "a" ${doubt}`);
    expect(rowByRow(encodeTable(table, { target: "b", drop: ["a"] }))).toEqual([4, 3]);
  });

  it("is in doubt with another decimal mark than the option's", () => {
    expect(column("1.5\n2.5\n", { decimal: "," }).doubt).toBe(
      'holds numbers, such as "1.5", "2.5", but not with the given decimal mark; or choose as: {"c":"category"}',
    );
  });
});

describe("a column that is nearly numbers", () => {
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9].join("\n");
  it("is in doubt for the words in it", () => {
    expect(column(`${nine}\n<1\n`)).toMatchObject({
      kind: "category",
      doubt:
        'holds numbers except for "<1"; if that means a missing cell, choose na: ["<1"]; or choose as: {"c":"category"}',
    });
    expect(column(`${nine}\n${nine}\nlow\nhigh\n`).doubt).toContain('except for "low", "high"; if');
    expect(column(`${nine}\n<1\n`, { na: ["<1"] })).toMatchObject({ kind: "number" });
    expect(column(`${nine}\nlow\n`, { as: { c: "category" } }).doubt).toBeUndefined();
    expect(column(`${nine}\nlow\nhigh\n`).doubt).toBeUndefined(); // more than a tenth
  });

  it("is in doubt where numbers are written in two ways", () => {
    expect(column("1\n1.5\n2,5\n", { delimiter: ";" }).doubt).toBe(
      'holds numbers in more than one format, such as "1.5", "2,5"; correct the cells; or choose as: {"c":"category"}',
    );
    expect(column("$3\n€4\n").doubt).toMatch(/^holds numbers in more than one format, such as "\$3", "€4"/);
  });
});

it("cells that mean missing are known in any case, and the empty one always is", () => {
  const words = ["", "NA", "n/a", "#N/A", "nan", "NULL", "None", "?", "-"];
  const { values } = readTable(`a,b\n${words.map((word) => `${word},x\n`).join("")}1,y\n`).columns[0];
  expect([...values].map(Number.isNaN)).toEqual([...words.map(() => true), false]);
  expect(readTable("a,b\n?,1\n,2\n", { defaultNa: false }).columns[0]).toMatchObject({
    categories: ["?"],
    values: Float32Array.of(0, Number.NaN),
  });
});

describe("a kind that is given", () => {
  it("stands in place of the one that would be inferred", () => {
    expect(readTable("zip\n12345\n02345\n", { as: { zip: "category" } }).columns[0]).toMatchObject({
      kind: "category",
      categories: ["02345", "12345"],
      values: Float32Array.of(1, 0),
    });
  });
  it.each<[string, ReadTableOptions, string]>([
    [
      "a column that does not exist",
      { as: { d: "number" } },
      'unknown_name: unknown column "d". Did you mean "c"? Known: c.',
    ],
    [
      "a kind that does not exist",
      { as: { c: "integer" as never } },
      'unknown_name: unknown kind of column "integer". Known: number, boolean, category, date, identifier, text.',
    ],
    [
      "cells of another kind",
      { as: { c: "number" } },
      'invalid_data: column "c" must hold numbers, with as: {"c":"number"}; received "red"',
    ],
    [
      "cells that are not boolean",
      { as: { c: "boolean" } },
      'invalid_data: column "c" must hold booleans, with as: {"c":"boolean"}; received "1"',
    ],
    [
      "anything but an object",
      { as: "number" as never },
      'invalid_argument: as must be kinds by column, such as { zip: "category" }; received "number"',
    ],
    [
      "another mark",
      { decimal: ";" as never },
      'invalid_argument: decimal must be "." or ",", or one of them by column, such as { price: "," }; received ";"',
    ],
  ])("is refused for %s", (_, options, message) => {
    expect(refusal(() => column("1\nred\n", options))).toBe(message);
  });
});

describe("another table", () => {
  const text = "size,port,good,fresh\n4,C,yes,true\n1,Q,no,false\n2,S,no,true\n";
  const table = readTable(text);
  const data = encodeTable(table, { target: "good" });
  const kept = JSON.parse(JSON.stringify(table.schema)) as Schema;

  it("is misread without the schema, and with it means the same", () => {
    const other = "port,size,fresh\nQ,4,true\nS,1,false\n";
    expect(readTable(other).columns[0].values).toEqual(Float32Array.of(0, 1)); // C and Q of the first table
    const read = readTable(other, { schema: kept });
    expect(read.columns.map(({ name }) => name)).toEqual(["size", "port", "fresh"]);
    expect(read.columns[1].values).toEqual(Float32Array.of(1, 2));
    expect(encodeRows(read, data)).toEqual({
      rows: 2,
      columns: [Float32Array.of(4, 1), Float32Array.of(1, 2), Float32Array.of(1, 0)],
    });
  });

  it("is encoded as the first was: the same table gives the same numbers", () => {
    const { columns, y, labels } = encodeRows(
      readTable(text, { schema: kept }),
      JSON.parse(JSON.stringify(data)),
    );
    expect(columns).toEqual(data.columns);
    expect(y).toEqual(data.y);
    expect(labels).toEqual(data.labels);
  });

  it("has targets of three classes as one-hot rows, and quantities as they are", () => {
    const classes = encodeTable(table, { target: "port" });
    expect(
      encodeRows(readTable("port,size,good,fresh\nS,1,no,true\n", { schema: kept }), classes),
    ).toMatchObject({
      y: Float64Array.of(0, 0, 1),
      labels: Int32Array.of(2),
    });
    const quantity = encodeTable(table, { target: "size", task: "regression" });
    const rows = encodeRows(readTable("port,size,good,fresh\nS,7,no,true\n", { schema: kept }), quantity);
    expect([rows.y, rows.labels]).toEqual([Float64Array.of(7), undefined]);
  });

  it("may have columns beside those of the schema, and lack some", () => {
    const read = readTable("note,port,price\nx,Q,3\n", { schema: kept });
    expect(read.ignored).toEqual(["note", "price"]);
    expect(read.columns.map(({ name }) => name)).toEqual(["port"]);
    expect(refusal(() => encodeRows(read, data))).toBe(
      'invalid_data: columns must be those that the data set was encoded from: "size" is missing; "fresh" is missing; ' +
        "read the table with the schema of the first, as readTable(text, { schema })",
    );
  });

  it("without the schema has its words found by name, and those that are new beyond all", () => {
    const other = readTable("fresh,port,size\ntrue,S,4\nfalse,A,1\ntrue,,2\n");
    expect(rowByRow(encodeRows(other, data))).toEqual([4, 2, 1, 1, 3, 0, 2, Number.NaN, 1]);
  });

  it("with a word that the schema does not have is read by the stated rule", () => {
    const other = "port,size,fresh\nX,4,true\n";
    expect(refusal(() => readTable(other, { schema: kept }))).toBe(
      'invalid_data: line 2, column "port": every cell must be "C" or "Q" or "S"; received "X"; choose unknown: "ignore" or ' +
        'unknown: "missing"',
    );
    const x = (unknown: "ignore" | "missing") =>
      rowByRow(encodeRows(readTable(other, { schema: kept, unknown }), data));
    expect(x("ignore")).toEqual([4, 3, 1]);
    expect(x("missing")).toEqual([4, Number.NaN, 1]);
  });

  it("with cells of another kind is refused, each column with its first line", () => {
    expect(refusal(() => readTable("size,fresh\n1,true\nbig,2\n", { schema: kept }))).toBe(
      'invalid_data: line 3, column "size": every cell must be a number; received "big"\n' +
        'line 3, column "fresh": every cell must be "false" or "true"; received "2"',
    );
    const written = readTable("c\n1.234,5\n", { delimiter: ";" }).schema;
    expect(refusal(() => readTable("c\n1.5\n", { schema: written }))).toBe(
      'invalid_data: line 2, column "c": every cell must be a number written with {"decimal":",","group":"."}; received "1.5"',
    );
  });

  it("is refused where it was read without the schema, or its target has gaps or new classes", () => {
    expect(refusal(() => encodeRows(readTable("size,port,fresh\na,C,true\n"), data))).toMatch(
      /"size" must be a number; received a category/,
    );
    const gap = readTable("size,port,fresh,good\n1,C,true,?\n", { schema: kept });
    expect(refusal(() => encodeRows(gap, data))).toMatch(
      /^invalid_data: target "good" must have no missing cells; row 1 below the header has one/,
    );
    const classes = encodeTable(readTable("a,b\n1,x\n2,y\n3,x\n"), { target: "b" });
    expect(refusal(() => encodeRows(readTable("a,b\n1,z\n"), classes))).toBe(
      'invalid_data: target "b" must be one of "x", "y"; received "z"',
    );
    expect(refusal(() => encodeRows(table, 5 as never))).toBe(
      "invalid_argument: like must be the result of encodeTable; received 5",
    );
  });

  it("reads ten dialects of one content to the same matrix", () => {
    const rows = [
      [1234.5, 0.25, "C"],
      [-99.125, 1e-3, "Q"],
      [1234567.75, 12, "S"],
    ] as const;
    const grouped = (x: number, decimal: string, group: string) => {
      const [whole, fraction] = String(x).split(".");
      return whole.replace(/(?<=\d)(?=(\d{3})+$)/g, group) + (fraction ? decimal + fraction : "");
    };
    const dialects = [
      [".", "", ",", "\n", ""],
      [".", "", "\t", "\n", ""],
      [".", "", ";", "\r\n", " €"],
      [".", ",", ";", "\n", ""],
      [".", " ", "|", "\n", " %"],
      [".", "'", ",", "\r\n", ""],
      [",", "", ";", "\n", ""],
      [",", ".", ";", "\r\n", ""],
      [",", " ", "\t", "\n", " USD"],
      [",", "\u00a0", "|", "\r\n", " %"],
    ];
    const matrices = dialects.map(([decimal, group, delimiter, end, unit]) => {
      const line = ([a, b, port]: readonly [number, number, string]) =>
        [grouped(a, decimal, group) + unit, grouped(b, decimal, group), port].join(delimiter);
      const content = `\ufeff${["a", "b", "port"].join(delimiter)}${end}${rows.map(line).join(end)}${end}`;
      return rowByRow(encodeTable(readTable(content), { target: "port" }));
    });
    for (const matrix of matrices) expect(matrix).toEqual(rows.flatMap(([a, b, _]) => [a, b]));
  });
});

describe("a schema is refused", () => {
  const good = { name: "c", kind: "number", categories: [] };
  it.each<[string, unknown, string]>([
    [
      "that is text",
      "{}",
      'invalid_argument: schema must be { na, columns }, as a table has it; received "{}"',
    ],
    [
      "without words for missing",
      { columns: [] },
      "invalid_argument: schema must be { na, columns }, as a table has it; received",
    ],
    [
      "with a column that is none",
      { na: [], columns: [5] },
      "invalid_argument: column 0 of schema must be { name, kind, categories }; received 5",
    ],
    [
      "with a column twice",
      { na: [], columns: [good, good] },
      'invalid_argument: columns of schema must differ in their names; received "c" twice',
    ],
    [
      "of a kind that does not exist",
      { na: [], columns: [{ ...good, kind: "integer" }] },
      'unknown_name: unknown kind of column "c" of schema "integer".',
    ],
    [
      "without categories",
      { na: [], columns: [{ ...good, categories: 3 }] },
      'invalid_argument: categories of column "c" of schema must be an array of words; received 3',
    ],
    [
      "with one word for a boolean",
      { na: [], columns: [{ ...good, kind: "boolean", categories: ["a"] }] },
      'invalid_argument: categories of column "c" of schema must be the words for false and true; received ["a"]',
    ],
    [
      "with a word twice",
      { na: [], columns: [{ ...good, kind: "category", categories: ["a", "a"] }] },
      'invalid_argument: categories of column "c" of schema must be different words; received ["a","a"]',
    ],
    [
      "with one mark for two things",
      { na: [], columns: [{ ...good, format: { group: "." } }] },
      'invalid_argument: format of column "c" of schema must be { decimal, group, unit, negative, scaled, clock }; received',
    ],
  ])("%s", (_, schema, message) => {
    expect(refusal(() => readTable("c\n1\n", { schema: schema as never }))).toContain(message);
  });

  it("beside options that it has", () => {
    const { schema } = readTable("c\n1\n");
    expect(refusal(() => readTable("c\n1\n", { schema, na: ["x"] }))).toBe(
      "invalid_argument: na must be left out with schema, which has it; received both",
    );
  });
});

describe("records", () => {
  it("are read as the same table in text is", () => {
    const text = "size,port,good\n1.5,Q,true\n,S,false\n3,,true\n";
    const records = [
      { size: 1.5, port: "Q", good: true },
      { size: null, port: " S ", good: false },
      { size: "3", good: "true" },
    ];
    const { columns, rows, ignored } = readRecords(records);
    const expected = readTable(text);
    expect([columns, rows, ignored]).toEqual([expected.columns, expected.rows, expected.ignored]);
    expect(readRecords([{ a: Number.NaN }, { a: 1 }]).columns[0].values).toEqual(
      Float32Array.of(Number.NaN, 1),
    );
  });

  it("have numbers that are what they are, however the schema says that words are written", () => {
    const { schema } = readTable("price;zip\n1.234,5;a\n", { as: { zip: "category" } });
    const table = readRecords([{ price: 1.5 }, { price: "1,5" }, { price: 1e21 }], { schema });
    expect(table.columns[0].values).toEqual(Float64Array.of(1.5, 1.5, 1e21));
    expect(readRecords([{ zip: 123 }, { zip: "123" }]).columns[0].kind).toBe("number");
    expect(
      readRecords([{ zip: 123 }, { zip: "123" }], { as: { zip: "category" } }).columns[0].categories,
    ).toEqual(["123"]);
  });

  it("meet a model as rows of another table do", () => {
    const table = readTable("size,port,good\n4,C,yes\n1,Q,no\n2,S,no\n");
    const data = encodeTable(table, { target: "good" });
    const read = readRecords([{ port: "Q", size: 31, note: "x" }], { schema: table.schema });
    expect(read.ignored).toEqual(["note"]);
    expect(rowByRow(encodeRows(read, data))).toEqual([31, 1]);
  });

  it.each<[string, unknown, string]>([
    [
      "that are text",
      "[]",
      'invalid_argument: records must be an array of at least one object; received "[]"',
    ],
    ["that are none", [], "invalid_argument: records must be an array of at least one object; received []"],
    [
      "that are rows",
      [null],
      "invalid_argument: records[0] must be a plain object, such as { age: 31 }; received null",
    ],
    [
      "with a value that is not one",
      [{ a: 1 }, { a: { b: 1 } }],
      'invalid_data: records[1], column "a": a value must be a word, a number, a boolean, a date or null; received {"b":1}',
    ],
    [
      "with a number that is not finite",
      [{ a: 1 }, { a: Number.POSITIVE_INFINITY }],
      'invalid_data: records[1], column "a": numbers must be finite and fit float32; received Infinity; correct it, or leave it ' +
        "empty if it is missing",
    ],
  ])("%s are refused", (_, records, message) => {
    expect(refusal(() => readRecords(records as never))).toBe(message);
  });

  it("may lack names that objects have from birth", () => {
    const { columns } = readRecords([{ constructor: 1, a: 2 }, { a: 3 }]);
    expect(columns.map(({ values }) => [...values])).toEqual([
      [1, Number.NaN],
      [2, 3],
    ]);
  });

  it("have no delimiter", () => {
    expect(refusal(() => readRecords([{ a: 1 }], { delimiter: ";" } as never))).toMatch(
      /^unknown_name: unknown option of readRecords "delimiter"/,
    );
  });
});
