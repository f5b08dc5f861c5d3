/**
 * How well strategies search for several objectives, after some trials: the *gap*, which is the share of the
 * whole front's hypervolume that a search's trials do not dominate. Strategies of one seed meet the same
 * instance.
 */
import { hypervolume, type TrialStatus } from "fettle";
import type { Run } from "../runner.js";
import type { Searcher } from "../searcher.js";
import { bootstrapInterval, geometricMean, mean, ranks, signTest } from "../statistics.js";
import { classical } from "./classical.js";
import type { Problem, Told } from "./problem.js";
import { structured } from "./structured.js";

export const problems: readonly Problem[] = [...classical, ...structured];

/** Gaps are shown after so many trials. */
const CHECKPOINTS = [50, 100, 250];
/** Below this, gaps are as good as it, for means: fronts are known to about as much. */
const FLOOR = 1e-4;

/** One search of at most `trials`, with the gap after each of the checkpoints as its regrets. */
export async function runObjectives(
  problem: Problem,
  searcher: Searcher,
  seed: number,
  trials = Number.POSITIVE_INFINITY,
): Promise<Run> {
  const { evaluate, volume } = problem.instance(seed);
  const { space, reference, constrained = false } = problem;
  const search = await searcher.start({ space, seed, running: 1, objectives: reference.length, constrained });
  const directions = problem.reference.map(() => "minimize" as const);
  const shown = CHECKPOINTS.filter((count) => count <= trials);
  const records: (Told & { readonly value: null; readonly status: TrialStatus })[] = [];
  const regrets: number[] = [];
  for (let count = 1; count <= Math.max(...shown); count++) {
    const params = await search.ask();
    if (params) {
      const told = evaluate(params);
      records.push({ ...told, value: null, status: "complete" });
      await search.tell(count - 1, told);
    }
    if (shown.includes(count)) {
      const gap = 1 - hypervolume(records, directions, problem.reference) / volume;
      regrets.push(Number(Math.max(FLOOR, gap).toPrecision(6)));
    }
  }
  return { part: "objectives", function: problem.name, strategy: searcher.name, seed, regrets };
}

/** One strategy over all problems and seeds. */
export interface Row {
  readonly strategy: string;
  readonly geometricMean: number;
  readonly meanRank: number;
  readonly interval: readonly [number, number];
  /**
   * Against each of the strategies: pairs of runs with a smaller gap and with a larger one, and the two-sided
   * sign test.
   */
  readonly versus: readonly { readonly wins: number; readonly losses: number; readonly p: number }[];
}

/** @param at - the index of the checkpoint */
export function summarizeObjectives(runs: readonly Run[], at: number): Row[] {
  const strategies = [...new Set(runs.map(({ strategy }) => strategy))];
  const strata = [...new Set(runs.map((run) => run.function))].map((name) => {
    const here = runs.filter((run) => run.function === name);
    return [...new Set(here.map(({ seed }) => seed))].map((seed) =>
      strategies.map((strategy) => {
        const run = here.find((other) => other.seed === seed && other.strategy === strategy);
        if (!run) throw new Error(`${strategy} has no run of seed ${seed} on ${name}`);
        return run.regrets[at];
      }),
    );
  });
  const blocks = strata.flat();
  return strategies.map((strategy, own) => {
    const ranksOf = strata.map((stratum) => stratum.map((block) => ranks(block)[own]));
    return {
      strategy,
      geometricMean: geometricMean(blocks.map((block) => block[own])),
      meanRank: mean(ranksOf.flat()),
      interval: bootstrapInterval(ranksOf),
      versus: strategies.map((_, other) => {
        const wins = blocks.filter((block) => block[own] < block[other]).length;
        const losses = blocks.filter((block) => block[own] > block[other]).length;
        return { wins, losses, p: wins + losses === 0 ? 1 : signTest(wins, losses) };
      }),
    };
  });
}

export function printObjectives(runs: readonly Run[]): void {
  const shown = CHECKPOINTS.slice(0, Math.min(...runs.map(({ regrets }) => regrets.length)));
  const width = 34;
  console.log(`\ngeometric-mean gap after ${shown.join(" / ")} trials, by problem`);
  for (const { name, citation } of problems) {
    const here = runs.filter((run) => run.function === name);
    if (here.length === 0) continue;
    console.log(`${name}: ${citation}`);
    for (const strategy of new Set(here.map((run) => run.strategy))) {
      const own = here.filter((run) => run.strategy === strategy);
      const gaps = shown.map((_, at) => geometricMean(own.map(({ regrets }) => regrets[at])));
      console.log(`  ${strategy.padEnd(width)}${gaps.map((gap) => gap.toPrecision(3)).join(" / ")}`);
    }
  }
  for (const [at, count] of shown.entries()) {
    const rows = summarizeObjectives(runs, at);
    console.log(`\nafter ${count} trials; better:worse, p against each of the others in the order of rows`);
    for (const [own, { strategy, geometricMean, meanRank, interval, versus }] of rows.entries()) {
      const [low, high] = interval.map((bound) => bound.toFixed(2));
      const pairs = versus.map(({ wins, losses, p }, other) =>
        (own === other ? "" : `${wins}:${losses}, ${p.toPrecision(1)}`).padEnd(16),
      );
      console.log(
        `${strategy.padEnd(width)}${geometricMean.toPrecision(3).padEnd(10)}${`${meanRank.toFixed(2)} [${low}, ${high}]`.padEnd(22)}${pairs.join("")}`,
      );
    }
  }
}
