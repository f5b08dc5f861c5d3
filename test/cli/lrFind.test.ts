import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeRates } from "../../src/report/rates.js";
import type { RateFinderResult } from "../../src/tune/rateFinder.js";
import { fettle, folder, listing, smallTable } from "./fettle.js";

const mainJob = ["lr-find", "examples/data/breast-cancer.csv", "--target", "diagnosis"];
const FIND = "lr-find data.csv --target y";
const good = { "data.csv": smallTable() };

/** Standard output as one JSON object. */
type Report = Omit<RateFinderResult, "suggested" | "belowMinimum"> & {
  readonly suggested: number | null;
  readonly belowMinimum: number | null;
  readonly seed: number;
};

describe.concurrent("fettle lr-find --json", () => {
  it("prints one object with the documented fields, the same for the same seed, and nothing else", async () => {
    const words = [...mainJob, "--json", "--seed", "2"];
    const [{ code, stdout, stderr }, again] = await Promise.all([fettle(words), fettle(words)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(again.stdout).toBe(stdout);
    const report = JSON.parse(stdout) as Report;
    expect(Object.keys(report)).toEqual([
      ...["rates", "losses", "smoothed", "reason", "suggested", "belowMinimum", "seed"],
    ]);
    const { rates, losses, smoothed, reason, suggested, belowMinimum, seed } = report;
    expect([reason, seed, rates[0]]).toEqual(["diverged", 2, 1e-6]);
    expect([losses.length, smoothed.length]).toEqual([rates.length, rates.length]);
    // 64 % of the rows have one class: a constant prediction has a loss of 0.65
    expect(Math.min(...losses)).toBeLessThan(0.3);
    expect(losses[0]).toBeGreaterThan(0.3);
    expect(rates).toContain(suggested);
    expect(belowMinimum).toBe(rates[smoothed.indexOf(Math.min(...smoothed))] / 10);
  });

  it("follows the range, the steps, the batch and the settings of the network", async () => {
    const options = "--low 0.01 --high 0.04 --steps 3 --batch-size 40 --json";
    const [linear, deep] = await Promise.all(
      ["--set layers=0 --set optimizer=sgd", "--set units=3 --set activation=tanh"].map((set) =>
        fettle(`${FIND} ${options} ${set}`.split(" "), folder(good)),
      ),
    );
    const report = JSON.parse(linear.stdout) as Report;
    expect(report.rates).toHaveLength(3);
    expect([report.rates[0], report.rates[2], report.reason]).toEqual([0.01, 0.04, "finished"]);
    expect(Math.abs(report.rates[1] - 0.02)).toBeLessThan(1e-15);
    // gradient descent on all rows at small rates only falls
    expect(report.losses).toEqual([...report.losses].sort((a, b) => b - a));
    expect((JSON.parse(deep.stdout) as Report).losses).not.toEqual(report.losses);
  });

  it("prints null, and ends with code 1, if no rate lowers the loss", async () => {
    const words = `${FIND} --low 1e19 --high 1e20 --steps 12 --json`.split(" ");
    const { code, stdout, stderr } = await fettle(words, folder(good));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ suggested: null, belowMinimum: null });
    expect(stderr).toContain("error: no rate lowered the loss");
  });
});

describe.concurrent("fettle lr-find", () => {
  it("reports the table, the losses and the suggestions, in lines that fit 80 columns, without colours", async () => {
    const [text, json] = await Promise.all([fettle(mainJob), fettle([...mainJob, "--json"])]);
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: "" });
    const { suggested, belowMinimum } = JSON.parse(json.stdout) as Report;
    for (const part of [
      "breast-cancer.csv: 569 rows, 30 inputs, classification of diagnosis",
      "100 steps of 32 rows, rates from 1e-6 to 10",
      "Loss by learning rate",
      "Training diverged",
      "Suggested learning rates",
      Number(suggested?.toPrecision(4)),
      Number(belowMinimum?.toPrecision(4)),
    ]) {
      expect(text.stdout).toContain(String(part));
    }
    expect(Math.max(...text.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text.stdout).not.toContain("\u001b");
  });

  it("prints help in lines that fit 80 columns", async () => {
    const { code, stdout } = await fettle(["lr-find", "--help"]);
    expect(code).toBe(0);
    const options = "target task missing drop set low high steps batch-size smoothing seed json".split(" ");
    for (const name of options) expect(stdout).toMatch(new RegExp(`^  --${name}\\b`, "m"));
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([
    ["a missing file", "lr-find none.csv --target y", /cannot read "none\.csv": there is no such file/],
    ["no target", "lr-find data.csv", /--target; columns: a, b, y/],
    ["an unknown target", "lr-find data.csv --target z", /unknown column "z".*Known: a, b, y/],
    [
      "a range that falls",
      `${FIND} --low 1 --high 0.1`,
      /--low must be less than --high; received 1 and 0\.1/,
    ],
    ["a rate of 0", `${FIND} --low 0`, /--low must be a positive number; received "0"/],
    ["one step", `${FIND} --steps 1`, /--steps must be an integer of at least 2; received 1/],
    [
      "a batch larger than the data",
      `${FIND} --batch-size 41`,
      /--batch-size must be at most 40, .*; received 41/,
    ],
    ["smoothing of 1", `${FIND} --smoothing 1`, /--smoothing must be .*below 1; received "1"/],
    ["an unknown setting", `${FIND} --set unitz=3`, /"unitz"\. Did you mean "units"/],
    [
      "a setting without a value",
      `${FIND} --set units`,
      /--set must be a name and a value, such as units=64; received "units"/,
    ],
    [
      "a learning rate",
      `${FIND} --set learningRate=1`,
      /--set must not hold learningRate; use --low and --high/,
    ],
    ["momentum for adam", `${FIND} --set momentum=0.9`, /unknown option of adam/],
    ["an unknown option", `${FIND} --trials 3`, /unknown option '--trials'/],
  ])("refuses %s", async (_, line, message) => {
    const cwd = folder(good);
    const { code, stdout, stderr } = await fettle(line.split(" "), cwd);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m); // no stack
    expect(listing(cwd)).toEqual(["data.csv"]);
  });
});

