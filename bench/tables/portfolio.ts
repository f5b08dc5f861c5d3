/**
 * Finds the points that `densePoints` gives: a portfolio of configurations of the dense network of which, on
 * each table for choosing, at least one is good (Feurer et al. 2015; Salinas and Erickson, TabRepo, 2023).
 * The candidates are random points of the default space, and one found by hand. Each is measured on the
 * training part of each table as a trial of `fettle tune` is; then the portfolio grows by the candidate that
 * brings the mean over the tables of its best member's loss down the most for its time.
 *
 *     tsx bench/tables/portfolio.ts --part measure     # half an hour
 *     tsx bench/tables/portfolio.ts --part choose
 *
 * Measurements are added to `<folder>/portfolio.jsonl`; what is there is not run again.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  createStudy,
  denseFit,
  denseModel,
  densePipeline,
  denseSpace,
  denseValidation,
  encodeTable,
  type Params,
  readTable,
  ready,
  tune,
} from "fettle";
import { check } from "../../src/errors.js";
import { random } from "../../src/search/strategies/random/random.js";
import { positive } from "../flags.js";
import { median } from "../measure.js";
import { divideTable } from "./fetch.js";
import { type BenchTable, selectTables } from "./tables.js";

const { values: options } = parseArgs({
  options: {
    /** How many random points are candidates. */
    candidates: { type: "string", default: "256" },
    /** How many points to choose. */
    points: { type: "string", default: "12" },
    seed: { type: "string", default: "1" },
    folder: { type: "string", default: ".bench/tables" },
    /** "measure" or "choose". */
    part: { type: "string", default: "choose" },
  },
});

/** What the largest regret and a failed trial count as: a loss of e times the best. */
const MOST_REGRET = 1;
const BY_HAND: Params = {
  layers: 2,
  units: 96,
  activation: "relu",
  dropout: 0.2,
  l2: 1e-4,
  learningRate: 0.004,
  batchSize: 128,
  epochs: 15,
};
/** Times at which portfolios are compared, in those of the median candidate. */
const TIMES = [1, 2, 3, 4, 6, 8, 10, 12];
/** Rows that are used of a training part, evenly spaced. */
const MOST = 10_000;
const path = join(options.folder, "portfolio.jsonl");
const tables = selectTables("choosing", undefined);

interface Measurement {
  readonly table: string;
  readonly candidate: number;
  /** The validation loss; null of a failed trial. */
  readonly loss: number | null;
  readonly seconds: number;
}

/** A point that is good on most tables with many rows, found by hand; then random ones. */
function candidates(): Params[] {
  const space = denseSpace(20_000);
  const study = createStudy({ space, strategy: random(), direction: "minimize", seed: Number(options.seed) });
  const drawn = Array.from(
    { length: positive("candidates", options.candidates) },
    () => study.ask()?.params ?? {},
  );
  return [BY_HAND, ...drawn];
}

const measured = (): Measurement[] => {
  const names = tables.map(({ name }) => name);
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.map((line) => JSON.parse(line)).filter(({ table }) => names.includes(table));
};

async function measure(table: BenchTable, points: readonly Params[]): Promise<void> {
  const { train } = divideTable(table, 0, options.folder);
  const [head, ...lines] = readFileSync(train, "utf8").trimEnd().split("\n");
  const count = Math.min(MOST, lines.length);
  const some = Array.from({ length: count }, (_, i) => lines[Math.floor((i * lines.length) / count)]);
  const data = encodeTable(readTable([head, ...some].join("\n")), {
    target: table.target,
    task: table.task,
    missing: "impute",
  });
  // batches of a small table are smaller
  const { batchSize } = denseSpace(Math.floor(0.8 * count));
  const fitting = batchSize.type === "choice" ? (batchSize.values as readonly number[]) : [];
  const usable = points.map((point) => ({
    ...point,
    batchSize: Math.max(...fitting.filter((each) => each <= (point.batchSize as number)), fitting[0]),
  }));
  const { trials } = await tune({
    data,
    space: denseSpace(20_000),
    strategy: random(),
    enqueue: usable,
    trials: points.length,
    pipeline: densePipeline(data),
    validation: denseValidation(count),
    model: (params) => denseModel(data, params),
    fit: denseFit,
    ensemble: 1,
    metric: table.task === "regression" ? "rmse" : "logLoss",
    jobs: 1,
    seed: 0,
  });
  const results = trials.map(({ number, value, seconds }) =>
    JSON.stringify({ table: table.name, candidate: number, loss: value, seconds }),
  );
  appendFileSync(path, `${results.join("\n")}\n`);
  console.log(`${table.name}: ${trials.length} trials`);
}

