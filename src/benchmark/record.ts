/**
 * The record of a run: one line of JSON, so that a stopped benchmark resumes from its lines. `analysis.ts`
 * compares runs.
 */
import { check, FettleError, isRecord, must } from "../errors.js";
import type { Contestant, Knob } from "./contestant.js";
import type { Problem } from "./problem.js";

/**
 * Why a run was made: with defaults, to tune, with the best of tuning, or with one of several learning rates.
 */
export type RunPhase = (typeof PHASES)[number];
export const PHASES = ["default", "trial", "tuned", "rate"] as const;

/** A finished run. Scores have six digits, and are never below the floor of their problem. */
export interface RunRecord {
  readonly type: "run";
  readonly problem: string;
  readonly optimizer: string;
  readonly phase: RunPhase;
  /** The number of the seed, trial or rate, from 0. */
  readonly index: number;
  /** The numbers of the optimizer that are not at their defaults. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly status: "complete" | "diverged";
  /** The test score after the last step, by which optimizers are compared; null if the run diverged. */
  readonly final: number | null;
  /** The validation score after the last step, by which tuning chooses; null if the run diverged. */
  readonly validation: number | null;
  /** The test score at the lowest validation score, as with early stopping; null if the run diverged. */
  readonly best: number | null;
  /** The problem's metric after the last step. */
  readonly metric?: number;
  /**
   * Steps until the test score was first measured at the target or below; null if it never was, or the run
   * diverged.
   */
  readonly stepsToTarget: number | null;
  /**
   * Test scores after 0, `every`, 2 · `every`, … steps until the first that is not finite; for default and
   * tuned runs.
   */
  readonly curve?: readonly number[];
  /** The duration of the steps: the only field that differs when a benchmark is repeated. */
  readonly seconds: number;
}

/** The numbers of runs. */
export interface BenchmarkSize {
  readonly seeds: number;
  readonly trials: number;
  readonly rates: number;
}

/** The setup of a benchmark: the first line of a file. */
export interface BenchmarkSetup extends BenchmarkSize {
  readonly type: "benchmark";
  readonly version: number;
  readonly problems: readonly ProblemFacts[];
  readonly optimizers: readonly OptimizerFacts[];
}

/** The number of runs of each optimizer on each problem, by phase. */
export function runCounts({ seeds, trials, rates }: BenchmarkSize): Readonly<Record<RunPhase, number>> {
  return { default: seeds, trial: trials, tuned: seeds, rate: rates };
}

/** The number of runs of a benchmark. */
export function countRuns(setup: BenchmarkSetup): number {
  const counts = Object.values(runCounts(setup));
  return setup.problems.length * setup.optimizers.length * counts.reduce((sum, count) => sum + count, 0);
}

/** The data of a problem. */
export interface ProblemFacts {
  readonly name: string;
  readonly title: string;
  readonly size: number;
  readonly steps: number;
  readonly every: number;
  readonly batchSize: number;
  readonly target: number;
  readonly floor?: number;
  readonly learns: boolean;
  readonly metric?: string;
}

/** The data of an optimizer. */
export interface OptimizerFacts {
  readonly name: string;
  /** Its numbers at their defaults. */
  readonly defaults: Readonly<Record<string, number>>;
  readonly space: Readonly<Record<string, Knob>>;
}

/** The version of these lines; a benchmark resumes only from lines of its own version. */
const VERSION = 1;

/** The setup of a benchmark, before it runs. */
export function setupOf(
  problems: readonly Problem[],
  optimizers: readonly Contestant[],
  size: BenchmarkSize,
): BenchmarkSetup {
  return {
    type: "benchmark",
    version: VERSION,
    ...size,
    problems: problems.map(
      ({ name, title, size: numbers, steps, every, batchSize, target, floor, data, metric }) => ({
        name,
        title,
        size: numbers,
        steps,
        every,
        batchSize,
        target,
        learns: data !== undefined,
        ...(floor === undefined ? {} : { floor }),
        ...(metric ? { metric: metric.name } : {}),
      }),
    ),
    optimizers: optimizers.map(({ name, create, space }) => ({
      name,
      defaults: create().hyperparameters,
      space,
    })),
  };
}

