/**
 * Trains, evaluates and predicts on an executor: programs in, parameters and scores out. It works only from
 * plain data, so that a worker can train a model without its code.
 */
import type { Program } from "../../compile/program.js";
import type { LentTensor } from "../../data/tensor.js";
import type { Executor, Matrix, Run, SavedRun } from "../../engine/executor.js";
import type { WasmExecutor } from "../../engine/wasm.js";
import type { MaskedPrediction } from "../../metrics/lines.js";
import type { Floats } from "../../ndarray.js";
import type { Logs } from "../callbacks/callback.js";
import { MASK } from "../network/stepMasks.js";
import { PARAMETERS } from "../weights/trainedWeights.js";
import {
  AnyTraining,
  clearLoss,
  type LastBatch,
  meanLoss,
  type StartOptions,
  writeAll,
} from "./anyTraining.js";
import { withMatrices } from "./matrices.js";

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

export interface TrainingOptions extends StartOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
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
 * A training on rows that are all there. It may stop after any step and resume, here or from the state that
 * `save()` returns.
 */
export class TrainingRun extends AnyTraining {
  protected override readonly run: Run;
  private readonly rows: number;
  private readonly batchSize: number;

  constructor(
    executor: Executor,
    programs: Pick<TrainingPrograms, "initialize" | "train">,
    examples: Examples,
    options: TrainingOptions,
    private readonly measure: (parameters: () => Floats) => Logs = () => ({}),
  ) {
    super(options);
    this.rows = examples.rows?.length ?? examples.x.rows;
    this.batchSize = options.batchSize;
    this.run = executor.start(programs.train, {
      streams: streamsOf(examples),
      ...(examples.rows ? { rows: examples.rows } : {}),
      batchSize: options.batchSize,
      shuffle: options.shuffle,
      seed: options.seed,
    });
    try {
      this.begin(executor, programs.initialize, this.run);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** How many steps are left in this epoch. */
  get stepsLeft(): number {
    return Math.ceil((this.rows - this.run.progress.cursor) / this.batchSize);
  }

  /** ⌈rows / batchSize⌉ */
  get stepsPerEpoch(): number {
    return this.run.stepsPerEpoch;
  }

  /** Whether the last step was the last of its epoch. */
  get epochEnded(): boolean {
    return this.run.progress.cursor === 0;
  }

  /** That of the last step. */
  get lastBatch(): LastBatch {
    const { stepsPerEpoch, epochEnded, rows, batchSize } = this;
    if (epochEnded) return { number: stepsPerEpoch - 1, size: rows - (stepsPerEpoch - 1) * batchSize };
    return { number: stepsPerEpoch - this.stepsLeft - 1, size: batchSize };
  }

  override get loss(): number {
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

  override endEpoch(measured = this.measure(this.control.getParameters)): Logs {
    return super.endEpoch(measured);
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
