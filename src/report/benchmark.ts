/** A benchmark of optimizers as text for people, and as a table for programs. Every figure is computed elsewhere. */
import type { BenchmarkAnalysis, Cell, Comparison } from "../benchmark/analysis.js";
import { type BenchmarkSetup, countRuns } from "../benchmark/record.js";
import type { Times } from "../benchmark/times.js";
import { count, formatDuration } from "./format.js";
import type { Paint } from "./study.js";
import { layOut, wrap } from "./table.js";

/** A benchmark that has ended. */
export interface BenchmarkReport {
  readonly setup: BenchmarkSetup;
  readonly analysis: BenchmarkAnalysis;
  /** Of this process; runs of an earlier one are not in it. */
  readonly seconds: number;
  /** Where the files are. */
  readonly folder: string;
  /** How many pictures are there. */
  readonly pictures: number;
}

const PHASES = [
  ["default", "With defaults"],
  ["tuned", "Tuned"],
] as const;

const FILES = "runs.jsonl, tables.csv, times.csv";

/** What is about to run, in lines of at most `width` characters; `earlier` runs are there already. */
export function introduceBenchmark(setup: BenchmarkSetup, earlier: number, width: number): string[] {
  const { problems, optimizers, seeds, trials, rates } = setup;
  const there = earlier > 0 ? `; ${earlier} of them are there already` : "";
  return wrap(
    `${count(optimizers.length, "optimizer")} on ${count(problems.length, "problem")}: ` +
      `${count(seeds, "seed")}, ${count(trials, "trial")} to tune, ${count(rates, "rate")}; ` +
      `${count(countRuns(setup), "run")}${there}`,
    width,
  );
}

/**
 * How the optimizers compare over all problems, in lines of at most `width` characters: the least mean rank first.
 * In narrow terminals columns go from the right.
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
      "problems on which tuning gives the lower median : the higher, against the same optimizer with defaults, and against all " +
        "tried once with defaults, of which the one with the least validation loss counts",
    ),
    "",
    ...faint(
      "rank: mean over the problems by the median loss at the end, 1 is best, with its 95 % interval; solved: problems " +
        "whose target more than half of the runs reach; fastest: those where it needs the fewest steps to it; diverged: of all runs",
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

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function verdict({ friedman, criticalDifference }: Comparison): string {
  if (!friedman || criticalDifference === null) return "One optimizer has nothing to be compared with.";
  const p = friedman.p < 0.001 ? "p < 0.001" : `p = ${friedman.p.toFixed(3)}`;
  return `Friedman's test of whether ranks differ: ${p}; two that are ${criticalDifference.toFixed(2)} apart differ at the level 0.05.`;
}

const COLUMNS = [
  ...[
    "phase",
    "problem",
    "optimizer",
    "final_lower",
    "final",
    "final_upper",
    "best_lower",
    "best",
    "best_upper",
  ],
  ...["reached", "steps_to_target", "diverged", "rates_reached"],
];

/**
 * All figures by phase, problem and optimizer as CSV, to six significant digits as those of runs have; what is infinite or
 * does not exist is empty. The rates are of defaults, and
 * stand in both phases.
 */
export function benchmarkCsv({ rates, ...analysis }: BenchmarkAnalysis): string {
  const rows = PHASES.flatMap(([phase]) =>
    analysis[phase].cells.map((cell, i) => [phase, ...figuresOf(cell), rates[i].reached]),
  );
  return `${[COLUMNS, ...rows].map((row) => row.map(cellText).join(",")).join("\n")}\n`;
}

/**
 * How long a step and the way to the target took, as CSV with three significant digits; what does not exist is empty. It differs from
 * one benchmark to the next.
 */
export function timesCsv(times: readonly Times[]): string {
  const rows = times.map(({ phase, problem, optimizer, secondsPerStep, secondsToTarget }) => {
    const figures = [secondsPerStep === null ? null : 1e6 * secondsPerStep, secondsToTarget];
    return [
      phase,
      problem,
      optimizer,
      ...figures.map((x) => (x === null ? "" : String(Number(x.toPrecision(3))))),
    ];
  });
  const header = ["phase", "problem", "optimizer", "microseconds_per_step", "seconds_to_target"];
  return `${[header, ...rows].map((row) => row.join(",")).join("\n")}\n`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return "";
  return typeof cell === "string" ? cell : String(Number(cell.toPrecision(6)));
}

function figuresOf({ problem, optimizer, final, best, reached, stepsToTarget, diverged }: Cell) {
  return [
    ...[problem, optimizer, final.lower, final.median, final.upper, best.lower, best.median, best.upper],
    ...[reached, stepsToTarget, diverged],
  ];
}
