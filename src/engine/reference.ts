/**
 * The plain executor: evaluates a program's graph as it was written, in float64, with the
 * references of its operations. It is slow, and the oracle for every other executor.
 */
import type { Program } from "../compile/program.js";
import { check, FettleError } from "../errors.js";
import { evaluateGraph } from "../graph/evaluate.js";
import { sizeOf } from "../graph/shape.js";
import { firstNotFinite } from "../numerics/finite.js";
import { shuffle, splitSeed } from "../numerics/philox.js";
import {
  checkMatrix,
  checkRun,
  checkSaved,
  checkSteps,
  Executor,
  type Matrix,
  type Progress,
  type Run,
  type RunOptions,
  type SavedRun,
  slotFor,
  slotOf,
} from "./executor.js";

export class ReferenceExecutor extends Executor {
  override readonly name = "reference";
  override bytesInUse = 0;

  override matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix {
    checkMatrix(rows, columns, data);
    const numbers = data ? Float64Array.from(data) : new Float64Array(rows * columns);
    return new ReferenceMatrix(this, rows, columns, numbers, this.hold(numbers.byteLength));
  }

  override start(program: Program, options: RunOptions = {}): Run {
    const run = new ReferenceRun(this, program, options);
    run.release = this.hold(run.bytes);
    return run;
  }

  /** Counts bytes as in use until its result is called. */
  private hold(bytes: number): () => void {
    this.bytesInUse += bytes;
    return () => {
      this.bytesInUse -= bytes;
    };
  }
}

class ReferenceMatrix implements Matrix {
  private freed = false;

  constructor(
    readonly owner: ReferenceExecutor,
    readonly rows: number,
    readonly columns: number,
    readonly data: Float64Array,
    private readonly release: () => void,
  ) {}

  read(): Float64Array {
    this.alive();
    return this.data.slice();
  }

  isFinite(): boolean {
    this.alive();
    return firstNotFinite(this.data) < 0;
  }

  free(): void {
    this.alive();
    this.freed = true;
    this.release();
  }

  alive(): void {
    check(!this.freed, "this matrix was freed and can no longer be used", "invalid_state");
  }
}

class ReferenceRun implements Run {
  readonly stepsPerEpoch: number;
  progress: Progress = { step: 0, epoch: 0, cursor: 0 };
  private readonly arrays = new Map<string, Float64Array>();
  private readonly streams = new Map<string, ReferenceMatrix>();
  private readonly ids: Int32Array;
  private order: Int32Array;
  private readonly batchSize: number;
  private seed: number;
  private freed = false;
  /** Removes the bytes from the executor's count. */
  release = (): void => {};

  constructor(
    owner: ReferenceExecutor,
    readonly program: Program,
    private readonly options: RunOptions,
  ) {
    const { ids, batchSize, seed } = checkRun(program, options);
    this.stepsPerEpoch = Math.ceil(ids.length / batchSize) || 1;
    this.ids = ids;
    this.order = ids;
    this.batchSize = batchSize;
    this.seed = seed;
    for (const { name, shape } of [...program.state, ...program.inputs]) {
      this.arrays.set(name, new Float64Array(sizeOf(shape)));
    }
    for (const { name } of program.streams) {
      const matrix = options.streams?.[name];
      check(
        matrix instanceof ReferenceMatrix && matrix.owner === owner,
        `the matrix "${name}" must belong to this engine; received one of another engine`,
      );
      matrix.alive();
      this.streams.set(name, matrix);
    }
  }

  write(name: string, values: number | ArrayLike<number>): void {
    this.alive();
    const size = sizeOf(slotFor(this.program, name, values).shape);
    this.arrays.set(
      name,
      typeof values === "number" ? new Float64Array(size).fill(values) : Float64Array.from(values),
    );
  }

  read(name: string): Float64Array {
    this.alive();
    const { shape } = slotOf(this.program, name, ["outputs", "state", "inputs"]);
    return this.arrays.get(name)?.slice() ?? new Float64Array(sizeOf(shape, this.program.rows));
  }

  /** State, inputs and the order of the rows. */
  get bytes(): number {
    const arrays = [...this.arrays.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return arrays + 2 * this.ids.byteLength;
  }

  advance(steps: number): void {
    this.alive();
    checkSteps(steps);
    for (const matrix of this.streams.values()) matrix.alive();
    for (let i = 0; i < steps; i++) this.step();
  }

  private step(): void {
    const { graph } = this.program;
    const total = this.ids.length;
    const { step, epoch, cursor } = this.progress;
    if (total > 0 && cursor === 0) this.beginEpoch();
    const rows = total > 0 ? Math.min(this.batchSize, total - cursor) : this.batchSize;
    const values = evaluateGraph(
      { nodes: [...graph.nodes] },
      {
        rows,
        seed: this.seed,
        step,
        input: (name) => this.arrays.get(name) ?? this.batch(name, cursor, rows),
      },
    );
    for (const [name, { output }] of Object.entries(graph.state)) this.arrays.set(name, values[output]);
    for (const [name, id] of Object.entries(graph.outputs)) this.arrays.set(name, values[id]);
    for (const [name, id] of Object.entries(graph.streamsOut)) {
      const matrix = this.streams.get(name) as ReferenceMatrix;
      matrix.data.set(values[id], cursor * matrix.columns);
    }
    const next = total > 0 ? cursor + rows : 0;
    const ends = total > 0 && next >= total;
    this.progress = { step: step + 1, epoch: ends ? epoch + 1 : epoch, cursor: ends ? 0 : next };
  }

  private beginEpoch(): void {
    this.order = this.ids.slice();
    if (this.options.shuffle) shuffle(this.order, this.progress.epoch, ...splitSeed(this.seed));
  }

  private batch(name: string, cursor: number, rows: number): Float64Array {
    const { data, columns } = this.streams.get(name) as ReferenceMatrix;
    const result = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      const row = this.order[cursor + i];
      result.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
    }
    return result;
  }

  save(): SavedRun {
    const { state, inputs } = this.program;
    return {
      progress: this.progress,
      seed: this.seed,
      arrays: Object.fromEntries([...state, ...inputs].map(({ name }) => [name, this.read(name)])),
    };
  }

  restore(saved: SavedRun): void {
    this.alive();
    checkSaved(this.program, saved, this.ids.length);
    this.progress = saved.progress;
    this.seed = saved.seed;
    for (const { name } of [...this.program.state, ...this.program.inputs])
      this.write(name, saved.arrays[name]);
    if (this.ids.length > 0) this.beginEpoch();
  }

  free(): void {
    this.alive();
    this.freed = true;
    this.release();
  }

  private alive(): void {
    if (this.freed) throw new FettleError("invalid_state", "this run was freed and can no longer be used");
  }
}
