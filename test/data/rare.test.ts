/** Classes of too few rows: left out, or one class. */
import { describe, expect, it } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";

const WORDS = ["a", "b", "a", "b", "c", "a", "d", "b", "d"];
const table = readTable(`x,y\n${WORDS.map((word, i) => `${i * i},${word}`).join("\n")}\n`);
const encode = (fewerThan: number, rule: "drop" | "merge", target = "y") =>
  encodeTable(table, { target, rareClasses: { fewerThan, rule } });

describe("rare classes", () => {
  it("are classes like others unless the option says so", () => {
    expect(encodeTable(table, { target: "y" }).classes).toEqual(["a", "b", "c", "d"]);
    const { classes, notes } = encode(1, "drop");
    expect([classes, notes]).toEqual([["a", "b", "c", "d"], undefined]);
  });

  it("are left out with their rows, and counted", () => {
    const data = encode(3, "drop");
    expect([data.classes, [...data.labels], [...data.columns[0]]]).toEqual([
      ["a", "b"],
      [0, 1, 0, 1, 0, 1],
      [0, 1, 4, 9, 25, 49],
    ]);
    expect(data.notes?.[0]).toBe(
      '3 of 9 rows of classes with fewer than 3 rows of "y" are left out: "c" (1), "d" (2)',
    );
    expect(refusal(() => encode(4, "drop"))).toContain('target "y" must');
  });

  it("become one class, in other tables too", () => {
    const data = encode(3, "merge");
    expect([data.classes, [...data.labels], data.rows]).toEqual([
      ["a", "b", "other"],
      [0, 1, 0, 1, 2, 0, 2, 1, 2],
      9,
    ]);
    expect(data.notes?.[0]).toContain('are read as "other": "c" (1), "d" (2)');
    const other = readTable("x,y\n1,d\n2,new\n3,b\n", { schema: data.schema! });
    expect([...encodeRows(other, data).labels!]).toEqual([2, 2, 1]);
  });

  it("keep all classes in alphabetical order", () => {
    const named = readTable("x,y\n1,red\n2,red\n3,blue\n4,green\n5,blue\n6,violet\n");
    const data = encodeTable(named, { target: "y", rareClasses: { fewerThan: 2, rule: "merge" } });
    expect([data.classes, [...data.labels]]).toEqual([
      ["blue", "other", "red"],
      [2, 2, 0, 1, 0, 1],
    ]);
    const again = encodeRows(readTable("x,y\n1,red\n2,violet\n3,blue\n", { schema: data.schema! }), data);
    expect([...again.labels!]).toEqual([2, 1, 0]);
  });

  it("have a name of their own where there is one like it", () => {
    const named = readTable("x,y\n1,other\n2,other\n3,b\n4,c\n");
    const { classes } = encodeTable(named, { target: "y", rareClasses: { fewerThan: 2, rule: "merge" } });
    expect(classes).toEqual(["other", "other (2)"]);
  });

  it("of numbers have no common word, and other rules are refused", () => {
    const numbers = readTable("x,y\n1,1\n2,1\n3,2\n4,2\n9,3\n");
    const rareClasses = { fewerThan: 2, rule: "merge" } as const;
    expect(refusal(() => encodeTable(numbers, { target: "y", rareClasses }))).toBe(
      'invalid_argument: rareClasses must have the rule "drop" for a target of numbers, which has no word for other classes; ' +
        'received "merge"; or choose as: {"y":"category"}',
    );
    expect(
      encodeTable(numbers, { target: "y", rareClasses: { ...rareClasses, rule: "drop" } }).classes,
    ).toEqual(["1", "2"]);
    for (const rare of [
      "drop",
      { fewerThan: 0, rule: "drop" },
      { fewerThan: 2, rule: "keep" },
      { rule: "drop" },
      null,
    ])
      expect(refusal(() => encodeTable(numbers, { target: "y", rareClasses: rare as never }))).toContain(
        "invalid_argument: rareClasses must be { fewerThan, rule }",
      );
  });
});
