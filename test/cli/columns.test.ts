/**
 * Flags that say what columns are for: several targets, weights, groups, and class weights with a threshold.
 * Needs `dist/`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fettle } from "./fettle.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-columns-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "t.csv");
const cell = (i: number, k: number) => Math.round(1000 * Math.sin(i * k)) / 1000;
const rows = Array.from({ length: 60 }, (_, i) =>
  [cell(i, 1), cell(i, 7), 1 + (i % 3), `p${i % 13}`, cell(i, 1) > 0.3 ? "yes" : "no", 3 * cell(i, 1)].join(
    ",",
  ),
);
writeFileSync(file, `a,b,n,patient,y,z\n${rows.join("\n")}\n`);

/** What `fettle tune` prints, on one line. */
async function tune(...flags: readonly string[]) {
  const words = ["tune", file, "--trials", "1", "--epochs", "2", "--folds", "3", ...flags];
  const { code, stdout, stderr } = await fettle(words);
  return { code, text: `${stdout}${stderr}`.replaceAll(/\s+/g, " ") };
}

describe("fettle tune", () => {
  it("predicts several columns, separated by commas", async () => {
    const { code, text } = await tune("--target", "z,b", "--drop", "y");
    expect(text).toContain("60 rows, 3 inputs, regression of z, b");
    expect(code).toBe(0);
  });

  it("keeps groups whole, and counts rows by a column; neither is an input", async () => {
    const { code, text } = await tune("--target", "y", "--group", "patient", "--weight", "n", "--drop", "z");
    expect(text).toContain("60 rows, 2 inputs");
    expect(text).toMatch(/3-fold cross-validation on 4\d rows, 1\d rows held out/);
    expect(code).toBe(0);
  });

  it("weights classes, chooses a threshold and says it", async () => {
    const flags = ["--target", "y", "--class-weight", "yes=3", "--threshold", "f1", "--drop", "z"];
    expect((await tune(...flags)).text).toMatch(
      /Decision threshold of yes 0\.\d+, by f1 on out-of-fold predictions/,
    );
    expect(JSON.parse((await tune(...flags, "--json")).text).threshold).toBeLessThan(1);
  });

  it("warns of a column that gives the target away", async () => {
    const { text } = await tune("--target", "y");
    expect(text).toMatch(
      /warning: column "[az]" alone predicts "y" \(\d+\.\d %\).* leave it out with --drop [az]/,
    );
  });

  it.each([
    [
      ["--target", "y", "--weight", "patient"],
      /weight "patient" must be a column of numbers; received "category"/,
      2,
    ],
    [["--target", "y", "--class-weight", "maybe=3"], /unknown class "maybe"/, 2],
    [
      ["--target", "z", "--class-weight", "balanced"],
      /--class-weight needs a classification target; received a regression target/,
      2,
    ],
  ] as const)("answers %s", async (flags, message, expected) => {
    const { code, text } = await tune(...flags);
    expect(text).toMatch(message);
    expect(code).toBe(expected);
  });
});
