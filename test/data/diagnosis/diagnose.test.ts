/**
 * Warnings that save a study: each where it must be, and none on the tables in examples/data but what they
 * have.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { diagnose } from "../../../src/data/diagnosis/diagnose.js";
import { readTable } from "../../../src/data/table.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { refusal } from "../refusal.js";

const ROWS = 200;
const random = new RandomStream(3, 1);
const noise = Array.from({ length: ROWS }, () => [random.uniform(), random.uniform(), random.uniform()]);
/** Warnings of a table of an input of noise, that column and a target. */
function warningsOf(
  column: (i: number) => unknown,
  target: (i: number) => unknown,
  options = {},
  names = "y",
) {
  const lines = noise.map(([a], i) => `${a},${column(i)},${target(i)}`);
  return diagnose(
    encodeTable(readTable([`a,b,${names}`, ...lines].join("\n")), {
      target: "y",
      missing: "impute",
      ...options,
    }),
  );
}
const typesOf = (...args: Parameters<typeof warningsOf>) =>
  warningsOf(...args).map(({ type, columns }) => [type, columns]);
const label = (i: number) => (noise[i][1] > 0.4 ? "yes" : "no");
const leak = [["leakage", ["b"]]];

describe("leakage", () => {
  it.each<[string, (i: number) => unknown, (i: number) => unknown]>([
    ["a code of the class", (i) => (label(i) === "yes" ? "paid" : "open"), label],
    ["a number that divides the classes", (i) => noise[i][1], label],
    ["a cell that is there for one class alone", (i) => (label(i) === "yes" ? noise[i][2] : ""), label],
    ["a number of a quantity, in other units", (i) => 2.54 * noise[i][1] + 3, (i) => noise[i][1]],
    ["a category of a quantity", (i) => "pqrs"[i % 4], (i) => (i % 4) + 0.25],
  ])("is found: %s", (_, column, target) => {
    expect(typesOf(column, target)).toEqual(leak);
  });

  it.each<[string, (i: number) => unknown, (i: number) => unknown]>([
    ["a strong but not perfect column", (i) => noise[i][1] + 0.1 * noise[i][2], label],
    ["a category of few rows each", (i) => `c${i >> 1}`, label],
    ["noise", (i) => noise[i][2], label],
    ["a class that is rather rare", (i) => noise[i][2], (i) => (i % 9 === 0 ? "yes" : "no")],
  ])("is not found: %s", (_, column, target) => {
    expect(typesOf(column, target)).toEqual([]);
  });

  it("is not found where one class is all but a few rows, which any column predicts", () => {
    const rows = Array.from({ length: 2400 }, () => random.uniform());
    const lines = rows.map((a, i) => `${a},${i % 1200 === 7 ? "yes" : "no"}`);
    const found = diagnose(encodeTable(readTable(["a,y", ...lines].join("\n")), { target: "y" }));
    expect(found.map(({ type }) => type)).toEqual(["rareClass"]);
  });

  it.each([
    ["y", "z"],
    ["z", "y"],
  ])("is found for each of several targets: %s, %s", (...target) => {
    const far = (i: number) => (i === 7 ? 1e6 : noise[i][2]);
    const found = typesOf(
      (i) => noise[i][1],
      (i) => `${noise[i][1] * 2},${far(i)}`,
      { target },
      "y,z",
    );
    expect(found).toEqual([...leak, ["targetOutliers", ["z"]]]);
  });

  it("says the way out", () => {
    expect(warningsOf((i) => noise[i][1], label)[0].message).toBe(
      'column "b" alone predicts "y" (100.0 %); if it is not known when predicting, leave it out with drop: ["b"]',
    );
  });
});

describe("gaps", () => {
  it("that tell all of the target are a leak by what they are", () => {
    const [warning] = warningsOf((i) => (label(i) === "yes" ? noise[i][2] : ""), label);
    expect(warning).toEqual({
      type: "leakage",
      columns: ["b"],
      message:
        'whether "b" has a cell reveals "y"; if it is not known when predicting, leave it out with drop: ["b"]',
    });
  });

  it("that tell much of the target are a finding", () => {
    // of 200 rows 67 lack b: 51 are yes there, and 34 elsewhere
    const lacks = (i: number) => i % 3 === 0;
    const classOf = (i: number) => (Math.floor(i / 3) % 4 < (lacks(i) ? 3 : 1) ? "yes" : "no");
    const found = warningsOf((i) => (lacks(i) ? "" : noise[i][2]), classOf);
    // 67 · (51/67 − 0.425)² + 133 · (34/133 − 0.425)² of 200 · 0.425 · 0.575
    expect(found).toEqual([
      {
        type: "tellingGaps",
        columns: ["b"],
        message:
          'whether "b" (23 %) has a cell explains that share of "y"; make sure that cells are missing in the same way when predicting',
      },
    ]);
    // of a quantity: 3 more, beside a variance of 4
    const quantity = (i: number) => 0.25 + 3 * Number(lacks(i)) + (Math.floor(i / 3) % 2 ? 2 : -2);
    const [{ message }] = warningsOf((i) => (lacks(i) ? "" : noise[i][2]), quantity);
    expect(message).toMatch(/^whether "b" \(33 %\) has a cell explains that share of "y"/);
  });
});

