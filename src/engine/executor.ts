/**
 * The contract of an executor: it holds matrices and runs programs. Two exist, `wasm`
 * (float32, fast) and `reference` (float64, plain); a run behaves alike on both. An
 * executor knows nothing of models, folds or trials.
 */
import type { NdArray } from "ndarray";
import type { CompiledFunction } from "../compile/compile.js";
import type { Program, Slot } from "../compile/program.js";
import {
  check,
  checkOptions,
  FettleError,
  isRecord,
  must,
  mustBeInteger,
  type OptionNames,
  show,
} from "../errors.js";
import type { Value } from "../graph/graph.js";
import { showShape, sizeOf } from "../graph/shape.js";
import type { Floats } from "../ndarray.js";
import { type ArrayInput, flatten, toNdArray } from "./arrays.js";

/** A row-major matrix that an executor holds until it is freed. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** A copy of the numbers, [rows, columns]. */
  read(): Floats;
  /** Whether all numbers are finite. */
  isFinite(): boolean;
  /** Frees the memory. The matrix must not be used afterwards. */
  free(): void;
}

/** How a run visits its data. */
export interface RunOptions {
  /** A matrix for each stream of the program; the ones that are read have equally many rows. */
  readonly streams?: Readonly<Record<string, Matrix>>;
  /** The rows to use, in this order; all by default. */
  readonly rows?: Int32Array;
  /** Whether each epoch visits the rows in a new order, drawn from the seed. Default false. */
  readonly shuffle?: boolean;
  /** Rows of a batch, at most the program's; the last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** A non-negative safe integer. Default 0. */
  readonly seed?: number;
}

const RUN_OPTIONS: OptionNames<RunOptions> = {
  streams: true,
  rows: true,
  shuffle: true,
  batchSize: true,
  seed: true,
};

/** The position of a run. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Epochs finished. */
  readonly epoch: number;
  /** The next row within the epoch. */
  readonly cursor: number;
}

/** All that distinguishes a started run from a new one: enough to resume elsewhere with the same bits. */
export interface SavedRun {
  readonly progress: Progress;
  /** The seed that the run was started with. */
  readonly seed: number;
  /** Every array of the program's state and inputs, by name. */
  readonly arrays: Readonly<Record<string, Floats>>;
}

/** One use of a program: its state, its inputs, and its place in the data. */
export interface Run {
  readonly program: Program;
  /** Steps that visit every row once: ⌈rows / batchSize⌉; 1 for a program without data. */
  readonly stepsPerEpoch: number;
  /** Its position. */
  readonly progress: Progress;
  /** Writes an input or an array of the state. @throws FettleError `unknown_name`, `invalid_shape` */
  write(name: string, values: number | ArrayLike<number>): void;
  /**
   * A copy of an output, an input or an array of the state; an output with rows has those of the last batch.
   *
   * @throws FettleError `unknown_name`
   */
  read(name: string): Floats;
  /** Runs a number of steps. @throws FettleError `invalid_argument` unless it is an integer of at least 0 */
  advance(steps: number): void;
  /** A copy of all that is needed to resume later or elsewhere, with the same bits. */
  save(): SavedRun;
  /**
   * Resumes from a saved run.
   *
   * @throws FettleError `invalid_checkpoint` if the saved run is not one of this
   * program.
   */
  restore(saved: SavedRun): void;
  /** Frees the memory. The run must not be used afterwards. */
  free(): void;
}

/** An engine: holds matrices and runs programs. Made by `createEngine`. */
export abstract class Executor {
  /** `wasm` computes in float32, `reference` in float64. */
  abstract readonly name: "wasm" | "reference";
  /** Bytes in use by matrices and runs. */
  abstract readonly bytesInUse: number;

  /** Copies `rows × columns` numbers, or makes a matrix of zeros. @throws FettleError `memory_limit` */
  abstract matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix;

  /** Starts a run. @throws FettleError `memory_limit`, `invalid_argument`, `invalid_shape` */
  abstract start(program: Program, options?: RunOptions): Run;

  /** Makes a compiled function callable on arrays. It keeps a run until `free` is called. */
  load<R extends Value | readonly Value[]>(compiled: CompiledFunction<R>): LoadedFunction<R> {
    must(isRecord(compiled) && isRecord(compiled.program), "compiled", "what compile returns", compiled);
    const { program, argumentCount, resultCount } = compiled;
    const run = this.start(program);
    const result = (name: string): NdArray<Floats> => {
      const slot = program.outputs.find((output) => output.name === name);
      return toNdArray(run.read(name), slot?.shape ?? []);
    };
    const call = (...args: readonly ArrayInput[]): unknown => {
      check(
        args.length === argumentCount,
        `the function must be called with ${argumentCount} arguments; received ${args.length}`,
      );
      program.inputs.forEach(({ name, shape }, i) => {
        run.write(name, flatten(args[i], shape, `argument ${i}`));
      });
      run.advance(1);
      return resultCount === undefined
        ? result("result0")
        : Array.from({ length: resultCount }, (_, i) => result(`result${i}`));
    };
    return Object.assign(call, { free: () => run.free() }) as LoadedFunction<R>;
  }
}

/** A compiled function on an engine; it returns one ndarray, or an array of them as the function did. */
export interface LoadedFunction<R extends Value | readonly Value[]> {
  (...args: readonly ArrayInput[]): R extends Value ? NdArray<Floats> : NdArray<Floats>[];
  /** Frees the memory. */
  free(): void;
}

