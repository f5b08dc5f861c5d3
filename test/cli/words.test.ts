/**
 * A boolean's words on the command line: as the table spells them, wherever they come back. Needs `dist/`.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { imported } from "../model/export/modules.js";
import { fettle as command } from "./fettle.js";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "fettle-words-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function fettle(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command(words, folder);
  expect(code, stderr).toBe(0);
  return stdout;
}

it("a target of Yes and No, and a feature of TRUE and False", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => [i % 7, i % 2 ? "TRUE" : "False", i % 2 ? "Yes" : "No"]);
  writeFileSync(join(folder, "data.csv"), [["n", "flag", "good"], ...rows].join("\n"));
  const fit = ["fit", "data.csv", "--target", "good", "--epochs", "40", "--set", "learningRate=0.05"];
  expect(await fettle(...fit)).toContain("classification of good (No, Yes)");
  const predicted = parseCsv(await fettle("predict", "model.fettle", "data.csv", "--proba"));
  expect(predicted.columns).toEqual(["good", "good=No", "good=Yes"]);
  expect(predicted.rows.map(([word]) => word)).toEqual(rows.map(([, , word]) => word));
  const inspected = await fettle("inspect", "model.fettle");
  expect(inspected).toContain("classification of good (No, Yes)");
  expect(inspected).toMatch(/flag +boolean +always +False, TRUE/);
  expect(inspected).toMatch(/Layer +Output shape +Parameters\n +dense_1 +\[rows, 32\] +96\n/);
  expect(inspected).toContain("Total parameters: 129\n");
  // another table may spell them otherwise
  const other = rows.map((row) => row.map((cell) => String(cell).toUpperCase()));
  writeFileSync(join(folder, "other.csv"), [["n", "flag", "good"], ...other].join("\n"));
  expect(JSON.parse(await fettle("evaluate", "model.fettle", "other.csv", "--json")).scores.accuracy).toBe(1);
  await fettle("export", "model.fettle", "--to", "js");
  const { predict } = await imported(readFileSync(join(folder, "model.mjs"), "utf8"));
  // a file by its name, where the format is one file
  expect(await fettle("export", "model.fettle", "--to", "onnx", "--out", "new/w.onnx")).toBe(
    "Written: new/w.onnx\n",
  );
  expect(readdirSync(join(folder, "new"))).toEqual(["w.onnx"]);
  const { code, stderr } = await command(
    ["export", "model.fettle", "--to", "tfjs", "--out", "m.json"],
    folder,
  );
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('--out must be a folder, for 2 files; received "m.json"'),
  ]);
  // Node imports what is written in a project whose own files are CommonJS
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }');
  writeFileSync(
    join(folder, "main.js"),
    "import(process.argv[2]).then(({ predict }) => console.log(predict({ n: 1, flag: true }).class));",
  );
  for (const [out, written] of [
    [".", "model.mjs"],
    ["web", "web/model.mjs"],
    ["m.mjs", "m.mjs"],
  ]) {
    expect(await fettle("export", "model.fettle", "--to", "js", "--out", out)).toBe(`Written: ${written}\n`);
    const { stdout } = await run(process.execPath, ["main.js", `./${written}`], { cwd: folder });
    expect(stdout).toBe("Yes\n");
  }
  for (const out of ["m.js", "m.cjs"]) {
    const refused = await command(["export", "model.fettle", "--to", "js", "--out", out], folder);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining(`--out must be a folder, or a file that ends in .mjs; received "${out}"`),
    ]);
  }
  const answer = predict({ n: 1, flag: true }) as { class: string; probabilities: object };
  expect([answer.class, Object.keys(answer.probabilities)]).toEqual(["Yes", ["No", "Yes"]]);
});
