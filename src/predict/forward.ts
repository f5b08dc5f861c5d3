/**
 * A network's results on the kernels alone, without graph, compiler or engine, to the bits of a compiled program: each layer is the
 * same kernels in the same order. It has an instance of the kernels with a memory of its own.
 */
import { check, FettleError } from "../errors.js";
import * as Elementwise from "../graph/opcodes/elementwise.js";
import * as Opcode from "../graph/opcodes/program.js";
import { instantiate, type KernelExports, kernelsModule } from "../numerics/kernels.js";
import type { NetworkDescription } from "./description.js";
import { layersOf } from "./layers.js";
import type { Tensor, Tensors } from "./safetensors.js";

/** Rows at a time at most: their numbers stay in a cache. */
const MOST_ROWS = 256;
/** Numbers of rows on their way that are always allowed; more only for networks that have as many parameters. */
const ROOM = 2 ** 18;

/** Opcodes of activations that are one operation. */
const UNARY: Readonly<Record<string, number>> = {
  relu: Elementwise.Relu,
  tanh: Elementwise.Tanh,
  sigmoid: Elementwise.Sigmoid,
  softplus: Elementwise.Softplus,
};

/** One call of a kernel: a product with its bias and an activation that is one operation, or an activation alone. */
interface Call {
  readonly kernel?: Tensor;
  readonly bias?: Tensor | undefined;
  readonly activation: string;
  /** Units of its result. */
  readonly units: number;
}

export class Forward {
  /** How many rows fit `input`. */
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  /** `[rows, columns]`: where rows are put before `run`, which overwrites them. */
  readonly input: Float32Array;
  /** `[rows, units]`: where their results are after it. */
  readonly output: Float32Array;
  private readonly kernels: KernelExports;
  private readonly steps: ((rows: number) => void)[] = [];
  private top: number;

  /** @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for custom layers */
  constructor(network: NetworkDescription, tensors: Tensors) {
    const calls = callsOf(network, tensors);
    const { columns } = network;
    const parameters = calls.reduce((sum, { kernel }) => sum + (kernel?.data.length ?? 0), 0);
    const widths = [columns, ...calls.map(({ units }) => units)];
    // each layer takes one of two places, and its result has the other
    const widest = [0, 0];
    for (const [i, width] of widths.entries()) widest[i % 2] = Math.max(widest[i % 2], width);
    const width = widest[0] + widest[1];
    this.rows = Math.max(1, Math.min(MOST_ROWS, Math.floor(Math.max(ROOM, parameters) / width)));
    this.columns = columns;
    this.units = widths[calls.length];
    this.kernels = instantiate(kernelsModule());
    this.top = this.kernels.heap_base();
    const places = widest.map((width) => this.reserve(this.rows * width));
    for (const [i, call] of calls.entries()) this.add(call, places[i % 2], places[(i + 1) % 2], widths[i]);
    // last, since views of a memory that grows are detached
    this.input = this.view(places[0], this.rows * columns);
    this.output = this.view(places[calls.length % 2], this.rows * this.units);
  }

  /** Computes the results of the first rows of `input`. */
  run(rows: number): void {
    for (const step of this.steps) step(rows);
  }

  private add({ kernel, bias, activation, units }: Call, from: number, to: number, inputUnits: number): void {
    if (!kernel) {
      this.activate(activation, from, to, units);
      return;
    }
    const operands = this.reserve(Opcode.GEMM_WORDS);
    const [kernelAt, biasAt] = [this.put(kernel), bias ? this.put(bias) : Opcode.NO_BIAS];
    const { kernels } = this;
    const words = new Int32Array(kernels.memory.buffer, operands, Opcode.GEMM_WORDS);
    words[Opcode.GemmN] = units;
    words[Opcode.GemmLdb] = units;
    words[Opcode.GemmLdc] = units;
    words[Opcode.GemmK] = inputUnits;
    words[Opcode.GemmLda] = inputUnits;
    words[Opcode.GemmA] = from;
    words[Opcode.GemmB] = kernelAt;
    words[Opcode.GemmC] = to;
    words[Opcode.GemmBias] = biasAt;
    words[Opcode.GemmActivation] = UNARY[activation] ?? Opcode.NO_ACTIVATION;
    let memory: Int32Array | undefined; // once it has grown
    this.steps.push((rows) => {
      memory ??= new Int32Array(kernels.memory.buffer);
      memory[(operands >> 2) + Opcode.GemmM] = rows;
      kernels.gemm(operands, 0);
    });
  }

  private activate(activation: string, from: number, to: number, units: number): void {
    const { kernels, steps } = this;
    if (activation === "softmax") steps.push((rows) => kernels.softmax_f32(from, to, rows, units, 0));
    else if (activation === "gelu") steps.push((rows) => this.gelu(from, to, rows * units));
    else steps.push((rows) => kernels.unary_f32(UNARY[activation], from, to, rows * units));
  }

  /** x/2 · (1 + erf(x/√2)), rounded after each operation, as in the graph. */
  private gelu(from: number, to: number, count: number): void {
    const [x, y] = [this.view(from, count), this.view(to, count)];
    const half = Math.fround(Math.SQRT1_2);
    for (let i = 0; i < count; i++) y[i] = x[i] * half;
    this.kernels.unary_f32(Elementwise.Erf, to, to, count);
    for (let i = 0; i < count; i++) y[i] = Math.fround(0.5 * x[i]) * Math.fround(1 + y[i]);
  }

  private put({ data }: Tensor): number {
    const at = this.reserve(data.length);
    this.view(at, data.length).set(data);
    return at;
  }

  private view(at: number, length: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer, at, length);
  }

  /** Room for so many numbers, at a multiple of 16 bytes. */
  private reserve(numbers: number): number {
    const { memory } = this.kernels;
    const at = Math.ceil(this.top / 16) * 16;
    this.top = at + 4 * numbers;
    const missing = Math.ceil((this.top - memory.buffer.byteLength) / 65536);
    if (missing <= 0) return at;
    try {
      memory.grow(missing);
    } catch (cause) {
      const message = `a predictor needs ${this.top} bytes of memory, which the host refuses`;
      throw new FettleError("memory_limit", message, { cause });
    }
    return at;
  }
}

/** What each layer does to its input. */
function callsOf(network: NetworkDescription, tensors: Tensors): Call[] {
  const calls = layersOf(network, tensors).flatMap(({ kind, kernel, bias, activation, units }): Call[] => {
    if (kind === "dropout") return [];
    const alone = activation === "linear" ? [] : [{ activation, units }];
    if (!kernel) return alone;
    const isOne = activation in UNARY;
    return [{ kernel, bias, activation: isOne ? activation : "linear", units }, ...(isOne ? [] : alone)];
  });
  check(
    calls.some(({ kernel }) => kernel),
    "a network must have a dense layer; received none",
    "invalid_checkpoint",
  );
  return calls;
}
