/** Every flag of `fettle predict` and `fettle evaluate` changes what it names. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createProgram } from "../../src/cli/main.js";
import { folder } from "./fettle.js";

const out = vi.hoisted(() => ({ text: "" }));
vi.mock("../../src/cli/streams.js", async (original) => ({
  ...(await original<object>()),
  printLines(lines: readonly string[]) {
    out.text += `${lines.join("\n")}\n`;
  },
  writeOut(text: string) {
    out.text += text;
  },
}));

/** Drinks in ISO 8859-1, of which `tea` is hot. */
const table = (drinks: readonly string[]): Buffer =>
  Buffer.from(
    `id,drink,size,hot\n${drinks.map((drink, i) => `r${i},${drink},${i % 3},${drink === "tea" ? "no" : "yes"}`).join("\n")}\n`,
    "latin1",
  );
const known = Array.from({ length: 30 }, (_, i) => ["café", "tea", "maté"][i % 3]);
const records = known.map((drink, i) => ({
  id: `r${i}`,
  drink,
  size: i % 3,
  hot: drink === "tea" ? "no" : "yes",
}));

const before = process.cwd();
afterAll(() => process.chdir(before));
beforeAll(async () => {
  process.chdir(
    folder({
      "data.csv": table(known),
      "data.json": JSON.stringify(records),
      "data.jsonl": records.map((record) => JSON.stringify(record)).join("\n"),
      "plain.csv": table(known.map((drink) => (drink === "tea" ? drink : "milk"))),
    }),
  );
  await ran("fit data.csv --target hot --drop id --encoding latin1 --epochs 2 --unknown refuse");
});

/** What a command printed, or why it was refused. */
async function ran(line: string): Promise<string> {
  out.text = "";
  try {
    const program = await createProgram(() => {});
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    await program.parseAsync(line.split(" "), { from: "user" });
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
  return out.text;
}

/** By flag: the arguments, the flag, what only shows with it, and what only shows without it. */
type Row = readonly [words: string, flag: string, shows: RegExp, hides: RegExp];
const OWN = "--encoding latin1";
const rows: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  predict: {
    out: [`data.csv ${OWN}`, "--out own.csv", /^hot\n(yes|no)\n/, /^refused: .*ENOENT/],
    proba: [`data.csv ${OWN}`, "--proba", /^hot,hot=no,hot=yes\n(yes|no),0\.\d+,0\.\d+\n/, /^hot\n/],
    sets: [`data.csv ${OWN}`, "--sets", /^refused: sets need a model that was tuned/, /^hot\n/],
    intervals: [`data.csv ${OWN}`, "--intervals", /^refused: intervals need a model of quantities/, /^hot\n/],
    coverage: [
      `data.csv ${OWN}`,
      "--coverage 0.8",
      /^refused: --coverage needs --intervals or --sets, to which it belongs$/,
      /^hot\n/,
    ],
    keep: [`data.csv ${OWN}`, "--keep size,id", /^size,id,hot\n0,r0,(yes|no)\n1,r1,/, /^hot\n/],
    unknown: ["plain.csv", "--unknown ignore", /^hot\n(yes|no)\n/, /^refused: .*"milk"/],
    encoding: ["data.csv", OWN, /^hot\n(yes|no)\n/, /^refused: /],
    limits: [`data.csv ${OWN}`, "--limits cellLength=3", /^refused: .* 3/, /^hot\n/],
  },
  evaluate: {
    unknown: ["plain.csv", "--unknown ignore", /Scores on 30 rows of plain.csv/, /^refused: .*"milk"/],
    encoding: ["data.csv", OWN, /Scores on 30 rows/, /^refused: /],
    limits: [`data.csv ${OWN}`, "--limits rows=29", /^refused: .*rows/, /Scores/],
    positive: [`data.csv ${OWN}`, "--positive no", /f1 of no/, /f1 of yes/],
    weight: [
      `data.csv ${OWN}`,
      "--weight size",
      /^Scores on 30 rows of data.csv, weighted by size\n/,
      /data.csv\n/,
    ],
    json: [`data.csv ${OWN}`, "--json", /^\{"rows":30,"positive":"yes","scores":\{.*\}\}\n$/, /Scores/],
  },
  explain: {
    unknown: ["plain.csv", "--unknown ignore", /on 30 rows of plain.csv/, /^refused: .*"milk"/],
    encoding: ["data.csv", OWN, /on 30 rows/, /^refused: /],
    limits: [`data.csv ${OWN}`, "--limits rows=29", /^refused: .*rows/, /What decides/],
    row: [`data.csv ${OWN}`, "--row 2", /^Row 2 of data.csv: hot /, /^What decides/],
    metric: [`data.csv ${OWN}`, "--metric accuracy", /the accuracy of/, /the logLoss of/],
    group: [`data.csv ${OWN}`, "--group size", /together\n.*\n {2}size /, /\n {2}drink, size /],
    weight: [`data.csv ${OWN} --json`, "--weight size", /"weight":"size"\}\n$/, /"pairs":\[.*\]\}\n$/],
    to: [`data.csv ${OWN} --row 2`, "--to no", /^refused: .*must be another class/, /^Row 2/],
    least: [`data.csv ${OWN} --row 2`, "--least 3", /^refused: least must be left out/, /^Row 2/],
    most: [`data.csv ${OWN} --row 2`, "--most 3", /^refused: most must be left out/, /^Row 2/],
    fixed: [`data.csv ${OWN} --row 2`, "--fixed drink,size", /No change of/, /The answer would be/],
    seed: [`data.csv ${OWN}`, "--seed -1", /^refused: .*--seed must be/, /^What decides/],
    json: [`data.csv ${OWN}`, "--json", /^\{"task":"classification",.*\}\n$/, /What decides/],
  },
};

