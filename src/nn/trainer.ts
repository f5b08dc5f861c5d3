/**
 * Trains, evaluates and predicts on an executor: programs in, parameters and scores out. It works only from
 * plain data, so that a worker can train a model without its code.
 */
import type { Program } from "../compile/program.js";
import type { LentTensor } from "../data/tensor.js";
import type { Executor, Matrix, Run, SavedRun } from "../engine/executor.js";
import type { WasmExecutor } from "../engine/wasm.js";
import { check, must } from "../errors.js";
import type { MaskedPrediction } from "../metrics/lines.js";
import type { Floats } from "../ndarray.js";
import { shortest } from "../numerics/shortest.js";
import { LEARNING_RATE } from "./architecture.js";
import type { Logs, TrainingControl } from "./callbacks/callback.js";
import { withMatrices } from "./matrices.js";
import { MASK } from "./stepMasks.js";
import { PARAMETERS, type WeightsPart, weightsIn, writeWeights } from "./trainedWeights.js";

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
  /** The logs of the epochs before `from`, if the same training resumes; they count towards `epochs`. */
  readonly logs?: readonly Logs[];
  /** Parameters to start a new training from, all or some. Default: new ones. */
  readonly parameters?: readonly WeightsPart[];
}

/** Predictions over some examples, and the mean loss with penalties. */
export interface Evaluation extends MaskedPrediction {
  readonly loss: number;
  /** Which steps of outputs count, [rows, steps], of all outputs side by side; undefined if all do. */
  readonly mask: Floats | undefined;
}

export interface Trained {
  /** The logs of each epoch. */
  readonly logs: readonly Logs[];
  /** Where it stopped: parameters, slots and position. */
  readonly state: SavedRun;
}

/**
 * The state to which programs add the loss of each batch times its rows, as a running sum. It exists during a
 * run only.
 */
const LOSS_SUM = "lossSum";

/** Starts a new sum of losses. */
export function clearLoss(run: Run): void {
  run.write(LOSS_SUM, 0);
}

/** The mean loss over so many rows, since the sum was started. */
export function meanLoss(run: Run, rows: number): number {
  const sum = run.read(LOSS_SUM);
  return (sum[0] + sum[1]) / rows;
}

/** A training that may stop after any step and resume, here or from the state that `save()` returns. */
export class TrainingRun {
  /** The logs of finished epochs. */
  readonly logs: Logs[];
  readonly control: TrainingControl;
  private readonly run: Run;
  private readonly rows: number;
  private stopped = false;
  /** Whether the learning rate was set, so that it is in the logs. */
  private setsRate = false;

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
      getParameters: () => run.read(weightsIn(programs.train)),
      setParameters: (parameters) => {
        for (const name of new Set([PARAMETERS, weightsIn(programs.train)])) run.write(name, parameters);
      },
      getLearningRate: () => this.learningRate,
      setLearningRate: (learningRate) => this.setLearningRate(learningRate),
    };
    try {
      if (options.from) run.restore(options.from);
      else {
        initialize(executor, programs.initialize, options, run);
        if (options.parameters) writeWeights(run, options.parameters);
      }
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

  /** ⌈rows / batchSize⌉ */
  get stepsPerEpoch(): number {
    return this.run.stepsPerEpoch;
  }

  /** Whether the last step was the last of its epoch. */
  get epochEnded(): boolean {
    return this.run.progress.cursor === 0;
  }

  /** The mean loss of the rows of this epoch so far, after a step. */
  get loss(): number {
    return meanLoss(this.run, this.run.progress.cursor || this.rows);
  }

  /** Trains `steps` steps, at most `stepsLeft`. @returns the logs of the epoch, if it has ended */
  advance(steps: number): Logs | undefined {
    this.step(steps);
    return this.epochEnded ? this.endEpoch() : undefined;
  }

  /** Trains `steps` steps, at most `stepsLeft`. */
  step(steps: number): void {
    if (this.epochEnded) clearLoss(this.run);
    this.run.advance(steps);
  }

  /** Keeps the logs of the epoch, with what was measured at its end. */
  endEpoch(measured = this.measure(this.control.getParameters)): Logs {
    const log = {
      loss: this.loss,
      ...measured,
      ...(this.setsRate && { learningRate: this.learningRate }),
    };
    this.logs.push(log);
    return log;
  }

  /** Replaces weights in some places. */
  writeWeights(parts: readonly WeightsPart[]): void {
    writeWeights(this.run, parts);
  }

  save(): SavedRun {
    return this.run.save();
  }

  free(): void {
    this.run.free();
  }

  private get learningRate(): number {
    check(
      LEARNING_RATE in this.options.hyperparameters,
      "the learning rate must be a number for callbacks to read and set it; the optimizer has a schedule",
      "invalid_state",
    );
    const values = this.run.read(LEARNING_RATE);
    return values instanceof Float64Array ? values[0] : Number(shortest(values[0]));
  }

  private setLearningRate(learningRate: number): void {
    const before = this.learningRate;
    const isRate = Number.isFinite(learningRate) && learningRate >= 0;
    must(isRate, "the learning rate", "a finite number of at least 0", learningRate);
    this.run.write(LEARNING_RATE, learningRate);
    if (this.setsRate) return;
    this.setsRate = true;
    // for earlier epochs too, so that all have it
    for (const [i, log] of this.logs.entries())
      this.logs[i] = { ...log, learningRate: log.learningRate ?? before };
  }
}