describe("the chart", () => {
  const plain = { heading: (text: string) => text, faint: (text: string) => text };
  const smoothed = [4, 3, 1, 2];
  const result: RateFinderResult = {
    rates: [0.001, 0.01, 0.1, 1],
    losses: [4, 2.5, 0.5, 8],
    smoothed,
    reason: "finished",
    suggested: 0.01,
    belowMinimum: 0.01,
  };

  it("has bars from the lowest to the highest smoothed loss", () => {
    const lines = describeRates(result, 80, plain);
    const bars = lines.slice(3, 7).map((line) => line.match(/█+$/)?.[0].length ?? 0);
    const [most, , least] = bars;
    expect([most, least]).toEqual([40, 1]);
    // (loss - 1) / 3 of the 39 beyond the first
    expect(bars).toEqual(smoothed.map((loss) => 1 + Math.round((39 * (loss - 1)) / 3)));
    expect(lines.slice(3, 7).map((line) => line.split(/\s+/).slice(1, 4))).toEqual([
      ["0.001", "4.0000", "4.0000"],
      ["0.01", "2.5000", "3.0000"],
      ["0.1", "0.5000", "1.0000"],
      ["1", "8.0000", "2.0000"],
    ]);
  });

  it("fits any width, without bars if it is narrow", () => {
    for (const width of [12, 20, 30, 34, 40, 100]) {
      const lines = describeRates(result, width, plain);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(width);
      expect(lines.some((line) => line.includes("█"))).toBe(width >= 34);
    }
  });

  it("shows the steps of the suggestions among many", () => {
    const rates = Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000);
    const falling = rates.map((rate) => Math.abs(rate - 0.777) + 1);
    const lines = describeRates(
      { ...result, rates, losses: falling, smoothed: falling, suggested: 0.123 },
      80,
      plain,
    );
    const shown = lines.map((line) => line.trim().split(/\s+/)[0]);
    for (const rate of ["0.001", "0.123", "0.777", "1"]) expect(shown).toContain(rate);
    expect(lines.length).toBeLessThan(32);
  });

  it("says why the test ended without a suggestion", () => {
    const none = {
      rates: [],
      losses: [],
      smoothed: [],
      suggested: undefined,
      belowMinimum: undefined,
    } as const;
    expect(describeRates({ ...none, reason: "notFinite" }, 80, plain)).toEqual([
      "",
      "Training diverged: the next loss was not finite.",
    ]);
  });
});

describe.concurrent("the picture of fettle lr-find", () => {
  it("is drawn in characters by --plot, no wider than the terminal, and written as SVG by --out", async () => {
    const cwd = folder(good);
    const words = `${FIND} --steps 30 --plot --out pictures/rates.svg`.split(" ");
    const { code, stdout } = await fettle(words, cwd, { COLUMNS: "60" });
    expect(code).toBe(0);
    expect(stdout).toContain("\nLoss by learning rate\n");
    expect(stdout).toContain("line: smoothed loss; .: each batch; #: falls fastest;");
    expect(stdout).toContain("Written: pictures/rates.svg");
    const svg = readFileSync(join(cwd, "pictures/rates.svg"), "utf8");
    expect(svg).toMatch(/^<svg [^>]*role="img">\n<title>Loss by learning rate<\/title>/);
    expect(svg).toContain(">falls fastest</text>");
  });

  it("must have a name of SVG, and none is drawn beside JSON", async () => {
    const cwd = folder(good);
    const [png, both] = await Promise.all(
      ["--out rates.png", "--plot --json"].map((flags) => fettle(`${FIND} ${flags}`.split(" "), cwd)),
    );
    expect(png.code).toBe(2);
    expect(png.stderr).toContain('--out must end with .svg or .json; received "rates.png"');
    expect(both.code).toBe(2);
    expect(listing(cwd)).toEqual(["data.csv"]);
  });
});
