/**
 * Compares optimizers by the runs of a benchmark: on each problem, and over all problems. It only reads runs,
 * and prints nothing.
 */
import { check, isRecord, must } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import {
  type BenchmarkSetup,
  countRuns,
  keyOf,
  keysOf,
  leastValidation,
  pairsOf,
  type RunPhase,
  type RunRecord,
  runCounts,
} from "./record.js";
import type { BenchmarkResult } from "./runBenchmark.js";
import {
  bootstrapMeans,
  type FriedmanTest,
  friedmanTest,
  type MeanWithInterval,
  nemenyiDifference,
  quantile,
  ranks,
} from "./statistics.js";

/** The phases in which optimizers are compared. */
export type ComparedPhase = "default" | "tuned";

/** The quartiles of some scores; null where one is infinite. Runs that diverged count as infinite. */
export interface Quartiles {
  readonly lower: number | null;
  readonly median: number | null;
  readonly upper: number | null;
}

/** One optimizer on one problem, over the seeds. */
export interface Cell {
  readonly problem: string;
  readonly optimizer: string;
  /** The test score after the last step. */
  readonly final: Quartiles;
  /** The test score at the lowest validation score. */
  readonly best: Quartiles;
  /** The share of runs that reached the target. */
  readonly reached: number;
  /** The median of steps to the target; null if at least half of the runs did not reach it. */
  readonly stepsToTarget: number | null;
  /** The share of runs that diverged. */
  readonly diverged: number;
}

/**
 * An optimizer's mean rank over the problems, 1 for the best, with its 95 % interval over samples of
 * problems.
 */
export interface MeanRank extends MeanWithInterval {
  readonly optimizer: string;
}

/** The share of problems that an optimizer solves within a multiple of the steps of the fastest. */
export interface Profile {
  readonly optimizer: string;
  /**
   * A step function: the share from each ratio on, in ascending order from 1. Empty if it solves no problem.
   */
  readonly points: readonly { readonly ratio: number; readonly share: number }[];
}

/** The number of problems on which an optimizer is better and worse; the others tie. */
export interface Score {
  readonly better: number;
  readonly worse: number;
}

/** An optimizer's gain from tuning, by the medians of `final` to three digits. */
export interface TuningGain {
  readonly optimizer: string;
  /** Tuned, compared with its own defaults. */
  readonly overOwnDefaults: Score;
  /**
   * Tuned, compared with the best of all optimizers with defaults: for each seed, the run with the lowest
   * validation score.
   */
  readonly overBestDefault: Score;
}

/** All optimizers with defaults, or all of them tuned. */
export interface Comparison {
  readonly cells: readonly Cell[];
  /**
   * By the median of `final` on each problem to three digits; diverged runs count as infinite, and ties share
   * their mean rank.
   */
  readonly meanRanks: readonly MeanRank[];
  /** Friedman's test whether ranks differ; null with one optimizer. */
  readonly friedman: FriedmanTest | null;
  /** Nemenyi's: mean ranks that are further apart differ at the level 0.05; null with one optimizer. */
  readonly criticalDifference: number | null;
  /**
   * Performance profiles of the median steps to the target (E. Dolan & J. Moré, Mathematical Programming 91,
   * 2002).
   */
  readonly profiles: readonly Profile[];
}

/**
 * One rate: the test score after the last step, null if the run diverged, and the steps to the target, null
 * if never.
 */
export type RatePoint = { readonly rate: number } & Pick<RunRecord, "final" | "stepsToTarget">;

/** The sensitivity of an optimizer to its learning rate on one problem. */
export interface RateSensitivity {
  readonly problem: string;
  readonly optimizer: string;
  /** The share of the learning rates that reach the target, with everything else at defaults. */
  readonly reached: number;
  /** By learning rate, in ascending order. */
  readonly points: readonly RatePoint[];
}

