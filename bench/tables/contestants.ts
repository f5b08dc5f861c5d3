/** The contestants: each reads a training table in a process of its own, and predicts a test table. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseCsv } from "fettle";
import type { Division } from "./fetch.js";
import type { Clock, Result } from "./results.js";
import { type Predictions, scoresOf } from "./score.js";
import { cellsOf } from "./split.js";
import type { BenchTable } from "./tables.js";

/** What is run. */
export interface Entry {
  readonly table: BenchTable;
  readonly division: Division;
  readonly seed: number;
  /** The budget; null for those that have none. */
  readonly seconds: number | null;
  /** How many trials to search, for those that count them. */
  readonly trials?: number;
  /** The cores of each. */
  readonly jobs: number;
  /** What counts the seconds of a budget. */
  readonly clock: Clock;
}

/** One contestant. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** Whether it is run once for each budget of seconds. */
  readonly timed: boolean;
  /** Whose number of trials in the same seconds it searches, in place of a time. */
  readonly trialsOf?: string;
  readonly predict: (entry: Entry, folder: string) => Promise<Answer>;
}

interface Answer {
  readonly predictions: Predictions;
  readonly trials: number;
  readonly times: Times;
}

/** Ours, by name. */
const OURS = "fettle";

export const contestants: readonly Contestant[] = [
  { name: OURS, title: "`fettle tune` with its defaults", timed: true, predict: ours },
  peer("mlp", "scikit-learn's MLP, untuned", false),
  peer("optunaMlp", "Optuna over scikit-learn's MLP, equal time", true),
  { ...peer("optunaMlpTrials", "Optuna over scikit-learn's MLP, equal trials", true), trialsOf: OURS },
  {
    name: "fettleTrials",
    title: "`fettle tune`, as many trials as `optunaMlp`",
    timed: true,
    trialsOf: "optunaMlp",
    predict: ours,
  },
  peer("boosting", "histogram gradient boosting, untuned", false),
  peer(
    "optunaBoosting",
    "histogram gradient boosting, tuned by Optuna with early stopping, equal time",
    true,
  ),
  peer("xgboost", "XGBoost, untuned", false),
  peer("optunaXgboost", "XGBoost, tuned by Optuna with early stopping, equal time", true),
  peer("forest", "a random forest of 500 trees", false),
  peer("extraTrees", "500 extremely randomized trees", false),
  peer("linear", "logistic regression, ridge regression", false),
  peer("linearCv", "the same, its penalty by cross-validation", false),
];

/** Runs a contestant and scores its predictions. */
export async function run(contestant: Contestant, entry: Entry): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "bench-tables-"));
  try {
    const { predictions, trials, times } = await contestant.predict(entry, folder);
    const { table, seed, seconds, jobs, clock, division } = entry;
    const truth = cellsOf(readFileSync(division.test, "utf8"), table.target);
    const scores = scoresOf(predictions, truth);
    return {
      table: table.name,
      seed,
      contestant: contestant.name,
      seconds,
      jobs,
      clock,
      scores,
      trials,
      ...times,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The command line, as a person runs it. Every row of the training table is for tuning: the test has a table
 * of its own.
 */
async function ours(entry: Entry, folder: string): Promise<Answer> {
  const { table, division, seed, jobs, clock } = entry;
  const host = clock === "wall" ? [] : ["--import", here("processorClock.mjs")];
  const fettle = [process.execPath, ...host, here("../../bin/fettle.js")];
  const [out, predicted] = [join(folder, "study"), join(folder, "predicted.csv")];
  const data = ["--target", table.target, "--task", table.task, "--missing", "impute", "--test-size", "0"];
  const budget =
    entry.trials === undefined ? ["--seconds", `${entry.seconds}`] : ["--trials", `${entry.trials}`];
  const search = [...budget, "--seed", `${seed}`, "--jobs", `${jobs}`];
  const times = await timed([...fettle, "tune", division.train, ...data, ...search, "--out", out, "--json"]);
  const answers = ["--unknown", "ignore", "--out", predicted];
  const proba = table.task === "classification" ? ["--proba"] : [];
  await timed([...fettle, "predict", join(out, "model.fettle"), division.test, ...answers, ...proba]);
  const { trials } = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as { trials: number };
  return { predictions: read(readFileSync(predicted, "utf8"), table), trials, times };
}

/** Predictions as `fettle predict --proba` writes them: a column of the target, then one for each class. */
function read(text: string, { target, task }: BenchTable): Predictions {
  const { columns, rows } = parseCsv(text);
  if (task === "regression") return { values: cellsOf(text, target).map(Number) };
  const places = columns.flatMap((name, place) => (name.startsWith(`${target}=`) ? [place] : []));
  return {
    classes: places.map((place) => columns[place].slice(target.length + 1)),
    probabilities: rows.map((row) => places.map((place) => Number(row[place]))),
  };
}

/** Debian's, which finds the libraries of its packages. */
const PYTHON = "/usr/bin/python3";

function peer(name: string, title: string, isTimed: boolean): Contestant {
  return {
    name,
    title,
    timed: isTimed,
    async predict({ table: { target, task }, division, ...rest }, folder) {
      const out = join(folder, "answer.json");
      const message = { ...division, target, task, contestant: name, out, ...rest };
      const times = await timed([PYTHON, here("peers.py"), JSON.stringify(message)], rest.jobs);
      const { trials, ...predictions } = JSON.parse(readFileSync(out, "utf8"));
      return { predictions, trials, times };
    },
  };
}

type Times = Pick<Result, "wall" | "processor">;

/** Runs a command to its end. @throws Error with the end of what it wrote, if it fails */
function timed(command: readonly string[], threads = 1): Promise<Times> {
  // the shell's own word for times, so that nothing needs to be installed
  const shell = ["-c", 'TIMEFORMAT="%R %U %S"; { time "$@" 2>&3 >/dev/null; } 3>&1', "bash", ...command];
  const limits = { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  const child = spawn("bash", shell, { env: { ...process.env, ...limits } });
  const [written, timing]: [string[], string[]] = [[], []];
  child.stdout.on("data", (text) => written.push(`${text}`));
  child.stderr.on("data", (text) => timing.push(`${text}`));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${command.join(" ")}\n${written.join("").slice(-2000)}`));
      const [wall, user, system] = timing.join("").trim().split(" ").map(Number);
      resolve({ wall, processor: user + system });
    });
  });
}
