/** A study as Markdown, read back by markdown-it, and as rows, read back by pandas where Python has it. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { describe, expect, it } from "vitest";
import { formatScore } from "../../src/report/format.js";
import { studyMarkdown } from "../../src/report/markdown.js";
import { studyData } from "../../src/report/plots/studyData.js";
import { studyRows } from "../../src/report/records.js";
import { importances } from "../../src/search/analysis/importance.js";
import { choice, float } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { prop } from "../prop.js";

const markdown = new MarkdownIt({ html: true, linkify: false });

/**
 * The text of each heading, and the cells of each table, as a reader sees them; and the kinds of all pieces.
 */
function readBack(text: string) {
  const tokens = markdown.parse(text, {});
  const headings: string[] = [];
  const tables: string[][][] = [];
  const kinds = new Set<string>();
  for (const [i, token] of tokens.entries()) {
    kinds.add(token.type);
    if (token.type === "table_open") tables.push([]);
    if (token.type === "tr_open") tables.at(-1)?.push([]);
    if (token.type !== "inline") continue;
    for (const { type } of token.children ?? []) kinds.add(type);
    const content = (token.children ?? []).map(({ content }) => content).join("");
    const before = tokens[i - 1].type;
    if (before === "heading_open") headings.push(content);
    if (before === "th_open" || before === "td_open") tables.at(-1)?.at(-1)?.push(content);
  }
  return { headings, tables, kinds };
}

const space = { rate: float(0, 1), kind: choice(["a", "b"]) };
const made = (values: readonly (number | undefined)[]) => {
  const study = createStudy({ space, strategy: random(), direction: "maximize" });
  values.forEach((value, i) => {
    study.add(
      { rate: i / 100, kind: i % 2 ? "b" : "a" },
      value === undefined ? { status: "failed", error: "`a` | <b>" } : { value, seconds: 0.5 },
    );
  });
  return study;
};

describe("studyMarkdown", () => {
  it("has the best trials first, and the importances", () => {
    const study = made([1, 3, undefined, 2]);
    const { headings, tables } = readBack(
      studyMarkdown(studyData(study, { name: "first", metrics: ["accuracy"] }), { trials: 2 }),
    );
    expect(headings).toEqual(["first", "Best 2 of 3 complete trials", "Importance"]);
    expect(tables[0]).toEqual([
      ["trial", "accuracy", "rate", "kind", "seconds"],
      ["1", "3.0000", "0.01", "b", "0.5"],
      ["3", "2.0000", "0.03", "b", "0.5"],
    ]);
    const { main } = importances(study.trials, space);
    expect(tables[1].slice(1)).toEqual(
      Object.entries(main).map(([name, share]) => [name, `${Math.round(100 * share)} %`]),
    );
    expect(studyMarkdown(studyData(study))).toContain("4 trials: 3 complete, 1 failed.");
    expect(studyMarkdown(studyData(study))).toContain("Trial 2 failed: \\`a\\` \\| \\<b\\>");
  });

  it("has the front of several objectives", () => {
    const study = createStudy({ space, strategy: random(), direction: ["minimize", "minimize"] });
    for (const values of [
      [1, 2],
      [2, 1],
      [3, 3],
    ])
      study.add({ rate: 0.5, kind: "a" }, { values });
    const { headings, tables } = readBack(studyMarkdown(studyData(study, { metrics: ["a", "b"] })));
    expect(headings).toEqual(["study", "Pareto front, 2 of 2 trials"]);
    expect(tables[0].slice(1).map((row) => row.slice(0, 3))).toEqual([
      ["0", "1.0000", "2.0000"],
      ["1", "2.0000", "1.0000"],
    ]);
  });

  it("has no importances of values whose squares are not finite", () => {
    const { headings } = readBack(studyMarkdown(studyData(made([1e200, 2e200, 3e200]))));
    expect(headings).toEqual(["study", "Best 3 of 3 complete trials"]);
  });

  it.each([[[]], [[undefined]], [[1]]])("has no table that would be empty: values %j", (values) => {
    const { tables } = readBack(studyMarkdown(studyData(made(values))));
    expect(tables).toHaveLength(values.filter((value) => value !== undefined).length);
  });

  const word = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.constantFrom(
      "<script>alert(1)</script>",
      "a|b\\|c",
      "`` ` ``",
      "[x](http://a)",
      "# x\n# y",
      "&amp;",
      "**b**",
      "~~s~~",
      "\\",
      "$x$",
    ),
  );
  prop([word, word, fc.double({ noNaN: true, noDefaultInfinity: true })])(
    "shows any name and value as it is, and none as markup",
    (name, value, score) => {
      const study = createStudy({
        space: { kind: choice([value, "other"]) },
        strategy: grid(),
        direction: "minimize",
      });
      study.add({ kind: value }, { value: score });
      const { headings, tables, kinds } = readBack(
        studyMarkdown(studyData(study, { name, metrics: [name] })),
      );
      const shown = (text: string) =>
        text
          .replace(/\p{Cc}+/gu, " ")
          .trim()
          .replace(/\s+/g, " ");
      expect(shown(headings[0])).toBe(shown(name));
      expect(tables[0].map((row) => row.map(shown))).toEqual([
        ["trial", shown(name), "kind", "seconds"],
        ["0", formatScore(score), shown(value), ""],
      ]);
      for (const kind of [
        "html_inline",
        "html_block",
        "code_inline",
        "link_open",
        "strong_open",
        "em_open",
        "s_open",
        "image",
      ])
        expect(kinds).not.toContain(kind);
    },
  );
});

