/**
 * The most that 128-bit multiply-adds can reach on this machine: loops that stay in registers, in
 * WebAssembly modules written here byte by byte, since a compiler would fold most of such a loop. One
 * that adds the same product again and again, for instance, ends as additions only.
 *
 * Twelve chains x ← x · −1 + 1, with a product and a sum apart (strict) or as one instruction (relaxed). They
 * wait for nothing but themselves, hide the latencies of current processors (two instructions of three
 * cycles, two of each a cycle) and fit into 15 registers.
 */
import { repeat, type Work } from "./measure.js";

/** Turns of the loop in one call. */
const TURNS = 1000;

// Opcodes of the specification, SIMD with its prefix 0xfd.
const splat = [0xfd, 0x13];
const firstLane = [0xfd, 0x1f, 0];
const add = [0xfd, 0xe4, 0x01];
const mul = [0xfd, 0xe6, 0x01];
const relaxedMadd = [0xfd, 0x85, 0x02];
const end = 0x0b;
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const float = (value: number): number[] => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)];

const locals = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
const COUNTER = 0;

const chains = locals(1, 12);
const [minusOne, one] = locals(13, 2);
const steps: Readonly<Record<"strict" | "relaxed", (x: number) => readonly number[]>> = {
  strict: (x) => [...get(x), ...get(minusOne), ...mul, ...get(one), ...add, ...set(x)],
  relaxed: (x) => [...get(x), ...get(minusOne), ...get(one), ...relaxedMadd, ...set(x)],
};

/** A loop, and the floating-point operations of one call of it. */
export interface Peak {
  readonly work: Work;
  readonly operations: number;
}

/**
 * The loop with a product and a sum (strict), or with one fused instruction (relaxed).
 *
 * @returns undefined where the host lacks the fused instruction
 */
export function peakOf(build: "strict" | "relaxed"): Peak | undefined {
  const bytes = moduleOf([...chains, -1, 1], chains.flatMap(steps[build]));
  if (!WebAssembly.validate(bytes)) return undefined;
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as {
    run(turns: number): number;
  };
  return { work: repeat(() => run(TURNS)), operations: TURNS * chains.length * 4 * 2 };
}

/**
 * `run(turns: i32): f32`, a loop over vectors that are locals from 1 up. It returns a lane of the sum of them
 * all, so that none can be left out.
 *
 * @param start the first value of each vector
 * @param turn the code of one turn
 */
function moduleOf(start: readonly number[], turn: readonly number[]): Uint8Array<ArrayBuffer> {
  const vectors = locals(1, start.length);
  const code = [
    ...[1, start.length, 0x7b],
    ...start.flatMap((value, i) => [...float(value), ...splat, ...set(vectors[i])]),
    ...[0x03, 0x40, ...turn],
    // counter ← counter − 1, and again unless it is 0
    ...[...get(COUNTER), 0x41, 1, 0x6b, 0x22, COUNTER, 0x0d, 0, end],
    ...vectors.flatMap((vector, i) => (i === 0 ? get(vector) : [...get(vector), ...add])),
    ...[...firstLane, end],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([1, 0x60, 1, 0x7f, 1, 0x7d])],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized([1, 3, ...Buffer.from("run"), 0, 0])],
    ...[10, ...sized([1, ...sized(code)])],
  ]);
}

/** Bytes after their number, in LEB128. */
function sized(bytes: readonly number[]): number[] {
  const { length } = bytes;
  return length < 128 ? [length, ...bytes] : [(length & 127) | 128, length >> 7, ...bytes];
}
