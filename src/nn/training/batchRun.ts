/**
 * Trains on one batch after another: only the last one is on the engine. It does not know where batches come
 * from; `batches.ts` does.
 */
import type { LentTensor } from "../../data/tensor.js";
import { rowsFrom, type SavedRun } from "../../engine/executor.js";
import type { WasmExecutor } from "../../engine/wasm.js";
import type { Logs } from "../callbacks/callback.js";
import type { Architecture } from "../programs/architecture.js";
import { programOf } from "../programs/programs.js";
import { AnyTraining, clearLoss, meanLoss, type StartOptions } from "./anyTraining.js";
import { type Examples, streamsOf } from "./trainer.js";

type Matrix = ReturnType<WasmExecutor["matrix"]>;

/** A batch whose shapes and targets fit the model; its numbers may not be checked yet. */
export interface HostBatch {
  readonly x: LentTensor;
  readonly y: LentTensor;
  /** How much each row counts in the loss, [rows]. */
  readonly weights: Float32Array | undefined;
}

/** How much room a batch needs. */
export interface BatchSize {
  readonly rows: number;
  readonly isWeighted: boolean;
}

export const sizeOf = ({ x, weights }: HostBatch): BatchSize => ({
  rows: x.rows,
  isWeighted: weights !== undefined,
});

/** How much the rows of a batch count in all. */
export const rowsCounted = ({ x, weights }: HostBatch): number =>
  weights ? weights.reduce((sum, weight) => sum + weight, 0) : x.rows;

/** What is on the engine: matrices with room for a batch, and the run that reads them. */
interface Room extends BatchSize {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly weights?: Matrix;
  readonly run: ReturnType<WasmExecutor["start"]>;
}

/**
 * A training whose batches come one at a time, of any size. In every bit it equals a `TrainingRun` over rows
 * that are in batches as these are, in the same order.
 */
export class BatchRun extends AnyTraining {
  private room: Room;
  private readonly epoch: number;
  /** Rows of the batch on the engine. */
  private size = 0;
  /** Rows of the epoch so far. */
  private seen = 0;

  /** @param first - the size of the first batch: all have weights, or none has */
  constructor(
    private readonly engine: WasmExecutor,
    private readonly architecture: Architecture,
    options: StartOptions,
    first: BatchSize,
  ) {
    const { from } = options;
    super({ ...options, ...(from && { from: { ...from, progress: { ...from.progress, cursor: 0 } } }) });
    this.epoch = from?.progress.epoch ?? 0;
    this.room = this.roomFor(first);
    try {
      this.begin(engine, programOf(architecture, "initialize", 1), this.run);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  protected override get run(): Room["run"] {
    return this.room.run;
  }

  override get loss(): number {
    return meanLoss(this.run, this.seen);
  }

  /** The batch on the engine. */
  get examples(): Examples {
    const { x, y, weights, rows } = this.room;
    return { x, y, ...(weights && { weights }), ...(this.size < rows && { rows: rowsFrom(0, this.size) }) };
  }

  /** Replaces the batch on the engine. @throws FettleError `invalid_data` for numbers that are not finite */
  put({ x, y, weights }: HostBatch): void {
    if (x.rows > this.room.rows) this.grow({ ...this.room, rows: x.rows });
    this.size = x.rows;
    const { room } = this;
    fill(room.x, x);
    fill(room.y, y);
    if (weights) room.weights?.view().set(weights);
  }

  /** Trains a step on the batch on the engine. */
  step(): void {
    if (this.seen === 0) clearLoss(this.run);
    this.seen += this.size;
    this.run.visit(this.size);
  }

  override endEpoch(measured: Logs): Logs {
    const log = super.endEpoch(measured);
    this.seen = 0;
    return log;
  }

  /** The run counts each batch as an epoch. */
  override save(): SavedRun {
    const saved = super.save();
    return { ...saved, progress: { ...saved.progress, epoch: this.epoch + this.logs.length } };
  }

  override free(): void {
    const { x, y, weights, run } = this.room;
    for (const held of [run, weights, y, x]) held?.free();
  }

  /** A larger batch needs a program for as many rows. */
  private grow(size: BatchSize): void {
    const saved = this.run.save();
    const larger = this.roomFor(size);
    larger.run.restore(saved);
    this.free();
    this.room = larger;
  }

  private roomFor({ rows, isWeighted }: BatchSize): Room {
    const { engine, architecture, options } = this;
    const { columns, units } = architecture.network;
    const held: { free(): void }[] = [];
    const hold = <T extends { free(): void }>(one: T): T => {
      held.push(one);
      return one;
    };
    try {
      const matrices = {
        x: hold(engine.matrix(rows, columns)),
        y: hold(engine.matrix(rows, units)),
        ...(isWeighted && { weights: hold(engine.matrix(rows, 1)) }),
      };
      const program = programOf(architecture, isWeighted ? "trainWeighted" : "train", rows);
      const run = engine.start(program, { streams: streamsOf(matrices), seed: options.seed });
      return { rows, isWeighted, ...matrices, run };
    } catch (error) {
      for (const one of held) one.free();
      throw error;
    }
  }
}

function fill(matrix: Matrix, { data, checkedCopy }: LentTensor): void {
  matrix.view().set(data);
  if (checkedCopy && !matrix.isFinite()) checkedCopy();
}
