/** What strategies lose where more trials run at a time, as the same number of trials in all. */
import { functions } from "../search/functions.js";
import { run } from "../search/runner.js";
import { seedsFor } from "../search/seeds.js";
import { median } from "../search/statistics.js";
import { ourSearchers } from "../search/strategies.js";

const STRATEGIES = ["random", "tpe", "cmaes", "genetic"];
const RUNNING = [1, 10, 100, 1000];
/** Regrets below are the same: none. */
const NONE = 1e-9;

/**
 * Markdown: the regret after so many trials as a share of that of random search, the geometric mean over
 * functions of medians over seeds.
 */
export async function regretTable(trials: number, seeds: number): Promise<string[]> {
  const searchers = ourSearchers((name) => STRATEGIES.includes(name));
  const lines = [
    `| regret after ${trials} trials, of random search's | ${RUNNING.map((n) => `${n.toLocaleString("en")} at a time`).join(" | ")} |`,
    `|---|${RUNNING.map(() => "---|").join("")}`,
  ];
  const medianOf = async (strategy: string, problem: (typeof functions)[number], running: number) => {
    const searcher = searchers.find(({ name }) => name === strategy)!;
    const regrets: number[] = [];
    for (const seed of seedsFor("choose", seeds)) {
      const { regrets: all } = await run(problem, searcher, seed, { part: "scale", trials, running });
      regrets.push(Math.max(NONE, all[all.length - 1]));
    }
    return median(regrets);
  };
  const base = new Map<string, number>();
  for (const problem of functions) base.set(problem.name, await medianOf("random", problem, 1));
  for (const strategy of STRATEGIES) {
    const cells: string[] = [];
    for (const running of RUNNING) {
      let sum = 0;
      for (const problem of functions)
        sum += Math.log((await medianOf(strategy, problem, running)) / base.get(problem.name)!);
      cells.push(Number(Math.exp(sum / functions.length).toPrecision(2)).toString());
    }
    lines.push(`| ${strategy} | ${cells.join(" | ")} |`);
  }
  return lines;
}
