/**
 * How well strategies search: ours, and Optuna's where it is installed, on functions whose minimum is known;
 * one at a time, under noise, over parameters of several kinds, in many dimensions, and several at a time
 * (`parts.ts`); and for several objectives.
 *
 *     npm run bench:search                                             # everything; hours
 *     npm run bench:search -- --strategies random,tpe --functions branin,digits --seeds 5
 *     npm run bench:search -- --strategies tpe --with rows.json        # beside the runs of an earlier --json
 *     npm run bench:search -- --part quality,noise,mixed,dimensions,parallel   # see parts.ts
 *     npm run bench:search -- --part timing                            # how long a suggestion takes
 *     npm run bench:search -- --part histories                         # whole studies of up to 100,000 trials; some minutes
 *     npm run bench:search -- --part schedulers                        # what schedulers save; some minutes
 *     npm run bench:search -- --part objectives                        # several objectives, 250 trials; some minutes
 *
 * Strategies of one seed meet the same instance of a function. Regret is the value of the best point so far
 * minus the minimum; the best is the one with the least told value, which under noise is not always the
 * least. Settings are chosen on the seeds that are there without `--claim`; what is claimed of them is
 * measured with it, on others.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { byName, check, show } from "../../src/errors.js";
import { positive } from "../flags.js";
import { historyCases, lengths, printHistories } from "./histories.js";
import { problems as objectivesProblems, printObjectives, runObjectives } from "./objectives/compare.js";
import { objectivesNames, searchersBeside } from "./objectives/searchers.js";
import { loadOptuna, openOptuna, samplerNames } from "./optuna.js";
import { type SearchPart, searchParts } from "./parts.js";
import { scaleOf } from "./problem.js";
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
import { seedsFor } from "./seeds.js";
import { loadModule, ourSearchers, strategyNames } from "./strategies.js";
import { histories, middles, timeSearch, timeSearcher } from "./timing.js";

const { values: options } = parseArgs({
  options: {
    /** Comma-separated names; all by default. */
    functions: { type: "string" },
    strategies: { type: "string" },
    /** A module whose exported functions make strategies, to run beside. */
    module: { type: "string" },
    /** 100 by default; of several objectives 250. */
    trials: { type: "string" },
    seeds: { type: "string", default: "15" },
    /** Whether to run the seeds on which nothing was chosen. */
    claim: { type: "boolean", default: false },
    /**
     * Comma-separated: those of `parts.ts`, "timing", "histories", "schedulers", "objectives"; or "report" to
     * run nothing and show --with.
     */
    part: { type: "string", default: "all" },
    /** Where to write the runs and times. */
    json: { type: "string" },
    /**
     * A file of `--json`, as often as one likes: its runs are reported too, but for strategies that are run
     * again.
     */
    with: { type: "string", multiple: true, default: [] },
  },
});

/** What `--json` writes. */
interface Results {
  readonly runs: readonly Run[];
  /**
   * Median milliseconds a suggestion after each of `histories`, and in a run at each of `middles`, by
   * strategy.
   */
  readonly timing: Readonly<Record<string, readonly (number | null)[]>>;
  readonly schedulers: readonly SchedulerRun[];
  readonly objectives: readonly Run[];
}

const most = options.trials === undefined ? undefined : positive("trials", options.trials);
const trials = most ?? 100;
const seeds = seedsFor(options.claim ? "claim" : "choose", positive("seeds", options.seeds));
const others = ["timing", "histories", "schedulers", "objectives"] as const;
const partNames: readonly string[] = [...Object.keys(searchParts), ...others];
const known = Object.fromEntries([...partNames, "report"].map((name) => [name, name]));
const wantedParts =
  options.part === "all" ? partNames : options.part.split(",").map((name) => byName("part", known, name));
const [timing, longHistories, schedulers, objectives] = others.map((part) => wantedParts.includes(part));
const wantedFunctions = options.functions?.split(",");
const isWantedFunction = ({ name }: { readonly name: string }) => wantedFunctions?.includes(name) ?? true;
const functionNames = [
  ...Object.values<SearchPart>(searchParts).flatMap((part) => part.problems),
  ...objectivesProblems,
].map(({ name }) => [name, name]);
for (const name of wantedFunctions ?? []) byName("function", Object.fromEntries(functionNames), name);

