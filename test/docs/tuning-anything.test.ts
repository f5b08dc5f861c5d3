/** The examples that tune what is not a model of Fettle's, with small budgets. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { runExample } from "../runExample.js";
import { blocks, blockWith, root } from "./blocks.js";

/** For several runs of some seconds, where others use the machine too. */
const timeout = 180_000;
const isLong = cases(1) > 1;

interface Answer {
  readonly output: string;
  readonly trials: number;
  readonly complete: number;
  /** The best value of the study. */
  readonly value: number;
  /** On what no trial saw. */
  readonly tuned: number;
  readonly byDefault: number;
}

async function answerOf(name: string, trials: number, seed: number): Promise<Answer> {
  const output = await runExample(name, String(trials), String(seed));
  const [, asked, complete, value] =
    /^Best of (\d+) trials, (\d+) of them complete: (\S+) \(trial \d+\)$/m.exec(output) ?? [];
  const [, tuned, byDefault] = /: (\S+)(?: %)?; by default (\S+)(?: %)?$/m.exec(output) ?? [];
  const [a, b, c, d, e] = [asked, complete, value, tuned, byDefault].map(Number);
  return { output, trials: a, complete: b, value: c, tuned: d, byDefault: e };
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each) / numbers.length;

describe("the function", () => {
  const answer = answerOf("tune-function", 40, 0);

  it("is tuned below the default's error in years that no trial saw, and below that of last year's months", async () => {
    const { trials, complete, tuned, byDefault } = await answer;
    expect([trials, complete]).toEqual([40, 40]);
    expect(tuned).toBeLessThan(byDefault);
    // 1959 and 1960 as 1958 was: its months are the last twelve before those 24
    const text = readFileSync(join(root, "examples/tune-function.ts"), "utf8");
    const series = (/passengers = \[([\d,\s]*)\]/.exec(text)?.[1] ?? "").split(",").flatMap((cell) => {
      return cell.trim() === "" ? [] : [Number(cell)];
    });
    expect(series).toHaveLength(144);
    const naive = mean(
      series.slice(120).map((actual, k) => (100 * Math.abs(series[108 + (k % 12)] - actual)) / actual),
    );
    expect(tuned).toBeLessThan(naive);
  });

  it("prints what the page shows, the same each time", async () => {
    expect((await answer).output).toBe(
      blockWith("docs/tuning-anything.md", "Error of the last two years").code,
    );
  });

  it("has another answer for another seed", async () => {
    const [a, b] = [await answerOf("tune-function", 12, 3), await answerOf("tune-function", 12, 4)];
    expect(b.output).not.toBe(a.output);
  });
});

describe("the random forest", { timeout }, () => {
  it("is better than by default over three divisions of the table", async () => {
    // R² of 111 rows moves by some 0.07 from one division to another, so that one alone says little
    const answers = [];
    for (const seed of [0, 1, 2]) answers.push(await answerOf("tune-random-forest", 3, seed));
    expect(mean(answers.map(({ tuned }) => tuned))).toBeGreaterThan(
      mean(answers.map((each) => each.byDefault)),
    );
    for (const { value, complete } of answers) {
      expect(complete).toBe(3);
      expect(value).toBeGreaterThan(0.35);
    }
  });
});

describe("gradient boosting", { timeout }, () => {
  it("is better than by default on held-out rows, and ends trials after some folds", async () => {
    const answers = [];
    for (const seed of isLong ? [0, 1] : [0])
      answers.push(await answerOf("tune-gradient-boosting", 20, seed));
    for (const { tuned, byDefault } of answers) expect(tuned).toBeGreaterThan(byDefault + 0.03);
    expect(Math.min(...answers.map(({ complete }) => complete))).toBeLessThan(20);
  });
});

describe("the TensorFlow.js model", { timeout }, () => {
  it("is better than by default on held-out rows, is pruned, leaves no tensor, and is the same each time", async () => {
    const { output, trials, complete, tuned, byDefault } = await answerOf("tune-tensorflow", 27, 0);
    expect(tuned).toBeLessThan(byDefault / 2);
    // the first bracket of Hyperband: 27 trials for one epoch, one of them for all 27
    expect([trials, complete]).toEqual([27, 1]);
    expect(output).toMatch(/^Tensors left: 0$/m);
    expect((await answerOf("tune-tensorflow", 27, 0)).output).toBe(output);
  });
});

it("the forests have the same answer for the same seed", { timeout }, async () => {
  for (const name of ["tune-random-forest", "tune-gradient-boosting"]) {
    const [a, b] = [await answerOf(name, 1, 3), await answerOf(name, 1, 3)];
    expect(b.output).toBe(a.output);
  }
});

it("the page takes its code from the examples", () => {
  const excerpts = blocks.filter(
    ({ page, code }) => page === "docs/tuning-anything.md" && /^\/\/ examples\//.test(code),
  );
  expect(new Set(excerpts.map(({ code }) => code.split("\n")[0]))).toEqual(
    new Set(
      ["function", "random-forest", "gradient-boosting", "tensorflow"].map(
        (name) => `// examples/tune-${name}.ts`,
      ),
    ),
  );
});