/** The result of `analyzeBenchmark`: plain data. */
export interface BenchmarkAnalysis {
  readonly default: Comparison;
  readonly tuned: Comparison;
  readonly gains: readonly TuningGain[];
  readonly rates: readonly RateSensitivity[];
}

/**
 * Analyses the runs of a benchmark.
 *
 * @throws FettleError `invalid_argument` if runs are missing
 * @example
 * ```ts
 * const bowl = defineProblem({
 *   name: "bowl",
 *   start: (graph) => ({ w: randomUniform(graph, [3], 0) }),
 *   loss: ({ parameters: { w } }) => sum(square(w)),
 *   steps: 100,
 *   target: 1e-3,
 * });
 * const size = { seeds: 2, trials: 4, rates: 3, jobs: 1 };
 * const optimizers = [contestant("sgd", sgd), contestant("adam", adam)];
 * const analysis = await analyzeBenchmark(await runBenchmark({ problems: [bowl], optimizers, ...size }));
 * analysis.default.meanRanks.map(({ optimizer, mean }) => `${optimizer} ${mean}`); // ["sgd 1", "adam 2"]
 * ```
 */
export async function analyzeBenchmark(
  result: Pick<BenchmarkResult, "setup" | "runs">,
): Promise<BenchmarkAnalysis> {
  const isResult = isRecord(result) && isRecord(result.setup) && Array.isArray(result.runs);
  must(isResult, "result", "what runBenchmark returns", result);
  const { setup, runs } = result;
  await ready();
  const groups = groupRuns(setup, runs);
  const pairs = pairsOf(setup);
  const of = (pair: (typeof pairs)[number], phase: RunPhase) => groups(pair.problem, pair.optimizer, phase);
  const compared = (phase: ComparedPhase) =>
    compare(
      setup,
      pairs.map((pair) => cellOf(pair, of(pair, phase))),
    );
  const comparisons = { default: compared("default"), tuned: compared("tuned") };
  const bestDefaults = setup.problems.map(({ name }) =>
    medianOfBest(setup.optimizers.map(({ name: optimizer }) => groups(name, optimizer, "default"))),
  );
  return {
    ...comparisons,
    gains: setup.optimizers.map(({ name }) => gainOf(name, comparisons, bestDefaults)),
    rates: pairs.map((pair) => {
      const runs = of(pair, "rate");
      const points = runs.map(({ numbers, final, stepsToTarget }) => ({
        rate: numbers.learningRate,
        final,
        stepsToTarget,
      }));
      return { ...pair, reached: shareThat(runs, reachedTarget), points };
    }),
  };
}

/**
 * The runs of each problem, optimizer and phase, by their numbers.
 *
 * @throws FettleError `invalid_argument` if runs are missing
 */
export function groupRuns(setup: BenchmarkSetup, runs: readonly RunRecord[]) {
  const byKey = new Map(runs.map((run) => [keyOf(run), run]));
  const total = countRuns(setup);
  const counts = runCounts(setup);
  const group = (problem: string, optimizer: string, phase: RunPhase): RunRecord[] =>
    Array.from({ length: counts[phase] }, (_, index) =>
      byKey.get(keyOf({ problem, optimizer, phase, index })),
    ).filter((run) => run !== undefined);
  const found = keysOf(setup).filter((key) => byKey.has(key)).length;
  check(found === total, () => `an analysis needs all ${total} runs of the benchmark; received ${found}`);
  return group;
}

const reachedTarget = ({ stepsToTarget }: RunRecord): boolean => stepsToTarget !== null;

function shareThat(runs: readonly RunRecord[], holds: (run: RunRecord) => boolean): number {
  return runs.filter(holds).length / runs.length;
}

/** Scores that agree in three digits count as equal: runs from other seeds differ by far more. */
const threeDigits = (value: number | null): number => Number(orInfinite(value).toPrecision(3));
const orInfinite = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;
const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