/** Seconds of processor time after which a study of `histories.ts` is given up. */
const LONGEST_HISTORY = 120;
const names = options.strategies?.split(",");
const isWanted = (name: string) => names?.includes(name) ?? true;
const optuna = loadOptuna(isWanted);
const custom = (options.module === undefined ? [] : await loadModule(options.module)).filter(({ name }) =>
  isWanted(name),
);
const found = [...ourSearchers(isWanted), ...custom, ...optuna.searchers];
for (const name of names ?? []) {
  check(
    found.some((searcher) => searcher.name === name) || (objectives && objectivesNames.includes(name)),
    () =>
      `strategy ${show(name)} is none of ${[...strategyNames, ...samplerNames, ...objectivesNames].join(", ")}, or its file or Python package is missing`,
  );
}
const searchers = found.filter(({ name }) => isWanted(name));

const earlier = options.with.map((file) => JSON.parse(readFileSync(file, "utf8")) as Results);
const allRuns: Run[] = [];
const times: Record<string, readonly (number | null)[]> = {};
const schedulerRuns: SchedulerRun[] = [];
const objectivesRuns: Run[] = [];

for (const [name, part] of Object.entries<SearchPart>(searchParts)) {
  const runs = wantedParts.includes(name);
  if (runs || wantedParts.includes("report")) await compare(name, part, runs);
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

if (longHistories) {
  console.log(`\nProcessor time in seconds of whole studies, by trials, and bytes held for each trial`);
  console.log(`${"strategy".padEnd(24)}${lengths.map((length) => String(length).padEnd(12)).join("")}bytes`);
  for (const each of historyCases) if (isWanted(each.strategy)) printHistories(each, LONGEST_HISTORY);
}

if (schedulers) {
  for (const seed of seeds) schedulerRuns.push(...(await compareSchedulers(seed)));
  printSchedulers(schedulerRuns);
  save();
}

if (objectives) {
  const process = openOptuna();
  const compared = [...searchersBeside(process, isWanted), ...custom];
  const isRunAgain = ({ strategy }: Run) => compared.some(({ name }) => name === strategy);
  objectivesRuns.push(...earlier.flatMap((results) => results.objectives).filter((run) => !isRunAgain(run)));
  for (const problem of objectivesProblems.filter(isWantedFunction)) {
    for (const searcher of compared) {
      for (const seed of seeds) objectivesRuns.push(await runObjectives(problem, searcher, seed, most));
    }
    save();
  }
  process?.close();
  printObjectives(objectivesRuns);
}

/** Prints one part, its searches run or only those of `--with`. */
async function compare(part: string, { about, problems, running }: SearchPart, runs: boolean): Promise<void> {
  const wanted = problems.filter(isWantedFunction);
  const here: Run[] = earlier
    .flatMap((results) => results.runs)
    .filter(
      (run) =>
        run.part === part &&
        run.regrets.length >= trials &&
        seeds.includes(run.seed) &&
        !(runs && searchers.some(({ name }) => name === run.strategy)),
    );
  if (!runs && here.length === 0) return;
  console.log(`\n# ${part}: ${about}`);
  const scales: Record<string, number> = {};
  for (const problem of wanted) {
    scales[problem.name] = scaleOf(problem);
    for (const searcher of runs ? searchers : []) {
      for (const seed of seeds) here.push(await run(problem, searcher, seed, { part, trials, running }));
    }
    printFunction(
      checkpoints(trials).map((count) => summarizeFunction(here, problem.name, count)),
      problem.citation,
    );
    save(here);
  }
  allRuns.push(...here);
  for (const count of checkpoints(trials)) printSummary(summarize(here, wanted, scales, count), count);
}

/** Writes what there is, with the runs of a part that is not yet done. */
function save(current: readonly Run[] = []): void {
  if (options.json === undefined) return;
  const runs = [...allRuns, ...current];
  const results: Results = { runs, timing: times, schedulers: schedulerRuns, objectives: objectivesRuns };
  writeFileSync(options.json, `${JSON.stringify(results)}\n`);
}
