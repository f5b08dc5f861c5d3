/**
 * One run: steps of a program, with measurements in between. It needs only plain data, so that any worker can
 * run it.
 */
import { platform } from "#platform";
import type { Executor, Matrix, Run } from "../engine/executor.js";
import { weightsIn } from "../nn/weights/trainedWeights.js";
import type { ProblemData } from "./problem.js";
import type { RunPrograms } from "./programs.js";

/** A run as a job, without the data. */
export interface RunJob {
  /** The number of the problem: its index in the benchmark. */
  readonly problem: number;
  readonly programs: RunPrograms;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly steps: number;
  readonly every: number;
  readonly batchSize: number;
  /** Whether the result has the parameters of each measurement. */
  readonly path?: boolean;
}

/**
 * The measurements of a run: after 0, `every`, 2 · `every`, … steps, until the first score that is not
 * finite.
 */
export interface RunResult {
  /** The scores for tuning. Without data they equal `test`. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /** Empty if the problem has none. */
  readonly metric: readonly number[];
  /** False if a score was NaN or infinite; the run ended there. */
  readonly finite: boolean;
  /** The duration of the steps, without measurements. */
  readonly seconds: number;
  readonly path?: readonly (readonly number[])[];
}

type Streams = Readonly<Record<"x" | "y", Matrix>>;

/** A problem's data on an executor; empty for a problem without data. */
export interface LoadedData {
  readonly train?: Streams;
  readonly validation?: Streams;
  readonly test?: Streams;
}

/** Copies data to an executor. */
export function loadData(executor: Executor, data: ProblemData | undefined): LoadedData {
  if (data === undefined) return {};
  const load = ({ rows, x, y }: ProblemData["train"]): Streams => ({
    x: executor.matrix(rows, x.length / rows, x),
    y: executor.matrix(rows, y.length / rows, y),
  });
  return { train: load(data.train), validation: load(data.validation), test: load(data.test) };
}

/** Executes runs on one engine. */
export class RunWorker {
  /** Data on the engine, each copied at its first run. */
  private readonly loaded: LoadedData[] = [];

  /** @param data - by the numbers of the problems */
  constructor(
    private readonly engine: Executor,
    private readonly data: readonly (ProblemData | undefined)[],
  ) {}

  run(job: RunJob): RunResult {
    this.loaded[job.problem] ??= loadData(this.engine, this.data[job.problem]);
    return doRun(this.engine, this.loaded[job.problem], job);
  }
}

/** Executes a run, with the same bits in any thread. */
export function doRun(executor: Executor, data: LoadedData, job: RunJob): RunResult {
  const { steps, every } = job;
  const open: Run[] = [];
  try {
    const { train, measure, measured } = openRun(executor, data, job, (run) => open.push(run));
    let seconds = 0;
    let finite = measure();
    for (let done = 0; finite && done < steps; done += every) {
      const began = platform.now();
      train.advance(every);
      seconds += (platform.now() - began) / 1000;
      finite = measure();
    }
    const { path, ...curves } = measured;
    return { ...curves, finite, seconds, ...(job.path ? { path } : {}) };
  } finally {
    for (const run of open) run.free();
  }
}

/** Starts the programs of a run, and copies the first parameters into the training. */
function openRun(executor: Executor, data: LoadedData, job: RunJob, onStart: (run: Run) => void) {
  const { programs, hyperparameters, seed, batchSize } = job;
  const start = (program: RunPrograms["train"], options = {}): Run => {
    const run = executor.start(program, options);
    onStart(run);
    return run;
  };
  const first = start(programs.initialize, { seed });
  const train = start(programs.train, {
    ...(data.train ? { streams: data.train, shuffle: true, batchSize } : {}),
    seed,
  });
  const [validation, test] = [data.validation, data.test].map((streams) =>
    start(programs.evaluate, streams ? { streams, batchSize: streams.x.rows } : {}),
  );
  for (const [name, value] of Object.entries(hyperparameters)) {
    first.write(name, value);
    train.write(name, value);
  }
  first.advance(1);
  for (const { name } of programs.initialize.outputs) train.write(name, first.read(name));

  const weights = weightsIn(programs.train);
  const hasMetric = programs.evaluate.outputs.some(({ name }) => name === "metric");
  const measured = {
    validation: [] as number[],
    test: [] as number[],
    metric: [] as number[],
    path: [] as number[][],
  };
  /** @returns whether the scores are finite; others are not kept */
  const measure = (): boolean => {
    const parameters = train.read(weights);
    const score = (run: Run): number => {
      run.write("parameters", parameters);
      run.advance(1);
      return run.read("score")[0];
    };
    const onTest = score(test);
    const onValidation = data.validation ? score(validation) : onTest;
    if (!Number.isFinite(onTest) || !Number.isFinite(onValidation)) return false;
    measured.test.push(onTest);
    measured.validation.push(onValidation);
    if (hasMetric) measured.metric.push(test.read("metric")[0]);
    if (job.path) measured.path.push([...parameters]);
    return true;
  };
  return { train, measure, measured };
}