/** Trains to the end. */
export function runTraining(
  executor: Executor,
  programs: Pick<TrainingPrograms, "initialize" | "train">,
  examples: Examples,
  options: TrainingOptions,
): Trained {
  const training = new TrainingRun(executor, programs, examples, options);
  try {
    while (!training.done) training.advance(training.stepsLeft);
    return { logs: training.logs, state: training.save() };
  } finally {
    training.free();
  }
}

/** Makes the initial parameters and slots from the seed and writes them to a run. */
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

type EvaluationParts = [
  executor: Executor,
  program: Program,
  examples: Examples,
  parameters: ArrayLike<number>,
  hyperparameters: Readonly<Record<string, number>>,
];

/** An evaluation that may pause after any step. */
export class EvaluationRun {
  private readonly rows: number;
  private readonly prediction: Matrix;
  private readonly mask: Matrix | undefined;
  private readonly run: Run;
  private readonly held: { free(): void }[] = [];
  private left: number;

  constructor(...[executor, program, examples, parameters, hyperparameters]: EvaluationParts) {
    const { x, y, rows } = examples;
    this.rows = rows?.length ?? x.rows;
    const hold = <T extends { free(): void }>(one: T): T => {
      this.held.push(one);
      return one;
    };
    const masked = program.streams.find(({ name }) => name === MASK);
    try {
      const prediction = hold(executor.matrix(this.rows, y.columns));
      const mask = masked && hold(executor.matrix(this.rows, masked.columns));
      const streams = { ...streamsOf(examples), prediction, ...(mask && { [MASK]: mask }) };
      const run = hold(executor.start(program, { streams, ...(rows ? { rows } : {}) }));
      writeAll(run, hyperparameters);
      run.write(PARAMETERS, parameters);
      [this.prediction, this.mask, this.run, this.left] = [prediction, mask, run, run.stepsPerEpoch];
    } catch (error) {
      this.free();
      throw error;
    }
  }

  get stepsLeft(): number {
    return this.left;
  }

  /** Runs `steps` steps, at most `stepsLeft`. */
  advance(steps: number): void {
    this.run.advance(steps);
    this.left -= steps;
  }

  /** After the last step. */
  result(): Evaluation {
    const { run, rows, prediction, mask } = this;
    return { loss: meanLoss(run, rows), prediction: prediction.read(), mask: mask?.read() };
  }

  free(): void {
    for (const one of this.held) one.free();
  }
}

/** Predictions and loss of examples. */
export function runEvaluation(...parts: EvaluationParts): Evaluation {
  const evaluation = new EvaluationRun(...parts);
  try {
    evaluation.advance(evaluation.stepsLeft);
    return evaluation.result();
  } finally {
    evaluation.free();
  }
}

/** Numbers of x that a prediction puts on the engine at a time: 128 kB, which stay in a processor's cache. */
const NUMBERS_AT_A_TIME = 2 ** 15;

/** Only predictions, and their mask if the program has one, a few batches at a time, in one run. */
export function runPrediction(
  executor: WasmExecutor,
  program: Program,
  { data, rows, columns, checkedCopy }: LentTensor,
  units: number,
  parameters: ArrayLike<number>,
  hyperparameters: Readonly<Record<string, number>>,
): MaskedPrediction {
  const most = Math.min(rows, program.rows * Math.ceil(NUMBERS_AT_A_TIME / (columns * program.rows)));
  const all = new Float32Array(rows * units);
  const masked = program.streams.find(({ name }) => name === MASK);
  const masks = masked && new Float32Array(rows * masked.columns);
  withMatrices(executor, (hold) => {
    const x = hold({ rows: most, columns });
    const prediction = hold({ rows: most, columns: units });
    const mask = masked && hold({ rows: most, columns: masked.columns });
    const run = executor.start(program, { streams: { x, prediction, ...(mask && { [MASK]: mask }) } });
    try {
      writeAll(run, hyperparameters);
      run.write(PARAMETERS, parameters);
      for (let first = 0; first < rows; first += most) {
        const count = Math.min(most, rows - first);
        x.view().set(data.subarray(first * columns, (first + count) * columns));
        if (checkedCopy && !x.isFinite()) checkedCopy();
        run.visit(count);
        all.set(prediction.view().subarray(0, count * units), first * units);
        if (mask) masks?.set(mask.view().subarray(0, count * mask.columns), first * mask.columns);
      }
    } finally {
      run.free();
    }
  });
  return { prediction: all, mask: masks };
}

/** The streams of programs. */
export function streamsOf({ x, y, weights }: Examples): Readonly<Record<string, Matrix>> {
  return { x, y, ...(weights && { weights }) };
}

function writeAll(run: Run, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) run.write(name, value);
}
