/** What is printed of runs: regrets by function, and a summary over all of them. */
import type { TestFunction } from "./problem.js";
import type { Run } from "./runner.js";
import { bootstrapInterval, geometricMean, mean, median, quantile, ranks, signTest } from "./statistics.js";

/** What strategies are tested against. */
const BASELINE = "random";
/** Of a random point's regret: what is nearer to the minimum than this is as good as there, for means. */
const FLOOR = 1e-5;

/** Regrets after some trials of one strategy on one function, over seeds. */
export interface Cell {
  readonly function: string;
  readonly strategy: string;
  readonly trials: number;
  readonly seeds: number;
  readonly quartiles: readonly [number, number, number];
  /** Of the sign test against random search over the seeds that both have; null for random search itself. */
  readonly p: number | null;
}

/** One strategy over all functions and all seeds that every strategy has. */
export interface Summary {
  readonly strategy: string;
  /** Functions times seeds. */
  readonly blocks: number;
  /** Of the regret over that of a median random point, at least 1e-5. */
  readonly geometricMean: number;
  readonly meanRank: number;
  /** At 95 %. */
  readonly interval: readonly [number, number];
  readonly wins: number;
  readonly losses: number;
  /** Two-sided; null for random search itself, or without it. */
  readonly p: number | null;
}

/** The trials that regrets are shown after. */
export function checkpoints(trials: number): number[] {
  const shown = [25, 50, 100, 200, 500, 1000].filter((count) => count < trials);
  return [...shown, trials].slice(-3);
}

export function summarizeFunction(runs: readonly Run[], name: string, trials: number): Cell[] {
  const here = runs.filter((run) => run.function === name);
  const regretOf = (run: Run): number => run.regrets[trials - 1];
  return unique(here, "strategy").map((strategy) => {
    const own = here.filter((run) => run.strategy === strategy);
    const regrets = own.map(regretOf);
    const pairs = own.map(
      (run) => [run, here.find((other) => isBaseline(other) && other.seed === run.seed)] as const,
    );
    const [wins, losses] = countWins(pairs.flatMap(([a, b]) => (b ? [[regretOf(a), regretOf(b)]] : [])));
    return {
      function: name,
      strategy,
      trials,
      seeds: own.length,
      quartiles: [quantile(regrets, 0.25), median(regrets), quantile(regrets, 0.75)],
      p: strategy === BASELINE || wins + losses === 0 ? null : signTest(wins, losses),
    };
  });
}

/** Over the functions given. @param scales - the regret of a median random point, by function */
export function summarize(
  runs: readonly Run[],
  functions: readonly TestFunction[],
  scales: Readonly<Record<string, number>>,
  trials: number,
): Summary[] {
  const strategies = unique(runs, "strategy");
  /** By function: the regrets of all strategies, for each seed that all have. */
  const strata = functions.map(({ name }) => {
    const here = runs.filter((run) => run.function === name);
    const blocks = [...new Set(here.map(({ seed }) => seed))].map((seed) =>
      strategies.map((strategy) => here.find((run) => run.seed === seed && run.strategy === strategy)),
    );
    return blocks
      .filter((block) => block.every((run) => run !== undefined))
      .map((block) => block.map((run) => (run as Run).regrets[trials - 1] / scales[name]));
  });
  const blocks = strata.flat();
  if (blocks.length === 0) return [];
  const baseline = strategies.indexOf(BASELINE);
  return strategies.map((strategy, at) => {
    const ranksOf = strata.map((stratum) => stratum.map((block) => ranks(block)[at]));
    const [wins, losses] =
      baseline < 0 ? [0, 0] : countWins(blocks.map((block) => [block[at], block[baseline]]));
    return {
      strategy,
      blocks: blocks.length,
      geometricMean: geometricMean(blocks.map((block) => Math.max(FLOOR, block[at]))),
      meanRank: mean(ranksOf.flat()),
      interval: bootstrapInterval(ranksOf.filter((stratum) => stratum.length > 0)),
      wins,
      losses,
      p: at === baseline || wins + losses === 0 ? null : signTest(wins, losses),
    };
  });
}

export function printFunction(cells: readonly (readonly Cell[])[], citation: string): void {
  const [first] = cells;
  if (first.length === 0) return;
  console.log(`\n${first[0].function}: ${citation}`);
  const head = cells.map(([{ trials }]) => `${trials} trials: median [quartiles]`.padEnd(36)).join("");
  console.log(`${"strategy".padEnd(24)}${"seeds".padEnd(7)}${head}p`);
  first.forEach(({ strategy, seeds }, i) => {
    const columns = cells.map((column) => {
      const [low, middle, high] = column[i].quartiles.map(digits);
      return `${middle} [${low}, ${high}]`.padEnd(36);
    });
    console.log(
      `${strategy.padEnd(24)}${String(seeds).padEnd(7)}${columns.join("")}${pValue(cells[cells.length - 1][i].p)}`,
    );
  });
}

export function printSummary(summary: readonly Summary[], trials: number): void {
  if (summary.length === 0) return;
  console.log(
    `\nafter ${trials} trials, ${summary[0].blocks} functions × seeds; regret over that of a median random point`,
  );
  console.log(
    `${"strategy".padEnd(24)}${"geometric mean".padEnd(16)}${"mean rank [95 %]".padEnd(24)}better:worse than random, p`,
  );
  for (const { strategy, geometricMean, meanRank, interval, wins, losses, p } of summary) {
    const rank = `${meanRank.toFixed(2)} [${interval.map((bound) => bound.toFixed(2)).join(", ")}]`;
    const versus = p === null ? "" : `${wins}:${losses}, ${pValue(p)}`;
    console.log(`${strategy.padEnd(24)}${digits(geometricMean).padEnd(16)}${rank.padEnd(24)}${versus}`);
  }
}

/** Milliseconds a suggestion, one row a strategy. */
export function printTiming(name: string, milliseconds: readonly (number | null)[]): void {
  const columns = milliseconds.map((value) => (value === null ? "too long" : digits(value)).padEnd(14));
  console.log(`${name.padEnd(24)}${columns.join("")}`);
}

function unique(runs: readonly Run[], key: "strategy" | "function"): string[] {
  return [...new Set(runs.map((run) => run[key]))];
}

function isBaseline({ strategy }: Run): boolean {
  return strategy === BASELINE;
}

/** How often the first of a pair is less, and how often more. */
function countWins(pairs: readonly (readonly number[])[]): [wins: number, losses: number] {
  return [pairs.filter(([a, b]) => a < b).length, pairs.filter(([a, b]) => a > b).length];
}

function digits(value: number): string {
  return value === 0 ? "0" : value.toPrecision(3);
}

function pValue(p: number | null): string {
  return p === null ? "" : p < 1e-4 ? "< 0.0001" : p.toFixed(4);
}
