/**
 * Trains, evaluates and predicts on an executor: programs in, parameters and scores out. It works from plain data alone,
 * so that a worker can train a model without its code.
 */
import type { Program } from "../compile/program.js";
import type { Executor, Matrix, Run, SavedRun } from "../engine/executor.js";
import type { Floats } from "../ndarray.js";
import type { Callback, Logs, TrainingControl } from "./callbacks.js";

/** The programs of a training. */
export interface TrainingPrograms {
  readonly initialize: Program;
  readonly train: Program;
  readonly evaluate: Program;
}

export interface Examples {
  readonly x: Matrix;
  readonly y: Matrix;
  /** How much each row counts in the loss, [rows, 1], for programs that read it. */
  readonly weights?: Matrix;
  /** The rows to use; all by default. */
  readonly rows?: Int32Array;
}

export interface TrainingOptions {
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Where an earlier training stopped. Default: new parameters from the seed. */
  readonly from?: SavedRun;
  /** The logs of the epochs before `from`, if it is the same training that resumes; they count towards `epochs`. */
  readonly logs?: readonly Logs[];
  /** Parameters to start a new training from. Default: new ones. */
  readonly parameters?: Floats;
}

/** Predictions over some examples, and the mean loss with penalties. */
export interface Evaluation {
  readonly loss: number;
  readonly prediction: Floats;
}

export interface Trained {
  /** The logs of each epoch. */
  readonly logs: readonly Logs[];
  /** Where it stopped: parameters, slots and position. */
  readonly state: SavedRun;
}

/** The state to which programs add the loss of each batch times its rows. It exists during a run only. */
export const LOSS_SUM = "lossSum";

/** A training that may stop after any step and resume, here or from the state that `save()` returns. */
export class TrainingRun {
  /** The logs of the epochs that have ended. */
  readonly logs: Logs[];
  readonly control: TrainingControl;
  private readonly run: Run;
  private readonly rows: number;
  private stopped = false;

  constructor(
    executor: Executor,
    programs: Pick<TrainingPrograms, "initialize" | "train">,
    examples: Examples,
    private readonly options: TrainingOptions,
    private readonly measure: (parameters: () => Floats) => Logs = () => ({}),
  ) {
    this.logs = [...(options.logs ?? [])];
    this.rows = examples.rows?.length ?? examples.x.rows;
    const run = executor.start(programs.train, {
      streams: streamsOf(examples),
      ...(examples.rows ? { rows: examples.rows } : {}),
      batchSize: options.batchSize,
      shuffle: options.shuffle,
      seed: options.seed,
    });
    this.run = run;
    this.control = {
      stop: () => {
        this.stopped = true;
      },
      getParameters: () => run.read("parameters"),
      setParameters: (parameters) => run.write("parameters", parameters),
    };
    try {
      if (options.from) run.restore(options.from);
      else initialize(executor, programs.initialize, options, run);
      if (options.parameters) run.write("parameters", options.parameters);
      writeAll(run, options.hyperparameters);
    } catch (error) {
      run.free();
      throw error;
    }
  }

  /** Whether all epochs have ended, or it was stopped. */
  get done(): boolean {
    return this.stopped || this.logs.length >= this.options.epochs;
  }

  /** How many steps are left in this epoch. */
  get stepsLeft(): number {
    return Math.ceil((this.rows - this.run.progress.cursor) / this.options.batchSize);
  }

  /** Trains `steps` steps, at most `stepsLeft`. @returns the logs of the epoch, if it has ended */
  advance(steps: number): Logs | undefined {
    const { run } = this;
    if (run.progress.cursor === 0) run.write(LOSS_SUM, 0);
    run.advance(steps);
    if (run.progress.cursor > 0) return undefined;
    const log = { loss: run.read(LOSS_SUM)[0] / this.rows, ...this.measure(this.control.getParameters) };
    this.logs.push(log);
    return log;
  }

  save(): SavedRun {
    return this.run.save();
  }

  free(): void {
    this.run.free();
  }
}

/** Trains to the end, and awaits callbacks. */
export async function runTraining(
  executor: Executor,
  programs: Pick<TrainingPrograms, "initialize" | "train">,
  examples: Examples,
  options: TrainingOptions,
  callbacks: readonly Callback[] = [],
  measure?: (parameters: () => Floats) => Logs,
): Promise<Trained> {
  const training = new TrainingRun(executor, programs, examples, options, measure);
  const { logs, control } = training;
  try {
    for (const callback of callbacks) await callback.onTrainBegin?.(control);
    while (!training.done) {
      const log = training.advance(training.stepsLeft) as Logs;
      for (const callback of callbacks) await callback.onEpochEnd?.(logs.length - 1, log, control);
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(control);
    return { logs, state: training.save() };
  } finally {
    training.free();
  }
}

/** Makes the first parameters and slots from the seed and writes them to a run. */
function initialize(
  executor: Executor,
  program: Program,
  { hyperparameters, seed }: TrainingOptions,
  run: Run,
): void {
  const first = executor.start(program, { seed });
  try {
    writeAll(first, hyperparameters);
    first.advance(1);
    for (const { name } of program.outputs) run.write(name, first.read(name));
  } finally {
    first.free();
  }
}

/** Predictions and loss of examples. */
export function runEvaluation(
  executor: Executor,
  program: Program,
  examples: Examples,
  parameters: ArrayLike<number>,
  hyperparameters: Readonly<Record<string, number>>,
): Evaluation {
  const { x, y, rows } = examples;
  const count = rows?.length ?? x.rows;
  const output = executor.matrix(count, y.columns);
  try {
    const streams = { ...streamsOf(examples), prediction: output };
    const run = executor.start(program, { streams, ...(rows ? { rows } : {}) });
    try {
      writeAll(run, hyperparameters);
      run.write("parameters", parameters);
      run.advance(run.stepsPerEpoch);
      return { loss: run.read(LOSS_SUM)[0] / count, prediction: output.read() };
    } finally {
      run.free();
    }
  } finally {
    output.free();
  }
}

/** Predictions alone. */
export function runPrediction(
  executor: Executor,
  program: Program,
  x: Matrix,
  units: number,
  parameters: ArrayLike<number>,
  hyperparameters: Readonly<Record<string, number>>,
): Floats {
  const output = executor.matrix(x.rows, units);
  try {
    const run = executor.start(program, { streams: { x, prediction: output } });
    try {
      writeAll(run, hyperparameters);
      run.write("parameters", parameters);
      run.advance(run.stepsPerEpoch);
      return output.read();
    } finally {
      run.free();
    }
  } finally {
    output.free();
  }
}

/** The streams of programs. */
export function streamsOf({ x, y, weights }: Examples): Readonly<Record<string, Matrix>> {
  return { x, y, ...(weights && { weights }) };
}

function writeAll(run: Run, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) run.write(name, value);
}
