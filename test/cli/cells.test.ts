/** Cells that people write, and classes of one row, on the command line. */
import { describe, expect, it } from "vitest";
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
