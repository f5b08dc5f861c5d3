/** The fast executor: programs on the WebAssembly kernels, float32, with each run in one block. */
import { PROGRAM_FORMAT, type Program, type Slot } from "../compile/program.js";
import { check, FettleError, isRecord, must } from "../errors.js";
import * as Block from "../graph/opcodes/block.js";
import * as Code from "../graph/opcodes/code.js";
import { sizeOf } from "../graph/shape.js";
import { instantiate, type KernelExports } from "../numerics/kernels.js";
import { splitSeed } from "../numerics/philox.js";
import type { KernelsModule } from "../platform/platform.js";
import { Arena } from "./arena.js";
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

/** WebAssembly's 32-bit address space, less one page so that sizes stay below 2³². */
export const MOST_MEMORY = 2 ** 32 - 65536;

export class WasmExecutor extends Executor {
  override readonly name = "wasm";
  private readonly kernels: KernelExports;
  private readonly arena: Arena;

  constructor(module: KernelsModule, memoryLimit = MOST_MEMORY) {
    super();
    this.kernels = instantiate(module);
    this.arena = new Arena(this.kernels.memory, this.kernels.heap_base(), memoryLimit);
  }

  override get bytesInUse(): number {
    return this.arena.bytesInUse;
  }

  override matrix(rows: number, columns: number, data?: ArrayLike<number>): WasmMatrix {
    checkMatrix(rows, columns, data);
    return new WasmMatrix(this.kernels, this.arena, rows, columns, data);
  }

  override start(program: Program, options: RunOptions = {}): WasmRun {
    return new WasmRun(this.kernels, this.arena, program, options);
  }
}

class WasmMatrix implements Matrix {
  readonly address: number;
  private freed = false;

  constructor(
    private readonly kernels: KernelExports,
    private readonly arena: Arena,
    readonly rows: number,
    readonly columns: number,
    data: ArrayLike<number> | undefined,
  ) {
    this.address = arena.allocate(rows * columns * 4, data === undefined);
    if (data) this.view().set(data);
  }

  isOf(arena: Arena): boolean {
    return this.arena === arena;
  }

  alive(): void {
    check(!this.freed, "this matrix was freed and can no longer be used", "invalid_state");
  }

  /** The numbers themselves, until the engine makes another matrix or run. */
  view(): Float32Array {
    this.alive();
    return new Float32Array(this.kernels.memory.buffer, this.address, this.rows * this.columns);
  }

  read(): Float32Array {
    return this.view().slice();
  }

  isFinite(): boolean {
    this.alive();
    return this.kernels.all_finite_f32(this.address, this.rows * this.columns) === 1;
  }

  free(): void {
    this.alive();
    this.freed = true;
    this.arena.free(this.address);
  }
}

/** The block: what the program lays out, then its code, the row ids, and their shuffled copy. */
class WasmRun implements Run {
  readonly stepsPerEpoch: number;
  private readonly block: number;
  private readonly code: number;
  private readonly matrices: readonly WasmMatrix[];
  private freed = false;