/** What a table says of each candidate. */
interface Verdicts {
  /** How far its loss is above the best candidate's: the logarithm of their ratio, at most 1. */
  readonly regrets: readonly number[];
  /** Its time over the median candidate's. */
  readonly times: readonly number[];
}

/** @throws if a candidate was not measured on a table */
function verdicts(count: number): Verdicts[] {
  const all = measured();
  return [...new Set(all.map(({ table }) => table))].map((name) => {
    const ofTable = all.filter(({ table }) => table === name);
    check(
      ofTable.length === count,
      () => `${ofTable[0].table} must have ${count} candidates; received ${ofTable.length}`,
    );
    const each = [...ofTable].sort((a, b) => a.candidate - b.candidate);
    const best = Math.min(...each.map(({ loss }) => loss ?? Number.POSITIVE_INFINITY));
    const usual = median(each.map(({ seconds }) => seconds));
    return {
      regrets: each.map(({ loss }) =>
        loss === null ? MOST_REGRET : Math.min(MOST_REGRET, Math.log(loss / best)),
      ),
      times: each.map(({ seconds }) => seconds / usual),
    };
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

const timeOf = (tables: readonly Verdicts[], candidate: number): number =>
  mean(tables.map(({ times }) => times[candidate]));

/** The candidates of a portfolio, in the order in which they were added. */
function greedy(tables: readonly Verdicts[], count: number, points: number): number[] {
  const chosen: number[] = [];
  let best = tables.map(() => MOST_REGRET);
  const after = (candidate: number): number[] =>
    tables.map(({ regrets }, t) => Math.min(best[t], regrets[candidate]));
  const times = Array.from({ length: count }, (_, candidate) => timeOf(tables, candidate));
  while (chosen.length < points) {
    const gains = times.map((time, candidate) => (mean(best) - mean(after(candidate))) / time);
    const most = Math.max(...gains);
    if (!(most > 0)) break; // each table's best candidate is in it
    chosen.push(gains.indexOf(most));
    best = after(chosen[chosen.length - 1]);
  }
  return chosen;
}

/** The mean regret on some tables of trying candidates in turn, after each of {@link TIMES}. */
const course = (tables: readonly Verdicts[], chosen: readonly number[]): number[] =>
  TIMES.map((time) =>
    mean(
      tables.map(({ regrets, times }) => {
        let [used, best] = [0, MOST_REGRET];
        for (const candidate of chosen) {
          used += times[candidate];
          if (used > time) break;
          best = Math.min(best, regrets[candidate]);
        }
        return best;
      }),
    ),
  );

/** Prints the portfolio, and its regret on tables that it was not chosen on beside that of random points. */
function choose(points: readonly Params[]): void {
  const all = verdicts(points.length);
  const count = positive("points", options.points);
  const chosen = greedy(all, points.length, count);
  for (const candidate of chosen) {
    console.log(JSON.stringify(points[candidate]), `time ${timeOf(all, candidate).toFixed(2)}`);
  }
  const elsewhere = all.map((table, t) =>
    course(
      [table],
      greedy(
        all.filter((_, other) => other !== t),
        points.length,
        count,
      ),
    ),
  );
  // candidates are random, so any run of them is a sample
  const random = points.map((_, i) =>
    course(
      all,
      [...points.keys()].map((j) => (i + j) % points.length),
    ),
  );
  const columns = (courses: readonly (readonly number[])[]): string =>
    TIMES.map((_, n) => Math.exp(mean(courses.map((each) => each[n]))).toFixed(3)).join(" ");
  console.log(
    `loss over the best candidate's, geometric mean, after ${TIMES.join(", ")} times the median candidate's time`,
  );
  console.log(`the tables themselves: ${columns([course(all, chosen)])}`);
  console.log(`tables left out:       ${columns(elsewhere)}`);
  console.log(`random points:         ${columns(random)}`);
}

await ready();
const points = candidates();
if (options.part === "choose") choose(points);
else {
  const done = new Set(measured().map(({ table }) => table));
  for (const table of tables) if (!done.has(table.name)) await measure(table, points);
}
