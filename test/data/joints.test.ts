/** Where the parts of reading a table meet: rows that are left out, columns with a role, and the receipt. */
import { describe, expect, it } from "vitest";
import { encodeIds } from "../../src/data/classes.js";
import { ColumnsError } from "../../src/data/columns.js";
import { encodeTable } from "../../src/data/dataset.js";
import type { PipelineOptions } from "../../src/data/pipeline/options.js";
import { fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { receiptOf, settlementOf } from "../../src/data/receipt.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";

/** A table of columns by name, each a function of the row. */
const tableOf = (rows: number, columns: Readonly<Record<string, (i: number) => string | number>>) =>
  readTable(
    [
      Object.keys(columns).join(","),
      ...Array.from({ length: rows }, (_, i) =>
        Object.values(columns)
          .map((cell) => `"${cell(i)}"`)
          .join(","),
      ),
    ].join("\n"),
  );
const x = (i: number): number => (i * 7) % 11;

describe("rows that are left out", () => {
  // a twentieth of 100 rows is 5; 40 of them have a target, and some of those lack a cell
  it.each([
    [3, false],
    [5, false],
    [6, true],
  ])("for %i gaps name the columns with gaps: %s, by the share of all rows", (gaps, named) => {
    const table = tableOf(100, {
      a: (i) => (i < gaps ? "" : x(i)),
      b: (i) => i / 2 + 0.5 * (i % 3),
      y: (i) => (i < 40 ? i % 2 : ""),
    });
    const { notes = [], rows } = encodeTable(table, { target: "y", missing: "drop" });
    expect(rows).toBe(40 - gaps);
    expect(notes.join("\n")).toContain(`missing: "drop" leaves out ${gaps} of 100 rows (${gaps}.0 %)`);
    expect(notes.some((note) => note.includes(`most for gaps in "a" (${gaps})`))).toBe(named);
  });

  it("name the empty columns together with those left out before", () => {
    const { schema } = tableOf(6, { a: x, b: x, c: x, y: (i) => i % 2 });
    const table = readTable("a,b,c,y\n1,,1,0\n2,,2,1\n3,,3,0\n", { schema });
    let refused: unknown;
    try {
      encodeTable(table, { target: "y", missing: "drop", drop: ["a"] });
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(ColumnsError);
    expect((refused as ColumnsError).drop).toEqual(["a", "b"]);
  });

  it("are in the receipt, for whichever reason, and take their times and weights with them", () => {
    const words = ["a", "b", "a", "b", "c", "a", "b", ""];
    const table = tableOf(8, {
      v: (i) => (i === 1 ? "" : x(i)),
      t: (i) => 10 * i + 0.5,
      w: (i) => i + 1,
      g: (i) => "pqpqrrpq"[i],
      y: (i) => words[i],
    });
    const data = encodeTable(table, {
      target: "y",
      time: "t",
      weight: "w",
      group: "g",
      missing: "drop",
      rareClasses: { fewerThan: 2, rule: "drop" },
    });
    expect([[...data.time!], [...data.sampleWeight!], [...data.groups!], [...data.labels]]).toEqual([
      [0, 2, 3, 5, 6].map((row) => 10 * row + 0.5),
      [1, 3, 4, 6, 7],
      [0, 0, 1, 2, 0],
      [0, 0, 1, 0, 1],
    ]);
    expect(data.receipt).toMatchObject({ rows: 8, used: 5 });
    const reasons = data.receipt!.findings.filter(({ type }) => type === "rows");
    expect(reasons.map(({ message }) => message)).toEqual([
      '1 of 8 rows (12.5 %) lack target "y" and are left out',
      expect.stringContaining('missing: "drop" leaves out 1 of 8 rows (12.5 %)'),
      '1 of 6 rows of classes with fewer than 2 rows of "y" are left out: "c" (1)',
    ]);
  });
});

describe("options of each column are those of all", () => {
  const table = tableOf(60, {
    n: (i) => (i % 7 === 3 ? "" : x(i)),
    c: (i) => (i % 11 === 5 ? "" : ["p", "q", "r", "s"][(i * i) % 4]),
    d: (i) => `2024-0${1 + (i % 9)}-1${i % 10}`,
    y: (i) => `${(i * 13) % 29}.5`,
  });
  const data = encodeTable(table, { target: "y", missing: "impute" });
  it.each<[PipelineOptions]>([
    [{ scale: "none" }],
    [{ scale: "robust" }],
    [{ scale: ["standard", "quantile"] }],
    [{ impute: "median" }],
    [{ impute: 3 }],
    [{ indicator: true }],
    [{ indicator: "auto" }],
    [{ encode: "target" }],
    [{ encode: "ordinal" }],
    [{ encode: "hashed", buckets: 5 }],
    [{ minFrequency: 16 }],
  ])("%j", (options) => {
    const columns = Object.fromEntries(data.inputs.map(({ name }) => [name, options]));
    const [all, each] = [options, { columns }].map((given) => fitPipeline(data, given));
    expect(each.pipeline).toEqual(all.pipeline);
    expect(each.x).toEqual(all.x);
    expect(each.x).not.toEqual(fitPipeline(data).x);
  });
});

describe("a column with a role", () => {
  const table = tableOf(40, {
    v: x,
    w: (i) => `${1 + (i % 3)} kg`,
    g: (i) => ["Ja", "ja", "Nein", "nein"][i % 4],
    t: (i) => `0${1 + (i % 9)}/0${1 + (i % 9)}/2024`,
    z: (i) => `${1 + (i % 4)} cm`,
    y: (i) => ["no", "yes"][i % 2],
  });
  const data = encodeTable(table, { target: "y", weight: "w", group: "g", time: "t", drop: ["z"] });

  it("is no input, except a time", () => {
    expect(data.inputs.map(({ name }) => name)).toEqual(["v", "t"]);
  });

  it.each([
    ["w", "units"],
    ["g", "spellings"],
    ["t", "guess"],
  ])("%s is in the receipt, as %s", (name, type) => {
    const found = data.receipt!.findings.filter(({ columns }) => columns.includes(name));
    expect(found.map((each) => each.type)).toEqual([type]);
  });

  it("that is left out by the user is not in it", () => {
    expect(receiptOf(table).findings.some(({ columns }) => columns.includes("z"))).toBe(true);
    expect(data.receipt!.findings.some(({ columns }) => columns.includes("z"))).toBe(false);
  });
});

describe("a doubt", () => {
  it.each([
    [["u", "v", "w"], { na: ["u", "v", "w"] }],
    [["s", "u", "v", "w"], { as: { a: "category" } }],
  ])(
    "about the words %j among numbers is settled by them, or by words where there are more than three",
    (words, settlement) => {
      const table = tableOf(200, {
        a: (i) => (i < words.length ? words[i] : 2 * i + (i % 3)),
        y: (i) => i % 2,
      });
      expect(receiptOf(table).findings.map(({ type }) => type)).toContain("doubt");
      expect(settlementOf(receiptOf(table))).toEqual(settlement);
    },
  );

  it("about the order of dates is settled by the one that was guessed", () => {
    // day and month are the same in every cell
    const table = tableOf(40, { t: (i) => `0${1 + (i % 9)}/0${1 + (i % 9)}/2024`, y: (i) => i % 2 });
    const [guess] = receiptOf(table).findings;
    expect(guess.type).toBe("guess");
    const order = /is read as (\w+)/.exec(guess.message)![1];
    expect(settlementOf(receiptOf(table))).toEqual({ dateOrder: order });
  });

  it("that comes first decides, where two concern one column", () => {
    const settlements = [
      { as: { a: "number" }, decimal: { b: "," } },
      { as: { a: "category", c: "category" }, decimal: { b: "." } },
    ] as const;
    const findings = settlements.map((settle) => ({ type: "doubt", columns: ["a"], message: "", settle }));
    expect(settlementOf({ rows: 1, used: 1, findings } as never)).toEqual({
      as: { a: "number", c: "category" },
      decimal: { b: "," },
    });
  });

  // 4 different cells
  it.each([
    [3, true],
    [2, true],
    [1, false],
  ])("is told of a category of which %i of 4 cells are numbers: %s", (numbers, told) => {
    const table = tableOf(40, { a: (i) => (i % 4 < numbers ? i % 4 : `word ${i % 4}`), y: (i) => i % 2 });
    const found = receiptOf(table).findings.filter(({ type }) => type === "words");
    expect(found.length > 0).toBe(told);
  });
});

it("class ids of several lines a row are checked by the weight of their row", () => {
  const ids = [0, 2, 9, 0.5, 1, 1];
  const encoded = encodeIds(ids, 3, "y", [1, 0, 2]);
  expect([...encoded]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]);
  expect(refusal(() => encodeIds(ids, 3, "y", [0, 1, 0]))).toBe(
    "invalid_data: y must be integers from 0 to 2; received 9 at index 2",
  );
});