describe.each(Object.entries(rows))("fettle %s", (name, flags) => {
  it("has a row for each flag", async () => {
    const command = (await createProgram(() => {})).commands.find((each) => each.name() === name);
    expect(command?.options.map((option) => option.attributeName()).sort()).toEqual(
      Object.keys(flags).sort(),
    );
  });

  it.each(Object.entries(flags).map(([flag, row]) => [flag, ...row] as const))(
    "%s",
    async (flag, words, given, shows, hides) => {
      const run = async (more: string) => {
        const printed = await ran(`${name} model.fettle ${words}${more}`);
        if (flag !== "out") return printed;
        try {
          return readFileSync("own.csv", "utf8");
        } catch (error) {
          return `refused: ${(error as Error).message}`;
        }
      };
      const without = await run("");
      expect(without).toMatch(hides);
      expect(without).not.toMatch(shows);
      const printed = await run(` ${given}`);
      expect(printed).toMatch(shows);
      expect(printed).not.toMatch(hides);
    },
  );
});

describe.each(["predict", "evaluate", "explain"])("fettle %s has each limit", (name) => {
  it.each([
    ["rows", 30, "rows"],
    ["columns", 4, "columns"],
    ["cells", 120, "cells"],
    ["length", 3000, "characters or bytes"],
    ["cellLength", 5, "characters"],
  ])("of %s", async (limit, fits, unit) => {
    for (const file of [`data.csv ${OWN}`, "data.json", "data.jsonl"]) {
      const run = (most: number) => ran(`${name} model.fettle ${file} --limits ${limit}=${most}`);
      expect(await run(fits)).not.toContain("refused");
      // values are shorter than names, which records do not count
      const most = limit === "length" ? 300 : limit === "cellLength" ? 3 : fits - 1;
      expect(await run(most)).toMatch(new RegExp(`^refused: .*at most ${most} ${unit}; received`));
    }
  });
});

it.each([
  ["predict", /^hot\n(yes|no)\n/],
  ["evaluate", /Scores on 30 rows of plain.csv/],
])("fettle %s treats new words as the model says, unless a flag says otherwise", async (name, shows) => {
  await ran(
    "fit data.csv --target hot --drop id --encoding latin1 --epochs 1 --unknown ignore --out lenient.fettle",
  );
  expect(await ran(`${name} lenient.fettle plain.csv`)).toMatch(shows);
  expect(await ran(`${name} lenient.fettle plain.csv --unknown refuse`)).toMatch(/^refused: .*"milk"/);
});
