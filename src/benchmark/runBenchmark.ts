/**
 * Makes the runs of a benchmark: which, in which order, and on how many threads. It reads and writes no files
 * and draws no conclusions.
 */
import { createEngine } from "../engine/engine.js";
import { check, checkSignal, isA, isRecord, must, mustBeRecord, show } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import { copyOptions } from "../options.js";
import { jobsOf } from "../platform/jobs.js";
import { func, integer, jobCount, listOf, type OptionRules, readOptions } from "../rules.js";
import { float } from "../search/space/builders.js";
import { interpolate } from "../search/space/scale.js";
import { type DroppingBackend, inlineBackend } from "../workers/backend.js";
import { startThreads } from "../workers/threadBackend.js";
import { type Contestant, samplePoints } from "./contestant.js";
import type { Problem, ProblemData } from "./problem.js";
import { programsFor } from "./programs.js";
import {
  type BenchmarkSetup,
  countRuns,
  keyOf,
  keysOf,
  leastValidation,
  type RunPhase,
  type RunRecord,
  setupOf,
} from "./record.js";
import { type RunJob, type RunResult, RunWorker } from "./run.js";

/** Options of a benchmark. */
export interface BenchmarkOptions {
  readonly problems: readonly Problem[];
  readonly optimizers: readonly Contestant[];
  /** Seeds, the same for all optimizers: each gives a run with defaults and a tuned run. Default 10. */
  readonly seeds?: number;
  /** Points of the space that tuning tries. Default 20. */
  readonly trials?: number;
  /**
   * The number of learning rates from 1e-5 to 10 to try with all other numbers at their defaults. Default 19:
   * three per power of ten.
   */
  readonly rates?: number;
  /** Threads, at most one per core. Default -1: one per core. Their number does not change the runs. */
  readonly jobs?: number;
  /**
   * Existing runs of the same benchmark, which are not repeated. Others, such as those of a problem that was
   * left out, are ignored.
   */
  readonly earlier?: readonly RunRecord[];
  /** Called as each run ends, with the numbers of ended runs, existing ones included, and of all runs. */
  readonly onRun?: (run: RunRecord, finished: number, total: number) => void;
  /** Once `aborted` is true, no run starts; the benchmark ends when the running ones have ended. */
  readonly signal?: { readonly aborted: boolean };
}

/** A benchmark's runs, in an order that does not depend on timing. */
export interface BenchmarkResult {
  readonly setup: BenchmarkSetup;
  readonly runs: readonly RunRecord[];
  /** Whether no run is missing. */
  readonly complete: boolean;
}

type Sizes = Pick<BenchmarkOptions, "seeds" | "trials" | "rates">;
const SIZE_RULES = {
  seeds: [integer(), 10],
  trials: [integer(), 20],
  rates: [integer(2), 19],
} satisfies OptionRules<Sizes>;
const RULES = {
  ...SIZE_RULES,
  problems: true,
  optimizers: true,
  jobs: jobCount(),
  earlier: listOf<RunRecord>("a list of runs", () => true),
  onRun: func(),
  signal: true,
} satisfies OptionRules<BenchmarkOptions>;
/** The seed of trials and rates: far from the seeds of compared runs, which begin at 0. */
const TUNING_SEED = 1_000_000;
const RATES = float(1e-5, 10, { log: true });

/**
 * The sizes of a benchmark, with defaults.
 *
 * @throws FettleError `invalid_argument` for invalid numbers
 */
export const sizeOfBenchmark = ({ seeds, trials, rates }: Sizes) =>
  readOptions({ seeds, trials, rates } as Sizes, "runBenchmark", SIZE_RULES);

/** The learning rates to try. */
export function ratesTried(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(interpolate(RATES, i / (count - 1)).toPrecision(6)));
}

