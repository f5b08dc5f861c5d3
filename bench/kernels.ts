/** The kernels themselves, in both builds, for benchmarks below the engine. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { instantiate, type KernelExports } from "../src/numerics/kernels.js";

/** What `kernels/gemm/gemm.ts` exports: addresses are bytes, leading dimensions are elements. */
export interface GemmKernels extends KernelExports {
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    c: number,
    ldc: number,
    bias: number,
    activation: number,
  ): void;
}

/** An instance of its own; undefined where the host cannot run that build. */
export function loadKernels(build: "strict" | "relaxed"): GemmKernels | undefined {
  const file = build === "strict" ? "kernels.wasm" : "kernels-relaxed.wasm";
  const bytes = readFileSync(new URL(`../wasm/${file}`, import.meta.url));
  // Node 20 has relaxed SIMD behind a flag, which newer versions no longer know.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(bytes)) return undefined;
  return instantiate(new WebAssembly.Module(bytes)) as GemmKernels;
}

/** Copies arrays into the memory of an instance, 64 bytes aligned; returns their addresses. */
export function place({ memory, heap_base }: KernelExports, arrays: readonly Float32Array[]): number[] {
  let end = heap_base();
  const addresses = arrays.map(({ byteLength }) => {
    const address = Math.ceil(end / 64) * 64;
    end = address + byteLength;
    return address;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  arrays.forEach((array, i) => {
    new Float32Array(memory.buffer, addresses[i], array.length).set(array);
  });
  return addresses;
}