describe("studyRows", () => {
  it("has a row for each trial, all of the same names", () => {
    const conditional = { kind: choice(["a", "b"]), depth: choice([[1], [1, 2]], { when: { kind: ["b"] } }) };
    const study = createStudy({ space: conditional, strategy: random(), direction: "minimize" });
    study.add({ kind: "a" }, { value: 1, std: 0.5, seconds: 2 });
    study.add({ kind: "b", depth: [1, 2] }, { status: "failed", error: "no" });
    expect(studyRows(studyData(study))).toEqual([
      {
        number: 0,
        status: "complete",
        value: 1,
        std: 0.5,
        seconds: 2,
        "params.kind": "a",
        "params.depth": null,
      },
      {
        number: 1,
        status: "failed",
        value: null,
        std: null,
        seconds: null,
        "params.kind": "b",
        "params.depth": "[1,2]",
      },
    ]);
  });

  it("has a column for each objective", () => {
    const study = createStudy({ space, strategy: random(), direction: ["minimize", "maximize"] });
    study.add({ rate: 0.5, kind: "a" }, { values: [1, 2] });
    expect(studyRows(studyData(study, { metrics: ["loss", "speed"] }))).toEqual([
      {
        number: 0,
        status: "complete",
        "values.loss": 1,
        "values.speed": 2,
        std: null,
        seconds: null,
        "params.rate": 0.5,
        "params.kind": "a",
      },
    ]);
  });
});

/** Debian's Python, which may have packages that another one on the path has not. */
const PYTHON = ["/usr/bin/python3", "python3"].find((python) => {
  try {
    execFileSync(python, ["-c", "import pandas"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

it.skipIf(PYTHON === undefined)(
  "pandas reads the rows as they are, in two ways",
  () => {
    const study = made([0.25, undefined, 0.75]);
    const program = `
import sys, io, json, pandas as pd
text = sys.stdin.read()
for frame in (pd.DataFrame(json.loads(text)), pd.read_json(io.StringIO(text), orient="records")):
    best = frame.loc[frame["value"].idxmax()]
    print(json.dumps([list(frame.columns), str(frame["value"].dtype), str(frame["params.rate"].dtype), int(frame["value"].isna().sum()),
        int(best["number"]), best["params.kind"], frame.groupby("status").size().to_dict()]))`;
    const rows = JSON.stringify(studyRows(studyData(study)));
    const lines = execFileSync(PYTHON as string, ["-c", program], { input: rows, encoding: "utf8" })
      .trim()
      .split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines)
      expect(JSON.parse(line)).toEqual([
        ["number", "status", "value", "std", "seconds", "params.rate", "params.kind"],
        ...["float64", "float64", 1, 2, "a", { complete: 2, failed: 1 }],
      ]);
  },
  60_000,
);
