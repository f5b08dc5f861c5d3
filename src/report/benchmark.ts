/**
 * A benchmark of optimizers as text for people, and as a table for programs. It computes no figure itself.
 */
import type { BenchmarkAnalysis, Cell, Comparison } from "../benchmark/analysis.js";
import { type BenchmarkSetup, countRuns } from "../benchmark/record.js";
import type { Times } from "../benchmark/times.js";
import { count, formatDuration, percent } from "./format.js";
import { layOut, wrap } from "./layout.js";
import type { Paint } from "./study.js";

/** A benchmark that has ended. */
export interface BenchmarkReport {
  readonly setup: BenchmarkSetup;
  readonly analysis: BenchmarkAnalysis;
  /** Of this process only. */
  readonly seconds: number;
  /** The folder of the files. */
  readonly folder: string;
  /** How many pictures it has. */
  readonly pictures: number;
}

const PHASES = [
  ["default", "With defaults"],
  ["tuned", "Tuned"],
] as const;

const FILES = "runs.jsonl, tables.csv, times.csv";

/**
 * The benchmark that is about to run, in lines of at most `width` characters; `earlier` runs already exist.
 */
export function introduceBenchmark(setup: BenchmarkSetup, earlier: number, width: number): string[] {
  const { problems, optimizers, seeds, trials, rates } = setup;
  const there = earlier > 0 ? `, ${earlier} of them done` : "";
  return wrap(
    `${count(optimizers.length, "optimizer")} on ${count(problems.length, "problem")}: ` +
      `${count(seeds, "seed")}, ${count(trials, "tuning trial")}, ${count(rates, "rate")}; ` +
      `${count(countRuns(setup), "run")}${there}`,
    width,
  );
}

/**
 * How the optimizers compare over all problems, in lines of at most `width` characters: the lowest mean rank
 * first. A narrow terminal loses columns from the right.
 */
export function summarizeBenchmark(report: BenchmarkReport, width: number, paint: Paint): string[] {
  const { setup, analysis, seconds, folder, pictures } = report;
  const faint = (text: string): string[] => wrap(text, width).map(paint.faint);
  return [
    ...PHASES.flatMap(([phase, heading]) => [
      "",
      ...wrap(heading, width).map(paint.heading),
      ...layOut(overall(analysis[phase], setup.problems.length), { width }),
      ...faint(verdict(analysis[phase])),
    ]),
    "",
    ...layOut(gains(analysis, setup.problems.length), { width }),
    ...faint(
      "problems on which tuning has the lower : the higher median loss, against the same optimizer with defaults, and " +
        "against the best of all optimizers with defaults, by validation loss",
    ),
    "",
    ...faint(
      "rank: mean over problems of the rank by median final loss, 1 is best, with a 95 % interval; solved: problems " +
        "whose target more than half of the runs reach; fastest: problems solved in the fewest steps; diverged: share of runs",
    ),
    ...faint(
      pictures === 0
        ? `${formatDuration(seconds)}; ${FILES} and analysis.json are in ${folder}`
        : `${formatDuration(seconds)}; ${FILES}, analysis.json and ${count(pictures, "picture")} are in ${folder}`,
    ),
  ];
}

function overall({ cells, meanRanks, profiles }: Comparison, problems: number): string[][] {
  const rows = meanRanks.map(({ optimizer, mean, low, high }, i) => {
    const own = cells.filter((cell) => cell.optimizer === optimizer);
    const diverged = own.reduce((sum, cell) => sum + cell.diverged, 0) / own.length;
    const { points } = profiles[i];
    const fastest = points[0]?.ratio === 1 ? points[0].share : 0;
    const interval = `${low.toFixed(1)}–${high.toFixed(1)}`;
    const figures = [percent(points.at(-1)?.share ?? 0), percent(fastest), percent(diverged)];
    return { mean, cells: [optimizer, mean.toFixed(2), interval, ...figures] };
  });
  rows.sort((a, b) => a.mean - b.mean);
  return [
    [count(problems, "problem"), "rank", "95 %", "solved", "fastest", "diverged"],
    ...rows.map((row) => row.cells),
  ];
}

function gains({ tuned, gains }: BenchmarkAnalysis, problems: number): string[][] {
  const rank = new Map(tuned.meanRanks.map(({ optimizer, mean }) => [optimizer, mean]));
  const rows = [...gains].sort((a, b) => (rank.get(a.optimizer) ?? 0) - (rank.get(b.optimizer) ?? 0));
  return [
    [count(problems, "problem"), "over its defaults", "over the best of all"],
    ...rows.map(({ optimizer, overOwnDefaults: own, overBestDefault: all }) => [
      optimizer,
      ...[own, all].map(({ better, worse }) => `${better} : ${worse}`),
    ]),
  ];
}

function verdict({ friedman, criticalDifference }: Comparison): string {
  if (!friedman || criticalDifference === null) return "A comparison needs at least two optimizers.";
  const p = friedman.p < 0.001 ? "p < 0.001" : `p = ${friedman.p.toFixed(3)}`;
  const least = criticalDifference.toFixed(2);
  return `Friedman's test that all ranks are equal: ${p}; ranks differ at the 0.05 level if ${least} or more apart.`;
}

const COLUMNS =
  "phase,problem,optimizer,final_lower,final,final_upper,best_lower,best,best_upper,reached,steps_to_target," +
  "diverged,rates_reached";

/**
 * All figures by phase, problem and optimizer as CSV, with six significant digits; infinite and missing
 * figures are empty. The rates belong to the defaults, and are repeated in both phases.
 */
export function benchmarkCsv({ rates, ...analysis }: BenchmarkAnalysis): string {
  const rows = PHASES.flatMap(([phase]) =>
    analysis[phase].cells.map((cell, i) => [phase, ...figuresOf(cell), rates[i].reached]),
  );
  return csv(COLUMNS, rows, 6);
}

/**
 * The time of a step and the time to the target, as CSV with three significant digits; missing figures are
 * empty. Times differ from one benchmark to the next.
 */
export function timesCsv(times: readonly Times[]): string {
  const rows = times.map(({ phase, problem, optimizer, secondsPerStep, secondsToTarget }) => {
    const figures = [secondsPerStep === null ? null : 1e6 * secondsPerStep, secondsToTarget];
    return [phase, problem, optimizer, ...figures];
  });
  return csv("phase,problem,optimizer,microseconds_per_step,seconds_to_target", rows, 3);
}

/** @param digits - how many significant digits a number has */
function csv(header: string, rows: readonly (readonly (string | number | null)[])[], digits: number): string {
  const text = (cell: string | number | null) =>
    typeof cell === "number" ? String(Number(cell.toPrecision(digits))) : (cell ?? "");
  return `${[header, ...rows.map((row) => row.map(text).join(","))].join("\n")}\n`;
}

function figuresOf({ problem, optimizer, final, best, reached, stepsToTarget, diverged }: Cell) {
  return [
    ...[problem, optimizer, final.lower, final.median, final.upper, best.lower, best.median, best.upper],
    ...[reached, stepsToTarget, diverged],
  ];
}
