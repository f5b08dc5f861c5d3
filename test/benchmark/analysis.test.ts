/** The analysis of runs that were written by hand. */
import { describe, expect, it } from "vitest";
import { analyzeBenchmark, profilesOf } from "../../src/benchmark/analysis.js";
import type { BenchmarkSetup, RunPhase, RunRecord } from "../../src/benchmark/record.js";

const PROBLEMS = ["hill", "dale"];
const OPTIMIZERS = ["fast", "slow", "wild"];
const setup = {
  type: "benchmark",
  version: 1,
  seeds: 4,
  trials: 1,
  rates: 2,
  problems: PROBLEMS.map((name) => ({ name })),
  optimizers: OPTIMIZERS.map((name) => ({ name })),
} as unknown as BenchmarkSetup;

/** A run with a final score and steps to the target; null is a run that diverged. */
const run = (
  problem: string,
  optimizer: string,
  phase: RunPhase,
  index: number,
  final: number | null,
  stepsToTarget: number | null = null,
): RunRecord => ({
  type: "run",
  problem,
  optimizer,
  phase,
  index,
  numbers: {},
  final,
  validation: final,
  stepsToTarget,
  status: final === null ? "diverged" : "complete",
  best: final === null ? null : final / 2,
  seconds: 0,
});

/** By problem and optimizer, the four seeds. */
const FINALS: Record<string, (number | null)[]> = {
  "hill fast": [1, 2, 3, 4],
  "hill slow": [5, 6, 7, 8],
  "hill wild": [0, null, null, null],
  "dale fast": [2, 2, 2, 2],
  "dale slow": [2, 2, 2, null],
  "dale wild": [1, 1, 1, 1],
};
const STEPS: Record<string, (number | null)[]> = {
  "hill fast": [10, 10, 10, null],
  "hill slow": [30, 30, 50, 50],
  "hill wild": [5, null, null, null],
  "dale fast": [40, 40, 40, 40],
  "dale slow": [null, null, null, null],
  "dale wild": [10, 10, 10, 10],
};
const runs = PROBLEMS.flatMap((problem) =>
  OPTIMIZERS.flatMap((optimizer) => {
    const key = `${problem} ${optimizer}`;
    const seeds = (phase: RunPhase) =>
      FINALS[key].map((final, i) => run(problem, optimizer, phase, i, final, STEPS[key][i]));
    const rates = [
      { ...run(problem, optimizer, "rate", 0, 1, 10), numbers: { learningRate: 0.1 } },
      { ...run(problem, optimizer, "rate", 1, null), numbers: { learningRate: 1 } },
    ];
    return [...seeds("default"), run(problem, optimizer, "trial", 0, 1), ...seeds("tuned"), ...rates];
  }),
);

