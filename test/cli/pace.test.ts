/** How many rows trials use under a time limit. */
import { describe, expect, it } from "vitest";
import { paceOf, speedOf } from "../../src/cli/pace.js";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { RandomStream } from "../../src/numerics/random.js";

const speed = { prepare: 0.01, train: 0.0025 };

describe("the pace", () => {
  it("is all rows where eight trials and a final fit have time", () => {
    // a trial of 25 epochs on 0.8 of 10,000 rows takes 580 ms, and the final fit, whose rows are prepared
    // twice, 825
    expect(paceOf(speed, 825 + 8 * 580 + 1, 10_000, 1, 1)).toEqual({});
    expect(paceOf(speed, 825 + 8 * 580 - 100, 10_000, 1, 1)).toEqual({ searchRows: 9784 });
  });

  it("is fewer rows where they have not: those of eight trials, side by side, in what the final fit leaves", () => {
    // 0.4 of 10 s; a row of a trial takes 0.8 · 0.0725 ms
    expect(paceOf(speed, 10_000, 160_000, 1, 1)).toEqual({
      searchRows: Math.floor(4000 / (8 * 0.8 * 0.0725)),
    });
    expect(paceOf(speed, 10_000, 160_000, 1, 2)).toEqual({
      searchRows: Math.floor(8000 / (8 * 0.8 * 0.0725)),
    });
    // each of five folds trains on four fifths
    expect(paceOf(speed, 10_000, 160_000, 5, 2)).toEqual({ searchRows: 4000 });
    expect(paceOf(speed, 20_000, 160_000, 5, 2)).toEqual({
      searchRows: Math.floor((2 * (20_000 - 12_000)) / (8 * 4 * 0.0725)),
    });
  });

  it("says what is needed to see each row once", () => {
    // 160,000 rows once take 3,600 ms
    expect(paceOf(speed, 6000, 160_000, 1, 1)).not.toHaveProperty("needed");
    expect(paceOf(speed, 5999, 160_000, 1, 1).needed).toBeCloseTo(3600 / 0.6, 6);
    expect(paceOf(speed, -50, 160_000, 1, 1)).toEqual({ searchRows: 4000, needed: 3600 / 0.6 });
  });
});

describe("the speed", () => {
  it("is measured on large tables alone, whatever they hold", async () => {
    const random = new RandomStream(1, 2);
    const table = (rows: number) => {
      const lines = Array.from(
        { length: rows },
        (_, i) => `${random.uniform()},${"pqr"[i % 3]},${i === 7 ? "rare" : "ab"[i % 2]}`,
      );
      return encodeTable(readTable(["x,c,y", ...lines].join("\n")), { target: "y" });
    };
    expect(await speedOf(table(300), {})).toBeUndefined();
    const { prepare, train } = (await speedOf(table(5000), {})) ?? {};
    expect(prepare).toBeGreaterThan(0);
    expect(train).toBeGreaterThanOrEqual(0);
  });
});
