/**
 * How well strategies search: ours, and Optuna's where it is installed, on functions whose minimum is known.
 *
 *     npm run bench:search                                             # everything; an hour and more
 *     npm run bench:search -- --strategies random,tpe --functions branin,digits --seeds 5
 *     npm run bench:search -- --strategies tpe --with rows.json        # beside the runs of an earlier --json
 *     npm run bench:search -- --part timing                            # how long a suggestion takes
 *     npm run bench:search -- --part schedulers                        # what schedulers save; some minutes
 *     npm run bench:search -- --part objectives                        # several objectives, 250 trials; some minutes
 *
 * Strategies of one seed meet the same instance of a function. Regret is the least value so far minus the minimum.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { byName, check, show } from "../../src/errors.js";
import { RandomStream } from "../../src/numerics/random.js";
import { fromUnit } from "../../src/search/space/scale.js";
import { buildParams, resolveSpace } from "../../src/search/space/space.js";
import { selectFunctions } from "./functions.js";
import { problems as objectivesProblems, printObjectives, runObjectives } from "./objectives/compare.js";
import { searchersBeside } from "./objectives/searchers.js";
import { loadOptuna, openOptuna, samplerNames } from "./optuna.js";
import type { TestFunction } from "./problem.js";
import {
  checkpoints,
  printFunction,
  printSummary,
  printTiming,
  summarize,
  summarizeFunction,
} from "./report.js";
import { type Run, run } from "./runner.js";
import { compareSchedulers, printSchedulers, type SchedulerRun } from "./schedulers.js";
import { median } from "./statistics.js";
import { loadModule, loadStrategies, strategyNames } from "./strategies.js";
import { histories, middles, timeSearch, timeSearcher } from "./timing.js";

const { values: options } = parseArgs({
  options: {
    /** Comma-separated names; all by default. */
    functions: { type: "string" },
    strategies: { type: "string" },
    /** A module whose exported functions make strategies, to run beside. */
    module: { type: "string" },
    trials: { type: "string", default: "100" },
    seeds: { type: "string", default: "15" },
    /** "quality", "timing", "schedulers", "objectives", "all", or "report" to run nothing and show the runs of --with. */
    part: { type: "string", default: "all" },
    /** Where to write the runs and times. */
    json: { type: "string" },
    /** A file of `--json`, as often as one likes: its runs are reported too, but for strategies that are run again. */
    with: { type: "string", multiple: true, default: [] },
  },
});

/** What `--json` writes. */
interface Results {
  readonly runs: readonly Run[];
  /** Median milliseconds a suggestion after each of `histories`, and in a run at each of `middles`, by strategy. */
  readonly timing: Readonly<Record<string, readonly (number | null)[]>>;
  readonly schedulers: readonly SchedulerRun[];
  readonly objectives: readonly Run[];
}

const trials = positive("trials", options.trials);
const seeds = positive("seeds", options.seeds);
const problems = selectFunctions(options.functions?.split(","));
/** What each part runs. */
const parts = {
  all: ["quality", "timing", "schedulers", "objectives", "report"],
  quality: ["quality", "report"],
  timing: ["timing"],
  schedulers: ["schedulers"],
  objectives: ["objectives"],
  report: ["report"],
} as const;
const runsPart: readonly string[] = byName("part", parts, options.part);
const [quality, timing, schedulers, objectives, report] = parts.all.map((part) => runsPart.includes(part));

const names = options.strategies?.split(",");
const isWanted = (name: string) => names?.includes(name) ?? true;
const optuna = loadOptuna(isWanted);
const found = [
  ...(await loadStrategies(isWanted)),
  ...(options.module === undefined ? [] : await loadModule(options.module)),
  ...optuna.searchers,
];
for (const name of names ?? []) {
  check(
    found.some((searcher) => searcher.name === name),
    () =>
      `strategy ${show(name)} is none of ${[...strategyNames, ...samplerNames].join(", ")}, or its file or Python package is missing`,
  );
}
const searchers = found.filter(({ name }) => isWanted(name));

const runs: Run[] = [];
const times: Record<string, readonly (number | null)[]> = {};
const schedulerRuns: SchedulerRun[] = [];
const objectivesRuns: Run[] = [];

if (report) {
  const earlier = options.with.flatMap((file) => (JSON.parse(readFileSync(file, "utf8")) as Results).runs);
  const kept = earlier.filter(
    ({ strategy, seed, regrets }) =>
      regrets.length >= trials &&
      seed < seeds &&
      !(quality && searchers.some(({ name }) => name === strategy)),
  );
  const scales: Record<string, number> = {};
  for (const problem of problems) {
    scales[problem.name] = scaleOf(problem);
    runs.push(...kept.filter((other) => other.function === problem.name));
    for (const searcher of quality ? searchers : []) {
      for (let seed = 0; seed < seeds; seed++) runs.push(await run(problem, searcher, seed, trials));
    }
    printFunction(
      checkpoints(trials).map((count) => summarizeFunction(runs, problem.name, count)),
      problem.citation,
    );
    save();
  }
  for (const count of checkpoints(trials)) printSummary(summarize(runs, problems, scales, count), count);
}

if (timing) {
  console.log("\nmilliseconds a suggestion, 10 parameters");
  const columns = [...histories.map((count) => `after ${count}`), ...middles.map((at) => `in a run, ${at}`)];
  console.log(`${"".padEnd(24)}${columns.map((column) => column.padEnd(14)).join("")}`);
  for (const searcher of searchers) {
    times[searcher.name] = [...(await timeSearcher(searcher)), ...(await timeSearch(searcher))];
    printTiming(searcher.name, times[searcher.name]);
  }
  save();
}
optuna.close();

if (schedulers) {
  for (let seed = 0; seed < seeds; seed++) schedulerRuns.push(...(await compareSchedulers(seed)));
  printSchedulers(schedulerRuns);
  save();
}

if (objectives) {
  const process = openOptuna();
  for (const problem of objectivesProblems) {
    for (const searcher of searchersBeside(process)) {
      for (let seed = 0; seed < seeds; seed++) {
        objectivesRuns.push(await runObjectives(problem, searcher, seed));
      }
    }
  }
  process?.close();
  printObjectives(objectivesRuns);
  save();
}

/** The regret of a median random point, over 1,001 points of the first instance. */
function scaleOf({ space, optimum, instance }: TestFunction): number {
  const random = new RandomStream(0);
  const resolved = resolveSpace(space);
  const f = instance(0);
  const draw = () => buildParams(resolved, (parameter) => fromUnit(parameter, random.uniform()));
  return median(Array.from({ length: 1001 }, () => f(draw()) - optimum));
}

function save(): void {
  if (options.json === undefined) return;
  const results: Results = { runs, timing: times, schedulers: schedulerRuns, objectives: objectivesRuns };
  writeFileSync(options.json, `${JSON.stringify(results)}\n`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  check(
    Number.isSafeInteger(value) && value > 0,
    () => `--${name} is a positive integer, received ${show(text)}`,
  );
  return value;
}