/** Identifies a run within a benchmark. */
export function keyOf({
  problem,
  optimizer,
  phase,
  index,
}: Pick<RunRecord, "problem" | "optimizer" | "phase" | "index">): string {
  return `${problem} ${optimizer} ${phase} ${index}`;
}

/** The keys of all runs of a benchmark, by problem and optimizer. */
export function keysOf(setup: BenchmarkSetup): string[] {
  const counts = Object.entries(runCounts(setup)) as [RunPhase, number][];
  return pairsOf(setup).flatMap((pair) =>
    counts.flatMap(([phase, length]) =>
      Array.from({ length }, (_, index) => keyOf({ ...pair, phase, index })),
    ),
  );
}

/** Each problem with each optimizer. */
export function pairsOf({ problems, optimizers }: BenchmarkSetup) {
  return problems.flatMap(({ name: problem }) =>
    optimizers.map(({ name: optimizer }) => ({ problem, optimizer })),
  );
}

/** The run with the lowest validation score, the first of equals; the first of all if no run has a score. */
export function leastValidation(runs: readonly RunRecord[]): RunRecord {
  const cost = ({ validation }: RunRecord): number => validation ?? Number.POSITIVE_INFINITY;
  return runs.reduce((best, run) => (cost(run) < cost(best) ? run : best));
}

/** A benchmark read back from its lines. */
export interface BenchmarkLines {
  /** Undefined if there are no lines. */
  readonly setup: BenchmarkSetup | undefined;
  readonly runs: readonly RunRecord[];
  /** Bytes of complete lines; bytes after them belong to an unfinished line. */
  readonly whole: number;
}

/**
 * Reads the lines of a benchmark. A last line without a line break is ignored: the benchmark was stopped
 * while writing it.
 *
 * @throws FettleError `invalid_checkpoint` for lines that are not a benchmark's
 */
export function parseLines(text: string): BenchmarkLines {
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const parsed = lines.map((line, i) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new FettleError("invalid_checkpoint", `line ${i + 1} of the runs is not JSON`, { cause: error });
    }
  });
  const [setup, ...runs] = parsed;
  const whole = new TextEncoder().encode(text.slice(0, end)).length;
  if (setup === undefined) return { setup, runs: [], whole };
  must(
    isRecord(setup) && setup.type === "benchmark" && setup.version === VERSION,
    "the first line",
    `the setup of a benchmark of version ${VERSION}`,
    setup,
    "invalid_checkpoint",
  );
  runs.forEach((run, i) => {
    must(isRun(run), `line ${i + 2} of the runs`, "a run", run, "invalid_checkpoint");
  });
  return { setup: setup as unknown as BenchmarkSetup, runs: runs as RunRecord[], whole };
}

function isRun(run: unknown): boolean {
  return (
    isRecord(run) &&
    run.type === "run" &&
    typeof run.problem === "string" &&
    typeof run.optimizer === "string" &&
    (PHASES as readonly unknown[]).includes(run.phase) &&
    Number.isSafeInteger(run.index) &&
    isRecord(run.numbers) &&
    (run.status === "complete" || run.status === "diverged") &&
    [run.best, run.validation, run.final].every((score) =>
      run.status === "complete" ? Number.isFinite(score) : score === null,
    )
  );
}

/**
 * Refuses to resume from the runs of another benchmark.
 *
 * @throws FettleError `invalid_checkpoint`
 */
export function checkSameSetup(earlier: BenchmarkSetup, now: BenchmarkSetup): void {
  const differing = Object.keys(now).filter((key) => {
    const [a, b] = [earlier, now].map((setup) => JSON.stringify(setup[key as keyof BenchmarkSetup]));
    return a !== b;
  });
  check(
    differing.length === 0,
    () =>
      `the existing runs belong to a benchmark with other ${differing.join(", ")}; ` +
      "pass the same ones, or start a new benchmark elsewhere",
    "invalid_checkpoint",
  );
}
