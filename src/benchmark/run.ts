/** One run: steps of a program, and the score in between. It works from plain data, so that any thread can do it. */
import { platform } from "#platform";
import type { Executor, Matrix, Run } from "../engine/executor.js";
import type { ProblemData } from "./problem.js";
import type { RunPrograms } from "./programs.js";

/** What a run needs, beside the data. */
export interface RunTask {
  /** The position of the problem among those of the benchmark. */
  readonly problem: number;
  readonly programs: RunPrograms;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly steps: number;
  readonly every: number;
  readonly batchSize: number;
  /** Whether the parameters of each measurement are wanted. */
  readonly path?: boolean;
}

/** The measurements of a run: after 0, `every`, 2 · `every`, … steps, as far as the score was finite. */
export interface RunResult {
  /** The score that tuning sees. Without data it is the same as `test`. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /** Empty if the problem has none. */
  readonly metric: readonly number[];
  /** False if the score became infinite or NaN; the run ended there. */
  readonly finite: boolean;
  /** How long the steps took, without measurements. */
  readonly seconds: number;
  readonly path?: readonly (readonly number[])[];
}

type Streams = Readonly<Record<"x" | "y", Matrix>>;

/** A problem's data on an executor; nothing where it has none. */
export interface LoadedData {
  readonly train?: Streams;
  readonly validation?: Streams;
  readonly test?: Streams;
}

/** Puts data on an executor. */
export function loadData(executor: Executor, data: ProblemData | undefined): LoadedData {
  if (data === undefined) return {};
  const load = ({ rows, x, y }: ProblemData["train"]): Streams => ({
    x: executor.matrix(rows, x.length / rows, x),
    y: executor.matrix(rows, y.length / rows, y),
  });
  return { train: load(data.train), validation: load(data.validation), test: load(data.test) };
}

/** Does a run, to the same bits in any thread. */
export function runTask(executor: Executor, data: LoadedData, task: RunTask): RunResult {
  const { programs, hyperparameters, seed, steps, every, batchSize } = task;
  const open: Run[] = [];
  const start = (program: RunPrograms["train"], options = {}): Run => {
    const run = executor.start(program, options);
    open.push(run);
    return run;
  };
  try {
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

    const hasMetric = programs.evaluate.outputs.some(({ name }) => name === "metric");
    const measured = {
      validation: [] as number[],
      test: [] as number[],
      metric: [] as number[],
      path: [] as number[][],
    };
    let seconds = 0;
    const measure = (): boolean => {
      const parameters = train.read("parameters");
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
      if (task.path) measured.path.push([...parameters]);
      return true;
    };
    let finite = measure();
    for (let done = 0; finite && done < steps; done += every) {
      const began = platform.now();
      train.advance(every);
      seconds += (platform.now() - began) / 1000;
      finite = measure();
    }
    const { path, ...curves } = measured;
    return { ...curves, finite, seconds, ...(task.path ? { path } : {}) };
  } finally {
    for (const run of open) run.free();
  }
}
