/** How long runs took, from runs written by hand. */
import { expect, it } from "vitest";
import type { BenchmarkSetup, RunRecord } from "../../src/benchmark/record.js";
import { timesOf } from "../../src/benchmark/times.js";

const setup = {
  type: "benchmark",
  version: 1,
  seeds: 4,
  trials: 0,
  rates: 0,
  problems: [{ name: "hill", steps: 100 }],
  optimizers: [{ name: "sgd" }],
} as unknown as BenchmarkSetup;

const run = (phase: string, index: number, seconds: number, stepsToTarget: number | null, lost = false) =>
  ({
    problem: "hill",
    optimizer: "sgd",
    phase,
    index,
    seconds,
    stepsToTarget,
    status: lost ? "diverged" : "complete",
  }) as RunRecord;

it("times are medians over runs that did not diverge, and of those that reach the target", () => {
  const runs = [
    run("default", 0, 1, 10),
    run("default", 1, 2, 50),
    run("default", 2, 4, 100),
    run("default", 3, 0.1, null, true),
    run("tuned", 0, 0.1, null, true),
    run("tuned", 1, 0.1, null, true),
    run("tuned", 2, 0.1, null, true),
    run("tuned", 3, 0.1, null, true),
  ];
  expect(timesOf(setup, runs)).toEqual([
    // 1, 2 and 4 seconds for 100 steps; 0.1, 1, 4 and no time to the target
    {
      phase: "default",
      problem: "hill",
      optimizer: "sgd",
      secondsPerStep: 0.02,
      secondsToTarget: 2.5,
    },
    {
      phase: "tuned",
      problem: "hill",
      optimizer: "sgd",
      secondsPerStep: null,
      secondsToTarget: null,
    },
  ]);
  expect(() => timesOf(setup, runs.slice(1))).toThrow("an analysis needs all 8 runs");
});