/**
 * Runs every optimizer on every problem: with its defaults from each seed; with `trials` points of its space
 * from another seed; with the best of these, by the validation score after the last step, from each seed
 * again; and with each of
 * `rates` learning rates.
 *
 * A seed fixes the first parameters, the order of rows and all noise, the same for all optimizers. A run ends
 * after the problem's steps, or as diverged at the first score that is not finite. Each run is a function of
 * its problem, numbers and seed: the same bits with any number of threads, and whether or not the benchmark
 * was stopped in between.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options, and errors of problems and
 * optimizers when their programs are compiled
 * @example
 * ```ts
 * const bowl = defineProblem({
 *   name: "bowl",
 *   start: (graph) => ({ w: randomUniform(graph, [3], 0) }),
 *   loss: ({ parameters: { w } }) => sum(square(w)),
 *   steps: 100,
 *   target: 1e-3,
 * });
 * const { runs } = await runBenchmark({
 *   problems: [bowl],
 *   optimizers: [contestant("sgd", sgd)],
 *   seeds: 2,
 *   trials: 4,
 *   rates: 3,
 *   jobs: 1,
 * });
 * runs.map(({ phase, index }) => `${phase} ${index}`).slice(0, 3); // ["default 0", "default 1", "trial 0"]
 * runs.length; // 11
 * ```
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const copy = copyOptions(options, "runBenchmark", undefined, [
    "problems",
    "optimizers",
    "earlier",
    "signal",
  ]);
  const own = readOptions(copy, "runBenchmark", RULES);
  const { problems, optimizers, jobs, earlier, signal } = own;
  checkNamed("problems", problems);
  checkNamed("optimizers", optimizers);
  for (const [i, run] of (earlier ?? []).entries()) mustBeRecord(`earlier[${i}]`, run, "a run");
  checkSignal(signal);
  const size = sizeOfBenchmark(own);
  await ready();
  const setup = setupOf(problems, optimizers, size);
  const backend = createBackend(problems, jobsOf(jobs));
  const runs = new Runs(own, setup, backend);
  try {
    for (const [number, problem] of problems.entries()) {
      const programsOf = programsFor(problem);
      await allOf(
        optimizers.map((optimizer) =>
          runPair(setup, optimizer, (phase, index, seed, numbers) => {
            const place = { problem: problem.name, optimizer: optimizer.name, phase, index };
            return runs.run(problem, { ...place, numbers }, () => {
              const created = optimizer.create(numbers);
              const { hyperparameters } = created;
              return { problem: number, seed, programs: programsOf(created), hyperparameters };
            });
          }),
        ),
      );
    }
  } catch (error) {
    if (!isA(error, Stopped)) throw error;
  } finally {
    await backend.close();
  }
  const inOrder = runs.inOrder();
  return { setup, runs: inOrder, complete: inOrder.length === countRuns(setup) };
}

function checkNamed(what: string, list: readonly { readonly name: string }[]): void {
  must(Array.isArray(list) && list.length > 0, what, "a list of at least one", list);
  const other = list.find((each) => !isRecord(each) || typeof each.name !== "string");
  must(other === undefined, `each of ${what}`, "an object with a name, not only a name", other);
  const names = list.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  check(twice === undefined, () => `names of ${what} must differ; received ${show(twice)} twice`);
}

type RunOne = (
  phase: RunPhase,
  index: number,
  seed: number,
  numbers: RunRecord["numbers"],
) => Promise<RunRecord>;

/** All runs of one optimizer on one problem. */
async function runPair({ seeds: count, trials, rates }: BenchmarkSetup, optimizer: Contestant, run: RunOne) {
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const points = samplePoints(optimizer, trials, TUNING_SEED);
  await allOf<unknown>([
    ...seeds.map((seed) => run("default", seed, seed, {})),
    ...ratesTried(rates).map((learningRate, i) => run("rate", i, TUNING_SEED, { learningRate })),
    allOf(points.map((point, i) => run("trial", i, TUNING_SEED, point))).then((tried) => {
      const best = leastValidation(tried);
      return allOf(seeds.map((seed) => run("tuned", seed, seed, best.numbers)));
    }),
  ]);
}

