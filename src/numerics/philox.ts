/**
 * Philox4x32-10 in plain TypeScript (J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011): the same bits as `kernels/random.ts`, which states the counters. It needs no
 * kernels loaded. It is not for filling large arrays; the kernels do that.
 */
import { mustBeInteger } from "../errors.js";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const INCREMENT_0 = 0x9e3779b9;
const INCREMENT_1 = 0xbb67ae85;
const SHUFFLE_STREAM = 0xffffffff;

/**
 * Splits a seed into the two 32-bit words of a Philox key, `[seedLo, seedHi]`.
 *
 * @param seed - a non-negative safe integer
 * @throws FettleError `invalid_argument` for anything else
 * @example
 * ```ts
 * splitSeed(2 ** 32 + 7); // [7, 1]
 * ```
 */
export function splitSeed(seed: number): [seedLo: number, seedHi: number] {
  mustBeInteger("seed", seed, 0);
  return [seed >>> 0, Math.floor(seed / 0x100000000)];
}

/** The high 32 bits of a * b for unsigned 32-bit words, by halves so that every product is exact. */
function multiplyHigh(a: number, b: number): number {
  const low = b * (a & 0xffff);
  const high = b * (a >>> 16);
  return Math.floor((high + Math.floor(low / 0x10000)) / 0x10000);
}

/**
 * One block: the four words of counter (c0, c1, c2, c3) under key (k0, k1), written to `out`.
 *
 * @param out - [4], receives the words
 */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const next0 = multiplyHigh(MULTIPLIER_1, c2 >>> 0) ^ c1 ^ k0;
    const next2 = multiplyHigh(MULTIPLIER_0, c0 >>> 0) ^ c3 ^ k1;
    c1 = Math.imul(MULTIPLIER_1, c2);
    c3 = Math.imul(MULTIPLIER_0, c0);
    c0 = next0;
    c2 = next2;
    k0 = (k0 + INCREMENT_0) | 0;
    k1 = (k1 + INCREMENT_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Element `i` of the kernels' `fill_uniform_f32`: a float32 in [0, 1), a multiple of 2^-24.
 *
 * @param i - index of the element, below 2^31
 * @param stream - which use of randomness, below 0xFFFFFFFF (which `shuffle` uses)
 * @param step - which training step, an unsigned 32-bit word
 * @example
 * ```ts
 * const [seedLo, seedHi] = splitSeed(42);
 * const dropped = uniformF32(0, 3, 100, seedLo, seedHi) < 0.2;
 * ```
 */
export function uniformF32(i: number, stream: number, step: number, seedLo: number, seedHi: number): number {
  const words = new Uint32Array(4);
  philox(i >>> 2, stream, step, 0, seedLo, seedHi, words);
  return (words[i & 3] >>> 8) / 0x1000000;
}

/**
 * The kernels' `shuffle_i32`: shuffles in place by Fisher-Yates, the partner of element i being the high
 * part of (64 random bits) * (i + 1), so that no order's draw is biased by more than 2^-64.
 *
 * @param indices - what to shuffle, below 2^31 elements
 * @param epoch - which pass over the data, an unsigned 32-bit word
 * @example
 * ```ts
 * const rows = Int32Array.from({ length: 100 }, (_, row) => row);
 * shuffle(rows, 0, 42, 0);
 * ```
 */
export function shuffle(indices: Int32Array, epoch: number, seedLo: number, seedHi: number): void {
  const words = new Uint32Array(4);
  for (let i = indices.length - 1; i > 0; i--) {
    philox(i, SHUFFLE_STREAM, epoch, 0, seedLo, seedHi, words);
    const bound = i + 1;
    const middle = (Math.imul(words[0], bound) >>> 0) + multiplyHigh(words[1], bound);
    const j = multiplyHigh(words[0], bound) + (middle >= 0x100000000 ? 1 : 0);
    const kept = indices[i];
    indices[i] = indices[j];
    indices[j] = kept;
  }
}