describe("an analysis", () => {
  it("has the quartiles, the shares and the steps of each optimizer on each problem", async () => {
    const { default: compared } = await analyzeBenchmark({ setup, runs });
    expect(compared.cells.map(({ problem, optimizer }) => `${problem} ${optimizer}`)).toEqual(
      Object.keys(FINALS),
    );
    expect(compared.cells[0]).toEqual({
      problem: "hill",
      optimizer: "fast",
      reached: 0.75,
      stepsToTarget: 10,
      diverged: 0,
      final: { lower: 1.75, median: 2.5, upper: 3.25 },
      best: { lower: 0.875, median: 1.25, upper: 1.625 },
    });
    expect(compared.cells[1]).toMatchObject({ reached: 1, stepsToTarget: 40 });
    expect(compared.cells[2]).toMatchObject({ reached: 0.25, stepsToTarget: null, diverged: 0.75 });
    expect(compared.cells[2].final).toEqual({ lower: null, median: null, upper: null });
    expect(compared.cells[4].final).toEqual({ lower: 2, median: 2, upper: null });
  });

  it("ranks by the median, the diverged last, ties by their mean", async () => {
    // hill: fast, slow, wild; dale: wild, then fast and slow alike
    const { tuned } = await analyzeBenchmark({ setup, runs });
    expect(tuned.meanRanks.map(({ optimizer, mean }) => [optimizer, mean])).toEqual([
      ["fast", 1.75],
      ["slow", 2.25],
      ["wild", 2],
    ]);
    // two problems: the means of samples are the one, both or the other, a quarter of the time at either end
    expect(tuned.meanRanks.map(({ low, high }) => [low, high])).toEqual([
      [1, 2.5],
      [2, 2.5],
      [1, 3],
    ]);
    // Demšar's table 5: q of three is 2.343
    expect(Math.abs((tuned.criticalDifference ?? 0) - 2.343)).toBeLessThan(0.001);
    // deviations of the sums (−0.5, 0.5, 0) over 2 rows: 0.25, and within rows (2 + 1.5) / 4
    expect(tuned.friedman?.statistic).toBeCloseTo(0.25 / 0.875, 14);
  });

  it("ranks medians that agree in three digits alike", async () => {
    const close = runs.map((one) =>
      one.problem === "hill" && one.phase === "default" && one.optimizer !== "wild"
        ? { ...one, final: one.optimizer === "fast" ? 3.98121 : 3.97983 }
        : one,
    );
    const { default: compared } = await analyzeBenchmark({ setup, runs: close });
    // hill: fast and slow 1.5, wild 3; dale: wild 1, then both 2.5
    expect(compared.meanRanks.map(({ mean }) => mean)).toEqual([2, 2, 2]);
  });

  it("has the share of learning rates that reach the target, and the score of each", async () => {
    const { rates } = await analyzeBenchmark({ setup, runs });
    expect(rates).toHaveLength(6);
    expect(rates[5]).toEqual({
      problem: "dale",
      optimizer: "wild",
      reached: 0.5,
      points: [
        { rate: 0.1, final: 1, stepsToTarget: 10 },
        { rate: 1, final: null, stepsToTarget: null },
      ],
    });
  });

  it("counts the problems on which tuning beats an optimizer's own defaults, and the best of all defaults", async () => {
    const better = (one: RunRecord): RunRecord =>
      one.phase === "tuned" && one.optimizer === "slow" ? { ...one, final: 1.5 } : one;
    const { gains } = await analyzeBenchmark({ setup, runs: runs.map(better) });
    // defaults: hill fast 2.5, slow 6.5, wild infinite; dale fast 2, slow 2, wild 1. Of each seed the least:
    // hill 0, 2, 3, 4; dale 1
    expect(gains).toEqual([
      {
        optimizer: "fast",
        overOwnDefaults: { better: 0, worse: 0 },
        overBestDefault: { better: 0, worse: 1 },
      },
      {
        optimizer: "slow",
        overOwnDefaults: { better: 2, worse: 0 },
        overBestDefault: { better: 1, worse: 1 },
      },
      {
        optimizer: "wild",
        overOwnDefaults: { better: 0, worse: 0 },
        overBestDefault: { better: 0, worse: 1 },
      },
    ]);
  });

  it("compares nothing where there is one optimizer", async () => {
    const alone = { ...setup, optimizers: setup.optimizers.slice(0, 1) };
    const { default: compared } = await analyzeBenchmark({
      setup: alone,
      runs: runs.filter(({ optimizer }) => optimizer === "fast"),
    });
    expect([compared.friedman, compared.criticalDifference]).toEqual([null, null]);
    expect(compared.meanRanks[0].mean).toBe(1);
  });

  it("refuses a benchmark that is not complete", async () => {
    await expect(analyzeBenchmark({ setup, runs: runs.slice(1) })).rejects.toThrowError(
      "an analysis needs all 66 runs of the benchmark; received 65",
    );
  });
});

describe("performance profiles", () => {
  it("are shares of problems by the ratio to the fastest", () => {
    const steps = [
      [10, 40, null],
      [40, null, 10],
      [0, 0, 0],
      [null, null, null],
    ];
    expect(profilesOf(["a", "b", "c"], steps)).toEqual([
      {
        optimizer: "a",
        points: [
          { ratio: 1, share: 0.5 },
          { ratio: 4, share: 0.75 },
        ],
      },
      {
        optimizer: "b",
        points: [
          { ratio: 1, share: 0.25 },
          { ratio: 4, share: 0.5 },
        ],
      },
      { optimizer: "c", points: [{ ratio: 1, share: 0.5 }] },
    ]);
  });

  it("of one that solves nothing are empty", () => {
    expect(profilesOf(["a"], [[null]])).toEqual([{ optimizer: "a", points: [] }]);
  });
});