/**
 * The rows that a run visits and the size of its batches, after checking that the options fit the program.
 */
export function checkRun(
  program: Program,
  options: RunOptions,
): { ids: Int32Array; batchSize: number; seed: number } {
  checkOptions(options, "a run", RUN_OPTIONS);
  const { streams = {}, batchSize = program.rows, seed = 0 } = options;
  mustBeInteger("seed", seed, 0);
  must(
    Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= program.rows,
    "batchSize",
    `an integer from 1 to ${program.rows}, the rows that the program was compiled for`,
    batchSize,
  );
  let available: number | undefined;
  for (const { name, columns, direction } of program.streams) {
    const matrix = streams[name];
    must(matrix !== undefined, `streams.${name}`, "a matrix, since the program reads or writes it", matrix);
    check(
      matrix.columns === columns,
      `the number of columns of matrix "${name}" must be ${columns}; received ${matrix.columns}`,
      "invalid_shape",
    );
    if (direction === "out") continue;
    check(
      available === undefined || available === matrix.rows,
      `all matrices that a run reads must have the same number of rows; received ${available} and ${matrix.rows}`,
      "invalid_shape",
    );
    available = matrix.rows;
  }
  const ids = options.rows ?? rowsFrom(0, available ?? 0);
  check(
    available === undefined || ids.length > 0,
    "a run must have at least one row; received none",
    "invalid_data",
  );
  const foreign = options.rows && foreignIn(options.rows, available ?? 0);
  check(
    foreign === undefined,
    () => `rows must be numbers of the ${available ?? 0} rows of the data, from 0; received ${foreign}`,
  );
  // Without data every step writes one full batch.
  const written = available === undefined ? batchSize : ids.length;
  for (const { name, direction } of program.streams) {
    check(
      direction === "in" || streams[name].rows >= written,
      () =>
        `the number of rows of matrix "${name}" must be at least ${written}; received ${streams[name].rows}`,
      "invalid_shape",
    );
  }
  return { ids, batchSize, seed };
}

/** The first id that is not one of so many rows. It is in a loop, since there may be as many ids as rows. */
function foreignIn(ids: Int32Array, rows: number): number | undefined {
  for (let i = 0; i < ids.length; i++) if (ids[i] < 0 || ids[i] >= rows) return ids[i];
  return undefined;
}

/** Row ids that follow each other, up to but not including `end`. */
export function rowsFrom(start: number, end: number): Int32Array {
  const ids = new Int32Array(end - start);
  for (let i = 0; i < ids.length; i++) ids[i] = start + i;
  return ids;
}

/** Refuses a matrix whose numbers do not fill it. */
export function checkMatrix(rows: number, columns: number, data: ArrayLike<number> | undefined): void {
  check(
    Number.isSafeInteger(rows) && rows >= 0 && Number.isSafeInteger(columns) && columns >= 1,
    () =>
      `a matrix must have an integer of at least 0 rows and of at least 1 columns; received ${show(rows)} × ${show(columns)}`,
    "invalid_shape",
  );
  check(
    data === undefined || data.length === rows * columns,
    () => `a matrix of ${rows} × ${columns} must receive as many numbers; received ${data?.length}`,
    "invalid_shape",
  );
}

/** Refuses an invalid number of steps. */
export function checkSteps(steps: number): void {
  const MOST = 2 ** 31 - 1;
  must(
    Number.isInteger(steps) && steps >= 0 && steps <= MOST,
    "steps",
    `an integer from 0 to ${MOST}`,
    steps,
  );
}

/** The named array of a program. */
export function slotOf(
  program: Program,
  name: string,
  kinds: readonly ("inputs" | "state" | "outputs")[],
): Slot {
  for (const kind of kinds) {
    for (const slot of program[kind]) if (slot.name === name) return slot;
  }
  const names = kinds.flatMap((kind) => program[kind]).map((slot) => slot.name);
  throw new FettleError(
    "unknown_name",
    `the program has no ${kinds.join(" or ")} ${show(name)}. Known: ${names.join(", ")}.`,
  );
}

/** The array that the host writes, after checking that `values` is one number or as many as it has. */
export function slotFor(program: Program, name: string, values: number | ArrayLike<number>): Slot {
  const slot = slotOf(program, name, ["inputs", "state"]);
  const size = sizeOf(slot.shape);
  check(
    typeof values === "number" || values.length === size,
    () =>
      `"${name}" must be ${showShape(slot.shape)}, ${size} numbers; received ${(values as ArrayLike<number>).length}`,
    "invalid_shape",
  );
  return slot;
}

/** Refuses a saved run of another program, or of data with fewer rows. */
export function checkSaved(program: Program, saved: SavedRun, rows: number): void {
  const { seed, progress, arrays } = saved;
  const { step, epoch, cursor } = progress ?? {};
  check(
    [seed, step, epoch, cursor].every((count) => Number.isSafeInteger(count) && count >= 0) &&
      Math.max(step, epoch) < 2 ** 32 &&
      cursor < Math.max(rows, 1),
    () =>
      `a saved run must have a seed and a position within ${rows} rows; received seed ${show(seed)} and ${show(progress)}`,
    "invalid_checkpoint",
  );
  for (const { name, shape } of [...program.state, ...program.inputs]) {
    const array = arrays?.[name];
    check(
      array?.length === sizeOf(shape),
      () =>
        `a saved run must have ${sizeOf(shape)} numbers of "${name}" for this program; received ${array == null ? "none" : array.length}`,
      "invalid_checkpoint",
    );
  }
}
