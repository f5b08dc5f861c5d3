/**
 * Makes the runs of a benchmark: which there are, in which order, and on how many threads. It reads and writes no file and
 * draws no conclusion.
 */
import { platform } from "#platform";
import { createEngine } from "../engine/engine.js";
import { check, checkOptions, show } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import { float } from "../search/space/parameter.js";
import { interpolate } from "../search/space/scale.js";
import { stripped } from "../tune/jobs/protocol.js";
import { inThread, type Pool, spawnWorkers, ThreadPool } from "../workers/pool.js";
import { type Contestant, samplePoints } from "./contestant.js";
import type { Problem } from "./problem.js";
import { programsFor, type RunPrograms } from "./programs.js";
import {
  type BenchmarkSetup,
  countRuns,
  keyOf,
  leastValidation,
  PHASES,
  type Phase,
  type RunRecord,
  setupOf,
} from "./record.js";
import { type LoadedData, loadData, type RunResult, type RunTask, runTask } from "./run.js";
import type { Request } from "./worker.js";

/** What a benchmark is made of. */
export interface BenchmarkOptions {
  readonly problems: readonly Problem[];
  readonly optimizers: readonly Contestant[];
  /** Runs with defaults, and as many tuned, each from a seed that all optimizers share. Default 10. */
  readonly seeds?: number;
  /** Points of the space that tuning tries. Default 20. */
  readonly trials?: number;
  /** Rates from 1e-5 to 10 that are tried with all other numbers at their defaults. Default 19: three for each power of ten. */
  readonly rates?: number;
  /** Threads; runs are the same at any number. Default: all cores. */
  readonly jobs?: number;
  /** Runs of the same benchmark that need not be made again. */
  readonly earlier?: readonly RunRecord[];
  /** Told of each run as it ends, and how many there are of how many. */
  readonly onRun?: (run: RunRecord, finished: number, total: number) => void;
  /** No run is begun once `aborted` is true; those at work end first. */
  readonly signal?: { readonly aborted: boolean };
}

/** A benchmark's runs, in an order that does not depend on which ended first. */
export interface BenchmarkResult {
  readonly setup: BenchmarkSetup;
  readonly runs: readonly RunRecord[];
  /** Whether they are all. */
  readonly complete: boolean;
}

const OPTIONS = "problems optimizers seeds trials rates jobs earlier onRun signal".split(" ");
/** The seed of trials and rates: far from those that figures are of, which begin at 0. */
const TUNING_SEED = 1_000_000;
const RATES = float(1e-5, 10, { log: true });

/**
 * The sizes of a benchmark, with defaults.
 *
 * @throws FettleError `invalid_argument` for numbers that are none
 */
export function sizeOfBenchmark({
  seeds = 10,
  trials = 20,
  rates = 19,
}: Pick<BenchmarkOptions, "seeds" | "trials" | "rates">) {
  for (const [name, value, least] of [
    ["seeds", seeds, 1],
    ["trials", trials, 1],
    ["rates", rates, 2],
  ] as const) {
    check(
      Number.isSafeInteger(value) && value >= least,
      () => `${name} is a whole number from ${least}, got ${show(value)}`,
    );
  }
  return { seeds, trials, rates };
}

/** The rates that are tried. */
export function ratesTried(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(interpolate(RATES, i / (count - 1)).toPrecision(6)));
}

