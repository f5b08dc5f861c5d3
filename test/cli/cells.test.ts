/** Cells that people write, and classes of one row, on the command line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../src/data/schema.js";
import { fettle, folder } from "./fettle.js";

const QUICK = ["--trials", "1", "--epochs", "2", "--folds", "3", "--jobs", "1", "--ensemble", "1"];
const rows = Array.from({ length: 60 }, (_, i) => {
  const amount = ((7 * i) % 60) - 20.5;
  const money = amount < 0 ? `($${-amount})` : `$${amount}`;
  return `${money};${(i * i) % 11} kg;${i === 7 ? "rare" : amount > 8 ? "high" : "low"}`;
});
const cwd = folder({
  "data.csv": `amount;mass;y\n${rows.join("\n")}\n`,
  "new.csv": "mass;amount;y\n3 kg;($15.5);odd\n2;$30;high\n",
});

describe.concurrent("a table as people write it", () => {
  it("is refused for a class of one row, with the flags that settle it", async () => {
    const { code, stderr } = await fettle(["tune", "data.csv", "--target", "y", ...QUICK], cwd);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('received "rare" with 1; choose --rare drop or --rare merge'),
    ]);
  });

  it("is tuned without that class, and predicts rows that are written alike", async () => {
    const tune = ["tune", "data.csv", "--target", "y", "--rare", "drop", ...QUICK];
    const { code, stdout } = await fettle([...tune, "--out", "dropped"], cwd);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      '1 of 60 rows of classes with fewer than 3 rows of "y" are left out: "rare" (1)',
    );
    const predicted = await fettle(["predict", "dropped/model.fettle", "new.csv"], cwd);
    expect([predicted.code, predicted.stdout.split("\n").length]).toEqual([0, 4]);
    const other = await fettle(["tune", "data.csv", "--target", "y", "--rare", "keep", ...QUICK], cwd);
    expect(other.stderr).toContain('--rare must be drop or merge; received "keep"');
  });

  it("is tuned with a class of all others, of which new words are", async () => {
    const rare = Array.from({ length: 4 }, (_, i) => `$${i}.5;1 kg;rare${i}`);
    const cwd = folder({
      "data.csv": `amount;mass;y\n${[...rows, ...rare].join("\n")}\n`,
      "new.csv": "mass;amount;y\n3 kg;($15.5);odd\n2;$30;high\n",
    });
    const tune = ["tune", "data.csv", "--target", "y", "--rare", "merge", "--out", "merged", ...QUICK];
    expect((await fettle(tune, cwd)).code).toBe(0);
    const { code, stderr } = await fettle(["evaluate", "merged/model.fettle", "new.csv"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
  });
});

describe.concurrent("the receipt of a table", () => {
  const answers = ["Ja", "ja", "JA", "Nein", "nein"];
  const lines = Array.from(
    { length: 60 },
    (_, i) =>
      `${i},${(i * 7) % 11},${i % 3 ? "phone" : "none"},${(i % 9) + 1}/${(i % 7) + 1}/2024,${answers[i % 5]}`,
  );
  const table = `,x,owned,day,y\n${lines.join("\n")}\n`;

  it("is printed by inspect, and in its JSON", async () => {
    const cwd = folder({ "data.csv": table });
    const [text, json] = await Promise.all([
      fettle(["inspect", "data.csv"], cwd),
      fettle(["inspect", "data.csv", "--json"], cwd),
    ]);
    const said = text.stdout.replaceAll(/\s+/g, " ");
    for (const line of [
      'column "day" can be read in two ways',
      "choose --date-order dmy or --date-order mdy",
      '"none" is read as missing in 20 cells of "owned"; choose --no-default-na to read it as a word',
      "left out: \"column 1\" is different in every row; choose --as 'column 1=number' to keep it",
      '"y" has 5 words, 2 without case and spaces, such as "JA", "Ja", "ja"; choose --ignore-case y to read them as one',
    ])
      expect(said).toContain(line);
    const { receipt } = JSON.parse(json.stdout);
    expect([receipt.rows, receipt.findings.map(({ type }: { type: string }) => type)]).toEqual([
      60,
      ["doubt", "missing", "leftOut", "spellings"],
    ]);
  });

  it("is settled by the schema of --fix, which tune reads", async () => {
    const cwd = folder({ "data.csv": table });
    const fixed = await fettle(["inspect", "data.csv", "--fix", "schema.json"], cwd);
    expect([fixed.code, fixed.stdout]).toEqual([
      0,
      'wrote "schema.json"; check it, then use it as --schema schema.json\nsettled:\n  dateOrder: "mdy"\n  ignoreCase: ["y"]\n',
    ]);
    const flags = ["--schema", "schema.json", "--target", "y", "--missing", "impute", ...QUICK];
    const { code, stdout } = await fettle(["tune", "data.csv", ...flags, "--out", "study"], cwd);
    expect(code).toBe(0);
    const said = stdout.replaceAll(/\s+/g, " ");
    expect(said).toContain("classification of y (Ja, Nein)");
    expect(said).toContain('"none" is read as missing in 20 cells of "owned"; choose --no-default-na');
    const { receipt } = JSON.parse(readFileSync(join(cwd, "study/summary.json"), "utf8"));
    const page = readFileSync(join(cwd, "study/report.html"), "utf8");
    expect(page).toContain("<h3>How it was read</h3>");
    expect(page).toContain("is read as missing in 20 cells of");
    expect(receipt).toMatchObject({
      rows: 60,
      used: 60,
      findings: [{ type: "missing" }, { type: "leftOut" }],
    });
  });

  it("is settled by --fix where the flags leave a doubt, and they keep their say", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => {
      const [count, size] = [i === 7 ? "<1" : i + 1, i === 9 ? "tbd" : 2 * i];
      return `${count},${size},${i % 3},"${i + 1},000",${["Ja", "ja", "Nein"][i % 3]},${["A", "a", "B"][i % 3]}`;
    });
    const cwd = folder({ "data.csv": `count,size,code,price,y,z\n${rows.join("\n")}\n` });
    const flags = "--na tbd --as code=category --decimal price=, --ignore-case z --fix schema.json".split(
      " ",
    );
    const { stdout } = await fettle(["inspect", "data.csv", ...flags], cwd);
    expect(stdout).toContain('settled:\n  na: ["<1"]\n  ignoreCase: ["y"]\n');
    const { na, columns } = JSON.parse(readFileSync(join(cwd, "schema.json"), "utf8")) as Schema;
    expect(na.slice(-2)).toEqual(["tbd", "<1"]);
    expect(columns.map(({ kind, format, categories }) => [kind, format?.decimal, ...categories])).toEqual([
      ["number", undefined],
      ["number", undefined],
      ["category", undefined, "0", "1", "2"],
      ["number", ","],
      ["category", undefined, "Ja", "Nein"],
      ["category", undefined, "A", "B"],
    ]);
  });
});
