/**
 * How good the answers for tables are: ours, and those of scikit-learn, XGBoost and Optuna, on test rows that
 * nobody saw, for the same time. Tables come from packages of Debian, so it needs apt-get, dpkg-deb and
 * Rscript, and Python with scikit-learn, pandas, XGBoost and Optuna.
 *
 *     npm run bench:tables                                             # everything; many hours
 *     npm run bench:tables -- --set choosing --seconds 10 --seeds 2    # on the tables for choosing defaults
 *     npm run bench:tables -- --tables concrete,HMDA --contestants fettle,linear
 *     npm run bench:tables -- --part list                              # the tables, as markdown
 *     npm run bench:tables -- --part report                            # what the results so far say
 *
 * Results are added to `<folder>/results.jsonl`; what is there is not run again.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ready } from "fettle";
import { byName, check } from "../../src/errors.js";
import { loadCharts } from "../../src/report/plots/render.js";
import { positive } from "../flags.js";
import { contestants, run } from "./contestants.js";
import { divideTable, downloadedPackages, fetchTable } from "./fetch.js";
import { describeTables, report } from "./report.js";
import { appendResult, type Clock, keyOf, readResults } from "./results.js";
import { lossOf } from "./score.js";
import { tables as allTables, selectTables } from "./tables.js";

const { values: options } = parseArgs({
  options: {
    /** "claims" or "choosing". */
    set: { type: "string", default: "claims" },
    /** Comma-separated names; all of the set by default. */
    tables: { type: "string" },
    /** Comma-separated names; the report pairs the first with the others. All by default. */
    contestants: { type: "string" },
    /** How many, from 0. */
    seeds: { type: "string", default: "5" },
    /** Budgets, separated by commas. */
    seconds: { type: "string", default: "10,30,90" },
    /** The cores of each contestant. */
    jobs: { type: "string", default: "1" },
    /**
     * "wall", or "processor": what counts the seconds; the latter for one core, on a machine that does other
     * work.
     */
    clock: { type: "string", default: "wall" },
    /** Where tables and results are; not part of the repository. */
    folder: { type: "string", default: ".bench/tables" },
    /** "fetch", "run" (which fetches), "report", "list", or "all": run and report. */
    part: { type: "string", default: "all" },
  },
});

const { folder } = options;
const parts = { all: ["run", "report"], fetch: ["fetch"], run: ["run"], report: ["report"], list: ["list"] };
const wanted: readonly string[] = byName("part", parts, options.part);
const tables = selectTables(options.set, options.tables?.split(","));
const seeds = positive("seeds", options.seeds);
const jobs = positive("jobs", options.jobs);
const clock = byName<Clock>("clock", { wall: "wall", processor: "processor" }, options.clock);
check(clock === "wall" || jobs === 1, `processor time is for one core; received --jobs ${jobs}`);
const budgets = options.seconds.split(",").map((text) => positive("seconds", text));
const known = Object.fromEntries(contestants.map((each) => [each.name, each]));
const chosen =
  options.contestants?.split(",").map((name) => byName("contestant", known, name)) ?? contestants;
const path = join(folder, "results.jsonl");

if (wanted.includes("list")) console.log(describeTables(allTables.filter(({ set }) => set === options.set)));
if (wanted.includes("fetch")) for (const table of tables) console.log(fetchTable(table, folder));
if (wanted.includes("run")) await runAll();
if (wanted.includes("report")) await writeReport();

/** A seed of all tables, then the next, so that a benchmark that is stopped has compared all that it has. */
async function runAll(): Promise<void> {
  await ready();
  mkdirSync(folder, { recursive: true });
  const done = readResults(path);
  for (let seed = 0; seed < seeds; seed++) {
    for (const table of tables) {
      for (const contestant of chosen) {
        for (const seconds of contestant.timed ? budgets : [null]) {
          const place = { table: table.name, seed, seconds, jobs, clock };
          if (done.has(keyOf({ ...place, contestant: contestant.name }))) continue;
          const { name, trialsOf } = contestant;
          const other = trialsOf && done.get(keyOf({ ...place, contestant: trialsOf }));
          check(
            !trialsOf || other !== undefined,
            () => `${name} needs the result of ${trialsOf} with as many seconds, for its number of trials`,
          );
          const trials = other ? { trials: Math.max(1, other.trials) } : {};
          const division = divideTable(table, seed, folder);
          const entry = { table, division, seed, seconds, jobs, clock, ...trials };
          const result = await run(contestant, entry).catch((error: Error) => {
            // such as a cell that no training row lacked: the report leaves the table out
            console.log(`${table.name}, seed ${seed}, ${contestant.name} failed: ${error.message}`);
            return undefined;
          });
          if (result === undefined) continue;
          appendResult(path, result);
          done.set(keyOf(result), result);
          const budget = seconds === null ? "" : ` for ${seconds} s`;
          console.log(
            `${table.name}, seed ${seed}, ${contestant.name}${budget}: loss ${lossOf(result.scores).toPrecision(4)}, ` +
              `${result.trials} trials in ${result.wall.toFixed(1)} s`,
          );
        }
      }
    }
  }
}

async function writeReport(): Promise<void> {
  await ready();
  const scope = { tables, contestants: chosen, seeds, jobs, clock };
  const { markdown, pictures } = report(scope, readResults(path), budgets);
  const packages = `Packages: ${downloadedPackages(folder).join(", ")}.\n`;
  writeFileSync(join(folder, "report.md"), `${markdown}\n${packages}`);
  console.log(markdown);
  if (pictures.length === 0) return;
  const draw = await loadCharts();
  for (const picture of pictures) writeFileSync(join(folder, `${picture.name}.svg`), draw(picture));
}
