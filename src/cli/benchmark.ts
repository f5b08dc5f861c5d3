/** `fettle benchmark`: runs optimizers side by side into a folder and prints how they compare. Every figure is computed elsewhere. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { analyzeBenchmark } from "../benchmark/analysis.js";
import { standardOptimizers } from "../benchmark/contestant.js";
import { learningCurves } from "../benchmark/curves.js";
import { scenesOf } from "../benchmark/landscape.js";
import { type BenchmarkSetup, countRuns, setupOf } from "../benchmark/record.js";
import {
  type BenchmarkOptions,
  type BenchmarkResult,
  runBenchmark,
  sizeOfBenchmark,
} from "../benchmark/runner.js";
import { timesOf } from "../benchmark/times.js";
import { FettleError } from "../errors.js";
import { benchmarkCsv, introduceBenchmark, summarizeBenchmark, timesCsv } from "../report/benchmark.js";
import { benchmarkPictures } from "../report/pictures/index.js";
import { type Draw, loadCharts } from "../report/pictures/render.js";
import { type PlanOptions, readPlan } from "./benchmarkPlan.js";
import { EXIT } from "./exit.js";
import { writing } from "./files.js";
import { takeInterrupts } from "./interrupt.js";
import { lockFolder } from "./lock.js";
import { names, wholeNumber } from "./options.js";
import { createBar } from "./progress.js";
import { openRunFile } from "./runFile.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

/** What commander hands over. */
interface Options extends PlanOptions {
  readonly out: string;
  /** Undefined if neither of the two options is given. */
  readonly pictures?: boolean;
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
    .option("--problems <names>", "some of them, between commas (default: all)", names)
    .option(
      "--optimizers <names>",
      `of ${standardOptimizers()
        .map(({ name }) => name)
        .join(", ")} (default: all)`,
      names,
    )
    .option(
      "--with <file>",
      "a module that exports problems and optimizers of your own; they join the others",
    )
    .option("--seeds <n>", "runs with defaults, and as many tuned", wholeNumber(1), 10)
    .option("--trials <n>", "points that tuning tries", wholeNumber(1), 20)
    .option("--jobs <n>", "threads; results are the same at any number (default: all cores)", wholeNumber(1))
    .option("--out <folder>", "where runs, tables and pictures go", "fettle-benchmark")
    .option("--pictures", "draw pictures, which needs the package echarts (default: if it is installed)")
    .option("--no-pictures", "draw none")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => done(await run(options)));
}

const EXAMPLES = `
Examples:
  fettle benchmark --problems rosenbrock,dense-iris --seeds 3 --trials 5
  fettle benchmark --optimizers sgd,adam --out sgd-and-adam
  fettle benchmark --with mine.js --optimizers adam,mine --out mine`;

/** @returns the exit code */
async function run(options: Options): Promise<number> {
  const plan = await readPlan(options);
  const setup = setupOf(plan.problems, plan.optimizers, sizeOfBenchmark(plan));
  // refused before anything runs
  if (options.pictures) await loadCharts();
  const lock = lockFolder(options.out);
  try {
    return await runInto(options, plan, setup);
  } finally {
    lock.release();
  }
}

/** What draws the pictures; undefined if none are wanted, or none were asked for and they cannot be drawn. */
async function chartsFor(wanted: boolean | undefined): Promise<Draw | undefined> {
  if (wanted === false) return undefined;
  try {
    return await loadCharts();
  } catch (error) {
    if (wanted || !(error instanceof FettleError)) throw error;
    note(`No pictures: ${error.message}, and the same command adds them.`);
    return undefined;
  }
}

async function runInto(
  { out, pictures: wanted }: Options,
  plan: BenchmarkOptions,
  setup: BenchmarkSetup,
): Promise<number> {
  const width = widthOf(process.stdout);
  const started = performance.now();
  const result = await makeRuns(out, plan, setup, width);
  if (!result.complete) {
    note(
      `${result.runs.length} of ${countRuns(setup)} runs are in ${out}; the same command goes on from there.`,
    );
    return EXIT.interrupted;
  }
  const write = (name: string, text: string): void =>
    writing(join(out, name), (path) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    });
  const analysis = await analyzeBenchmark(result);
  write("tables.csv", benchmarkCsv(analysis));
  write("times.csv", timesCsv(timesOf(setup, result.runs)));
  write("analysis.json", `${JSON.stringify(analysis, null, 2)}\n`);
  const draw = await chartsFor(wanted);
  const pictures = draw
    ? benchmarkPictures({
        ...{ setup, analysis, curves: learningCurves(setup, result.runs) },
        scenes: scenesOf(plan.problems, plan.optimizers, result.runs),
      })
    : [];
  for (const picture of pictures) write(join("pictures", `${picture.name}.svg`), draw!(picture));
  const seconds = (performance.now() - started) / 1000;
  const report = { setup, analysis, seconds, folder: out, pictures: pictures.length };
  printLines(summarizeBenchmark(report, width, paintFor(process.stdout)));
  return EXIT.success;
}

/** Makes the runs that are not in the folder yet; Ctrl-C ends it early. */
async function makeRuns(
  out: string,
  plan: BenchmarkOptions,
  setup: BenchmarkSetup,
  width: number,
): Promise<BenchmarkResult> {
  const file = openRunFile(join(out, "runs.jsonl"), setup);
  const bar = createBar(process.stderr, "runs");
  const interrupt = takeInterrupts(
    () => {
      bar.stop();
      note("Stopping once the runs at work have ended; press Ctrl-C again to end at once.");
    },
    () => bar.stop(),
  );
  try {
    printLines(introduceBenchmark(setup, file.earlier.length, width));
    bar.start(countRuns(setup), file.earlier.length);
    return await runBenchmark({
      ...{ ...plan, earlier: file.earlier, signal: interrupt.signal },
      onRun: (record) => {
        file.append(record);
        bar.step(null);
      },
    });
  } finally {
    bar.stop();
    interrupt.release();
  }
}