  constructor(
    private readonly kernels: KernelExports,
    private readonly arena: Arena,
    readonly program: Program,
    options: RunOptions,
  ) {
    must(
      isRecord(program),
      "program",
      "what compileStep returns, or the program of what compile returns",
      program,
    );
    check(
      program.format === PROGRAM_FORMAT,
      `a program must have format ${PROGRAM_FORMAT} for this engine; received format ${program.format}. Compile it again.`,
      "invalid_checkpoint",
    );
    const { ids, batchSize, seed } = checkRun(program, options);
    this.stepsPerEpoch = Math.ceil(ids.length / batchSize) || 1;
    this.matrices = program.streams.map(({ name }) => {
      const matrix = options.streams?.[name];
      check(
        matrix instanceof WasmMatrix && matrix.isOf(arena),
        `the matrix "${name}" must belong to this engine; received one of another engine`,
      );
      matrix.alive();
      return matrix;
    });
    const codeOffset = program.bytes;
    const idsOffset = codeOffset + program.code.length * 4;
    const orderOffset = idsOffset + ids.length * 4;
    this.block = arena.allocate(orderOffset + ids.length * 4);
    this.code = this.block + codeOffset;

    const [seedLow, seedHigh] = splitSeed(seed);
    const header = this.header();
    header[Block.SeedLow] = seedLow;
    header[Block.SeedHigh] = seedHigh;
    header[Block.TotalRows] = ids.length;
    header[Block.BatchRows] = batchSize;
    header[Block.Shuffle] = options.shuffle ? 1 : 0;
    header[Block.RowIds] = this.block + idsOffset;
    header[Block.RowOrder] = this.block + orderOffset;
    header.set(
      this.matrices.map(({ address }) => address),
      Block.Streams,
    );
    new Int32Array(kernels.memory.buffer, this.code, program.code.length).set(program.code);
    new Int32Array(kernels.memory.buffer, this.block + idsOffset, ids.length).set(ids);
  }

  get progress(): Progress {
    const header = this.header();
    return { step: header[Block.Step], epoch: header[Block.Epoch], cursor: header[Block.Cursor] };
  }

  write(name: string, values: number | ArrayLike<number>): void {
    const view = this.view(slotFor(this.program, name, values));
    if (typeof values === "number") view.fill(values);
    else view.set(values);
  }

  read(name: string): Float32Array {
    this.alive();
    // those of the last batch
    const rows = new Int32Array(this.kernels.memory.buffer, this.code, Code.HEADER_WORDS)[Code.Rows];
    return this.view(slotOf(this.program, name, ["outputs", "state", "inputs"]), rows).slice();
  }

  advance(steps: number): void {
    this.alive();
    checkSteps(steps);
    for (const matrix of this.matrices) matrix.alive();
    this.kernels.run(this.code, this.block, steps);
  }

  /** Visits once the first `rows` of its rows, at least one; later steps visit only those too. */
  visit(rows: number): void {
    const header = this.header();
    header[Block.TotalRows] = rows;
    header[Block.Cursor] = 0;
    this.advance(Math.ceil(rows / header[Block.BatchRows]));
  }

  save(): SavedRun {
    const header = this.header();
    const { program } = this;
    return {
      progress: this.progress,
      seed: header[Block.SeedHigh] * 2 ** 32 + header[Block.SeedLow],
      arrays: Object.fromEntries(
        [...program.state, ...program.inputs].map(({ name }) => [name, this.read(name)]),
      ),
    };
  }

  restore(saved: SavedRun): void {
    const header = this.header();
    checkSaved(this.program, saved, header[Block.TotalRows]);
    [header[Block.SeedLow], header[Block.SeedHigh]] = splitSeed(saved.seed);
    header[Block.Step] = saved.progress.step;
    header[Block.Epoch] = saved.progress.epoch;
    header[Block.Cursor] = saved.progress.cursor;
    for (const { name } of [...this.program.state, ...this.program.inputs])
      this.write(name, saved.arrays[name]);
    // at its start a step lays the epoch out itself
    if (saved.progress.cursor > 0) this.kernels.begin_epoch(this.block);
  }

  free(): void {
    this.alive();
    this.freed = true;
    this.arena.free(this.block);
  }

  private alive(): void {
    if (this.freed) throw new FettleError("invalid_state", "this run was freed and can no longer be used");
  }

  private header(): Uint32Array {
    this.alive();
    return new Uint32Array(this.kernels.memory.buffer, this.block, Block.HEADER_WORDS);
  }

  private view({ offset, shape }: Slot, rows?: number): Float32Array {
    this.alive();
    return new Float32Array(this.kernels.memory.buffer, this.block + offset, sizeOf(shape, rows));
  }
}
