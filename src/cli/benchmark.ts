/**
 * `fettle benchmark`: runs optimizers, writes results to a folder and prints a comparison. It computes no
 * figure itself.
 */
import { join } from "node:path";
import { analyzeBenchmark } from "../benchmark/analysis.js";
import { learningCurves } from "../benchmark/curves.js";
import { scenesOf } from "../benchmark/landscape.js";
import { type BenchmarkSetup, countRuns, setupOf } from "../benchmark/record.js";
import {
  type BenchmarkOptions,
  type BenchmarkResult,
  runBenchmark,
  sizeOfBenchmark,
} from "../benchmark/runBenchmark.js";
import { timesOf } from "../benchmark/times.js";
import { FettleError } from "../errors.js";
import { defined } from "../options.js";
import { benchmarkCsv, introduceBenchmark, summarizeBenchmark, timesCsv } from "../report/benchmark.js";
import { benchmarkPictures } from "../report/pictures/index.js";
import { type Draw, loadCharts } from "../report/plots/render.js";
import { BENCHMARK, type BenchmarkFlags, readBenchmark } from "./benchmarkOptions.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit.js";
import { takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { type Lock, lockFolder } from "./lock.js";
import { checkWritable, makeFolder, writeWhole } from "./output.js";
import { createBar } from "./progress.js";
import { openRunFile } from "./runFile.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

/** Files in the folder, next to the pictures. */
const [RUNS, TABLES, TIMES, ANALYSIS] = ["runs.jsonl", "tables.csv", "times.csv", "analysis.json"];
const PICTURES = "pictures";

export const define = defineCommand({
  description:
    "Compare optimizers on the same problems from the same seeds: with defaults, tuned with the same budget, and at " +
    "many learning rates. A benchmark that was stopped resumes from the runs in its folder.",
  flags: BENCHMARK,
  after: `Examples:
  fettle benchmark --problems rosenbrock,dense-iris --seeds 3 --trials 5
  fettle benchmark --optimizers sgd,adam --out sgd-and-adam
  fettle benchmark --with mine.js --optimizers adam,mine --out mine`,
  run,
});

/** @returns the exit code */
async function run(flags: BenchmarkFlags): Promise<number> {
  const options = await readBenchmark(flags);
  const setup = setupOf(options.problems, options.optimizers, sizeOfBenchmark(options));
  // refused before anything runs
  if (flags.pictures) await loadCharts();
  makeFolder(flags.out);
  const pictures =
    flags.pictures === false ? [] : setup.problems.map(({ name }) => pictureFile(`loss-${name}`));
  checkWritable(flags.out, [RUNS, TABLES, TIMES, ANALYSIS, ...pictures]);
  const lock = await lockFolder(flags.out);
  try {
    return await runInto(flags, { ...options, ...defined({ jobs: cappedJobs(flags.jobs) }) }, setup, lock);
  } finally {
    lock.release();
  }
}

const pictureFile = (name: string): string => join(PICTURES, `${name}.svg`);

/**
 * The function that draws; undefined with `--no-pictures`, or if ECharts is missing and `--pictures` was not
 * given.
 */
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
  { out, pictures: wanted }: BenchmarkFlags,
  options: BenchmarkOptions,
  setup: BenchmarkSetup,
  lock: Lock,
): Promise<number> {
  const width = widthOf(process.stdout);
  const started = performance.now();
  const { result, exitCode } = await makeRuns(out, options, setup, lock, width);
  if (!result.complete) {
    note(
      `${result.runs.length} of ${countRuns(setup)} runs are in ${out}; the same command resumes from there.`,
    );
    return exitCode;
  }
  const write = (name: string, text: string): void => {
    lock.check();
    writeWhole(join(out, name), text);
  };
  const analysis = await analyzeBenchmark(result);
  write(TABLES, benchmarkCsv(analysis));
  write(TIMES, timesCsv(timesOf(setup, result.runs)));
  write(ANALYSIS, `${JSON.stringify(analysis, null, 2)}\n`);
  const draw = await chartsFor(wanted);
  const pictures = draw
    ? benchmarkPictures({
        setup,
        analysis,
        curves: learningCurves(setup, result.runs),
        scenes: scenesOf(options.problems, options.optimizers, result.runs),
      })
    : [];
  for (const picture of pictures) write(pictureFile(picture.name), draw!(picture));
  const seconds = (performance.now() - started) / 1000;
  const report = { setup, analysis, seconds, folder: out, pictures: pictures.length };
  printLines(summarizeBenchmark(report, width, paintFor(process.stdout)));
  return EXIT.success;
}

/**
 * Makes the runs that are not in the folder yet; a signal ends it early, with the exit code of the signal.
 */
async function makeRuns(
  out: string,
  options: BenchmarkOptions,
  setup: BenchmarkSetup,
  lock: Lock,
  width: number,
): Promise<{ readonly result: BenchmarkResult; readonly exitCode: number }> {
  const file = openRunFile(join(out, RUNS), setup);
  const bar = createBar(process.stderr, "runs");
  const interrupt = takeInterrupts("the current runs", bar);
  try {
    printLines(introduceBenchmark(setup, file.earlier.length, width));
    bar.start(countRuns(setup), file.earlier.length);
    const result = await runBenchmark({
      ...options,
      earlier: file.earlier,
      signal: interrupt.signal,
      onRun: (record) => {
        lock.check();
        file.append(record);
        bar.step(null);
      },
    });
    return { result, exitCode: interrupt.exitCode ?? EXIT.success };
  } finally {
    bar.stop();
    interrupt.release();
  }
}
