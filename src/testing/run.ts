/**
 * One run of one program, compared step by step with the float64 references of its graph, within the rounding
 * of the executor's numbers. It draws no cases (`executor.ts` does) and says nothing about speed.
 */
import type { Program } from "../compile/program.js";
import type { Executor, Matrix, Run } from "../engine/executor.js";
import { isRecord, must, mustBeRecord } from "../errors.js";
import { resolveShape, showShape } from "../graph/shape.js";
import { shuffle, splitSeed } from "../numerics/philox.js";
import { mapValues } from "../records.js";
import { errorBounds } from "./bounds.js";
import type { Precision } from "./operations/rounding.js";

/**
 * The input of a program: data, initial state, batches and a seed. Numbers must be exact in the executor's
 * precision.
 */
export interface RunCase {
  /** [dataRows, columns], row-major, for each stream that is read. */
  readonly streams: Readonly<Record<string, readonly number[]>>;
  /** Inputs, and the state before the first step. */
  readonly arrays: Readonly<Record<string, readonly number[]>>;
  readonly dataRows: number;
  /** The rows to visit. Default: all. */
  readonly rows?: readonly number[];
  readonly shuffle: boolean;
  readonly batchSize: number;
  readonly seed: number;
  readonly steps: number;
}

/**
 * Runs `program` on an executor and with the references of operations. Compares state and outputs after each
 * step, and the written streams after the last, within the bounds of `errorBounds`.
 *
 * @param precision - of the executor's numbers, which decides the bounds
 * @returns the largest error as a share of its bound
 * @throws Error naming the array, the step, the element, both values and the bound
 * @example
 * ```ts
 * const program = compileStep({ streams: { x: 1 }, state: { w: [] } }, 2, ({ streams: { x }, state: { w } }) => ({
 *   state: { w: add(w, mean(tanh(x))) },
 * }));
 * const given = { streams: { x: [1, 2, 3] }, arrays: { w: [0] }, dataRows: 3, shuffle: true, batchSize: 2, seed: 7, steps: 4 };
 * checkRun(createEngine(), program, given, FLOAT32) < 1; // true
 * ```
 */
export function checkRun(executor: Executor, program: Program, given: RunCase, precision: Precision): number {
  must(isRecord(executor), "executor", "an executor, as createEngine returns", executor);
  const isProgram: boolean = Array.isArray(program?.streams);
  must(isProgram, "program", "a program, as compileStep returns", program);
  mustBeRecord("given", given, "a case, with dataRows, streams and arrays");
  return withRun(executor, program, given, (run, streams) => {
    const reference = new ReferenceRun(program, given, precision);
    let worst = 0;
    for (let step = 0; step < given.steps; step++) {
      run.advance(1);
      reference.advance();
      for (const { name } of [...program.state, ...program.outputs, ...program.inputs]) {
        const share = compare(`"${name}" after step ${step + 1}`, run.read(name), reference.arrays[name]);
        worst = Math.max(worst, share);
      }
    }
    for (const { name, direction } of program.streams) {
      if (direction === "in") continue;
      worst = Math.max(worst, compare(`stream "${name}"`, streams[name].read(), reference.written[name]));
    }
    return worst;
  });
}

/** Starts a run with its data and state written, and frees both after \`use\`. */
export function withRun<T>(
  executor: Executor,
  program: Program,
  given: RunCase,
  use: (run: Run, streams: Readonly<Record<string, Matrix>>) => T,
): T {
  const { batchSize, seed, shuffle, rows, dataRows } = given;
  const streams: Record<string, Matrix> = {};
  for (const { name, columns, direction } of program.streams) {
    const data = direction === "in" ? given.streams[name] : undefined;
    streams[name] = executor.matrix(data ? dataRows : (rows?.length ?? dataRows), columns, data);
  }
  const subset = rows && { rows: Int32Array.from(rows) };
  const run = executor.start(program, { streams, batchSize, seed, shuffle, ...subset });
  try {
    for (const { name } of [...program.inputs, ...program.state]) run.write(name, given.arrays[name]);
    return use(run, streams);
  } finally {
    run.free();
    for (const matrix of Object.values(streams)) matrix.free();
  }
}

/** Numbers, and the error bounds of an executor's. */
interface Inexact {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

function exactly(values: ArrayLike<number>): Inexact {
  return { values: Float64Array.from(values), errors: new Float64Array(values.length) };
}

/** The largest error as a share of its bound. */
function compare(what: string, actual: ArrayLike<number>, { values, errors }: Inexact): number {
  if (actual.length !== values.length)
    throw new Error(`${what} has ${actual.length} numbers, not ${values.length}`);
  let worst = 0;
  values.forEach((value, i) => {
    if (Object.is(actual[i], value)) return;
    const error = Math.abs(actual[i] - value);
    if (!(error <= errors[i]))
      throw new Error(`${what}, element ${i}, is ${actual[i]}; it should be ${value} within ${errors[i]}`);
    if (error > 0) worst = Math.max(worst, error / errors[i]);
  });
  return worst;
}

/** The run by the references, as the documentation of runs describes it. */
class ReferenceRun {
  readonly arrays: Record<string, Inexact>;
  readonly written: Record<string, Inexact>;
  private step = 0;
  private epoch = 0;
  private order: number[] = [];

  constructor(
    private readonly program: Program,
    private readonly given: RunCase,
    private readonly precision: Precision,
  ) {
    this.arrays = mapValues(given.arrays, exactly);
    this.written = Object.fromEntries(
      program.streams.map(({ name, columns }) => [
        name,
        exactly(new Float64Array((given.rows?.length ?? given.dataRows) * columns)),
      ]),
    );
  }

  advance(): void {
    const { graph, streams } = this.program;
    const { seed, dataRows, batchSize } = this.given;
    const all = this.given.rows ?? Array.from({ length: dataRows }, (_, i) => i);
    if (this.order.length === 0) {
      const order = Int32Array.from(all);
      if (this.given.shuffle) shuffle(order, this.epoch++, ...splitSeed(seed));
      this.order = [...order];
    }
    const start = all.length - this.order.length;
    const batch = streams.some(({ direction }) => direction === "in") ? this.order.splice(0, batchSize) : [];
    const rows = batch.length || batchSize;
    const input = (name: string): Float64Array => {
      if (name in this.arrays) return this.arrays[name].values;
      const columns = streams.find((stream) => stream.name === name)?.columns ?? 0;
      return Float64Array.from(
        batch.flatMap((row) => this.given.streams[name].slice(row * columns, (row + 1) * columns)),
      );
    };
    const environment = { rows, seed, step: this.step++, input };
    const { values, errors } = errorBounds(
      { nodes: [...graph.nodes] },
      environment,
      this.precision,
      (name) => this.arrays[name]?.errors ?? new Float64Array(input(name).length),
    );
    const nodeValue = (id: number): Inexact => ({ values: values[id], errors: errors[id] });
    for (const [name, { output }] of Object.entries(graph.state)) this.arrays[name] = nodeValue(output);
    for (const [name, id] of Object.entries(graph.outputs)) {
      this.arrays[name] = nodeValue(id);
      const size = resolveShape(graph.nodes[id].shape, rows);
      if (values[id].length !== size.reduce((a, b) => a * b, 1))
        throw new Error(`"${name}" is not ${showShape(size)}`);
    }
    for (const [name, id] of Object.entries(graph.streamsOut)) {
      const at = start * graph.nodes[id].shape[1];
      this.written[name].values.set(values[id], at);
      this.written[name].errors.set(errors[id], at);
    }
  }
}
