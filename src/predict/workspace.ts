/**
 * The kernels with their own memory: places for numbers, and steps that compute rows from one place to
 * another. It knows no network.
 */
import { check, FettleError } from "../errors.js";
import * as Elementwise from "../graph/opcodes/elementwise.js";
import * as Opcode from "../graph/opcodes/program.js";
import { instantiatePredictorKernels, type PredictorKernels } from "../numerics/kernels.js";
import type { Tensor } from "./safetensors.js";

/** Opcodes of activations that are one operation. */
export const UNARY: Readonly<Record<string, number>> = {
  relu: Elementwise.Relu,
  tanh: Elementwise.Tanh,
  sigmoid: Elementwise.Sigmoid,
  softplus: Elementwise.Softplus,
};

/** Computes the first rows. */
export type Step = (rows: number) => void;

export class Workspace {
  readonly kernels: PredictorKernels = instantiatePredictorKernels();
  private top = this.kernels.heap_base();

  /** @param limit - the most bytes the memory may grow to */
  constructor(private readonly limit: number) {}

  /**
   * x · kernel + bias, then an activation of one operation, or none: from `[rows, inputs]` to `[rows,
   * units]`.
   */
  product(kernel: Tensor, bias: Tensor | undefined, activation: string, from: number, to: number): Step {
    const operands = this.reserve(Opcode.GEMM_WORDS);
    const [kernelAt, biasAt] = [this.put(kernel), bias ? this.put(bias) : Opcode.NO_BIAS];
    const { kernels } = this;
    const [inputs, units] = kernel.shape;
    const words = new Int32Array(kernels.memory.buffer, operands, Opcode.GEMM_WORDS);
    words[Opcode.GemmN] = units;
    words[Opcode.GemmLdb] = units;
    words[Opcode.GemmLdc] = units;
    words[Opcode.GemmK] = inputs;
    words[Opcode.GemmLda] = inputs;
    words[Opcode.GemmA] = from;
    words[Opcode.GemmB] = kernelAt;
    words[Opcode.GemmC] = to;
    words[Opcode.GemmBias] = biasAt;
    words[Opcode.GemmActivation] = UNARY[activation] ?? Opcode.NO_ACTIVATION;
    let memory: Int32Array | undefined; // once it has grown
    return (rows) => {
      memory ??= new Int32Array(kernels.memory.buffer);
      memory[(operands >> 2) + Opcode.GemmM] = rows;
      kernels.gemm(operands, 0);
    };
  }

  /** An activation of `[rows, units]`. */
  activation(name: string, from: number, to: number, units: number): Step {
    const { kernels } = this;
    if (name === "softmax") return (rows) => kernels.softmax_f32(from, to, rows, units, 0);
    if (name === "gelu") return (rows) => this.gelu(from, to, rows * units);
    return (rows) => kernels.unary_f32(UNARY[name], from, to, rows * units);
  }

  /** x/2 · (1 + erf(x/√2)), rounded after each operation, as in the graph. */
  private gelu(from: number, to: number, count: number): void {
    const [x, y] = [this.view(from, count), this.view(to, count)];
    const half = Math.fround(Math.SQRT1_2);
    for (let i = 0; i < count; i++) y[i] = x[i] * half;
    this.kernels.unary_f32(Elementwise.Erf, to, to, count);
    for (let i = 0; i < count; i++) y[i] = Math.fround(0.5 * x[i]) * Math.fround(1 + y[i]);
  }

  put({ data }: Tensor): number {
    const at = this.reserve(data.length);
    this.view(at, data.length).set(data);
    return at;
  }

  view(at: number, length: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer, at, length);
  }

  /** Space for a number of values, at a multiple of 16 bytes. */
  reserve(numbers: number): number {
    const { memory } = this.kernels;
    const at = Math.ceil(this.top / 16) * 16;
    this.top = at + 4 * numbers;
    const needs = `a predictor needs ${this.top} bytes of memory`;
    check(
      this.top <= this.limit,
      () => `${needs}, the limit is ${this.limit}; raise memoryLimit`,
      "memory_limit",
    );
    const missing = Math.ceil((this.top - memory.buffer.byteLength) / 65536);
    if (missing <= 0) return at;
    try {
      memory.grow(missing);
    } catch (cause) {
      throw new FettleError("memory_limit", `${needs}, which the host refuses`, { cause });
    }
    return at;
  }
}