/**
 * Runs every optimizer on every problem: with its defaults from each seed; with `trials` points of its space from one
 * seed apart; with the best of them, by the validation score after the last step, from each seed again; and at each of several rates.
 *
 * A seed fixes where parameters start, the order of rows and all noise, alike for all optimizers. A run ends after the problem's
 * steps, or as diverged once its score is no finite number. Each run is a function of its problem, numbers and seed
 * alone: the same bits at any number of threads, and whether or not the benchmark was stopped in between.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options that do not exist or do not fit, and whatever
 * problems and optimizers throw when they are written into programs
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
  checkOptions(options, "runBenchmark", OPTIONS);
  const { problems, optimizers, jobs = platform.parallelism(), earlier = [], onRun, signal } = options;
  for (const [what, list] of Object.entries({ problems, optimizers })) {
    check(
      Array.isArray(list) && list.length > 0,
      () => `${what} is a list of at least one, got ${show(list)}`,
    );
    const names = list.map(({ name }: { name: string }) => name);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    check(twice === undefined, () => `two of the ${what} have the name ${show(twice)}`);
  }
  check(Number.isSafeInteger(jobs) && jobs >= 1, () => `jobs is a whole number from 1, got ${show(jobs)}`);
  const size = sizeOfBenchmark(options);
  await ready();
  const setup = setupOf(problems, optimizers, size);
  const runs = new Map(earlier.map((run) => [keyOf(run), run]));
  const total = countRuns(setup);
  const pool = createPool(problems, jobs);

  const pair = async (problem: Problem, position: number, optimizer: Contestant): Promise<void> => {
    const programs = programsOf(problem);
    const run = async (phase: Phase, index: number, seed: number, numbers: RunRecord["numbers"]) => {
      const place = { problem: problem.name, optimizer: optimizer.name, phase, index };
      const known = runs.get(keyOf(place));
      if (known) return known;
      if (signal?.aborted) throw new Stopped();
      const made = optimizer.create(numbers);
      const { steps, every, batchSize } = problem;
      const result = await pool.run({
        ...{ problem: position, seed, steps, every, batchSize },
        programs: programs(made),
        hyperparameters: made.hyperparameters,
      });
      const record = recordOf({ type: "run", ...place, numbers }, problem, result);
      runs.set(keyOf(place), record);
      onRun?.(record, runs.size, total);
      if (signal?.aborted) pool.drop();
      return record;
    };
    const seeds = Array.from({ length: size.seeds }, (_, seed) => seed);
    const points = samplePoints(optimizer, size.trials, TUNING_SEED);
    await allOf<unknown>([
      ...seeds.map((seed) => run("default", seed, seed, {})),
      ...ratesTried(size.rates).map((learningRate, i) => run("rate", i, TUNING_SEED, { learningRate })),
      allOf(points.map((point, i) => run("trial", i, TUNING_SEED, point))).then((trials) => {
        const best = leastValidation(trials);
        return allOf(seeds.map((seed) => run("tuned", seed, seed, best.numbers)));
      }),
    ]);
  };
  const compiled = new Map<Problem, ReturnType<typeof programsFor>>();
  const programsOf = (problem: Problem): ReturnType<typeof programsFor> => {
    const programs = compiled.get(problem) ?? programsFor(problem);
    compiled.set(problem, programs);
    return programs;
  };
  try {
    for (const [position, problem] of problems.entries()) {
      await allOf(optimizers.map((optimizer) => pair(problem, position, optimizer)));
      compiled.delete(problem);
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    await pool.close();
  }
  const inOrder = order(setup, runs);
  return { setup, runs: inOrder, complete: inOrder.length === total };
}

/** Nothing went wrong, but no further run is wanted. */
class Stopped extends Error {}

/** What all of them give, once all have ended, whatever became of one; what went wrong counts for more than a stop. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const reasons = (await Promise.allSettled(work)).flatMap((end) =>
    end.status === "rejected" ? [end.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => !(reason instanceof Stopped)) ?? reasons[0];
  return Promise.all(work);
}

/** The runs of a benchmark, and no others, problem by problem and optimizer by optimizer. */
function order(setup: BenchmarkSetup, runs: ReadonlyMap<string, RunRecord>): RunRecord[] {
  const { seeds, trials, rates } = setup;
  const counts: Readonly<Record<Phase, number>> = {
    default: seeds,
    trial: trials,
    tuned: seeds,
    rate: rates,
  };
  return setup.problems.flatMap(({ name: problem }) =>
    setup.optimizers.flatMap(({ name: optimizer }) =>
      PHASES.flatMap((phase) =>
        Array.from({ length: counts[phase] }, (_, index) =>
          runs.get(keyOf({ problem, optimizer, phase, index })),
        ).filter((run) => run !== undefined),
      ),
    ),
  );
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

/** A pool; `drop` has it begin none of the runs that wait. */
function createPool(
  problems: readonly Problem[],
  jobs: number,
): Pool<RunTask, RunResult> & { readonly drop: () => void } {
  const workers = spawnWorkers("benchmarkWorker", jobs);
  if (workers.length > 0) {
    const pool = new ThreadPool<RunTask, RunResult>(workers, introduce(problems));
    const drop = (): void => pool.drop(new Stopped());
    return { jobs: pool.jobs, run: (task) => pool.run(task), close: () => pool.close(), drop };
  }
  const engine = createEngine();
  const loaded: LoadedData[] = [];
  let dropped = false;
  const drop = (): void => {
    dropped = true;
  };
  const pool = inThread<RunTask, RunResult>(async (task, pause) => {
    if (dropped) throw new Stopped();
    loaded[task.problem] ??= loadData(engine, problems[task.problem].data);
    const result = runTask(engine, loaded[task.problem], task);
    await pause();
    return result;
  });
  return { ...pool, drop };
}

/** A thread gets all data at once, and programs before the first run that needs them. */
function introduce(problems: readonly Problem[]) {
  const ids = new Map<RunPrograms, number>();
  return (send: (message: unknown) => void) => {
    const known = new Set<number>();
    const post = (message: Request): void => send(message);
    post({ type: "data", data: problems.map(({ data }) => data) });
    return (tasks: readonly RunTask[]): void => {
      const runs = tasks.map(({ programs, ...task }) => {
        const id = ids.get(programs) ?? ids.size;
        ids.set(programs, id);
        if (!known.has(id)) {
          known.add(id);
          post({ type: "programs", id, programs: stripped(programs) });
        }
        return { ...task, programs: id };
      });
      post({ type: "runs", runs });
    };
  };
}