describe("other warnings", () => {
  it("name rows that repeat another", () => {
    const cells = ([a, b, c]: readonly number[]) => [c < 0.2 ? "" : a, b, c]; // a gap repeats a gap
    const lines = noise.map((_, i) => [...cells(noise[i % 150]), label(i % 150)].join(","));
    const options = { target: "y", drop: ["b"], missing: "impute" } as const;
    const data = encodeTable(readTable(["a,b,c,y", ...lines].join("\n")), options);
    const [warning] = diagnose(data);
    expect(warning).toEqual({
      type: "duplicates",
      columns: [],
      message:
        "50 of 200 rows repeat another; a fold that trains on one and is scored on the other looks better than it is; remove " +
        "the repeats, or count them by a weight column",
    });
  });

  it("name columns that are nearly constant, together", () => {
    const lines = noise.map(([a], i) => [a, i === 7 ? 1 : 0, i === 9 ? "x" : "z", label(i)].join(","));
    expect(diagnose(encodeTable(readTable(["a,b,c,y", ...lines].join("\n")), { target: "y" }))).toEqual([
      {
        type: "nearlyConstant",
        columns: ["b", "c"],
        message: '"b", "c" have the same value in 99.5 % of the rows or more, and hardly any information',
      },
    ]);
  });

  it("name targets far from the others", () => {
    const [warning] = warningsOf(
      (i) => noise[i][2],
      (i) => (i === 11 ? 1e4 : noise[i][1] + 0.001),
    );
    expect(warning.type).toBe("targetOutliers");
    expect(warning.message).toMatch(
      /^1 of 200 targets are more than 10 interquartile ranges from the median of "y", such as 10000; .*pipeline: \{ target: "log" \}/,
    );
  });

  it("name no targets far from the others where half of these are equal", () => {
    const types = warningsOf(
      (i) => noise[i][2],
      (i) => (i % 5 === 0 ? 5 + noise[i][1] : 5),
    ).map(({ type }) => type);
    expect(types).not.toContain("targetOutliers");
  });

  it("name targets that are as far below the others", () => {
    const [warning] = warningsOf(
      (i) => noise[i][2],
      (i) => (i === 11 ? -1e4 : noise[i][1]),
    );
    expect(warning.message).toMatch(
      /^1 of 200 targets .* such as -10000; .*correct them if they are errors$/,
    );
  });

  it("name more features than rows", () => {
    const names = Array.from({ length: 30 }, (_, j) => `c${j}`);
    const lines = noise
      .slice(0, 20)
      .map((_, i) => [...names.map((_, j) => noise[(7 * i + j) % ROWS][j % 3]), i % 2].join(","));
    const data = encodeTable(readTable([[...names, "y"].join(","), ...lines].join("\n")), { target: "y" });
    expect(diagnose(data).map(({ message }) => message)).toEqual([
      "30 features are more than the 20 rows, so a network can memorize the rows; drop columns, or choose another encoding for categories",
    ]);
  });

  it.each([
    ["breast-cancer", "diagnosis", []],
    ["iris", "species", []],
    ["wine", "cultivar", []],
    ["diabetes", "progression", []],
    ["digits", "digit", ["nearlyConstant"]],
  ])("of %s are those that it deserves", (name, target, types) => {
    const text = readFileSync(new URL(`../../../examples/data/${name}.csv`, import.meta.url), "utf8");
    expect(diagnose(encodeTable(readTable(text), { target })).map(({ type }) => type)).toEqual(types);
  });

  it("are refused of anything else", () => {
    expect(refusal(() => diagnose({} as never))).toBe(
      "invalid_argument: data must be the result of encodeTable; received {}",
    );
  });
});

it("inputs are compared with the first of several targets, as if it were alone", () => {
  const lines = Array.from({ length: 90 }, (_, i) => {
    const first = (i * 37) % 90;
    return `${first < 30 ? "" : i},${first % 2 ? "" : i % 5},${first < 30 ? 50 : (i % 7) / 7},${(i * 17) % 90}`;
  });
  const table = readTable(["a,b,y,z", ...lines].join("\n"));
  const found = (target: string | string[]) =>
    diagnose(encodeTable(table, { target, drop: target === "y" ? ["z"] : [], missing: "impute" })).flatMap(
      ({ type, columns }) => (type === "duplicates" ? [] : [[type, columns]]),
    );
  expect(found("y")).toContainEqual(["leakage", ["a"]]);
  expect(found(["y", "z"])).toEqual(found("y"));
});

it("what is counted in some rows of a large table says so, and features are compared with all of them", () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i % 7},${i % 600 === 0 ? 1e6 : i % 50}`);
  const messages = diagnose(encodeTable(readTable(["a,y", ...lines].join("\n")), { target: "y" })).map(
    ({ message }) => message.split(";")[0],
  );
  // every third row is looked at: 350 different ones, and 100 outliers of 7 kinds
  expect(messages).toEqual([
    "19643 of 20000 of the 60000 rows repeat another",
    expect.stringMatching(/^100 of 20000 of the 60000 targets are more than \d+ interquartile ranges/),
  ]);
});

it("new words are foretold by all rows of a large table, not by those that are looked at", () => {
  // each word twice, in neighbouring rows: of every second row, each word would be there once
  const lines = Array.from({ length: 40_000 }, (_, i) => `${i % 11},w${i >> 1},${i % 2}`);
  const table = readTable(["a,b,y", ...lines].join("\n"), { as: { b: "category" } });
  const types = diagnose(encodeTable(table, { target: "y" })).map(({ type }) => type);
  expect(types).not.toContain("newWords");
  const once = Array.from({ length: 40_000 }, (_, i) => `${i % 11},w${i % 3 ? i % 7 : i},${i % 2}`);
  const other = readTable(["a,b,y", ...once].join("\n"), { as: { b: "category" } });
  expect(diagnose(encodeTable(other, { target: "y" })).map(({ type }) => type)).toContain("newWords");
});
