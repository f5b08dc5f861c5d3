/**
 * The built kernels as tests and benchmarks below the engine see them: typed exports, and memory to lay
 * operands out in. Not the engine's loader, which hides all of this.
 */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import * as Opcode from "../../src/graph/opcodes/program.js";

/** What kernels/exports-linear.ts and kernels/predict.ts export, without the functions of float64. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  heap_base(): number;
  unary_f32(op: number, src: number, dst: number, n: number): void;
  gemm(operands: number, base: number): void;
  sum_f32(src: number, dst: number, outer: number, r: number, inner: number): void;
  max_f32(src: number, dst: number, outer: number, r: number, inner: number): void;
  softmax_f32(src: number, dst: number, rows: number, columns: number, log: boolean): void;
  log_softmax_slope_f32(y: number, g: number, dst: number, rows: number, columns: number): void;
  all_finite_f32(src: number, n: number): number;
  all_finite_f64(src: number, n: number): number;
  take_rows(table: number, columns: number, ids: number, count: number, dst: number): void;
  take_rows_f32(table: number, rows: number, columns: number, ids: number, count: number, dst: number): void;
  scatter_rows_f32(
    src: number,
    columns: number,
    ids: number,
    count: number,
    dst: number,
    dstRows: number,
  ): void;
}

/** C[m, n] = activation(op(A)[m, k] op(B)[k, n] + bias[n]): addresses, and leading dimensions in elements. */
export interface Product {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly lda: number;
  readonly b: number;
  readonly ldb: number;
  readonly c: number;
  readonly ldc: number;
  readonly bias: number | undefined;
  readonly activation: number;
}

/** The words that state a product to the kernel, with addresses as offsets from 0. */
export function productWords(p: Product): Int32Array {
  const words = new Int32Array(Opcode.GEMM_WORDS);
  words[Opcode.GemmTransA] = Number(p.transA);
  words[Opcode.GemmTransB] = Number(p.transB);
  words[Opcode.GemmM] = p.m;
  words[Opcode.GemmN] = p.n;
  words[Opcode.GemmK] = p.k;
  words[Opcode.GemmA] = p.a;
  words[Opcode.GemmLda] = p.lda;
  words[Opcode.GemmB] = p.b;
  words[Opcode.GemmLdb] = p.ldb;
  words[Opcode.GemmC] = p.c;
  words[Opcode.GemmLdc] = p.ldc;
  words[Opcode.GemmBias] = p.bias ?? Opcode.NO_BIAS;
  words[Opcode.GemmActivation] = p.activation;
  return words;
}

/** Runs a product whose operands are in memory; its words go where `layout` leaves room for them. */
export function gemm(kernels: Kernels, product: Product): void {
  const at = wordsAt(kernels);
  new Int32Array(kernels.memory.buffer).set(productWords(product), at / 4);
  kernels.gemm(at, 0);
}

/** The first address after the kernels' own memory. */
function wordsAt(kernels: Kernels): number {
  return Math.ceil(kernels.heap_base() / 16) * 16;
}

/** A new instance of one build; undefined where the host lacks its instructions. */
export function loadKernels(build: "strict" | "relaxed"): Kernels | undefined {
  const file = build === "strict" ? "kernels.wasm" : "kernels-relaxed.wasm";
  const bytes = readFileSync(new URL(`../../wasm/${file}`, import.meta.url));
  // Node 20 has relaxed SIMD behind a flag, which newer versions no longer know.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(bytes)) return undefined;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels;
}

/** The strict build: the same bits everywhere. */
export const strict = loadKernels("strict") as Kernels;
const relaxed = loadKernels("relaxed");

/** Both builds by name; without the relaxed one where the host lacks its instructions. */
export const builds: readonly (readonly [string, Kernels])[] = [
  ["strict", strict],
  ...(relaxed ? [["relaxed", relaxed] as const] : []),
];

const GUARD = 16;

/** Operands laid out one after the other, with NaN between them and after the last. */
export interface Layout {
  /** Copies values in; returns their address. */
  put(values: ArrayLike<number>): number;
  /** Copies integers in; returns their address. */
  putInts(values: ArrayLike<number>): number;
  /** Room for `n` floats, all NaN; returns its address. */
  room(n: number): number;
  /** `n` floats from an address, copied out. */
  read(address: number, n: number): Float32Array;
  /** Whether everything outside the ranges [address, floats] is as it was when this was first called. */
  untouched(...ranges: readonly (readonly [number, number])[]): boolean;
}

/** A fresh layout that begins `offset` floats after the kernels' own memory. It replaces the one before. */
export function layout(kernels: Kernels, offset = 0): Layout {
  const start = wordsAt(kernels) / 4 + Opcode.GEMM_WORDS + 3 + offset;
  let end = start;
  const floats = () => new Float32Array(kernels.memory.buffer);
  const room = (n: number): number => {
    const at = end + GUARD;
    end = at + n;
    const missing = (end + GUARD) * 4 - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / 65536));
    floats().fill(Number.NaN, at - GUARD, end + GUARD);
    return at * 4;
  };
  let before: Uint32Array | undefined;
  return {
    room,
    put(values) {
      const address = room(values.length);
      floats().set(values, address / 4);
      return address;
    },
    putInts(values) {
      const address = room(values.length);
      new Int32Array(kernels.memory.buffer).set(values, address / 4);
      return address;
    },
    read: (address, n) => floats().slice(address / 4, address / 4 + n),
    untouched(...ranges) {
      const now = new Uint32Array(kernels.memory.buffer).slice(start, end + GUARD);
      before ??= now;
      for (const [address, n] of ranges)
        now.set(before.subarray(address / 4 - start).subarray(0, n), address / 4 - start);
      return now.every((word, i) => word === before?.[i]);
    },
  };
}

/** `n` floats in [-scale, scale), the same for the same seed. */
export function noise(n: number, seed: number, scale = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** The bits of floats: distinguishes -0 from 0, and makes one NaN of all. */
export function bits(values: Float32Array): number[] {
  const canonical = values.map((x) => (Number.isNaN(x) ? Number.NaN : x));
  return [...new Uint32Array(canonical.buffer)];
}
