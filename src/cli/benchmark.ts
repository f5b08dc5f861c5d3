/** `fettle benchmark`: runs optimizers side by side into a folder and prints how they compare. Every figure is computed elsewhere. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { analyzeBenchmark } from "../benchmark/analysis.js";
import { standardOptimizers } from "../benchmark/contestant.js";
import { standardProblems } from "../benchmark/problems/index.js";
import { TABLES } from "../benchmark/problems/learning.js";
import { type BenchmarkSetup, setupOf } from "../benchmark/record.js";
import { type BenchmarkOptions, runBenchmark, sizeOfBenchmark } from "../benchmark/runner.js";
import { byName } from "../errors.js";
import { benchmarkCsv, introduceBenchmark, summarizeBenchmark } from "../report/benchmark.js";
import { EXIT } from "./exit.js";
import { readText, writing } from "./files.js";
import { takeInterrupts } from "./interrupt.js";
import { lockFolder } from "./lock.js";
import { names, wholeNumber } from "./options.js";
import { createBar } from "./progress.js";
import { openRunFile } from "./runFile.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

/** What commander hands over. */
interface Options {
  readonly problems?: readonly string[];
  readonly optimizers?: readonly string[];
  readonly seeds: number;
  readonly trials: number;
  readonly jobs?: number;
  readonly out: string;
}

/** Adds the command; `done` is told the exit code. */
export function addBenchmarkCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command("benchmark")
    .summary("compare optimizers")
    .description(
      "Runs optimizers side by side on the same problems from the same seeds: with defaults, tuned with the same budget, " +
        "and at many rates. What was stopped goes on from the runs in its folder.",
    )
    .option("--problems <names>", "some of them, between commas (default: all 23)", names)
    .option(
      "--optimizers <names>",
      `of ${standardOptimizers()
        .map(({ name }) => name)
        .join(", ")} (default: all)`,
      names,
    )
    .option("--seeds <n>", "runs with defaults, and as many tuned", wholeNumber(1), 10)
    .option("--trials <n>", "points that tuning tries", wholeNumber(1), 20)
    .option("--jobs <n>", "threads; results are the same at any number (default: all cores)", wholeNumber(1))
    .option("--out <folder>", "where runs.jsonl, tables.csv and analysis.json go", "fettle-benchmark")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => done(await run(options)));
}

const EXAMPLES = `
Examples:
  fettle benchmark --problems rosenbrock,dense-iris --seeds 3 --trials 5
  fettle benchmark --optimizers sgd,adam --out sgd-and-adam`;

/** @returns the exit code */
async function run(options: Options): Promise<number> {
  const plan = readPlan(options);
  const setup = setupOf(plan.problems, plan.optimizers, sizeOfBenchmark(plan));
  const lock = lockFolder(options.out);
  try {
    return await runInto(options.out, plan, setup);
  } finally {
    lock.release();
  }
}

async function runInto(out: string, plan: BenchmarkOptions, setup: BenchmarkSetup): Promise<number> {
  const file = openRunFile(join(out, "runs.jsonl"), setup);
  const width = widthOf(process.stdout);
  const started = performance.now();
  const bar = createBar(process.stderr, "runs");
  const interrupt = takeInterrupts(
    () => {
      bar.stop();
      note("Stopping once the runs at work have ended; press Ctrl-C again to end at once.");
    },
    () => bar.stop(),
  );
  try {
    const { problems, optimizers, seeds, trials, rates } = setup;
    const total = problems.length * optimizers.length * (2 * seeds + trials + rates);
    printLines(introduceBenchmark(setup, file.earlier.length, width));
    bar.start(total, file.earlier.length);
    const result = await runBenchmark({
      ...{ ...plan, earlier: file.earlier, signal: interrupt.signal },
      onRun: (record) => {
        file.append(record);
        bar.step(null);
      },
    });
    bar.stop();
    if (!result.complete) {
      note(`${result.runs.length} of ${total} runs are in ${out}; the same command goes on from there.`);
      return EXIT.interrupted;
    }
    const analysis = await analyzeBenchmark(result);
    const write = (name: string, text: string): void =>
      writing(join(out, name), (path) => writeFileSync(path, text));
    write("tables.csv", benchmarkCsv(analysis));
    write("analysis.json", `${JSON.stringify(analysis, null, 2)}\n`);
    const seconds = (performance.now() - started) / 1000;
    const report = { setup, analysis, seconds, folder: out };
    printLines(summarizeBenchmark(report, width, paintFor(process.stdout)));
    return EXIT.success;
  } finally {
    bar.stop();
    interrupt.release();
  }
}

/** @throws FettleError `unknown_name` for problems and optimizers that do not exist */
function readPlan({ problems, optimizers, seeds, trials, jobs }: Options): BenchmarkOptions {
  const texts = TABLES.map(({ name }) => {
    const path = fileURLToPath(new URL(`../../examples/data/${name}.csv`, import.meta.url));
    return [name, readText(path)] as const;
  });
  return {
    problems: select("problem", standardProblems(Object.fromEntries(texts)), problems),
    optimizers: select("optimizer", standardOptimizers(), optimizers),
    ...{ seeds, trials, ...(jobs === undefined ? {} : { jobs }) },
  };
}

function select<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  chosen?: readonly string[],
): readonly T[] {
  const table = Object.fromEntries(all.map((one) => [one.name, one]));
  return chosen?.map((name) => byName(kind, table, name)) ?? all;
}
