import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);

/** Runs a module in the checkout, where `fettle` is the built package, and returns what it printed. */
function run(code: string): string {
  const file = join(root, `readme-${process.pid}.tmp.mjs`);
  writeFileSync(file, code);
  try {
    return execFileSync(process.execPath, [file], { encoding: "utf8" });
  } finally {
    rmSync(file);
  }
}

/** The numbers of the last line. */
const numbers = (output: string): number[] =>
  (
    output
      .trim()
      .split("\n")
      .at(-1)
      ?.match(/-?\d+(\.\d+)?(e-?\d+)?/g) ?? []
  ).map(Number);

describe("the README's examples", () => {
  it("are seven", () => {
    expect(blocks).toHaveLength(7);
  });

  it("tune a network on a table", () => {
    const [crossValidated, test] = numbers(run(blocks[0])).slice(-2);
    expect(crossValidated).toBeGreaterThan(0.95);
    expect(test).toBeGreaterThan(0.9);
  });

  it("fit a model to XOR", () => {
    const [accuracy, prediction] = numbers(run(blocks[1]));
    expect(accuracy).toBe(1);
    expect(prediction).toBeGreaterThan(0.5);
  });

  it("tune a function", () => {
    // 200 random points of a square of area 100: the chance that none falls within 1 of (1, −2) is (1 − π/100)^200 < 0.002
    const [x, y] = numbers(run(blocks[2]).replace(/[a-z:{}]/g, " "));
    expect((x - 1) ** 2 + (y + 2) ** 2).toBeLessThan(1);
  });
  it("search with a strategy that learns and a scheduler", () => {
    const [x, y] = numbers(run(blocks[3]).replace(/[a-z:{}]/g, " "));
    expect((x - 1) ** 2 + (y + 2) ** 2).toBeLessThan(0.25);
  });

  it("tune in slices", () => {
    const [units] = numbers(run(blocks[5]));
    expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(units);
  });

  it("fit a parabola with a schedule", () => {
    // the parabola's variance is 4/45, which is what a constant would leave
    expect(numbers(run(blocks[6]))[0]).toBeLessThan(1e-3);
  });
});