type Place = Pick<RunRecord, "problem" | "optimizer" | "phase" | "index" | "numbers">;

/** The runs of one benchmark: existing and new ones. */
class Runs {
  /** Of all runs, by problem and optimizer. */
  private readonly keys: readonly string[];
  private readonly records: Map<string, RunRecord>;

  constructor(
    private readonly options: BenchmarkOptions,
    setup: BenchmarkSetup,
    private readonly backend: DroppingBackend<RunJob, RunResult>,
  ) {
    this.keys = keysOf(setup);
    const own = new Set(this.keys);
    const known = (options.earlier ?? []).map((run) => [keyOf(run), run] as const);
    this.records = new Map(known.filter(([key]) => own.has(key)));
  }

  /**
   * @param job - the settings of one run; not called for an existing run
   * @throws Stopped once the signal is aborted
   */
  async run(
    problem: Problem,
    place: Place,
    job: () => Pick<RunJob, "problem" | "seed" | "programs" | "hyperparameters">,
  ): Promise<RunRecord> {
    const { onRun, signal } = this.options;
    const known = this.records.get(keyOf(place));
    if (known) return known;
    if (signal?.aborted) throw new Stopped();
    const { steps, every, batchSize } = problem;
    const result = await this.backend.run({ steps, every, batchSize, ...job() });
    const record = recordOf({ type: "run", ...place }, problem, result);
    this.records.set(keyOf(place), record);
    await onRun?.(record, this.records.size, this.keys.length);
    if (signal?.aborted) this.backend.drop(new Stopped());
    return record;
  }

  /** By problem and optimizer. */
  inOrder(): RunRecord[] {
    return this.keys.map((key) => this.records.get(key)).filter((run) => run !== undefined);
  }
}

/** Ends a benchmark that was stopped without an error. */
class Stopped extends Error {}

/** Waits for all of them to end. An error has precedence over a stop. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const reasons = (await Promise.allSettled(promises)).flatMap((end) =>
    end.status === "rejected" ? [end.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => !isA(reason, Stopped)) ?? reasons[0];
  return Promise.all(promises);
}

const six = (x: number): number => Number(x.toPrecision(6));

function recordOf(
  about: Pick<RunRecord, "type" | "problem" | "optimizer" | "phase" | "index" | "numbers">,
  { every, target, floor = Number.NEGATIVE_INFINITY }: Problem,
  { finite, seconds, metric, ...scores }: RunResult,
): RunRecord {
  const [validation, test] = [scores.validation, scores.test].map((list) =>
    list.map((score) => six(Math.max(score, floor))),
  );
  const last = test.length - 1;
  const reached = test.findIndex((score) => score <= target);
  return {
    ...about,
    status: finite ? "complete" : "diverged",
    final: finite ? test[last] : null,
    validation: finite ? validation[last] : null,
    best: finite ? test[validation.indexOf(Math.min(...validation))] : null,
    ...(finite && metric.length > 0 ? { metric: six(metric[last]) } : {}),
    stepsToTarget: finite && reached >= 0 ? reached * every : null,
    ...(about.phase === "default" || about.phase === "tuned" ? { curve: test } : {}),
    seconds: six(seconds),
  };
}

function createBackend(problems: readonly Problem[], workers: number): DroppingBackend<RunJob, RunResult> {
  const data = problems.map((problem) => problem.data);
  const threads = startThreads<readonly (ProblemData | undefined)[], RunJob, RunResult>(
    "benchmarkWorker",
    workers,
    () => data,
  );
  if (threads) return threads;
  const worker = new RunWorker(createEngine(), data);
  return inlineBackend(async (job, pause) => {
    const result = worker.run(job);
    await pause();
    return result;
  });
}