function cellOf(pair: Pick<Cell, "problem" | "optimizer">, runs: readonly RunRecord[]): Cell {
  const steps = runs.map(({ stepsToTarget }) => orInfinite(stepsToTarget));
  return {
    ...pair,
    final: quartiles(runs.map(({ final }) => final)),
    best: quartiles(runs.map(({ best }) => best)),
    reached: shareThat(runs, reachedTarget),
    stepsToTarget: orNull(quantile(steps, 0.5)),
    diverged: shareThat(runs, ({ status }) => status === "diverged"),
  };
}

/** The quartiles of some scores; null counts as infinite. */
export function quartiles(scores: readonly (number | null)[]): Quartiles {
  const [lower, median, upper] = [0.25, 0.5, 0.75].map((p) => orNull(quantile(scores.map(orInfinite), p)));
  return { lower, median, upper };
}

/**
 * The median over seeds of the test score of the optimizer with the lowest validation score.
 *
 * @param runs - [optimizers, seeds]
 */
function medianOfBest(runs: readonly (readonly RunRecord[])[]): number {
  const finals = runs[0].map((_, seed) => {
    const best = leastValidation(runs.map((own) => own[seed]));
    return orInfinite(best.final);
  });
  return quantile(finals, 0.5);
}

/** @param bestDefaults - [problems] */
function gainOf(
  optimizer: string,
  comparisons: Readonly<Record<ComparedPhase, Comparison>>,
  bestDefaults: readonly number[],
): TuningGain {
  const medians = (phase: ComparedPhase): (number | null)[] =>
    comparisons[phase].cells.filter((cell) => cell.optimizer === optimizer).map(({ final }) => final.median);
  const tuned = medians("tuned");
  const over = (others: readonly (number | null)[]): Score => ({
    better: tuned.filter((own, i) => threeDigits(own) < threeDigits(others[i])).length,
    worse: tuned.filter((own, i) => threeDigits(own) > threeDigits(others[i])).length,
  });
  return { optimizer, overOwnDefaults: over(medians("default")), overBestDefault: over(bestDefaults) };
}

function compare({ problems, optimizers }: BenchmarkSetup, cells: readonly Cell[]): Comparison {
  /** [problems, optimizers] */
  const table = problems.map((_, i) => cells.slice(i * optimizers.length, (i + 1) * optimizers.length));
  const ranked = table.map((row) => ranks(row.map(({ final }) => threeDigits(final.median))));
  const several = optimizers.length > 1;
  const means = bootstrapMeans(ranked);
  return {
    cells,
    meanRanks: optimizers.map(({ name }, j) => ({ optimizer: name, ...means[j] })),
    friedman: several ? friedmanTest(ranked) : null,
    criticalDifference: several ? nemenyiDifference(optimizers.length, problems.length) : null,
    profiles: profilesOf(
      optimizers.map(({ name }) => name),
      table.map((row) => row.map(({ stepsToTarget }) => stepsToTarget)),
    ),
  };
}

/**
 * Performance profiles.
 *
 * @param steps - [problems, optimizers], null if a problem was not solved
 */
export function profilesOf(
  optimizers: readonly string[],
  steps: readonly (readonly (number | null)[])[],
): Profile[] {
  const ratios = steps.map((row) => {
    const costs = row.map(orInfinite);
    const least = Math.min(...costs);
    return costs.map((cost) => {
      if (cost === Number.POSITIVE_INFINITY) return cost;
      // also 1 if the lowest is 0: a target that is reached before the first step
      return cost === least ? 1 : cost / least;
    });
  });
  return optimizers.map((optimizer, j) => {
    const solved = ratios.map((row) => row[j]).filter(Number.isFinite);
    const rising = [...new Set(solved)].sort((a, b) => a - b);
    const upTo = (ratio: number): number => solved.filter((other) => other <= ratio).length;
    return { optimizer, points: rising.map((ratio) => ({ ratio, share: upTo(ratio) / steps.length })) };
  });
}
