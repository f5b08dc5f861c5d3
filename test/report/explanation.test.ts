/** Explanations as text, from figures written by hand. */
import { describe, expect, it } from "vitest";
import type { Explanation, RowExplanation } from "../../src/explain/explain.js";
import { describeExplanation, describeRow } from "../../src/report/explanation.js";

const paint = { heading: (text: string) => `*${text}*`, faint: (text: string) => text };
const drawing = { width: 80, ascii: false };

const explanation: Explanation = {
  task: "classification",
  target: "sold",
  outputs: ["yes"],
  importance: {
    metric: "logLoss",
    direction: "minimize",
    score: 0.25,
    rows: 100,
    of: 400,
    columns: [
      { columns: ["size"], importance: 0.5, interval: [0.25, 0.75] },
      { columns: ["port"], importance: 0.125, interval: [-0.01, 0.3], decidedBy: 7 },
    ],
    groups: [{ columns: ["size", "weight"], importance: 0.75, interval: [0.5, 1] }],
  },
  dependence: [
    {
      column: "size",
      values: [1, 2, 3, null],
      counts: [10, 10, 10, 1],
      mean: [[0.1], [0.3], [0.5], [0.9]],
      curves: [[[0.1], [0.3], [0.5], [0.9]]],
      gaps: [[2, 3]],
      others: 0,
    },
    {
      column: "port",
      values: ["C", "Q"],
      counts: [50, 50],
      mean: [[0.6], [0.4]],
      curves: [],
      gaps: [],
      others: 0,
    },
  ],
  withoutCurve: 0,
  pairs: [{ columns: ["size", "port"], strength: 0.0625, values: [[], []], mean: [] }],
};

describe("an explanation of a model as text", () => {
  it("shows importances, curves, words, groups, pairs and gaps", () => {
    expect(describeExplanation(explanation, "sales.csv", drawing, paint)).toEqual([
      "*What decides sold, on a random 100 rows of 400 of sales.csv*",
      "If a column is shuffled, the logLoss of 0.2500 becomes",
      "        worse by      95 % interval  prediction as it rises",
      "  size    0.5000   0.2500 to 0.7500             0.1 ▁▄█ 0.5",
      "  port    0.1250  -0.0100 to 0.3000          Q 0.4 to C 0.6",
      "",
      "Columns that tell nearly the same, shuffled together",
      "                worse by     95 % interval",
      "  size, weight    0.7500  0.5000 to 1.0000",
      "",
      "Few rows decide some of the intervals, which may be too narrow.",
      "Effects that depend on each other: size and port (0.0625).",
      "There is no row between 2 and 3 of size: curves are a guess there.",
    ]);
  });

  it("is of ASCII and fits a small window", () => {
    const lines = describeExplanation(explanation, "sales.csv", { width: 30, ascii: true }, paint);
    for (const line of lines) expect(line.replaceAll("*", "").length).toBeLessThanOrEqual(30);
    const wide = describeExplanation(explanation, "sales.csv", { width: 80, ascii: true }, paint);
    expect(wide[3]).toContain("0.1 _=# 0.5");
  });

  it("says how many columns it leaves out, and why there are no intervals", () => {
    const columns = Array.from({ length: 12 }, (_, k) => ({ columns: [`x${k}`], importance: 1 / (k + 1) }));
    const { importance } = explanation;
    const lines = describeExplanation(
      {
        ...explanation,
        pairs: [],
        dependence: [],
        importance: { ...importance, of: 100, columns, groups: [], noInterval: "it is a maximum" },
      },
      "sales.csv",
      drawing,
      paint,
    );
    expect(lines[0]).toBe("*What decides sold, on 100 rows of sales.csv*");
    expect(lines).toHaveLength(3 + 10 + 3);
    expect(lines.slice(-2)).toEqual(["2 more columns: --json has all.", "No intervals: it is a maximum."]);
  });

  it("names the class that a column moves most", () => {
    const [size] = explanation.dependence;
    const mean = [
      [0.2, 0.1],
      [0.2, 0.4],
      [0.3, 0.9],
      [0, 0],
    ];
    const lines = describeExplanation(
      { ...explanation, outputs: ["a", "b"], dependence: [{ ...size, mean }] },
      "sales.csv",
      drawing,
      paint,
    );
    expect(lines[3]).toMatch(/ b 0\.1 ▁▄█ 0\.9$/);
  });
});

const row: RowExplanation = {
  task: "classification",
  target: "sold",
  outputs: ["no", "maybe", "yes"],
  prediction: [0.1, 0.2, 0.7],
  class: "yes",
  base: [0.3, 0.3, 0.4],
  background: { rows: 32, of: 100 },
  contributions: [
    { columns: ["age"], values: [31], contribution: [-0.4, 0.3, 0.1] },
    { columns: ["port"], values: [null], contribution: [0.2, -0.4, 0.2], standardError: [0.01, 0.01, 0.02] },
  ],
  changes: [
    {
      changes: [
        { column: "age", from: 31, to: 30.5, passed: 0.125 },
        { column: "port", from: null, to: "Q" },
      ],
      prediction: [0.5, 0.3, 0.2],
      class: "no",
      cost: 1.125,
    },
  ],
};

describe("an explanation of a row as text", () => {
  it("shows what the columns add to the answer, the largest first, and what changes it", () => {
    expect(describeRow(row, "Row 3 of sales.csv", drawing, paint)).toEqual([
      "*Row 3 of sales.csv: sold yes*",
      "The probability of yes is 0.7; the mean of 32 background rows (of 100) is 0.4.",
      "The columns add",
      "          value           standard error",
      "  port  missing  +0.2000        ± 0.0200",
      "  age        31  +0.1000        ± 0.0000",
      "",
      "The answer would be",
      "  no with age 31 → 30.5 (past 13 % of rows) and port missing → Q",
    ]);
  });

  it("of a quantity, of many columns, without a change", () => {
    const contributions = Array.from({ length: 13 }, (_, k) => ({
      columns: [`x${k}`],
      values: [k],
      contribution: [k === 12 ? -1 : 20 - k],
    }));
    const quantity = { ...row, class: undefined, outputs: ["price"], prediction: [250], base: [50] };
    const lines = describeRow(
      { ...quantity, contributions, changes: [] } as unknown as RowExplanation,
      "Row 1",
      { width: 80, ascii: true },
      paint,
    );
    expect(lines.slice(0, 3)).toEqual([
      "*Row 1: sold 250*",
      "The prediction of price is 250; the mean of 32 background rows (of 100) is 50.",
      "The columns add",
    ]);
    expect(lines.slice(-4)).toEqual([
      "  3 more columns add +18.0000",
      "",
      "No change of one or two columns to values of other rows changes the answer as",
      "asked.",
    ]);
    const { changes: _, ...none } = { ...quantity, contributions };
    expect(describeRow(none as unknown as RowExplanation, "Row 1", drawing, paint).at(-1)).toBe(
      "  3 more columns add +18.0000",
    );
  });
});
