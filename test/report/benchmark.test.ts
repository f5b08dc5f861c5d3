/** A benchmark as text, from figures written by hand. */
import { describe, expect, it } from "vitest";
import type { BenchmarkAnalysis, Cell, Comparison } from "../../src/benchmark/analysis.js";
import type { BenchmarkSetup } from "../../src/benchmark/record.js";
import {
  benchmarkCsv,
  introduceBenchmark,
  summarizeBenchmark,
  timesCsv,
} from "../../src/report/benchmark.js";

const cell = (problem: string, optimizer: string, median: number | null, diverged: number): Cell => ({
  problem,
  optimizer,
  reached: 0.5,
  stepsToTarget: median === null ? null : 40,
  diverged,
  final: { lower: 0.25, median, upper: null },
  best: { lower: 0.125, median: 0.5, upper: 0.75 },
});
const compared: Comparison = {
  cells: [
    cell("hill", "sgd", null, 0.6),
    cell("hill", "adam", 2, 0),
    cell("dale", "sgd", 1, 0),
    cell("dale", "adam", 1, 0),
  ],
  meanRanks: [
    { optimizer: "sgd", mean: 1.75, low: 1.5, high: 2 },
    { optimizer: "adam", mean: 1.25, low: 1, high: 1.5 },
  ],
  friedman: { statistic: 1, p: 0.3173105 },
  criticalDifference: 1.3859,
  profiles: [
    { optimizer: "sgd", points: [{ ratio: 2, share: 0.5 }] },
    {
      optimizer: "adam",
      points: [
        { ratio: 1, share: 0.5 },
        { ratio: 3, share: 1 },
      ],
    },
  ],
};
const analysis: BenchmarkAnalysis = {
  default: compared,
  tuned: { ...compared, friedman: null, criticalDifference: null },
  gains: [
    { optimizer: "sgd", overOwnDefaults: { better: 2, worse: 0 }, overBestDefault: { better: 0, worse: 1 } },
    { optimizer: "adam", overOwnDefaults: { better: 1, worse: 1 }, overBestDefault: { better: 1, worse: 0 } },
  ],
  rates: compared.cells.map(({ problem, optimizer }, i) => ({
    problem,
    optimizer,
    reached: i / 3,
    points: [],
  })),
};
const setup = {
  type: "benchmark",
  version: 1,
  seeds: 4,
  trials: 1,
  rates: 2,
  problems: [{ name: "hill" }, { name: "dale" }],
  optimizers: [{ name: "sgd" }, { name: "adam" }],
} as unknown as BenchmarkSetup;
const report = { setup, analysis, seconds: 185, folder: "out", pictures: 0 };
const paint = { heading: (text: string) => text, faint: (text: string) => text };

describe("a benchmark in words", () => {
  it("has the best mean rank first, and the other figures of each optimizer", () => {
    const lines = summarizeBenchmark(report, 100, paint);
    expect(lines.slice(0, 6)).toEqual([
      "",
      "With defaults",
      "  2 problems  rank     95 %  solved  fastest  diverged",
      "  adam        1.25  1.0–1.5   100 %     50 %       0 %",
      "  sgd         1.75  1.5–2.0    50 %      0 %      30 %",
      "Friedman's test that all ranks are equal: p = 0.317; ranks differ at the 0.05 level if 1.39 or more",
    ]);
    const at = lines.indexOf("  2 problems  over its defaults  over the best of all");
    expect(lines.slice(at + 1, at + 3)).toEqual([
      "  adam                    1 : 1                 1 : 0",
      "  sgd                     2 : 0                 0 : 1",
    ]);
    expect(lines.join(" ")).toContain("A comparison needs at least two optimizers.");
    expect(lines.at(-1)).toBe("3 min 05 s; runs.jsonl, tables.csv, times.csv and analysis.json are in out");
    expect(summarizeBenchmark({ ...report, pictures: 9 }, 100, paint).at(-1)).toBe(
      "3 min 05 s; runs.jsonl, tables.csv, times.csv, analysis.json and 9 pictures are in out",
    );
  });

  it.each([20, 40, 60, 100])("fits a terminal of %d columns", (width) => {
    const lines = [...introduceBenchmark(setup, 7, width), ...summarizeBenchmark(report, width, paint)];
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
    expect(lines.some((line) => /adam\s+1\.25/.test(line))).toBe(true);
  });

  it("introduces the runs to do, and those done", () => {
    const words = "2 optimizers on 2 problems: 4 seeds, 1 tuning trial, 2 rates; 44 runs";
    expect(introduceBenchmark(setup, 0, 100)).toEqual([words]);
    expect(introduceBenchmark(setup, 7, 120)).toEqual([`${words}, 7 of them done`]);
  });
});

describe("a benchmark as CSV", () => {
  it("has a row for each phase, problem and optimizer, and empty cells for infinite figures", () => {
    const [header, ...rows] = benchmarkCsv(analysis).split("\n");
    expect(header.split(",")).toHaveLength(13);
    expect(rows).toHaveLength(9);
    expect(rows[0]).toBe("default,hill,sgd,0.25,,,0.125,0.5,0.75,0.5,,0.6,0");
    expect(rows[7]).toBe("tuned,dale,adam,0.25,1,,0.125,0.5,0.75,0.5,40,0,1");
    // figures end after six digits
    expect(rows[1].split(",").at(-1)).toBe("0.333333");
    expect(rows[8]).toBe("");
  });

  it("has times in a table of their own, with three digits", () => {
    const place = { phase: "tuned", problem: "hill", optimizer: "sgd" } as const;
    const times = [
      { ...place, secondsPerStep: 2.34567e-6, secondsToTarget: 0.00123456 },
      { ...place, secondsPerStep: null, secondsToTarget: null },
    ];
    expect(timesCsv(times)).toBe(
      "phase,problem,optimizer,microseconds_per_step,seconds_to_target\ntuned,hill,sgd,2.35,0.00123\ntuned,hill,sgd,,\n",
    );
  });
});
