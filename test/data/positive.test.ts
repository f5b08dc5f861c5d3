/** Which of two classes is the positive one. */
import { describe, expect, it } from "vitest";
import { encodeLabels, encodeTable, readTable } from "../../src/index.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { refusal } from "./refusal.js";

const encode = (cells: readonly string[], positive?: string) =>
  encodeTable(readTable(`a,y\n${cells.map((cell, i) => `${i},${cell}`).join("\n")}\n`), {
    target: "y",
    ...(positive !== undefined && { positive }),
  });

describe("the positive class", () => {
  it.each([
    ["yes beside no", ["yes", "yes", "no"], "yes", "by its name"],
    ["TRUE beside False", ["TRUE", "TRUE", "False"], "TRUE", "by its name"],
    ["1 beside 0", ["1", "1", "0"], "1", "by its name"],
    ["1 beside -1", ["-1", "1", "1"], "1", "by its name"],
    ["1 beside 2, which is no opposite", ["1", "1", "2"], "2", "the rarer of the two"],
    ["the rarer, whichever comes first", ["b", "a", "b"], "a", "the rarer of the two"],
    ["the second of equals", ["b", "a"], "b", "the second of two equals"],
  ])("is %s", (_, cells, positive, why) => {
    const { classes, y, labels, notes } = encode(cells);
    expect(classes[1]).toBe(positive);
    expect([...y]).toEqual(cells.map((cell) => Number(cell === positive)));
    expect([...labels]).toEqual([...y]);
    const [other] = classes;
    expect(notes).toEqual([
      `"${positive}" is the positive class of "y", ${why}; choose positive: "${other}" for the other`,
    ]);
  });

  it("is the one that is chosen, which needs no note", () => {
    const { classes, y, notes } = encode(["yes", "no", "no"], "no");
    expect([classes, [...y], notes]).toEqual([["yes", "no"], [0, 1, 1], undefined]);
    expect(encode(["yes", "no"], "yes").classes).toEqual(["no", "yes"]);
  });

  it("must be one of the two", () => {
    expect(refusal(() => encode(["yes", "no"], "Yes"))).toMatch(
      'positive must be one of "no", "yes"; received "Yes"',
    );
    expect(refusal(() => encode(["a", "b", "c"], "a"))).toMatch(
      "positive needs a target of two classes in one column; received 3 classes in 3 columns",
    );
    expect(refusal(() => encode(["0.5", "1.5"], "0.5"))).toMatch("received a target of quantities");
  });

  it("is chosen so for arrays too, and for a table that was encoded only where it is named", () => {
    const x = [[1], [2], [3]];
    expect(toDataset({ x, y: ["b", "a", "b"] }).classes).toEqual(["b", "a"]);
    expect(toDataset({ x, y: ["b", "a", "b"], positive: "b" }).classes).toEqual(["a", "b"]);
    expect(toDataset({ x, y: [1, 1, 0] }).classes).toEqual(["0", "1"]);
    const data = encode(["yes", "no", "no"], "no");
    expect(toDataset({ data }).classes).toEqual(["yes", "no"]);
    const other = toDataset({ data, positive: "yes" });
    expect([other.classes, [...other.y]]).toEqual([
      ["no", "yes"],
      [1, 0, 0],
    ]);
    expect(encodeLabels(["b", "a", "b"]).classes).toEqual(["a", "b"]);
  });
});
