/**
 * What trainings have in common, whichever way they get their batches: where they start, their logs, and the
 * control of callbacks. `trainer.ts` trains on rows that are all there, `batchRun.ts` on one batch after
 * another.
 */
import type { Program } from "../../compile/program.js";
import type { Executor, Run, SavedRun } from "../../engine/executor.js";
import { check, must } from "../../errors.js";
import { shortest } from "../../numerics/shortest.js";
import type { Logs, TrainingControl } from "../callbacks/callback.js";
import { LEARNING_RATE } from "../programs/architecture.js";
import { PARAMETERS, type WeightsPart, weightsIn, writeWeights } from "../weights/trainedWeights.js";

/** How long a training is, and where it starts. */
export interface StartOptions {
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly seed: number;
  /** Where an earlier training stopped. Default: new parameters from the seed. */
  readonly from?: SavedRun;
  /** The logs of the epochs before `from`, if the same training resumes; they count towards `epochs`. */
  readonly logs?: readonly Logs[];
  /** Parameters to start a new training from, all or some. Default: new ones. */
  readonly parameters?: readonly WeightsPart[];
}

/** A batch that was trained on. */
export interface LastBatch {
  /** Its number in the epoch, from 0. */
  readonly number: number;
  /** Its rows. */
  readonly size: number;
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

/** A training as the loop of callbacks sees it. */
export abstract class AnyTraining {
  /** The logs of finished epochs. */
  readonly logs: Logs[];
  readonly control: TrainingControl;
  protected abstract readonly run: Run;
  /** Whether it ends before its last epoch. */
  stopped = false;
  /** Whether the learning rate was set, so that it is in the logs. */
  setsRate = false;

  constructor(protected readonly options: StartOptions) {
    this.logs = [...(options.logs ?? [])];
    this.control = {
      stop: () => {
        this.stopped = true;
      },
      getParameters: () => this.run.read(weightsIn(this.run.program)),
      setParameters: (parameters) => {
        const { run } = this;
        for (const name of new Set([PARAMETERS, weightsIn(run.program)])) run.write(name, parameters);
      },
      getLearningRate: () => this.learningRate,
      setLearningRate: (learningRate) => this.setLearningRate(learningRate),
    };
  }

  /** The mean loss of the rows of this epoch so far, after a step. */
  abstract readonly loss: number;

  /** Whether all epochs have ended, or it was stopped. */
  get done(): boolean {
    return this.stopped || this.logs.length >= this.options.epochs;
  }

  /** Keeps the logs of the epoch, with what was measured at its end. */
  endEpoch(measured: Logs): Logs {
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

  /** Returns to a state, in the middle of a training. @throws FettleError `invalid_checkpoint` */
  restore(saved: SavedRun): void {
    this.run.restore(saved);
  }

  free(): void {
    this.run.free();
  }

  /** Puts a new run where training starts. */
  protected begin(executor: Executor, initializer: Program, run: Run): void {
    const { from, parameters, hyperparameters } = this.options;
    if (from) run.restore(from);
    else {
      initialize(executor, initializer, this.options, run);
      if (parameters) writeWeights(run, parameters);
    }
    writeAll(run, hyperparameters);
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

/** Makes the initial parameters and slots from the seed and writes them to a run. */
function initialize(
  executor: Executor,
  program: Program,
  { hyperparameters, seed }: StartOptions,
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

/** Writes numbers by name to a run. */
export function writeAll(run: Run, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) run.write(name, value);
}
